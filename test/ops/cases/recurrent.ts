// Rows of the recurrent layers: outputs and last states, flattened and joined, so that gradients flow into all of them.
import * as n8 from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import type { Bad, Input, Row, Sample } from "../row.ts";

type Cell = "rnn" | "lstm" | "gru";
const GATES = { rnn: 1, lstm: 4, gru: 3 };
const TOLERANCE = { rtol: 2e-5, atol: 2e-5 };

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  /** Of a projection, or 0. */
  readonly projected?: number;
  readonly bias?: boolean;
  readonly lengths?: readonly number[];
}

interface Options {
  readonly reverse?: boolean;
  readonly nonlinearity?: "tanh" | "relu";
}

/** Inputs in the order x, weightIh, weightHh, h0, [c0], [biasIh, biasHh], [weightHr]; small values keep gates open. */
function shapesOf(cell: Cell, sizes: Sizes): Record<string, number[]> {
  const { steps, batch, inputs, hidden, projected = 0, bias = true } = sizes;
  const out = projected || hidden;
  const width = GATES[cell] * hidden;
  return {
    x: [steps, batch, inputs],
    weightIh: [width, inputs],
    weightHh: [width, out],
    h0: [batch, out],
    ...(cell === "lstm" && { c0: [batch, hidden] }),
    ...(bias && { biasIh: [width], biasHh: [width] }),
    ...(projected && { weightHr: [projected, hidden] }),
  };
}

const joined = (...tensors: readonly Tensor[]): Tensor =>
  n8.scope<Tensor>(() => n8.cat(tensors.map((x) => n8.reshape(x, [x.size]))));

function run(cell: Cell, named: Record<string, Tensor>, options: object): Tensor {
  const { x, h0, c0, ...weights } = named;
  return n8.scope<Tensor>(() => {
    const w = weights as unknown as n8.LstmWeights;
    if (cell === "rnn") {
      const { y, h } = n8.rnn(x, w, { h0, ...options });
      return joined(y, h);
    }
    if (cell === "gru") {
      const { y, h } = n8.gru(x, w, { h0, ...options });
      return joined(y, h);
    }
    const { y, h, c } = n8.lstm(x, w, { h0, c0, ...options });
    return joined(y, h, c);
  });
}

function sample(name: string, cell: Cell, sizes: Sizes, options: Options = {}): Sample {
  const shapes = shapesOf(cell, sizes);
  const names = Object.keys(shapes);
  const inputs: Input[] = names.map((key) => ({ shape: shapes[key], domain: "unit" }));
  const { lengths } = sizes;
  if (lengths) inputs.push({ shape: [lengths.length], values: lengths, dtype: "int32" });
  return {
    name,
    inputs,
    call: (...tensors) =>
      run(cell, Object.fromEntries(names.map((key, i) => [key, tensors[i]])), {
        ...options,
        ...(lengths && { lengths: tensors[names.length] }),
      }),
  };
}

/** relu's kink: with fixed values no sum comes near zero. */
const positiveInputs = (one: Sample): Sample => ({
  ...one,
  inputs: one.inputs.map((input, i) => ({ ...input, domain: i < 3 ? "positive" : "unit" })),
});

// Second derivatives are checked at n = 2, or 1 where a sample does not exist for 2: few units, or they take seconds.
function samplesOf(cell: Cell): (n: number) => readonly Sample[] {
  return (n) => {
    // A batch of one takes the weights as they are.
    const single = sample("one sequence", cell, { steps: n === 2 ? 1 : 2, batch: 1, inputs: 1, hidden: n });
    if (n === 2) return [single];
    const odd = n === 1 || n === 3;
    const samples = [single];
    if (odd || n > 5) {
      const sizes = { steps: 2, batch: n === 1 ? 1 : 7, inputs: 2, hidden: n };
      samples.push(sample("reverse", cell, sizes, { reverse: true }));
    }
    if (odd) {
      const sizes = { steps: n === 1 ? 2 : 3, batch: n === 1 ? 2 : 3, inputs: 1, hidden: n, bias: false };
      const lengths = n === 1 ? [2, 1] : [3, 1, 2];
      samples.push(sample("lengths", cell, { ...sizes, lengths }));
      samples.push(sample("lengths, reverse", cell, { ...sizes, lengths }, { reverse: true }));
    }
    if (cell === "lstm" && (odd || n === 17))
      samples.push(
        sample("projection", cell, {
          steps: 2,
          batch: n === 1 ? 1 : 2,
          inputs: 1,
          hidden: n,
          projected: odd ? 1 : 9,
        }),
      );
    if (cell === "rnn" && (odd || n === 5)) {
      const sizes = { steps: 2, batch: 2, inputs: 2, hidden: n };
      samples.push(positiveInputs(sample("relu", cell, sizes, { nonlinearity: "relu" })));
    }
    return samples;
  };
}

const GOOD = { steps: 2, batch: 2, inputs: 3, hidden: 2, bias: false };

const shaped = (
  cell: Cell,
  changed: Readonly<Record<string, number[]>>,
  error: string,
  message: string,
  options: object = {},
): Bad => {
  const shapes = { ...shapesOf(cell, GOOD), ...changed };
  const names = Object.keys(shapes);
  return {
    inputs: names.map((key) => ({ shape: shapes[key] })),
    call: (...tensors) => run(cell, Object.fromEntries(names.map((key, i) => [key, tensors[i]])), options),
    error,
    message,
  };
};

function badOf(cell: Cell): Bad[] {
  const width = GATES[cell] * 2;
  const gates = GATES[cell] === 1 ? "H" : `${GATES[cell]} H`;
  const layout =
    `x [T, B, I], weightIh [${gates}, I], weightHh [${gates}, H], h0 [B, H]` +
    (cell === "lstm" ? ", c0 [B, H]" : "");
  const rest = (h0: string): string => `h0 ${h0}` + (cell === "lstm" ? ", c0 [2, 2]" : "");
  return [
    shaped(
      cell,
      { x: [2, 2, 4] },
      "ShapeError",
      `${cell}: the inputs must be ${layout}; got x [2, 2, 4], weightIh [${width}, 3], weightHh [${width}, 2], ` +
        `${rest("[2, 2]")}.`,
    ),
    shaped(
      cell,
      { h0: [1, 2] },
      "ShapeError",
      `${cell}: the inputs must be ${layout}; got x [2, 2, 3], weightIh [${width}, 3], weightHh [${width}, 2], ` +
        `${rest("[1, 2]")}.`,
    ),
    shaped(
      cell,
      { x: [0, 2, 3] },
      "ShapeError",
      `${cell}: the sequence must have at least one step; got x [0, 2, 3] with the axes [T, B, I].`,
    ),
    shaped(cell, { x: [2, 3] }, "ShapeError", `${cell}: x must have the axes [T, B, I]; got [2, 3].`),
    shaped(cell, {}, "IndexError", `${cell}: lengths must lie in 1..2; got 3 at position 1.`, {
      lengths: [2, 3],
    }),
    shaped(cell, {}, "ShapeError", `${cell}: lengths must be one for each of the 2 sequences; got [1].`, {
      lengths: [2],
    }),
    shaped(
      cell,
      { biasIh: [width] },
      "ValueError",
      `${cell}: both biases must be given, or none; got biasIh alone.`,
    ),
  ];
}

/** Lengths in a tensor are found out by a kernel. */
const badLengths = (cell: Cell): Bad => {
  const shapes = shapesOf(cell, GOOD);
  const names = Object.keys(shapes);
  return {
    inputs: [
      ...names.map((key) => ({ shape: shapes[key] })),
      { shape: [2], values: [1, 0], dtype: "int32" as const },
    ],
    call: (...tensors) =>
      run(cell, Object.fromEntries(names.map((key, i) => [key, tensors[i]])), {
        lengths: tensors[names.length],
      }),
    error: "IndexError",
    message: `${cell}: lengths must lie in 1..2; got 0 at position 1.`,
  };
};

const rowOf = (cell: Cell, more: readonly Bad[] = []): Row => ({
  op: cell,
  tolerance: TOLERANCE,
  order: 2,
  samples: samplesOf(cell),
  skips: {},
  bad: [...badOf(cell), badLengths(cell), ...more],
});

export const recurrentRows: readonly Row[] = [
  rowOf("rnn", [
    shaped("rnn", {}, "ValueError", 'rnn: nonlinearity must be "tanh" or "relu"; got "gelu".', {
      nonlinearity: "gelu",
    }),
  ]),
  rowOf("lstm"),
  rowOf("gru"),
];

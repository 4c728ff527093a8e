// Rank 0 to 6, empty tensors and axes of size 0, over every elementwise row whose inputs share one shape, every reduction
// along every axis, and the ops of shape: kernels against the reference device, and shapes against their definition.
import { describe, expect, it } from "vitest";
import * as n8 from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped } from "../scoped.ts";
import { activationRows } from "./cases/activation.ts";
import { comparisonRows } from "./cases/comparison.ts";
import { elementwiseRows } from "./cases/elementwise.ts";
import { fillInputs, layouts, seedOf, seeded, valuesOf } from "./layouts.ts";
import type { Row, Sample } from "./row.ts";
import { runSample, sampleNamed, sampleNames } from "./running.ts";
import type { Outcome } from "./running.ts";
import { withinTolerance } from "./special-closeness.ts";

type Shape = readonly number[];

const SHAPES: readonly Shape[] = [
  ...[[], [1], [0], [5], [2, 3], [0, 3], [3, 0], [1, 4, 2], [2, 0, 3], [2, 1, 3, 2], [2, 3, 0, 1]],
  ...[
    [1, 2, 1, 3, 2],
    [2, 1, 0, 2, 1],
    [2, 1, 2, 1, 3, 2],
    [1, 2, 0, 1, 2, 3],
  ],
];

const said = (shape: Shape): string => `[${shape.join(", ")}]`;

// ---- elementwise

/** The same call on inputs of another shape, where all inputs of the sample have one shape that nothing else depends on. */
function reshaped(sample: Sample, shape: Shape): Sample | null {
  const [first, ...rest] = sample.inputs;
  const same = rest.every((input) => input.shape.join() === first.shape.join());
  if (!same || sample.inputs.some(({ values }) => values)) return null;
  return { ...sample, inputs: sample.inputs.map((input) => ({ ...input, shape })) };
}

function attempt(
  sample: Sample,
  seed: number,
  device: string,
  dtype: "float32" | "float64",
): Outcome | string {
  const filled = fillInputs(sample.inputs, seed);
  const placement = { device, dtype } as const;
  const plain = filled.map(() => layouts.dense);
  try {
    return runSample({ sample, filled, placement, layouts: plain, gradLayout: layouts.dense });
  } catch (error) {
    return (error as Error).name;
  }
}

const elementwise = [...elementwiseRows, ...activationRows, ...comparisonRows].flatMap((row: Row) =>
  sampleNames(row).flatMap((name) => {
    const sample = sampleNamed(row, 3, name);
    return sample && reshaped(sample, []) ? [[row.op, name, row, sample] as const] : [];
  }),
);

describe("elementwise, every shape", () => {
  it("are most of the rows", () => expect(new Set(elementwise.map(([op]) => op)).size).toBeGreaterThan(50));

  it.each(elementwise)("%s, %s", (op, name, row, sample) => {
    for (const shape of SHAPES) {
      const one = reshaped(sample, shape)!;
      const seed = seedOf(`${op} ${name} ${said(shape)}`);
      const expected = attempt(one, seed, "reference", "float64");
      const got = attempt(one, seed, "wasm", "float32");
      if (typeof expected === "string" || typeof got === "string") {
        expect(got, said(shape)).toBe(expected);
        continue;
      }
      expect(got.shape).toEqual(expected.shape);
      expect(withinTolerance(got.output, expected.output, row.tolerance), said(shape)).toBe("");
      expected.grads.forEach((g, i) => {
        if (g) expect(withinTolerance(got.grads[i]!, g, row.tolerance), `gradient, ${said(shape)}`).toBe("");
      });
    }
  });
});

// ---- reductions, scans, orders

interface Axes {
  readonly axis?: number | number[];
  readonly keepDims?: boolean;
}

const choicesOf = (shape: Shape): Axes[] => {
  const single = shape.map((_, axis): Axes => ({ axis }));
  const last = shape.length - 1;
  const ends: Axes[] = shape.length > 2 ? [{ axis: [0, last] }, { axis: [-1, 1], keepDims: true }] : [];
  return [{}, { keepDims: true }, { axis: [] }, ...single, ...ends];
};

function reducedShape(shape: Shape, { axis, keepDims = false }: Axes): number[] {
  const named =
    axis === undefined ? shape.map((_, i) => i) : [axis].flat().map((i) => (i < 0 ? i + shape.length : i));
  return shape.flatMap((n, i) => (named.includes(i) ? (keepDims ? [1] : []) : [n]));
}

const place = (shape: Shape, device: string): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  const dtype = device === "wasm" ? "float32" : "float64";
  return n8.tensor(valuesOf("distinct", size, seeded(seedOf(said(shape)))), { shape, device, dtype });
};

const reductions = {
  sum: n8.sum,
  mean: n8.mean,
  prod: n8.prod,
  max: n8.max,
  min: n8.min,
  variance: n8.variance,
};
const more = { std: n8.std, norm: n8.norm, logsumexp: n8.logsumexp };

/** The result's shape and numbers, or the name of the error. */
function result(fn: () => Tensor): { shape: Shape; output: ArrayLike<number> } | string {
  try {
    const y = fn();
    return { shape: y.shape, output: y.dataSync() };
  } catch (error) {
    return (error as Error).name;
  }
}

function compare(what: string, onDevice: (device: string) => Tensor, shape?: Shape): void {
  const [expected, got] = ["reference", "wasm"].map((device) => result(() => onDevice(device)));
  if (typeof expected === "string" || typeof got === "string") {
    expect(got, what).toBe(expected);
    return;
  }
  expect(got.shape, what).toEqual(expected.shape);
  if (shape) expect(expected.shape, what).toEqual(shape);
  expect(withinTolerance(got.output, expected.output, { rtol: 1e-5, atol: 1e-5 }), what).toBe("");
}

describe.each(SHAPES.map((shape) => [said(shape), shape] as const))("%s", (_name, shape) => {
  it(
    "reduces along every choice of axes",
    scoped(() => {
      for (const [name, op] of Object.entries({ ...reductions, ...more }))
        for (const axes of choicesOf(shape))
          compare(
            `${name} ${JSON.stringify(axes)}`,
            (device) => op(place(shape, device), axes),
            reducedShape(shape, axes),
          );
      for (const axes of choicesOf(shape))
        for (const [name, op] of Object.entries({ any: n8.any, all: n8.all }))
          compare(
            `${name} ${JSON.stringify(axes)}`,
            (device) => op(n8.gt(place(shape, device), 0), axes),
            reducedShape(shape, axes),
          );
    }),
  );

  it(
    "scans, finds and sorts along every axis",
    scoped(() => {
      for (let axis = 0; axis < shape.length; axis++) {
        const without = shape.filter((_, i) => i !== axis);
        for (const [name, op] of Object.entries({ cumsum: n8.cumsum, cumprod: n8.cumprod }))
          compare(`${name} ${String(axis)}`, (device) => op(place(shape, device), axis), shape);
        for (const [name, op] of Object.entries({ argmax: n8.argmax, argmin: n8.argmin }))
          compare(`${name} ${String(axis)}`, (device) => op(place(shape, device), { axis }), without);
        compare(`argsort ${String(axis)}`, (device) => n8.argsort(place(shape, device), { axis }), shape);
        compare(`median ${String(axis)}`, (device) => n8.median(place(shape, device), { axis }), without);
        compare(`logSoftmax ${String(axis)}`, (device) => n8.logSoftmax(place(shape, device), axis), shape);
      }
    }),
  );

  it(
    "moves, and comes back",
    scoped(() => {
      const reversed = shape.map((_, i) => shape.length - 1 - i);
      const back = (device: string, there: (x: Tensor) => Tensor, home: (y: Tensor) => Tensor): void => {
        const x = place(shape, device);
        expect(Array.from(home(there(x)).dataSync())).toEqual(Array.from(x.dataSync()));
      };
      for (const device of ["reference", "wasm"]) {
        back(
          device,
          (x) => n8.permute(x, reversed),
          (y) => n8.contiguous(n8.permute(y, reversed)),
        );
        back(
          device,
          (x) => n8.reshape(x, [x.size]),
          (y) => n8.reshape(y, shape),
        );
        back(
          device,
          (x) => n8.unsqueeze(x, -1),
          (y) => n8.squeeze(y, -1),
        );
        back(
          device,
          (x) => n8.stack([x, x]),
          (y) => n8.select(y, 0, 1),
        );
        for (let axis = 0; axis < shape.length; axis++) {
          back(
            device,
            (x) => n8.flip(x, [axis]),
            (y) => n8.flip(y, [axis]),
          );
          back(
            device,
            (x) => n8.roll(x, 2, axis),
            (y) => n8.roll(y, -2, axis),
          );
          back(
            device,
            (x) => n8.cat([x, x], axis),
            (y) => n8.slice(y, axis, shape[axis]),
          );
          back(
            device,
            (x) => n8.repeatInterleave(x, 2, axis),
            (y) => n8.slice(y, axis, 0, Infinity, 2),
          );
        }
      }
      compare("expand", (device) => n8.contiguous(n8.expand(place(shape, device), [2, ...shape])), [
        2,
        ...shape,
      ]);
      compare("tile", (device) => n8.tile(place(shape, device), [2, ...shape.map(() => 1)]), [2, ...shape]);
    }),
  );
});

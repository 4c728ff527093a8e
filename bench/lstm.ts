// The lstm over whole sequences, forward and backward, beside the peak and beside its floor: the same products, step by
// step, with nothing in between. The arithmetic that counts is the products; the gates come on top.
import { grad, lstm, matmul, noGrad, scope, tensor, transpose } from "neurite";
import type { Tensor } from "neurite";
import { runBesidePeak } from "./suite.ts";
import type { Context, FlopCase, Suite } from "./suite.ts";
import { checkClose, randomFloats } from "./verify.ts";

interface Size {
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
}

const SIZES: readonly Size[] = [
  { steps: 32, batch: 32, inputs: 64, hidden: 128 },
  { steps: 64, batch: 16, inputs: 64, hidden: 256 },
  { steps: 16, batch: 1, inputs: 32, hidden: 32 },
];

const titleOf = ({ steps, batch, inputs, hidden }: Size): string =>
  `T ${String(steps)}, B ${String(batch)}, ${String(inputs)} -> ${String(hidden)}`;

const forwardFlop = ({ steps, batch, inputs, hidden }: Size): number =>
  2 * steps * batch * 4 * hidden * (inputs + hidden);

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

interface Data {
  readonly x: Float32Array;
  readonly weightIh: Float32Array;
  readonly weightHh: Float32Array;
}

/** The outputs of the first sequence by plain loops: [steps * hidden]. */
function plainSequence({ steps, batch, inputs, hidden }: Size, { x, weightIh, weightHh }: Data): number[] {
  const dot = (w: Float32Array, row: number, v: ArrayLike<number>, at: number, n: number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += w[row * n + i] * v[at + i];
    return sum;
  };
  let h: number[] = new Array<number>(hidden).fill(0);
  const c = [...h];
  const outputs: number[] = [];
  for (let t = 0; t < steps; t++) {
    const before = h;
    const gate = (k: number, unit: number): number =>
      dot(weightIh, k * hidden + unit, x, t * batch * inputs, inputs) +
      dot(weightHh, k * hidden + unit, before, 0, hidden);
    h = before.map((_, unit) => {
      c[unit] = sigmoid(gate(1, unit)) * c[unit] + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit));
      return sigmoid(gate(3, unit)) * Math.tanh(c[unit]);
    });
    outputs.push(...h);
  }
  return outputs;
}

function verify(size: Size, data: Data, y: Tensor): void {
  const { batch, hidden } = size;
  const first = y.dataSync().filter((_, i) => Math.floor(i / hidden) % batch === 0);
  checkClose(`lstm ${titleOf(size)}`, first, plainSequence(size, data), 1e-4);
}

function runSize(context: Context, size: Size): void {
  const { steps, batch, inputs, hidden } = size;
  const bound = 1 / Math.sqrt(hidden);
  const data: Data = {
    x: randomFloats(steps * batch * inputs, 1),
    weightIh: randomFloats(4 * hidden * inputs, 2, -bound, bound),
    weightHh: randomFloats(4 * hidden * hidden, 3, -bound, bound),
  };
  const x = tensor(data.x, { shape: [steps, batch, inputs], requiresGrad: true });
  const weightIh = tensor(data.weightIh, { shape: [4 * hidden, inputs], requiresGrad: true });
  const weightHh = tensor(data.weightHh, { shape: [4 * hidden, hidden], requiresGrad: true });
  const leaves = [x, weightIh, weightHh];
  const run = (): Tensor => lstm(x, { weightIh, weightHh }).y;
  scope(() => verify(size, data, run()));
  const { y, h, c } = lstm(x, { weightIh, weightHh });
  const g = tensor(randomFloats(y.size, 4), { shape: y.shape });
  const rows = tensor(randomFloats(batch * hidden, 5), { shape: [batch, hidden] });
  const flat = tensor(data.x, { shape: [steps * batch, inputs] });
  const flop = forwardFlop(size);
  const cases: FlopCase[] = [
    { name: "forward", flop, call: () => scope(() => void noGrad(() => run())) },
    {
      name: "backward",
      flop: 2 * flop,
      call: () => scope(() => void grad(y, leaves, { gradOutput: g, retainGraph: true })),
    },
    {
      name: "the products of forward alone",
      flop,
      call: () =>
        scope(() =>
          noGrad(() => {
            matmul(flat, transpose(weightIh));
            for (let t = 0; t < steps; t++) matmul(rows, transpose(weightHh));
          }),
        ),
    },
  ];
  runBesidePeak(context, titleOf(size), cases);
  for (const one of [y, h, c, g, rows, flat, ...leaves]) one.dispose();
}

export const recurrent: Suite = {
  name: "lstm",
  about: "the lstm over whole sequences, beside its products alone",
  run(context) {
    for (const size of context.quick ? SIZES.slice(0, 1) : SIZES) runSize(context, size);
  },
};

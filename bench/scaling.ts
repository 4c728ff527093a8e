// How the time of a training step grows: with the size of the matrices, the batch, the sequence and the number of layers.
// What has to be linear is: no time may stray from the straight line through the smallest and the largest by more than 10 %.
import { backward, crossEntropy, mseLoss, scope, tensor } from "neurite";
import type { Tensor } from "neurite";
import { CharLSTM, GPT, LeNet5 } from "neurite/models";
import { Linear, ReLU, Sequential } from "neurite/nn";
import type { Module } from "neurite/nn";
import { Adam } from "neurite/optim";
import { formatTime } from "./report.ts";
import { runBesidePeak } from "./suite.ts";
import type { Context, FlopCase, Suite } from "./suite.ts";
import { randomFloats } from "./verify.ts";

interface Step {
  readonly model: Module;
  readonly data: readonly Tensor[];
  readonly loss: () => Tensor;
  /** Of the products and convolutions of forward and backward. */
  readonly flop: number;
}

interface Growth {
  readonly title: string;
  /** What grows, in the words of a picture's axis. */
  readonly axis: string;
  readonly at: readonly number[];
  readonly quick?: readonly number[];
  readonly make: (size: number) => Step;
  /** Times must lie on a straight line, to `STRAIGHTNESS`. */
  readonly linear?: boolean;
}

const STRAIGHTNESS = 0.1;
/** Steps are long beside a kernel: their bests stand still sooner. */
const ROUNDS = { rounds: 10, maxRounds: 16 };
const [VOCABULARY, WIDTH, HEADS] = [65, 128, 4];

const numbers = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    randomFloats(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { shape },
  );

const integers = (shape: readonly number[], seed: number, below: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(Int32Array.from(randomFloats(size, seed, 0, below), Math.floor), { shape });
};

/** Two layers of n to n and a rectifier, batch n: five products, since the input needs no gradient. */
function squareStep(n: number): Step {
  const model = new Sequential(new Linear(n, n), new ReLU(), new Linear(n, n));
  const [x, target] = [numbers([n, n], 1), numbers([n, n], 2)];
  return {
    ...{ model, data: [x, target], flop: 5 * 2 * n ** 3 },
    loss: () => mseLoss(model.forward(x), target),
  };
}

function mlpStep(batch: number): Step {
  const sizes = [784, 256, 128, 10];
  const layers = sizes.slice(1).map((size, i) => new Linear(sizes[i], size));
  const model = new Sequential(layers[0], new ReLU(), layers[1], new ReLU(), layers[2]);
  const [x, target] = [numbers([batch, 784], 1), integers([batch], 2, 10)];
  const flop = 2 * batch * (2 * 784 * 256 + 3 * 256 * 128 + 3 * 128 * 10);
  return { model, data: [x, target], flop, loss: () => crossEntropy(model.forward(x), target) };
}

function lenetStep(batch: number): Step {
  const model = new LeNet5();
  const [x, target] = [numbers([batch, 1, 32, 32], 1), integers([batch], 2, 10)];
  const products = 2 * 784 * 25 * 6 + 3 * (100 * 150 * 16 + 400 * 120 + 120 * 84 + 84 * 10);
  return {
    ...{ model, data: [x, target], flop: 2 * batch * products },
    loss: () => crossEntropy(model.forward(x), target),
  };
}

function languageStep(
  model: Module & { forward(x: Tensor): Tensor },
  batch: number,
  length: number,
  flop: number,
): Step {
  const [x, target] = [integers([batch, length], 1, VOCABULARY), integers([batch * length], 2, VOCABULARY)];
  const loss = (): Tensor => crossEntropy(model.forward(x).reshape([batch * length, VOCABULARY]), target);
  return { model, data: [x, target], flop, loss };
}

/** Of the scores only the triangle that the causal mask leaves is counted. */
function gptStep(batch: number, length: number, layers: number): Step {
  const model = new GPT({
    ...{ vocabSize: VOCABULARY, contextLength: length, width: WIDTH, layers, heads: HEADS },
  });
  const perToken = layers * (12 * WIDTH * WIDTH + (length + 1) * WIDTH) + WIDTH * VOCABULARY;
  return languageStep(model, batch, length, 3 * 2 * batch * length * perToken);
}

function lstmStep(batch: number, length: number, layers: number): Step {
  const model = new CharLSTM(VOCABULARY, { embedding: WIDTH, hidden: WIDTH, layers });
  const perToken = layers * 8 * WIDTH * WIDTH + WIDTH * VOCABULARY;
  return languageStep(model, batch, length, 3 * 2 * batch * length * perToken);
}

const growths: readonly Growth[] = [
  {
    ...{ title: "two layers of N to N, batch N", axis: "N", make: squareStep },
    ...{ at: [32, 64, 128, 256, 512, 1024], quick: [64, 128, 256] },
  },
  {
    ...{ title: "MLP 784-256-128-10", axis: "batch", make: mlpStep, linear: true },
    at: [32, 64, 128, 256, 512],
  },
  {
    ...{ title: "LeNet-5", axis: "batch", make: lenetStep, linear: true },
    ...{ at: [16, 32, 64, 128, 256], quick: [8, 16, 32] },
  },
  {
    ...{ title: "GPT, 4 layers of 128, T 64", axis: "batch", linear: true, at: [4, 8, 16, 32] },
    make: (batch) => gptStep(batch, 64, 4),
  },
  {
    ...{ title: "GPT, 4 layers of 128, batch 4", axis: "sequence length", at: [32, 64, 128, 256] },
    make: (length) => gptStep(4, length, 4),
  },
  {
    ...{ title: "LSTM of 128, batch 16", axis: "sequence length", at: [16, 32, 64, 128] },
    make: (length) => lstmStep(16, length, 1),
  },
  {
    ...{ title: "GPT of 128, batch 8, T 64", axis: "layers", linear: true },
    ...{ at: [1, 2, 4, 8], quick: [1, 2, 3] },
    make: (layers) => gptStep(8, 64, layers),
  },
  {
    ...{ title: "LSTM of 128, batch 16, T 32", axis: "layers", at: [1, 2, 4, 8], linear: true },
    make: (layers) => lstmStep(16, 32, layers),
  },
];

function caseOf({ model, data, loss, flop }: Step, name: string, x: number): FlopCase & Disposable {
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const step = (): number =>
    scope(() => {
      const value = loss();
      optimizer.zeroGrad();
      backward(value);
      optimizer.step();
      return value.itemSync();
    });
  const first = step();
  for (let i = 0; i < 5; i++) step();
  if (!(step() < first)) throw new Error(`${name}: the loss must fall`);
  return {
    ...{ name, flop, x, call: () => void step() },
    [Symbol.dispose]: () => {
      model.zeroGrad();
      for (const it of [...data, model, optimizer]) it.dispose();
    },
  };
}

/** p in time ~ size^p between neighbours. */
const exponentsOf = (at: readonly number[], ms: readonly number[]): number[] =>
  at.slice(1).map((x, i) => Math.log(ms[i + 1] / ms[i]) / Math.log(x / at[i]));

/** What one more costs between neighbouring sizes. */
const slopesOf = (at: readonly number[], ms: readonly number[]): number[] =>
  at.slice(1).map((x, i) => (ms[i + 1] - ms[i]) / (x - at[i]));

/** The largest share by which a time strays from the straight line through the first and the last. */
function straying(at: readonly number[], ms: readonly number[]): number {
  const slope = (ms.at(-1)! - ms[0]) / (at.at(-1)! - at[0]);
  return Math.max(...at.map((x, i) => Math.abs((ms[0] + slope * (x - at[0])) / ms[i] - 1)));
}

function measure(context: Context, { title, axis, at, quick, make, linear = false }: Growth): void {
  const { report, pace } = context;
  const sizes = context.quick ? quick! : at;
  const cases = sizes.map((size) => caseOf(make(size), `${axis} ${String(size)}`, size));
  const { timings } = runBesidePeak(context, title, cases, { ...pace, ...ROUNDS }, axis);
  for (const it of cases) it[Symbol.dispose]();
  const ms = timings.map(({ best }) => best);
  const powers = exponentsOf(sizes, ms).map((p) => p.toFixed(2));
  report.note(`grows as ${axis} to the power ${powers.join(", ")}`);
  if (!linear) return;
  const one = axis === "layers" ? "layer" : `of ${axis}`;
  report.note(`one more ${one} costs ${slopesOf(sizes, ms).map(formatTime).join(", ")}`);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  report.gate(`${title}: a line in ${axis}, to`, straying(sizes, ms), STRAIGHTNESS, percent, true);
}

export const scaling: Suite = {
  name: "scaling",
  about: "how a step's time grows with sizes, batch, sequence and layers",
  run(context) {
    for (const growth of growths.filter(({ quick }) => !context.quick || quick !== undefined)) {
      measure(context, growth);
    }
  },
};

// Where the work of a model stands under this machine's roof: operations a second against operations per byte, beside what
// arithmetic and memory allow. Bytes are those that have to move: each input read once, each output written once.
import {
  add,
  conv2d,
  gelu,
  grad,
  layerNorm,
  lstm,
  matmul,
  memory,
  noGrad,
  scaledDotProductAttention,
  scope,
  softmax,
  tensor,
} from "neurite";
import type { Tensor } from "neurite";
import { Adam, SGD } from "neurite/optim";
import { copyCases } from "./peak.ts";
import { runBesidePeak, runPerElement } from "./suite.ts";
import type { Context, FlopCase, Suite } from "./suite.ts";
import { randomFloats } from "./verify.ts";

/** Operations for an element, as the kernels do them: a multiply-add counts 2, a division or root 1. */
const FLOP = { add: 1, gelu: 46, softmax: 26, layerNorm: 9, sgd: 4, adam: 14 } as const;
const BYTES = 4;
const AXIS = "operations per byte";

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const random = (shape: readonly number[], seed: number): Tensor =>
  tensor(randomFloats(sizeOf(shape), seed), { shape });

interface Work {
  readonly name: string;
  readonly flop: number;
  /** Of all that is read or written. */
  readonly elements: number;
  readonly inputs: readonly { dispose(): void }[];
  readonly run: () => unknown;
}

function product(m: number, n: number, k: number): Work {
  const inputs = [random([m, k], 1), random([k, n], 2)];
  const name = m === n && n === k ? `matmul ${String(n)}` : `matmul ${[m, k, n].join(" x ")}`;
  return {
    ...{ name, flop: 2 * m * n * k, elements: m * k + k * n + m * n, inputs },
    run: () => matmul(inputs[0], inputs[1]),
  };
}

interface Layer {
  readonly images: number;
  readonly channels: number;
  readonly filters: number;
  readonly size: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
}

function convolution({ images, channels, filters, size, kernel, stride = 1, padding = 0 }: Layer): Work {
  const inputs = [
    random([images, channels, size, size], 1),
    random([filters, channels, kernel, kernel], 2),
    random([filters], 3),
  ];
  const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const results = images * filters * out ** 2;
  const name = `conv ${String(channels)}->${String(filters)} ${String(kernel)}x${String(kernel)}`;
  return {
    ...{ name: stride === 1 ? name : `${name} /${String(stride)}`, inputs },
    flop: 2 * results * channels * kernel ** 2,
    elements: results + inputs.reduce((sum, { size: n }) => sum + n, 0),
    run: () => conv2d(inputs[0], inputs[1], inputs[2], { stride, padding }),
  };
}

/** Forward, or backward from the gradient of the result; softmax comes on top of the products. */
function attention(batch: number, length: number, width: number, back: boolean): Work {
  const shape = [batch, 4, length, width];
  const inputs = [1, 2, 3].map((seed) => random(shape, seed).setRequiresGrad(true));
  const gradOutput = random(shape, 4);
  const y = scaledDotProductAttention(inputs[0], inputs[1], inputs[2]);
  const one = 2 * sizeOf(shape) * length;
  return {
    name: `attention T ${String(length)}${back ? ", backward" : ""}`,
    flop: (back ? 5 : 2) * one,
    elements: sizeOf(shape) * (back ? 7 : 4),
    inputs: [...inputs, gradOutput, y],
    run: back
      ? () => grad(y, inputs, { gradOutput, retainGraph: true })
      : () => noGrad(() => scaledDotProductAttention(inputs[0], inputs[1], inputs[2])),
  };
}

function recurrence(steps: number, batch: number, hidden: number): Work {
  const inputs = [random([steps, batch, hidden], 1), ...[2, 3].map((s) => random([4 * hidden, hidden], s))];
  const [x, weightIh, weightHh] = inputs;
  return {
    ...{ name: `LSTM of ${String(hidden)}, T ${String(steps)}, batch ${String(batch)}`, inputs },
    flop: 2 * steps * batch * 8 * hidden ** 2,
    elements: 2 * x.size + 2 * weightIh.size,
    run: () => noGrad(() => lstm(x, { weightIh, weightHh })),
  };
}

const place = (n: number): string => (n >= 2 ** 20 ? `${String(n / 2 ** 20)}M` : `${String(n / 1024)}K`);

/** Ops on n elements that read `reads` tensors and write one. */
function elementwise(key: "add" | "gelu" | "softmax" | "layerNorm", n: number): Work {
  const rows = [n / 256, 256];
  const tensors = key === "add" ? 3 : 2;
  const inputs = Array.from({ length: tensors - 1 }, (_, i) => random(rows, i + 1));
  const op = {
    add: () => add(inputs[0], inputs[1]),
    gelu: () => gelu(inputs[0]),
    softmax: () => softmax(inputs[0], 1),
    layerNorm: () => layerNorm(inputs[0], 256),
  }[key];
  return { name: `${key} ${place(n)}`, flop: FLOP[key] * n, elements: tensors * n, inputs, run: op };
}

/** One step over n parameters: SGD with momentum reads three tensors and writes two, Adam four and three. */
function optimizer(kind: "sgd" | "adam", n: number): Work {
  const parameter = random([n], 1).setRequiresGrad(true);
  parameter.grad = random([n], 2);
  const [name, elements, it] =
    kind === "sgd"
      ? (["SGD", 5 * n, new SGD([parameter], { lr: 1e-6, momentum: 0.9 })] as const)
      : (["Adam", 7 * n, new Adam([parameter], { lr: 1e-6 })] as const);
  const inputs = [parameter, parameter.grad, it];
  return { name: `${name} ${place(n)}`, flop: FLOP[kind] * n, elements, inputs, run: () => it.step() };
}

/** Elements of tensors that the second-level cache holds, and of such that none does. */
const [L2_SIZE, MEMORY_SIZE] = [2 ** 16, 2 ** 21];

type Family = (quick: boolean) => readonly Work[];

const sizesOf = (quick: boolean): readonly number[] => (quick ? [L2_SIZE] : [L2_SIZE, MEMORY_SIZE]);

const families: Readonly<Record<string, Family>> = {
  products: (quick) => [
    ...[product(64, 64, 64), product(256, 256, 256), ...(quick ? [] : [product(1024, 1024, 1024)])],
    ...[product(1, 4096, 1024), product(64, 10, 84)],
  ],
  convolutions: () => [
    convolution({ images: 64, channels: 1, filters: 6, size: 32, kernel: 5 }),
    convolution({ images: 64, channels: 6, filters: 16, size: 14, kernel: 5 }),
    convolution({ images: 32, channels: 16, filters: 32, size: 28, kernel: 3, padding: 1 }),
    convolution({ images: 32, channels: 32, filters: 64, size: 16, kernel: 4, stride: 2, padding: 1 }),
  ],
  sequences: (quick) => [
    ...[attention(16, 64, 32, false), recurrence(32, 32, 128)],
    ...(quick ? [] : [attention(2, 512, 64, false), attention(2, 512, 64, true)]),
  ],
  rows: (quick) =>
    (["softmax", "layerNorm"] as const).flatMap((key) => sizesOf(quick).map((n) => elementwise(key, n))),
  elements: (quick) =>
    (["add", "gelu"] as const).flatMap((key) => sizesOf(quick).map((n) => elementwise(key, n))),
  optimizers: (quick) =>
    (["sgd", "adam"] as const).flatMap((kind) => sizesOf(quick).map((n) => optimizer(kind, n))),
};

function measure(context: Context, family: string, works: readonly Work[]): void {
  const cases = works.map(({ name, flop, elements, run }): FlopCase => ({
    ...{ name, flop, x: flop / (elements * BYTES) },
    call: () => scope(() => void run()),
  }));
  const spills = memory().spills;
  runBesidePeak(context, family, cases, context.pace, AXIS);
  if (memory().spills > spills)
    throw new Error(`${family}: all must stay in the wasm memory while it is timed`);
  for (const { inputs } of works) for (const it of inputs) it.dispose();
}

export const roofline: Suite = {
  name: "roofline",
  about: "operations a second against operations per byte",
  run(context) {
    runPerElement(context, "ceilings, read + written", copyCases(context.kernels, context.quick));
    for (const [family, works] of Object.entries(families)) measure(context, family, works(context.quick));
  },
};

// Elementwise kernels by size (in L1, in L2, in memory), beside the loops that a program without them would write, and
// the fused optimizer steps.
import type { KernelName } from "../src/backend/wasm/exports.ts";
import type { KernelBench } from "./kernels.ts";
import { runPerElement } from "./suite.ts";
import type { Context, ElementCase, Suite } from "./suite.ts";
import { checkClose, floats, randomFloats } from "./verify.ts";

interface Unary {
  readonly kernel: KernelName;
  readonly plain: (x: number) => number;
  readonly low?: number;
}

const unary: readonly Unary[] = [
  { kernel: "neg_f32", plain: (x) => -x },
  { kernel: "relu_f32", plain: (x) => (x > 0 ? x : 0) },
  { kernel: "sqrt_f32", plain: Math.sqrt, low: 0.01 },
  { kernel: "exp_f32", plain: Math.exp },
  { kernel: "log_f32", plain: Math.log, low: 0.01 },
  { kernel: "tanh_f32", plain: Math.tanh },
  { kernel: "sigmoid_f32", plain: (x) => 1 / (1 + Math.exp(-x)) },
  { kernel: "silu_f32", plain: (x) => x / (1 + Math.exp(-x)) },
  {
    kernel: "gelu_tanh_f32",
    plain: (x) => 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x ** 3))),
    low: -2,
  },
  { kernel: "expm1_f32", plain: Math.expm1 },
  { kernel: "log1p_f32", plain: Math.log1p, low: 0.01 },
  { kernel: "sin_f32", plain: Math.sin },
];

const binary: readonly { readonly kernel: KernelName; readonly plain: (x: number, y: number) => number }[] = [
  { kernel: "add_f32", plain: (x, y) => x + y },
  { kernel: "mul_f32", plain: (x, y) => x * y },
  { kernel: "div_f32", plain: (x, y) => x / y },
  { kernel: "relu_grad_f32", plain: (g, y) => (y > 0 ? g : 0) },
  { kernel: "pow_f32", plain: (x, y) => x ** y },
  { kernel: "atan2_f32", plain: Math.atan2 },
  { kernel: "maximum_f32", plain: Math.max },
  { kernel: "tanh_grad_f32", plain: (g, y) => g * (1 - y * y) },
];

const nameOf = (kernel: KernelName): string => kernel.replace(/_f32$/, "");

function unaryCase(kernels: KernelBench, { kernel, plain, low = -6 }: Unary, n: number): ElementCase {
  const x = randomFloats(n, 1, low, 6);
  const [xPtr, yPtr] = [kernels.upload(x), kernels.allocate(n * 4)];
  const run = kernels.exports[kernel];
  run(xPtr, yPtr, 0, n);
  checkClose(
    kernel,
    kernels.floats(yPtr, n),
    floats(n, (i) => plain(x[i])),
    2e-6,
  );
  return { name: nameOf(kernel), elements: n, call: () => run(xPtr, yPtr, 0, n) };
}

function binaryCase(
  kernels: KernelBench,
  { kernel, plain }: (typeof binary)[number],
  n: number,
): ElementCase {
  const [a, b] = [randomFloats(n, 1), randomFloats(n, 2, 0.1, 1)];
  const [aPtr, bPtr, yPtr] = [kernels.upload(a), kernels.upload(b), kernels.allocate(n * 4)];
  const run = kernels.exports[kernel];
  const call = (): void => void run(aPtr, 0, 1, bPtr, 0, 1, yPtr, n, 0, n);
  call();
  checkClose(
    kernel,
    kernels.floats(yPtr, n),
    floats(n, (i) => plain(a[i], b[i])),
    1e-6,
  );
  return { name: nameOf(kernel), elements: n, call };
}

/** add with a row vector (a bias) or a column vector repeated over [rows, columns]. */
function broadcastCase(
  kernels: KernelBench,
  along: "row" | "column",
  rows: number,
  columns: number,
): ElementCase {
  const n = rows * columns;
  const [a, b] = [randomFloats(n, 1), randomFloats(along === "row" ? columns : rows, 2)];
  const [aPtr, bPtr, yPtr] = [kernels.upload(a), kernels.upload(b), kernels.allocate(n * 4)];
  const [bRow, bStep] = along === "row" ? [0, 1] : [1, 0];
  const { add_f32 } = kernels.exports;
  const call = (): void => void add_f32(aPtr, columns, 1, bPtr, bRow, bStep, yPtr, columns, 0, n);
  call();
  const at = (i: number): number => (along === "row" ? i % columns : Math.floor(i / columns));
  checkClose(
    "add, broadcast",
    kernels.floats(yPtr, n),
    floats(n, (i) => a[i] + b[at(i)]),
    1e-6,
  );
  return { name: `add, one ${along}`, elements: n, call };
}

/** What the same costs in JavaScript, over typed arrays. */
function scriptCases(n: number): ElementCase[] {
  const [a, b, y] = [randomFloats(n, 1), randomFloats(n, 2), new Float32Array(n)];
  const loops: readonly (readonly [string, () => void])[] = [
    [
      "JavaScript a[i] + b[i]",
      () => {
        for (let i = 0; i < n; i++) y[i] = a[i] + b[i];
      },
    ],
    [
      "JavaScript Math.exp",
      () => {
        for (let i = 0; i < n; i++) y[i] = Math.exp(a[i]);
      },
    ],
    [
      "JavaScript Math.tanh",
      () => {
        for (let i = 0; i < n; i++) y[i] = Math.tanh(a[i]);
      },
    ],
  ];
  return loops.map(([name, call]) => ({ name, call, elements: n }));
}

const [LR, BETA1, BETA2, EPS] = [1e-3, 0.9, 0.999, 1e-8];

function adamCase(kernels: KernelBench, n: number): ElementCase {
  const [p, g, m] = [1, 2, 3].map((seed) => randomFloats(n, seed));
  const v = randomFloats(n, 4, 0.01, 1);
  const [pPtr, gPtr, mPtr, vPtr] = [p, g, m, v].map((values) => kernels.upload(values));
  const { adam_f32 } = kernels.exports;
  const call = (): void =>
    void adam_f32(pPtr, gPtr, mPtr, vPtr, LR, BETA1, 1 - BETA1, BETA2, 1 - BETA2, 1, EPS, 0, 1, 0, n);
  call();
  const expected = floats(n, (i) => {
    const [mean, square] = [BETA1 * m[i] + (1 - BETA1) * g[i], BETA2 * v[i] + (1 - BETA2) * g[i] ** 2];
    return p[i] - (LR * mean) / (Math.sqrt(square) + EPS);
  });
  checkClose("adam", kernels.floats(pPtr, n), expected, 1e-6);
  return { name: "adam step", elements: n, call };
}

function sgdCase(kernels: KernelBench, n: number): ElementCase {
  const [p, g, m] = [1, 2, 3].map((seed) => randomFloats(n, seed));
  const [pPtr, gPtr, mPtr] = [p, g, m].map((values) => kernels.upload(values));
  const { sgd_f32 } = kernels.exports;
  const call = (): void => void sgd_f32(pPtr, gPtr, mPtr, LR, 0.9, 1, 0, 0, 0, n);
  call();
  checkClose(
    "sgd",
    kernels.floats(pPtr, n),
    floats(n, (i) => p[i] - LR * (0.9 * m[i] + g[i])),
    1e-6,
  );
  return { name: "sgd step with momentum", elements: n, call };
}

function runSize(context: Context, n: number, where: string): void {
  const { kernels } = context;
  kernels.reset();
  const columns = 64;
  const cases = [
    ...unary.map((it) => unaryCase(kernels, it, n)),
    ...binary.map((it) => binaryCase(kernels, it, n)),
    broadcastCase(kernels, "row", n / columns, columns),
    broadcastCase(kernels, "column", n / columns, columns),
    adamCase(kernels, n),
    sgdCase(kernels, n),
  ];
  runPerElement(context, `${String(n)} elements (${where})`, cases);
}

export const elementwise: Suite = {
  name: "elementwise",
  about: "maps, binary operations, broadcasts, optimizer steps",
  run(context) {
    runSize(context, 4096, "16 KiB each");
    runPerElement(context, "4096 elements, without kernels", scriptCases(4096));
    if (context.quick) return;
    runSize(context, 65536, "256 KiB each");
    runSize(context, 1048576, "4 MiB each");
  },
};

// Reductions over rows and over columns, and softmax in one pass, forward and backward.
import type { KernelName } from "../src/backend/wasm/exports.ts";
import type { KernelBench } from "./kernels.ts";
import * as plain from "./plain.ts";
import { runPerElement } from "./suite.ts";
import type { Context, ElementCase, Suite } from "./suite.ts";
import { checkClose, floats, randomFloats } from "./verify.ts";

type Fold = (values: readonly number[]) => number;

const folds: readonly { readonly kernel: KernelName; readonly fold: Fold }[] = [
  { kernel: "sum_f32", fold: (values) => values.reduce((total, x) => total + x, 0) },
  { kernel: "max_f32", fold: (values) => Math.max(...values) },
  { kernel: "argmax_f32", fold: (values) => values.indexOf(Math.max(...values)) },
];

const nameOf = (kernel: KernelName): string => kernel.replace(/_f32$/, "").replaceAll("_", " ");

/** Reduces [outer, n, inner] over n: rows where inner is 1, columns where outer is. */
function foldCase(
  kernels: KernelBench,
  { kernel, fold }: (typeof folds)[number],
  [outer, n, inner]: readonly [number, number, number],
): ElementCase {
  const x = randomFloats(outer * n * inner, 1);
  const units = outer * inner;
  const [xPtr, yPtr] = [kernels.upload(x), kernels.allocate(units * 4)];
  const run = kernels.exports[kernel];
  const call = (): void => void run(xPtr, yPtr, n, inner, 0, units);
  call();
  const expected = Array.from({ length: units }, (_, unit) => {
    const first = Math.floor(unit / inner) * n * inner + (unit % inner);
    return fold(Array.from({ length: n }, (_value, i) => x[first + i * inner]));
  });
  const got = kernel === "argmax_f32" ? kernels.integers(yPtr, units) : kernels.floats(yPtr, units);
  checkClose(kernel, got, expected, 1e-4);
  return { name: `${nameOf(kernel)} over ${inner === 1 ? "rows" : "columns"}`, elements: x.length, call };
}

function softmaxCases(kernels: KernelBench, rows: number, n: number): ElementCase[] {
  const size = rows * n;
  const [x, g] = [randomFloats(size, 1, -4, 4), randomFloats(size, 2)];
  const logarithms = plain.logSoftmax(x, n);
  const shares = logarithms.map(Math.exp);
  const rowSum = (i: number, term: (at: number) => number): number => {
    const first = i - (i % n);
    let total = 0;
    for (let at = first; at < first + n; at++) total += term(at);
    return total;
  };
  const sums = floats(rows, (row) => rowSum(row * n, (at) => g[at]));
  const dots = floats(rows, (row) => rowSum(row * n, (at) => g[at] * shares[at]));
  const [xPtr, gPtr] = [kernels.upload(x), kernels.upload(g)];
  const e = kernels.exports;
  const forward = (kernel: KernelName, expected: Float64Array): { it: ElementCase; yPtr: number } => {
    const yPtr = kernels.allocate(size * 4);
    const call = (): void => void e[kernel](xPtr, yPtr, n, 0, rows);
    call();
    checkClose(kernel, kernels.floats(yPtr, size), expected, 1e-5);
    return { yPtr, it: { name: nameOf(kernel), elements: size, call } };
  };
  const backward = (kernel: KernelName, yPtr: number, expected: Float32Array): ElementCase => {
    const gxPtr = kernels.allocate(size * 4);
    const call = (): void => void e[kernel](gPtr, yPtr, gxPtr, n, 0, rows);
    call();
    checkClose(kernel, kernels.floats(gxPtr, size), expected, 1e-4);
    return { name: nameOf(kernel), elements: size, call };
  };
  const softmax = forward("softmax_f32", shares);
  const logSoftmax = forward("log_softmax_f32", logarithms);
  const rowOf = (i: number): number => Math.floor(i / n);
  return [
    softmax.it,
    backward(
      "softmax_grad_f32",
      softmax.yPtr,
      floats(size, (i) => shares[i] * (g[i] - dots[rowOf(i)])),
    ),
    logSoftmax.it,
    backward(
      "log_softmax_grad_f32",
      logSoftmax.yPtr,
      floats(size, (i) => g[i] - shares[i] * sums[rowOf(i)]),
    ),
  ];
}

function runFolds(context: Context, side: number): void {
  const { kernels } = context;
  kernels.reset();
  const rows = folds.map((it) => foldCase(kernels, it, [side, side, 1]));
  const columns = folds.map((it) => foldCase(kernels, it, [1, side, side]));
  runPerElement(context, `${String(side)} x ${String(side)}`, [...rows, ...columns]);
}

function runSoftmax(context: Context, rows: number, n: number): void {
  context.kernels.reset();
  runPerElement(
    context,
    `softmax, ${String(rows)} rows of ${String(n)}`,
    softmaxCases(context.kernels, rows, n),
  );
}

export const reduce: Suite = {
  name: "reduce",
  about: "sum, max, argmax over rows and columns; softmax and its gradient",
  run(context) {
    runFolds(context, 64);
    if (!context.quick) runFolds(context, 512);
    runSoftmax(context, 64, 10);
    runSoftmax(context, 512, 512);
  },
};

// Random draws from the counter-based stream.
import type { KernelName } from "../src/backend/wasm/exports.ts";
import type { KernelBench } from "./kernels.ts";
import { runPerElement } from "./suite.ts";
import type { ElementCase, Suite } from "./suite.ts";
import { checkClose, floats } from "./verify.ts";

const N = 65536;
const [SEED_LOW, SEED_HIGH] = [0x12345678, 0x9abcdef];
const P = 0.75;
const LOW = 0xffffffffn;

/** The four words of one block of Philox 4x32-10, by the book, in whole numbers of any size. */
function philox(counter: number): number[] {
  let [c0, c1, c2, c3] = [BigInt(counter), 0n, 0n, 0n];
  let [k0, k1] = [BigInt(SEED_LOW), BigInt(SEED_HIGH)];
  for (let round = 0; round < 10; round++) {
    const [left, right] = [c0 * 0xd2511f53n, c2 * 0xcd9e8d57n];
    [c0, c1, c2, c3] = [(right >> 32n) ^ c1 ^ k0, right & LOW, (left >> 32n) ^ c3 ^ k1, left & LOW];
    [k0, k1] = [(k0 + 0x9e3779b9n) & LOW, (k1 + 0xbb67ae85n) & LOW];
  }
  return [c0, c1, c2, c3].map(Number);
}

const unit = (word: number): number => (word >>> 8) / 2 ** 24;

/** Box-Muller on the pairs of each block. */
function normal(words: readonly number[], i: number): number {
  const pair = i - (i % 2);
  const radius = Math.sqrt(-2 * Math.log(unit(words[pair]) + 2 ** -24));
  const angle = 2 * Math.PI * unit(words[pair + 1]);
  return radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
}

function drawCase(
  kernels: KernelBench,
  kernel: KernelName,
  extra: readonly number[],
  expected: ArrayLike<number>,
  tolerance = 0,
): ElementCase {
  const yPtr = kernels.allocate(N * 4);
  const run = kernels.exports[kernel];
  const call = (): void => void run(SEED_LOW, SEED_HIGH, 0, 0, ...extra, yPtr, 0, N);
  call();
  const got = kernel === "bits_i32" ? kernels.integers(yPtr, N) : kernels.floats(yPtr, N);
  checkClose(kernel, got, expected, tolerance);
  return { name: kernel.replace(/_\w\d\d$/, ""), elements: N, call };
}

export const random: Suite = {
  name: "random",
  about: "bits, uniform, normal and Bernoulli draws",
  run(context) {
    const { kernels } = context;
    const words = Array.from({ length: N / 4 }, (_, block) => philox(block)).flat();
    runPerElement(context, `${String(N)} elements`, [
      drawCase(
        kernels,
        "bits_i32",
        [],
        Int32Array.from(words, (word) => word | 0),
      ),
      drawCase(
        kernels,
        "uniform_f32",
        [],
        floats(N, (i) => unit(words[i])),
      ),
      drawCase(
        kernels,
        "normal_f32",
        [],
        floats(N, (i) => normal(words, i)),
        1e-5,
      ),
      drawCase(
        kernels,
        "bernoulli_f32",
        [P, 1 / P],
        floats(N, (i) => (unit(words[i]) < P ? 1 / P : 0)),
        1e-6,
      ),
    ]);
  },
};

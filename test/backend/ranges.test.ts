// Kernels work on ranges, which threads share out: however a range is cut, the bits are the same.
import { beforeAll, describe, expect, it } from "vitest";
import type { KernelExports, KernelName } from "../../src/backend/wasm/exports.ts";
import { rawKernels } from "./raw-kernels.ts";

const PAGES = 16;
const ROWS = 23;
const N = 37;
const SIZE = ROWS * N;
const INPUT = 64;
const OUTPUT = 65536 * 8;

let memory: WebAssembly.Memory;
let e: KernelExports;

beforeAll(async () => {
  ({ memory, e } = await rawKernels(PAGES));
  const floats = new Float32Array(memory.buffer, INPUT, OUTPUT / 4 - 32);
  floats.forEach((_, i) => (floats[i] = Math.sin(i * 1.7) + 0.01 * (i % 13)));
});

const at = (slot: number): number => INPUT + slot * 8192;
const out = (slot: number): number => OUTPUT + slot * 8192;
/** Targets of rows in [0, N), written over input 9. */
const targets = (): number => {
  new Int32Array(memory.buffer, at(9), ROWS).forEach((_, i, all) => (all[i] = (i * 5) % N));
  return at(9);
};

/** Per kernel: its arguments before the range, and the number of units. */
const calls: Partial<Record<KernelName, () => readonly [args: number[], units: number]>> = {
  norm_rows_f32: () => [[at(0), at(1), at(2), out(0), N, 0.1, 1], ROWS],
  norm_rows_grad_f32: () => [[at(0), at(1), at(2), out(0), out(1), N, 0.1, 1], ROWS],
  norm_rows_weight_grad_f32: () => [[at(0), at(1), at(2), out(0), out(1), ROWS, N], N],
  batch_moments_f32: () => [[at(0), out(0), out(1), ROWS, N, 1], N],
  batch_norm_f32: () => [[at(0), at(1), at(2), at(3), at(4), out(0), N, 1, 9], SIZE],
  batch_norm_sums_f32: () => [[at(0), at(1), at(2), at(3), out(0), out(1), ROWS, N, 1, 9], N],
  batch_norm_grad_f32: () => [[at(0), at(1), at(2), at(3), at(4), at(5), at(6), out(0), ROWS, N, 1, 9], SIZE],
  softmax_f32: () => [[at(0), out(0), N], ROWS],
  softmax_grad_f32: () => [[at(0), at(1), out(0), N], ROWS],
  class_loss_f32: () => [[at(0), targets(), at(1), out(0), out(1), N, 5, 0.25, 0], ROWS],
  class_loss_grad_f32: () => [[at(0), 1, 0, at(1), targets(), at(2), out(0), N, 5, 0.25, 0], ROWS],
  dropout_f32: () => [[1, 2, 3, 4, 0.5, 2, at(0), out(0)], SIZE],
  gelu_f32: () => [[at(0), out(0)], SIZE],
};

function outcome(kernel: KernelName, cuts: readonly number[]): Int32Array {
  const [args] = calls[kernel]!();
  new Int32Array(memory.buffer, OUTPUT, 4 * 2048).fill(0);
  for (let i = 1; i < cuts.length; i++) e[kernel](...args, cuts[i - 1], cuts[i]);
  return new Int32Array(memory.buffer, OUTPUT, 4 * 2048).slice();
}

describe("kernels give the same bits however their range is cut", () => {
  it.each(Object.keys(calls) as KernelName[])("%s", (kernel) => {
    const [, units] = calls[kernel]!();
    const whole = outcome(kernel, [0, units]);
    expect(whole.some((bits) => bits !== 0)).toBe(true);
    for (const cut of [1, 3, units >> 1, units - 1]) {
      expect(outcome(kernel, [0, cut, units]), `cut at ${String(cut)}`).toEqual(whole);
    }
  });
});

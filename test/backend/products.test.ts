// The matrix product's paths (vectors, small, few rows beside transposed weights, blocks) against plain loops, at sizes
// that no tile divides; and the same bits for every cut.
import { beforeAll, describe, expect, it } from "vitest";
import type { KernelExports } from "../../src/backend/wasm/exports.ts";
import { rawKernels } from "./raw-kernels.ts";

let memory: WebAssembly.Memory;
let e: KernelExports;

beforeAll(async () => {
  ({ memory, e } = await rawKernels(160));
  const floats = new Float32Array(memory.buffer);
  floats.forEach((_, i) => (floats[i] = Math.sin(i * 1.7)));
});

const MEBIBYTE = 1 << 20;
const [A, B, BIAS, Y, PACK] = [1, 2, 3, 4, 5].map((i) => i * MEBIBYTE);

type Form = "NN" | "TN" | "NT";
type Size = readonly [m: number, n: number, k: number];

const floats = (ptr: number, n: number): Float32Array => new Float32Array(memory.buffer, ptr, n).slice();

interface Call {
  readonly form: Form;
  readonly size: Size;
  readonly bias: boolean;
  readonly accumulate: boolean;
}

/** y after a product whose rows or columns were cut at `cuts`; it starts as its own sines. */
function product({ form, size: [m, n, k], bias, accumulate }: Call, byRows: boolean, cuts: number[]) {
  const [aRow, aCol] = form === "TN" ? [1, m] : [k, 1];
  const [bRow, bCol] = form === "NT" ? [1, k] : [n, 1];
  const y = new Float32Array(memory.buffer, Y, m * n);
  y.forEach((_, i) => (y[i] = Math.cos(i)));
  const kernel = byRows ? e.gemm_f32 : e.gemm_columns_f32;
  const args = [A, aRow, aCol, B, bRow, bCol, Y, n, bias ? BIAS : 0, m, n, k, Number(accumulate), PACK];
  for (let i = 1; i < cuts.length; i++) kernel(...args, cuts[i - 1], cuts[i]);
  return floats(Y, m * n);
}

function plain({ form, size: [m, n, k], bias, accumulate }: Call): number[] {
  const [a, b, c] = [floats(A, m * k), floats(B, k * n), floats(BIAS, n)];
  return Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = accumulate ? Math.fround(Math.cos(at)) : bias ? c[j] : 0;
    for (let p = 0; p < k; p++) {
      sum += a[form === "TN" ? p * m + i : i * k + p] * b[form === "NT" ? j * k + p : p * n + j];
    }
    return sum;
  });
}

const sizes: readonly Size[] = [
  [1, 1, 37],
  [1, 1, 3],
  [1, 37, 23],
  [1, 9, 4],
  [1, 2, 5],
  [13, 1, 70],
  [3, 1, 6],
  [2, 3, 1],
  [7, 10, 19],
  [23, 5, 41],
  [9, 64, 33],
  [23, 61, 131],
  [52, 45, 53],
];

describe("products", () => {
  it.each(sizes)("%i x %i x %i", (...size) => {
    for (const form of ["NN", "TN", "NT"] as const) {
      for (const [bias, accumulate] of [
        [false, false],
        [true, false],
        [false, true],
      ]) {
        const call = { form, size, bias, accumulate };
        const [m, n] = size;
        expect(e.gemm_scratch_bytes(...size)).toBeLessThan(MEBIBYTE);
        const whole = product(call, true, [0, m]);
        const expected = plain(call);
        const worst = whole.reduce((far, value, i) => Math.max(far, Math.abs(value - expected[i])), 0);
        expect(worst, form).toBeLessThan(1e-6 * (1 + size[2]));
        for (const cut of [1, m >> 1]) {
          expect(product(call, true, [0, cut, m]), `${form}, rows cut at ${String(cut)}`).toEqual(whole);
        }
        for (const cut of [0, 1, n >> 1]) {
          expect(product(call, false, [0, cut, n]), `${form}, columns cut at ${String(cut)}`).toEqual(whole);
        }
      }
    }
  });
});

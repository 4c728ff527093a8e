// The matrix algorithms by name, run over a batch: the one door through which the backends call them on their buffers.
import type { BufferData } from "../dtype.ts";
import { cholesky, determinant, logDeterminant, solve, substitute } from "./lu.ts";
import type { Triangle } from "./lu.ts";
import { cofactors, eigh, qr, svd } from "./orthogonal.ts";

export interface MatrixBatch {
  readonly batch: number;
  /** Of each matrix of the first input. */
  readonly rows: number;
  readonly columns: number;
  /** For solveTriangular. */
  readonly triangle?: Triangle;
}

/** Takes one matrix of each input and fills one of each output; inputs may be overwritten. False: refused. */
type Algorithm = (
  inputs: readonly Float64Array[],
  outputs: readonly Float64Array[],
  size: MatrixBatch,
) => boolean;

const LOWER: Triangle = { upper: false, unit: false };

const algorithms = {
  cholesky: ([a], [l], { rows }) => cholesky(a, l, rows),
  solve: ([a, b], [x], { rows }) => solve(a, b, x, rows),
  solveTriangular: ([a, b], [x], { rows, triangle = LOWER }) => {
    x.set(b);
    return substitute(a, x, rows, rows === 0 ? 0 : b.length / rows, triangle);
  },
  det: ([a], [y], { rows }) => {
    y[0] = determinant(a, rows);
    return true;
  },
  slogdet: ([a], [sign, log], { rows }) => {
    const found = logDeterminant(a, rows);
    sign[0] = found.sign;
    log[0] = found.log;
    return true;
  },
  cofactors: ([a], [c], { rows }) => cofactors(a, c, rows, determinant),
  qr: ([a], [q, r], { rows, columns }) => {
    qr(a, q, r, rows, columns);
    return true;
  },
  qrComplete: ([a], [q, r], { rows, columns }) => {
    qr(a, q, r, rows, columns, rows);
    return true;
  },
  svdFull: ([a], [u, s, vh], { rows, columns }) => svd(a, u, s, vh, rows, columns, true),
  svd: ([a], [u, s, vh], { rows, columns }) => svd(a, u, s, vh, rows, columns),
  eigh: ([a], [w, v], { rows }) => eigh(a, w, v, rows),
} satisfies Record<string, Algorithm>;

export type MatrixAlgorithm = keyof typeof algorithms;

/** Runs an algorithm on each matrix of a batch, in doubles; the number of the first that it refuses, or -1. */
export function overBatch(
  name: MatrixAlgorithm,
  inputs: readonly BufferData[],
  outputs: readonly BufferData[],
  size: MatrixBatch,
): number {
  const algorithm: Algorithm = algorithms[name];
  const { batch } = size;
  const results = outputs.map((y) => new Float64Array(batch === 0 ? 0 : y.length / batch));
  for (let i = 0; i < batch; i++) {
    const matrices = inputs.map((x) => {
      const length = x.length / batch;
      return Float64Array.from(x.subarray(i * length, (i + 1) * length));
    });
    if (!algorithm(matrices, results, size)) return i;
    results.forEach((result, k) => {
      outputs[k].set(result, i * result.length);
    });
  }
  return -1;
}

// Initial weights with a structure: identities, orthogonal rows or columns, mostly zeros. Computed on the host; they
// return the tensor.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import { requireWhole } from "../../ops/checks.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { drawOnHost, fromValues, overwrite } from "./fill.ts";
import type { InitOptions } from "./fill.ts";

function requireAxes(op: string, x: Tensor, low: number, high: number): void {
  if (x.rank >= low && x.rank <= high) return;
  const range = low === high ? String(low) : `${String(low)} to ${String(high)}`;
  throw new ShapeError(op, `the tensor must have ${range} axes; got ${formatShape(x.shape)}.`);
}

/** The identity matrix, cut or filled up with zeros. */
export function eye(x: Tensor): Tensor {
  requireAxes("eye", x, 2, 2);
  const [rows, columns] = x.shape;
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  return overwrite(x, () => fromValues(x, values));
}

/**
 * A convolution weight [out, in, ...kernel] that passes its channels through: 1 in the middle of kernel (i, i), in each
 * of `groups` groups of outputs.
 */
export function dirac(x: Tensor, { groups = 1 }: { readonly groups?: number } = {}): Tensor {
  requireAxes("dirac", x, 3, 5);
  const [out, channels, ...kernel] = x.shape;
  if (out % requireWhole("dirac", "groups", groups, 1) !== 0)
    throw new ShapeError("dirac", `outputs must divide by groups; got ${String(out)} by ${String(groups)}.`);
  const perGroup = out / groups;
  const field = sizeOf(kernel);
  const middle = kernel.reduce((at, size) => at * size + Math.floor(size / 2), 0);
  const values = new Float64Array(x.size);
  for (let group = 0; group < groups; group++) {
    for (let i = 0; i < Math.min(perGroup, channels); i++)
      values[((group * perGroup + i) * channels + i) * field + middle] = 1;
  }
  return overwrite(x, () => fromValues(x, values));
}

/**
 * Orthonormal rows or columns, whichever are fewer, of x as a matrix [first axis, all others], times `gain` (1).
 *
 * Source: Saxe et al. 2013, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks".
 */
export function orthogonal(
  x: Tensor,
  { gain = 1, ...options }: InitOptions & { readonly gain?: number } = {},
): Tensor {
  if (x.rank < 2)
    throw new ShapeError(
      "orthogonal",
      `the tensor must have at least two axes; got ${formatShape(x.shape)}.`,
    );
  const rows = x.shape[0];
  const columns = sizeOf(x.shape.slice(1));
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const draws = drawOnHost([count, length], "normal", options);
  const vectors = Array.from({ length: count }, (_, i) => draws.subarray(i * length, (i + 1) * length));
  orthonormalise(vectors);
  const values = new Float64Array(rows * columns);
  vectors.forEach((vector, i) => {
    vector.forEach((value, j) => {
      values[rows <= columns ? i * columns + j : j * columns + i] = gain * value;
    });
  });
  return overwrite(x, () => fromValues(x, values));
}

// Gram and Schmidt, each vector twice: once is not enough for rounding.
function orthonormalise(vectors: readonly Float64Array[]): void {
  // A plain loop: for 1,000 vectors of 1,000 it runs a million times.
  const dot = (a: Float64Array, b: Float64Array): number => {
    let sum = 0;
    for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
    return sum;
  };
  vectors.forEach((vector, i) => {
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const before = vectors[j];
        const along = dot(vector, before);
        for (let k = 0; k < vector.length; k++) vector[k] -= along * before[k];
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let k = 0; k < vector.length; k++) vector[k] /= norm;
  });
}

/**
 * A matrix whose every column has ceil(sparsity x rows) zeros at random places, the rest normal with deviation `std`
 * (0.01).
 *
 * Source: Martens 2010, "Deep learning via Hessian-free optimization".
 *
 * @throws ValueError unless sparsity is in [0, 1].
 */
export function sparse(
  x: Tensor,
  { sparsity, std = 0.01, ...options }: InitOptions & { readonly sparsity: number; readonly std?: number },
): Tensor {
  requireAxes("sparse", x, 2, 2);
  if (!(sparsity >= 0 && sparsity <= 1))
    throw new ValueError("sparse", `sparsity must be in [0, 1]; got ${String(sparsity)}.`);
  const [rows, columns] = x.shape;
  const values = drawOnHost([rows, columns], "normal", options).map((value) => value * std);
  const order = drawOnHost([columns, rows], "uniform", options);
  for (let column = 0; column < columns; column++) {
    const rank = (row: number): number => order[column * rows + row];
    const places = Array.from({ length: rows }, (_, row) => row).sort((a, b) => rank(a) - rank(b));
    for (const row of places.slice(0, Math.ceil(sparsity * rows))) values[row * columns + column] = 0;
  }
  return overwrite(x, () => fromValues(x, values));
}

// Elimination: triangular factors with row exchanges, and what follows from them. Matrices are row-major, in doubles.

/**
 * a becomes L (below the diagonal, ones on it) and U, with the larger pivot first; `rows` says which row came to each
 * place. Returns the sign of that permutation, or 0 where a pivot is 0: the matrix is singular.
 */
export function factor(a: Float64Array, n: number, rows: Int32Array): number {
  for (let i = 0; i < n; i++) rows[i] = i;
  let sign = 1;
  let singular = false;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (pivot !== k) {
      for (let j = 0; j < n; j++) [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j], a[k * n + j]];
      [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
      sign = -sign;
    }
    if (a[k * n + k] === 0) {
      singular = true;
      continue;
    }
    for (let i = k + 1; i < n; i++) {
      const factor = (a[i * n + k] /= a[k * n + k]);
      for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return singular ? 0 : sign;
}

/** Which triangle of a matrix counts, and whether its diagonal is taken as ones. */
export interface Triangle {
  readonly upper: boolean;
  readonly unit: boolean;
}

/** x [n, m] = T^-1 x in place, with T a triangle of a [n, n]; false where its diagonal holds a 0. */
export function substitute(
  a: Float64Array,
  x: Float64Array,
  n: number,
  m: number,
  { upper, unit }: Triangle,
): boolean {
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const [from, to] = upper ? [i + 1, n] : [0, i];
    const diagonal = unit ? 1 : a[i * n + i];
    if (diagonal === 0) return false;
    for (let j = 0; j < m; j++) {
      let sum = x[i * m + j];
      for (let k = from; k < to; k++) sum -= a[i * n + k] * x[k * m + j];
      x[i * m + j] = sum / diagonal;
    }
  }
  return true;
}

/** x = a^-1 b for b [n, m]; a is overwritten. False where a is singular. */
export function solve(a: Float64Array, b: Float64Array, x: Float64Array, n: number): boolean {
  const m = n === 0 ? 0 : b.length / n;
  const rows = new Int32Array(n);
  if (factor(a, n, rows) === 0) return false;
  for (let i = 0; i < n; i++) x.set(b.subarray(rows[i] * m, (rows[i] + 1) * m), i * m);
  return (
    substitute(a, x, n, m, { upper: false, unit: true }) &&
    substitute(a, x, n, m, { upper: true, unit: false })
  );
}

/** The sign of the determinant and the logarithm of its magnitude; a is overwritten. */
export function logDeterminant(a: Float64Array, n: number): { sign: number; log: number } {
  let sign = factor(a, n, new Int32Array(n));
  if (sign === 0) return { sign: 0, log: -Infinity };
  let log = 0;
  for (let i = 0; i < n; i++) {
    const pivot = a[i * n + i];
    sign *= Math.sign(pivot);
    log += Math.log(Math.abs(pivot));
  }
  return { sign, log };
}

/** The determinant; a is overwritten. */
export function determinant(a: Float64Array, n: number): number {
  let product = factor(a, n, new Int32Array(n));
  for (let i = 0; i < n && product !== 0; i++) product *= a[i * n + i];
  return product;
}

/** l = the lower triangle with l l^T = a, of which only the lower triangle is read; false unless positive definite. */
export function cholesky(a: Float64Array, l: Float64Array, n: number): boolean {
  l.fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      if (i === j && !(sum > 0)) return false;
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j];
    }
  }
  return true;
}

// Decompositions into orthogonal factors: Householder's QR, and Jacobi's rotations for singular values and symmetric
// eigenvalues, which are slow for large matrices but accurate to the last digits. Matrices are row-major, in doubles.

const EPS = 2 ** -52;
const MOST_SWEEPS = 60;

const isFinite = (a: Float64Array): boolean => a.every((x) => Number.isFinite(x));

/**
 * a [m, n] = q [m, c] r [c, n] with c = min(m, n) columns or, for the complete form, m; a is overwritten. Signs are LAPACK's: each reflection makes the
 * diagonal of r opposite in sign to what it met. (Golub and Van Loan, Matrix Computations, 5.2.)
 */
export function qr(
  a: Float64Array,
  q: Float64Array,
  r: Float64Array,
  m: number,
  n: number,
  columns = Math.min(m, n),
): void {
  const k = Math.min(m, n);
  const scales = new Float64Array(k);
  for (let j = 0; j < k; j++) scales[j] = reflectColumn(a, j, m, n);
  r.fill(0);
  for (let i = 0; i < k; i++) for (let j = i; j < n; j++) r[i * n + j] = a[i * n + j];
  q.fill(0);
  for (let j = 0; j < columns; j++) q[j * columns + j] = 1;
  for (let j = k - 1; j >= 0; j--) {
    for (let c = 0; c < columns; c++) {
      let dot = q[j * columns + c];
      for (let i = j + 1; i < m; i++) dot += a[i * n + j] * q[i * columns + c];
      dot *= scales[j];
      q[j * columns + c] -= dot;
      for (let i = j + 1; i < m; i++) q[i * columns + c] -= a[i * n + j] * dot;
    }
  }
}

// Reflects column j onto its diagonal element; the reflection's vector stays below it, its scale is returned.
function reflectColumn(a: Float64Array, j: number, m: number, n: number): number {
  let tail = 0;
  for (let i = j + 1; i < m; i++) tail = Math.hypot(tail, a[i * n + j]);
  const head = a[j * n + j];
  if (tail === 0) return 0;
  const beta = head >= 0 ? -Math.hypot(head, tail) : Math.hypot(head, tail);
  const scale = (beta - head) / beta;
  for (let i = j + 1; i < m; i++) a[i * n + j] /= head - beta;
  a[j * n + j] = beta;
  for (let c = j + 1; c < n; c++) {
    let dot = a[j * n + c];
    for (let i = j + 1; i < m; i++) dot += a[i * n + j] * a[i * n + c];
    dot *= scale;
    a[j * n + c] -= dot;
    for (let i = j + 1; i < m; i++) a[i * n + c] -= a[i * n + j] * dot;
  }
  return scale;
}

/** Turns the vectors at p and q of the given length by cosine c and sine s. */
function rotate(x: Float64Array, p: number, q: number, length: number, c: number, s: number): void {
  for (let i = 0; i < length; i++) {
    const [a, b] = [x[p + i], x[q + i]];
    x[p + i] = c * a - s * b;
    x[q + i] = s * a + c * b;
  }
}

/** Cosine and sine of the smaller angle that makes [[a, b], [b, d]] diagonal. */
function rotation(a: number, b: number, d: number): [c: number, s: number] {
  const zeta = (d - a) / (2 * b);
  const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const c = 1 / Math.hypot(1, t);
  return [c, c * t];
}

function dotAt(x: Float64Array, p: number, q: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += x[p + i] * x[q + i];
  return sum;
}

/**
 * a [m, n] = u [m, k] diag(s) vh [k, n] with k = min(m, n) and s descending; in the full form u is [m, m] and vh [n, n],
 * filled up with vectors orthogonal to the others. False where a is not finite.
 * One-sided Jacobi rotations (Hestenes, 1958).
 */
export function svd(
  a: Float64Array,
  u: Float64Array,
  s: Float64Array,
  vh: Float64Array,
  m: number,
  n: number,
  full = false,
): boolean {
  if (!isFinite(a)) return false;
  const k = Math.min(m, n);
  const tall = m >= n;
  const length = Math.max(m, n);
  // Rows of `left` are the columns of a (or of its transpose, where a is wide); they are turned until orthogonal.
  const left = new Float64Array(k * length);
  // By a power of two, which rounds nothing: squares of very large or small elements would leave the range of doubles.
  const scale = binaryScale(a);
  for (let j = 0; j < k; j++)
    for (let i = 0; i < length; i++) left[j * length + i] = (tall ? a[i * n + j] : a[j * n + i]) / scale;
  const right = new Float64Array(k * k);
  for (let j = 0; j < k; j++) right[j * k + j] = 1;
  orthogonalise(left, right, k, length);
  const norms = Array.from({ length: k }, (_, j) => Math.sqrt(dotAt(left, j * length, j * length, length)));
  const order = Array.from(norms.keys()).sort((i, j) => norms[j] - norms[i]);
  const least = (norms[order[0]] ?? 0) * EPS * length;
  const count = full ? length : k;
  const vectors = new Float64Array(count * length);
  order.forEach((from, at) => {
    s[at] = norms[from] * scale;
    if (norms[from] > least)
      for (let i = 0; i < length; i++) vectors[at * length + i] = left[from * length + i] / norms[from];
    else complete(vectors, at, length);
  });
  for (let at = k; at < count; at++) complete(vectors, at, length);
  for (let at = 0; at < count; at++)
    for (let i = 0; i < length; i++)
      if (tall) u[i * count + at] = vectors[at * length + i];
      else vh[at * n + i] = vectors[at * length + i];
  for (let at = 0; at < k; at++) {
    for (let i = 0; i < k; i++)
      if (tall) vh[at * n + i] = right[order[at] * k + i];
      else u[i * k + at] = right[order[at] * k + i];
  }
  return true;
}

/** The power of two next below the largest magnitude; 1 for zeros. */
function binaryScale(a: Float64Array): number {
  let most = 0;
  for (const x of a) most = Math.max(most, Math.abs(x));
  return most === 0 ? 1 : 2 ** Math.floor(Math.log2(most));
}

function orthogonalise(left: Float64Array, right: Float64Array, k: number, length: number): void {
  for (let sweep = 0, turned = true; turned && sweep < MOST_SWEEPS; sweep++) {
    turned = false;
    for (let p = 0; p < k; p++) {
      for (let q = p + 1; q < k; q++) {
        const pp = dotAt(left, p * length, p * length, length);
        const qq = dotAt(left, q * length, q * length, length);
        const pq = dotAt(left, p * length, q * length, length);
        if (Math.abs(pq) <= EPS * Math.sqrt(pp * qq) || pq === 0) continue;
        turned = true;
        const [c, s] = rotation(pp, pq, qq);
        rotate(left, p * length, q * length, length, c, s);
        rotate(right, p * k, q * k, k, c, s);
      }
    }
  }
}

// Fills row `at` with a unit vector orthogonal to the rows before it: the rest of the unit vector that they miss most.
function complete(rows: Float64Array, at: number, length: number): void {
  const start = at * length;
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < length; i++) {
    let weight = 0;
    for (let row = 0; row < at; row++) weight += rows[row * length + i] ** 2;
    if (weight < least) [best, least] = [i, weight];
  }
  rows.fill(0, start, start + length);
  rows[start + best] = 1;
  // Twice is enough (Kahan).
  for (let pass = 0; pass < 2; pass++) {
    for (let row = 0; row < at; row++) {
      const dot = dotAt(rows, row * length, start, length);
      for (let i = 0; i < length; i++) rows[start + i] -= dot * rows[row * length + i];
    }
    const norm = Math.sqrt(dotAt(rows, start, start, length));
    for (let i = 0; i < length; i++) rows[start + i] /= norm;
  }
}

/**
 * The symmetric matrix of which a [n, n] holds the lower triangle = v diag(w) v^T with w ascending; false where it is
 * not finite. Cyclic Jacobi rotations (Jacobi, 1846).
 */
export function eigh(a: Float64Array, w: Float64Array, v: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) a[i * n + j] = a[j * n + i];
  if (!isFinite(a)) return false;
  // Rows of `vectors` are the eigenvectors; those of the matrix are turned with them, then its columns.
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0, turned = true; turned && sweep < MOST_SWEEPS; sweep++) {
    turned = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const off = a[p * n + q];
        const size = Math.sqrt(Math.abs(a[p * n + p])) * Math.sqrt(Math.abs(a[q * n + q]));
        if (off === 0 || (Math.abs(off) <= EPS * size && sweep > 0)) continue;
        turned = true;
        const [c, s] = rotation(a[p * n + p], off, a[q * n + q]);
        rotate(a, p * n, q * n, n, c, s);
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[i * n + p], a[i * n + q]];
          a[i * n + p] = c * x - s * y;
          a[i * n + q] = s * x + c * y;
        }
        a[p * n + q] = a[q * n + p] = 0;
        rotate(vectors, p * n, q * n, n, c, s);
      }
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i * n + i] - a[j * n + j]);
  order.forEach((from, at) => {
    w[at] = a[from * n + from];
    for (let i = 0; i < n; i++) v[i * n + at] = vectors[from * n + i];
  });
  return true;
}

/**
 * c[i, j] = the cofactor of a[i, j], also where a is singular: with a = u s vh it is
 * det(u) det(vh) u diag(products of the other singular values) vh. False where a is not finite.
 */
export function cofactors(
  a: Float64Array,
  c: Float64Array,
  n: number,
  determinant: (x: Float64Array, n: number) => number,
): boolean {
  const [u, s, vh] = [new Float64Array(n * n), new Float64Array(n), new Float64Array(n * n)];
  if (!svd(a, u, s, vh, n, n)) return false;
  const sign = Math.sign(determinant(u.slice(), n)) * Math.sign(determinant(vh.slice(), n));
  const others = Array.from(s, (_, j) =>
    s.reduce((product, x, i) => (i === j ? product : product * x), sign),
  );
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += u[i * n + k] * others[k] * vh[k * n + j];
      c[i * n + j] = sum;
    }
  }
  return true;
}

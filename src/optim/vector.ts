// The few sums over host vectors that L-BFGS needs.

export type Vector = Float64Array;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

export const scaled = (a: Vector, by: number): Vector => a.map((x) => x * by);

/** a + t b. */
export const along = (a: Vector, b: Vector, t: number): Vector => a.map((x, i) => x + t * b[i]);

/** Largest absolute value; NaN where there is one. */
export const largest = (a: Vector): number => a.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

// When two lists of numbers count as equal, and how a failure is told: by the place of the worst error.

export interface Tolerance {
  /** Allowed error relative to the expected value. */
  readonly rtol: number;
  /** Allowed error beside that, for values near zero. */
  readonly atol: number;
}

export const EXACT: Tolerance = { rtol: 0, atol: 0 };

/** How far an error goes beyond what is allowed, as a multiple of it: above 1 fails. NaN and infinities must match. */
function excess(actual: number, expected: number, { rtol, atol }: Tolerance): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const error = Math.abs(actual - expected);
  const allowed = atol + rtol * Math.abs(expected);
  // Not `error > allowed`: a NaN on one side, or an infinity, must fail.
  return Number.isFinite(error) ? error / allowed : Infinity;
}

/** The worst error of all elements, as a multiple of what is allowed: above 1 fails. Lengths must agree beforehand. */
export function worstExcess(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    worst = Math.max(worst, excess(actual[i], expected[i], tolerance));
  return worst;
}

export interface Mismatch {
  readonly position: number;
  readonly actual: number;
  readonly expected: number;
  readonly excess: number;
  readonly count: number;
}

/** The worst element outside the tolerance, or null where all are inside. Lengths must agree beforehand. */
export function worstMismatch(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): Mismatch | null {
  let worst: Mismatch | null = null;
  let count = 0;
  for (let i = 0; i < expected.length; i++) {
    const ratio = excess(actual[i], expected[i], tolerance);
    if (ratio <= 1) continue;
    count++;
    if (worst === null || ratio > worst.excess) {
      worst = { position: i, actual: actual[i], expected: expected[i], excess: ratio, count };
    }
  }
  return worst && { ...worst, count };
}

/** `[1, 0, 2]` for a flat position in row-major order. */
export function coordinates(position: number, shape: readonly number[]): string {
  const at = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at[axis] = position % shape[axis];
    position = Math.floor(position / shape[axis]);
  }
  return `[${at.join(", ")}]`;
}

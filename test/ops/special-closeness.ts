// When two results with special values among them agree.
import type { Tolerance } from "../closeness.ts";

const LARGEST = 3.4028234663852886e38;

/**
 * Empty where NaN stands where NaN is expected and infinities have their sign, and numbers are close; otherwise the first
 * place that differs. Beside infinities a number near the end of the range may be on either side of it.
 */
export function withinTolerance(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol }: Tolerance,
): string {
  if (actual.length !== expected.length)
    return `${String(actual.length)} for ${String(expected.length)} numbers`;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (Object.is(a, e) || Math.abs(a - e) <= atol + rtol * Math.abs(e)) continue;
    if (Math.abs(a) > LARGEST * (1 - rtol) && Math.abs(e) > LARGEST * (1 - rtol) && a > 0 === e > 0) continue;
    return `${String(a)} for ${String(e)} at ${String(i)}`;
  }
  return "";
}

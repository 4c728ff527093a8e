// The lengths of vectors.
import { ValueError } from "../../core/errors.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cast, sum } from "../algebra.ts";
import type { ReduceOptions } from "../algebra.ts";
import { requireFloat } from "../checks.ts";
import { abs, eq, ne, pow, sqrt, square, where } from "../elementwise.ts";
import { namedAxes, requireElements } from "./axes.ts";
import { max, min } from "./extrema.ts";
import { aboveZero } from "./masks.ts";

export interface NormOptions extends ReduceOptions {
  /** Default 2. Infinity is the largest magnitude, -Infinity the smallest, 0 the number of elements that are not 0. */
  readonly p?: number;
}

// Negative powers of 0 are infinite, which makes the norm 0.
function power(x: Tensor, p: number): Tensor {
  const above = aboveZero(x, (y) => pow(y, p));
  return p > 0 ? above : where(eq(x, 0), Infinity, above);
}

/**
 * The p-norm over some axes, or all, as one vector: sum(|x|^p)^(1/p).
 *
 * Gradients: 0 at elements that are 0 and where the norm is 0; for p = +-Infinity shared evenly by elements of equal
 * magnitude. Numerics: powers are not scaled, so p = 2 overflows where the squares do.
 *
 * @throws ValueError where p is not a number; ShapeError for p = +-Infinity over axes that hold nothing.
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  x.assertAlive("norm");
  const { p = 2 } = options;
  if (typeof p !== "number" || Number.isNaN(p))
    throw new ValueError("norm", `p must be a number, Infinity included; got ${String(p)}.`);
  requireFloat("norm", x);
  namedAxes("norm", x, options.axis);
  if (Math.abs(p) === Infinity) requireElements("norm", x, options.axis);
  return composite("norm", () => normOf(x, p, options));
}

function normOf(x: Tensor, p: number, options: ReduceOptions): Tensor {
  if (p === 2) return aboveZero(sum(square(x), options), sqrt);
  if (p === 0) return sum(cast(ne(x, 0), x.dtype), options);
  const size = abs(x);
  if (p === 1) return sum(size, options);
  if (p === Infinity) return max(size, options);
  if (p === -Infinity) return min(size, options);
  return power(sum(power(size, p), options), 1 / p);
}

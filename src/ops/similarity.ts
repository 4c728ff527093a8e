// How near two batches of vectors are, row by row.
import { ShapeError } from "../core/errors.ts";
import { broadcastShapes, checkAxis, formatShape } from "../core/shape.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul, sub, sum } from "./algebra.ts";
import { requireFloat, requireSameDevice } from "./checks.ts";
import { abs, maximum, pow, sqrt, square } from "./elementwise.ts";

function requireTogether(op: string, a: Tensor, b: Tensor): number {
  a.assertAlive(op);
  b.assertAlive(op);
  requireSameDevice(op, [a, b]);
  requireFloat(op, a);
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape && shape.length > 0) return shape.length;
  throw new ShapeError(
    op,
    `a and b must broadcast and have an axis; got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
  );
}

export interface CosineSimilarityOptions {
  /** Default 1. */
  readonly axis?: number;
  /** Least length of a vector; default 1e-8. */
  readonly eps?: number;
}

/**
 * a b / (|a| |b|) along an axis: the cosine of the angle between vectors, 0 for a vector of zeros.
 *
 * Shapes: a and b that broadcast -> theirs without the axis.
 */
export function cosineSimilarity(
  a: Tensor,
  b: Tensor,
  { axis = 1, eps = 1e-8 }: CosineSimilarityOptions = {},
): Tensor {
  const rank = requireTogether("cosineSimilarity", a, b);
  // From the end, so that it names the same axis in both.
  const at = checkAxis("cosineSimilarity", axis, rank) - rank;
  return composite("cosineSimilarity", () => {
    // The bound is on the square: a root of 0 has no derivative.
    const length = (x: Tensor): Tensor => sqrt(maximum(sum(square(x), { axis: at }), eps * eps));
    return div(sum(mul(a, b), { axis: at }), mul(length(a), length(b)));
  });
}

export interface PairwiseDistanceOptions {
  /** Which norm; default 2. */
  readonly p?: number;
  /** Added to the difference; default 1e-6. */
  readonly eps?: number;
  readonly keepDims?: boolean;
}

/**
 * |a - b + eps| in the p-norm along the last axis.
 *
 * Shapes: a and b that broadcast -> theirs without the last axis.
 */
export function pairwiseDistance(
  a: Tensor,
  b: Tensor,
  { p = 2, eps = 1e-6, keepDims = false }: PairwiseDistanceOptions = {},
): Tensor {
  requireTogether("pairwiseDistance", a, b);
  return composite("pairwiseDistance", () => {
    const difference = add(sub(a, b), eps);
    const total = (x: Tensor): Tensor => sum(x, { axis: -1, keepDims });
    if (p === 1) return total(abs(difference));
    if (p === 2) return sqrt(total(square(difference)));
    return pow(total(pow(abs(difference), p)), 1 / p);
  });
}

// How near two batches of vectors are, row by row.
import { ShapeError } from "../core/errors.ts";
import { broadcastShapes, checkAxis, formatShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, expand, mul, reshape, sub, sum } from "./algebra.ts";
import { requireFloat, requireSameDevice } from "./checks.ts";
import { maximum, sqrt, square } from "./elementwise.ts";
import { norm } from "./reduce/norm.ts";

function requireTogether(op: string, a: Tensor, b: Tensor): Shape {
  a.assertAlive(op);
  b.assertAlive(op);
  requireSameDevice(op, [a, b]);
  requireFloat(op, a);
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape && shape.length > 0) return shape;
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
  const shape = requireTogether("cosineSimilarity", a, b);
  const at = checkAxis("cosineSimilarity", axis, shape.length);
  // Along the axis both are as long as they broadcast to, and so are their vectors.
  const stretched = (x: Tensor): Tensor => {
    const own = [...new Array<number>(shape.length - x.rank).fill(1), ...x.shape];
    return expand(
      reshape(x, own),
      own.map((n, i) => (i === at ? shape[i] : n)),
    );
  };
  return composite("cosineSimilarity", () => {
    const [left, right] = [stretched(a), stretched(b)];
    // The bound is on the square: a root of 0 has no derivative.
    const length = (x: Tensor): Tensor => sqrt(maximum(sum(square(x), { axis: at }), eps * eps));
    return div(sum(mul(left, right), { axis: at }), mul(length(left), length(right)));
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
 * |a - b + eps| in the p-norm along the last axis. The gradient at distance 0 is 0.
 *
 * Shapes: a and b that broadcast -> theirs without the last axis.
 */
export function pairwiseDistance(
  a: Tensor,
  b: Tensor,
  { p = 2, eps = 1e-6, keepDims = false }: PairwiseDistanceOptions = {},
): Tensor {
  requireTogether("pairwiseDistance", a, b);
  return composite("pairwiseDistance", () => norm(add(sub(a, b), eps), { p, axis: -1, keepDims }));
}

// Losses that ask for a margin between what belongs together and what does not. Targets are 1 and -1.
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, neg, sub, sum } from "../algebra.ts";
import { clamp, eq, minimum, ne, softplus, sqrt, square, where } from "../elementwise.ts";
import { pairwiseDistance } from "../similarity.ts";
import { reduced, requireAlike, requireReduction } from "./reduction.ts";
import type { LossOptions } from "./reduction.ts";

export interface MarginLossOptions extends LossOptions {
  readonly margin?: number;
}

/** max(x, 0), whose derivative at 0 is 1. */
const atLeastZero = (x: Tensor): Tensor => clamp(x, { min: 0 });

/** Of distances x: x where the target is 1, max(margin - x, 0) where it is -1; the margin is 1 by default. */
export function hingeEmbeddingLoss(
  x: Tensor,
  target: Tensor,
  { margin = 1, reduction = "mean" }: MarginLossOptions = {},
): Tensor {
  requireAlike("hingeEmbeddingLoss", { x, target });
  requireReduction("hingeEmbeddingLoss", reduction);
  return composite("hingeEmbeddingLoss", () => {
    const apart = where(ne(target, 1), atLeastZero(sub(margin, x)), 0);
    return reduced(add(apart, where(ne(target, -1), x, 0)), reduction);
  });
}

/** max(-target (a - b) + margin, 0): a should rank above b where the target is 1. The margin is 0 by default. */
export function marginRankingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  { margin = 0, reduction = "mean" }: MarginLossOptions = {},
): Tensor {
  requireAlike("marginRankingLoss", { a, b, target });
  requireReduction("marginRankingLoss", reduction);
  return composite("marginRankingLoss", () =>
    reduced(atLeastZero(sub(margin, mul(target, sub(a, b)))), reduction),
  );
}

/** ln(1 + e^(-target x)). */
export function softMarginLoss(x: Tensor, target: Tensor, { reduction = "mean" }: LossOptions = {}): Tensor {
  requireAlike("softMarginLoss", { x, target });
  requireReduction("softMarginLoss", reduction);
  return composite("softMarginLoss", () =>
    reduced(softplus(neg(mul(target, x)), { threshold: Infinity }), reduction),
  );
}

export interface TripletMarginLossOptions extends MarginLossOptions {
  /** Which norm; default 2. */
  readonly p?: number;
  /** Added to differences; default 1e-6. */
  readonly eps?: number;
  /** Whether the distance from the positive to the negative counts where it is smaller; default false. */
  readonly swap?: boolean;
}

/**
 * max(|anchor - positive| - |anchor - negative| + margin, 0) along the last axis; the margin is 1 by default.
 *
 * Shapes: all three [..., D] -> scalar, or [...] for "none".
 *
 * Source: Balntas et al. 2016.
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = "mean" } = options;
  requireAlike("tripletMarginLoss", { anchor, positive, negative });
  requireReduction("tripletMarginLoss", reduction);
  return composite("tripletMarginLoss", () => {
    const near = pairwiseDistance(anchor, positive, { p, eps });
    const far = pairwiseDistance(anchor, negative, { p, eps });
    const least = swap ? minimum(far, pairwiseDistance(positive, negative, { p, eps })) : far;
    return reduced(atLeastZero(add(sub(near, least), margin)), reduction);
  });
}

/**
 * 1 - c where the target is 1, max(c - margin, 0) where it is -1. c is the cosine of the angle between a and b, the margin
 * 0 by default.
 *
 * Shapes: a and b [N, D] and target [N], or [D] and [] -> scalar, or target's for "none".
 */
export function cosineEmbeddingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  { margin = 0, reduction = "mean" }: MarginLossOptions = {},
): Tensor {
  requireAlike("cosineEmbeddingLoss", { a, b });
  target.assertAlive("cosineEmbeddingLoss");
  requireReduction("cosineEmbeddingLoss", reduction);
  if (a.rank === 0 || !sameShape(target.shape, a.shape.slice(0, -1))) {
    throw new ShapeError(
      "cosineEmbeddingLoss",
      `a and b must be [N, D] and target [N]; got ${formatShape(a.shape)} and ${formatShape(target.shape)}.`,
    );
  }
  return composite("cosineEmbeddingLoss", () => {
    const power = (x: Tensor): Tensor => add(sum(square(x), { axis: -1 }), 1e-12);
    const cosine = div(sum(mul(a, b), { axis: -1 }), sqrt(mul(power(a), power(b))));
    const together = where(eq(target, 1), sub(1, cosine), 0);
    return reduced(add(together, where(eq(target, -1), atLeastZero(sub(cosine, margin)), 0)), reduction);
  });
}

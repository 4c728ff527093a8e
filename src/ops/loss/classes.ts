// Losses of class scores: negative log-likelihood and cross-entropy.
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, cast, div, mul, neg, reshape, sum } from "../algebra.ts";
import { requireFloat, requireIndex } from "../checks.ts";
import { ne, where } from "../elementwise.ts";
import { gatherFor } from "../indexing.ts";
import { logSoftmax } from "../softmax.ts";
import { reduced, requireReduction } from "./reduction.ts";
import type { LossOptions, Reduction } from "./reduction.ts";

export interface ClassLossOptions extends LossOptions {
  /** A factor per class, [C]; the mean is then a weighted one. */
  readonly weight?: Tensor;
  /** Target of examples that do not count, in the mean neither; default -100. */
  readonly ignoreIndex?: number;
}

export interface CrossEntropyOptions extends ClassLossOptions {
  /** Share of the target spread evenly over all classes, 0..1; default 0. */
  readonly labelSmoothing?: number;
}

/** Scores with the class axis second, [N, C, ...]: one example gets a batch of its own. */
const batched = (scores: Tensor): Tensor => (scores.rank === 1 ? reshape(scores, [1, scores.size]) : scores);

const weightFor = (weight: Tensor, rank: number): Tensor =>
  reshape(weight, [1, weight.size, ...new Array<number>(rank - 2).fill(1)]);

interface Terms {
  /** Per position: -share log p[target], 0 where ignored; [N, ...]. */
  readonly losses: Tensor;
  /** Per position: its weight in the mean. */
  readonly shares: Tensor;
  /** Which positions count, bool. */
  readonly kept: Tensor;
}

// Ignored targets pick class 0, whose value is then replaced: no index out of range, no gradient.
function terms(
  op: string,
  logProbabilities: Tensor,
  target: Tensor,
  { weight, ignoreIndex = -100 }: ClassLossOptions,
): Terms {
  const kept = ne(target, ignoreIndex);
  const safe = where(kept, target, 0);
  const [n, , ...rest] = logProbabilities.shape;
  const picked = reshape(gatherFor(op, logProbabilities, 1, reshape(safe, [n, 1, ...rest])), target.shape);
  const shares = weight
    ? where(kept, reshape(gatherFor(op, weight, 0, reshape(safe, [safe.size])), target.shape), 0)
    : cast(kept, logProbabilities.dtype);
  return { losses: where(kept, neg(weight ? mul(picked, shares) : picked), 0), shares, kept };
}

const reducedTerms = ({ losses, shares }: Terms, reduction: Reduction): Tensor =>
  reduction === "mean" ? div(sum(losses), sum(shares)) : reduced(losses, reduction);

/**
 * Negative log-likelihood: -weight[target] logProbabilities[target], per example.
 *
 * Shapes: logProbabilities [N, C] or [N, C, ...] or [C], target int32 [N] or [N, ...] or [] with values 0..C-1 -> scalar, or
 * target's for "none". The mean is over the weights of the targets that are not ignored.
 *
 * @throws IndexError naming the first target outside 0..C-1.
 */
export function nllLoss(logProbabilities: Tensor, target: Tensor, options: ClassLossOptions = {}): Tensor {
  const { reduction = "mean" } = options;
  checkClasses("nllLoss", logProbabilities, target, options);
  requireFloat("nllLoss", logProbabilities);
  return composite("nllLoss", () => {
    const at = logProbabilities.rank === 1 ? reshape(target, [1]) : target;
    const found = reducedTerms(terms("nllLoss", batched(logProbabilities), at, options), reduction);
    return reduction === "none" ? reshape(found, target.shape) : found;
  });
}

/**
 * Cross-entropy of unnormalised scores: -log softmax(logits)[target], per example.
 *
 * Targets are class numbers, or probabilities of the shape of the logits: -sum of target log softmax(logits). Label
 * smoothing e replaces a target by (1 - e) target + e / C.
 *
 * Shapes: logits [N, C] or [N, C, ...] or [C], target int32 [N] or [N, ...] or [] with values 0..C-1 -> scalar, or target's
 * for "none". The mean is over the weights of the targets that are not ignored; of probabilities, over the examples.
 *
 * @throws IndexError naming the first target outside 0..C-1.
 *
 * Source of label smoothing: Szegedy et al. 2016.
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { reduction = "mean", labelSmoothing = 0, weight } = options;
  const soft = checkClasses("crossEntropy", logits, target, options, true);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ValueError("crossEntropy", `labelSmoothing must lie in 0..1; got ${String(labelSmoothing)}.`);
  }
  return composite("crossEntropy", () => {
    const x = batched(logits);
    const logProbabilities = logSoftmax(x, 1);
    const scaled = weight ? mul(logProbabilities, weightFor(weight, x.rank)) : logProbabilities;
    const shape = logits.rank === 1 ? [] : [x.shape[0], ...x.shape.slice(2)];
    if (soft) {
      const even = labelSmoothing / x.shape[1];
      const t = batched(target);
      const smoothed = labelSmoothing === 0 ? t : add(mul(t, 1 - labelSmoothing), even);
      const losses = neg(sum(mul(scaled, smoothed), { axis: 1 }));
      return reduced(reshape(losses, shape), reduction);
    }
    const at = logits.rank === 1 ? reshape(target, [1]) : target;
    const hard = terms("crossEntropy", logProbabilities, at, options);
    if (labelSmoothing === 0) {
      const found = reducedTerms(hard, reduction);
      return reduction === "none" ? reshape(found, shape) : found;
    }
    const even = where(hard.kept, neg(sum(scaled, { axis: 1 })), 0);
    const losses = add(mul(hard.losses, 1 - labelSmoothing), mul(even, labelSmoothing / x.shape[1]));
    const found = reducedTerms({ ...hard, losses }, reduction);
    return reduction === "none" ? reshape(found, shape) : found;
  });
}

/** Whether the target is one of probabilities; refuses what fits neither form. */
function checkClasses(
  op: string,
  scores: Tensor,
  target: Tensor,
  { weight, ignoreIndex = -100, reduction = "mean" }: ClassLossOptions,
  allowsSoft = false,
): boolean {
  for (const x of [scores, target, weight]) x?.assertAlive(op);
  requireReduction(op, reduction);
  if (!Number.isSafeInteger(ignoreIndex))
    throw new ValueError(op, `ignoreIndex must be a whole number; got ${String(ignoreIndex)}.`);
  const soft = allowsSoft && target.dtype === scores.dtype && sameShape(target.shape, scores.shape);
  if (!soft) requireIndex(op, target);
  const classes = scores.shape[scores.rank === 1 ? 0 : 1];
  const positions = scores.rank === 1 ? [] : [scores.shape[0], ...scores.shape.slice(2)];
  if (scores.rank === 0 || !(soft || sameShape(target.shape, positions))) {
    throw new ShapeError(
      op,
      `scores must be [N, C, ...] and target [N, ...]; got ${formatShape(scores.shape)} and ${formatShape(target.shape)}.`,
    );
  }
  if (weight && !sameShape(weight.shape, [classes]))
    throw new ShapeError(op, `weight must be [${String(classes)}]; got ${formatShape(weight.shape)}.`);
  if (weight && weight.dtype !== scores.dtype) {
    throw new DTypeError(op, `weight must be ${scores.dtype}, as the scores are; got ${weight.dtype}.`);
  }
  return soft;
}

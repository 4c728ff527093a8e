// Losses of class scores: negative log-likelihood and cross-entropy.
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, neg, permute, reshape, sum } from "../algebra.ts";
import { requireFloat, requireIndex } from "../checks.ts";
import { logSoftmax } from "../softmax.ts";
import { crossEntropyOfRows, nllOfRows } from "./class-loss.ts";
import type { RowLoss, RowLossAttrs } from "./class-loss.ts";
import { reduced, requireReduction } from "./reduction.ts";
import type { LossOptions } from "./reduction.ts";

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
  return overRows("nllLoss", nllOfRows, logProbabilities, target, options.weight, {
    ignoreIndex: options.ignoreIndex ?? -100,
    smoothing: 0,
    normalised: true,
    reduction,
  });
}

/** Brings scores [C], [N, C] or [N, C, ...] to rows of classes, and the loss per row back to the target's shape. */
function overRows(
  op: string,
  loss: RowLoss,
  scores: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  attrs: Omit<RowLossAttrs, "rows" | "classes">,
): Tensor {
  const classes = scores.shape[scores.rank === 1 ? 0 : 1];
  const full = { ...attrs, rows: target.size, classes };
  if (scores.rank === 2) return loss(scores, target, weight, full);
  return composite(op, () => {
    const last = scores.shape.map((_, axis) => (axis === 0 ? 0 : axis + 1));
    const moved = scores.rank === 1 ? scores : permute(scores, [...last.slice(0, -1), 1]);
    const rows = reshape(moved, [target.size, classes]);
    const y = loss(rows, reshape(target, [target.size]), weight, full);
    return attrs.reduction === "none" ? reshape(y, target.shape) : y;
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
  if (!soft) {
    const { ignoreIndex = -100 } = options;
    const attrs = { ignoreIndex, smoothing: labelSmoothing, normalised: false, reduction };
    return overRows("crossEntropy", crossEntropyOfRows, logits, target, weight, attrs);
  }
  return composite("crossEntropy", () => {
    const x = batched(logits);
    const logProbabilities = logSoftmax(x, 1);
    const scaled = weight ? mul(logProbabilities, weightFor(weight, x.rank)) : logProbabilities;
    const shape = logits.rank === 1 ? [] : [x.shape[0], ...x.shape.slice(2)];
    const even = labelSmoothing / x.shape[1];
    const t = batched(target);
    const smoothed = labelSmoothing === 0 ? t : add(mul(t, 1 - labelSmoothing), even);
    const losses = neg(sum(mul(scaled, smoothed), { axis: 1 }));
    return reduced(reshape(losses, shape), reduction);
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

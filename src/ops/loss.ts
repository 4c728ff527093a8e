// Losses: what training minimises.
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { neg, reshape, sub, sum } from "./algebra.ts";
import { requireIndex } from "./checks.ts";
import { square } from "./elementwise.ts";
import { gatherFor } from "./indexing.ts";
import { mean } from "./reduce/mean.ts";
import { logSoftmax } from "./softmax.ts";

/** How a loss per example becomes the result. */
export type Reduction = "mean" | "sum" | "none";

export interface LossOptions {
  readonly reduction?: Reduction;
}

function reduced(op: string, perExample: Tensor, reduction: Reduction): Tensor {
  if (reduction === "mean") return mean(perExample);
  if (reduction === "sum") return sum(perExample);
  if ((reduction as string) === "none") return perExample;
  throw new ValueError(op, `reduction must be "mean", "sum" or "none"; got ${JSON.stringify(reduction)}.`);
}

// -logProbabilities[i, target[i]], for the op that the user called.
function pickedLoss(op: string, logProbabilities: Tensor, target: Tensor, reduction: Reduction): Tensor {
  const n = target.size;
  const picked = gatherFor(op, logProbabilities, 1, reshape(target, [n, 1]));
  return reduced(op, neg(reshape(picked, [n])), reduction);
}

/**
 * Negative log-likelihood: -logProbabilities[i, target[i]].
 *
 * Shapes: logProbabilities [N, C], target int32 [N] with values 0..C-1 -> scalar, or [N] for "none".
 *
 * @throws IndexError naming the first target outside 0..C-1.
 */
export function nllLoss(
  logProbabilities: Tensor,
  target: Tensor,
  { reduction = "mean" }: LossOptions = {},
): Tensor {
  checkClasses("nllLoss", logProbabilities, target);
  return composite("nllLoss", () => pickedLoss("nllLoss", logProbabilities, target, reduction));
}

/**
 * Cross-entropy of unnormalised scores with class numbers: -log softmax(logits)[i, target[i]].
 *
 * Shapes: logits [N, C], target int32 [N] with values 0..C-1 -> scalar, or [N] for "none".
 *
 * @throws IndexError naming the first target outside 0..C-1.
 */
export function crossEntropy(
  logits: Tensor,
  target: Tensor,
  { reduction = "mean" }: LossOptions = {},
): Tensor {
  checkClasses("crossEntropy", logits, target);
  return composite("crossEntropy", () => pickedLoss("crossEntropy", logSoftmax(logits), target, reduction));
}

function checkClasses(op: string, scores: Tensor, target: Tensor): void {
  scores.assertAlive(op);
  target.assertAlive(op);
  requireIndex(op, target);
  if (scores.rank === 2 && target.rank === 1 && target.shape[0] === scores.shape[0]) return;
  throw new ShapeError(
    op,
    `scores must be [N, C] and target [N]; got ${formatShape(scores.shape)} and ${formatShape(target.shape)}.`,
  );
}

/** Squared error (x - target)^2, averaged over all elements. */
export function mseLoss(x: Tensor, target: Tensor, { reduction = "mean" }: LossOptions = {}): Tensor {
  x.assertAlive("mseLoss");
  target.assertAlive("mseLoss");
  if (!sameShape(x.shape, target.shape)) {
    throw new ShapeError(
      "mseLoss",
      `x and target must have one shape; got ${formatShape(x.shape)} and ${formatShape(target.shape)}.`,
    );
  }
  return composite("mseLoss", () => reduced("mseLoss", square(sub(x, target)), reduction));
}

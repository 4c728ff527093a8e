// Losses: what training minimises.
import { DTypeError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { neg, reshape, sub, sum } from "./algebra.ts";
import { requireIndex } from "./checks.ts";
import { square } from "./elementwise.ts";
import { gather } from "./indexing.ts";
import { mean } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";

/** How a loss per example becomes the result. */
export type Reduction = "mean" | "sum" | "none";

export interface LossOptions {
  readonly reduction?: Reduction;
}

function reduced(op: string, perExample: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return perExample;
  if (reduction !== "mean" && (reduction as string) !== "sum") {
    throw new DTypeError(op, `reduction must be "mean", "sum" or "none"; got ${JSON.stringify(reduction)}.`);
  }
  const y = reduction === "mean" ? mean(perExample) : sum(perExample);
  perExample.dispose();
  return y;
}

/**
 * Negative log-likelihood: -logProbabilities[i, target[i]].
 *
 * Shapes: logProbabilities [N, C], target int32 [N] with values 0..C-1 -> scalar, or [N] for "none".
 */
export function nllLoss(logProbabilities: Tensor, target: Tensor, { reduction = "mean" }: LossOptions = {}): Tensor {
  checkClasses("nllLoss", logProbabilities, target);
  const column = reshape(target, [-1, 1]);
  const picked = gather(logProbabilities, 1, column);
  const flat = reshape(picked, [-1]);
  const loss = neg(flat);
  for (const temporary of [column, picked, flat]) temporary.dispose();
  return reduced("nllLoss", loss, reduction);
}

/**
 * Cross-entropy of unnormalised scores with class numbers: -log softmax(logits)[i, target[i]].
 *
 * Shapes: logits [N, C], target int32 [N] with values 0..C-1 -> scalar, or [N] for "none".
 *
 * @throws IndexError naming the first target outside 0..C-1.
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkClasses("crossEntropy", logits, target);
  const logProbabilities = logSoftmax(logits);
  try {
    return nllLoss(logProbabilities, target, options);
  } finally {
    logProbabilities.dispose();
  }
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
  const difference = sub(x, target);
  const loss = square(difference);
  difference.dispose();
  return reduced("mseLoss", loss, reduction);
}


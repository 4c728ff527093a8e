// Losses of probabilities: of one event each, and between distributions.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { broadcastsTo, formatShape } from "../../core/shape.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, neg, sub, sum } from "../algebra.ts";
import { clamp, exp, gt, log, logSigmoid, where } from "../elementwise.ts";
import { reduced, requireAlike, requireReduction } from "./reduction.ts";
import type { LossOptions, Reduction } from "./reduction.ts";

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor per element; broadcasts to x. */
  readonly weight?: Tensor;
}

function requireStretches(op: string, name: string, x: Tensor, to: Tensor): void {
  x.assertAlive(op);
  if (broadcastsTo(x.shape, to.shape)) return;
  throw new ShapeError(
    op,
    `${name} must broadcast to x; got ${formatShape(x.shape)} and ${formatShape(to.shape)}.`,
  );
}

// ln x, at least -100; below, the logarithm sees 1 instead, so that no infinity enters the gradient.
function boundedLog(x: Tensor): Tensor {
  const inside = gt(x, 1e-43);
  return where(inside, clamp(log(where(inside, x, 1)), { min: -100 }), -100);
}

/**
 * Of probabilities x of an event that happened with the share `target`: -(target ln x + (1 - target) ln(1 - x)).
 *
 * Numerics: logarithms are at least -100, as in PyTorch; where one is that low its gradient is 0. Prefer
 * `binaryCrossEntropyWithLogits`, which loses nothing near 0 and 1.
 */
export function binaryCrossEntropy(
  x: Tensor,
  target: Tensor,
  { weight, reduction = "mean" }: BinaryCrossEntropyOptions = {},
): Tensor {
  const op = "binaryCrossEntropy";
  requireAlike(op, { x, target });
  requireReduction(op, reduction);
  if (weight) requireStretches(op, "weight", weight, x);
  return composite(op, () => {
    const likelihood = add(mul(target, boundedLog(x)), mul(sub(1, target), boundedLog(sub(1, x))));
    return reduced(neg(weight ? mul(likelihood, weight) : likelihood), reduction);
  });
}

export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** A factor on the positive part; broadcasts to x. Above 1 it favours recall, below 1 precision. */
  readonly posWeight?: Tensor;
}

/**
 * `binaryCrossEntropy` of sigmoid(x): -(posWeight target ln sigmoid(x) + (1 - target) ln(1 - sigmoid(x))).
 *
 * Numerics: (1 - target) x + (1 + (posWeight - 1) target) softplus(-x), which neither overflows nor loses small
 * probabilities.
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  { weight, posWeight, reduction = "mean" }: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  const op = "binaryCrossEntropyWithLogits";
  requireAlike(op, { x, target });
  requireReduction(op, reduction);
  if (weight) requireStretches(op, "weight", weight, x);
  if (posWeight) requireStretches(op, "posWeight", posWeight, x);
  return composite(op, () => {
    const positive = logSigmoid(x);
    const scaled = posWeight ? mul(positive, add(mul(sub(posWeight, 1), target), 1)) : positive;
    const losses = sub(mul(sub(1, target), x), scaled);
    return reduced(weight ? mul(losses, weight) : losses, reduction);
  });
}

export interface KlDivOptions {
  /** "batchMean" divides the sum by the number of rows, which is the divergence as mathematics has it. */
  readonly reduction?: Reduction | "batchMean";
  /** Whether the target is given as logarithms; default false. */
  readonly logTarget?: boolean;
}

/**
 * target (ln target - x), per element: Kullback and Leibler's divergence. x is a logarithm of probabilities; elements with
 * target 0 give 0.
 */
export function klDiv(
  x: Tensor,
  target: Tensor,
  { reduction = "mean", logTarget = false }: KlDivOptions = {},
): Tensor {
  requireAlike("klDiv", { x, target });
  if (reduction !== "batchMean") requireReduction("klDiv", reduction);
  else if (x.rank === 0)
    throw new ValueError("klDiv", 'reduction "batchMean" needs at least one axis; got a scalar.');
  return composite("klDiv", () => {
    const losses = logTarget ? mul(exp(target), sub(target, x)) : sub(entropyTerm(target), mul(target, x));
    return reduction === "batchMean" ? mul(sum(losses), 1 / x.shape[0]) : reduced(losses, reduction);
  });
}

// t ln t, 0 at 0.
function entropyTerm(t: Tensor): Tensor {
  const positive = gt(t, 0);
  return mul(t, log(where(positive, t, 1)));
}

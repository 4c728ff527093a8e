// Losses of predicted numbers: distances to the target, and likelihoods of distributions over it.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { noGrad } from "../../tensor/mode.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, reshape, sub } from "../algebra.ts";
import { abs, exp, gt, log, lt, maximum, square, where } from "../elementwise.ts";
import { requireSameDevice } from "../checks.ts";
import { reduced, requireAlike, requireReduction } from "./reduction.ts";
import { squaredError } from "./squared-error.ts";
import type { LossOptions } from "./reduction.ts";

/** A loss per element of x and target. */
function elementLoss(
  op: string,
  x: Tensor,
  target: Tensor,
  { reduction = "mean" }: LossOptions,
  loss: () => Tensor,
): Tensor {
  requireAlike(op, { x, target });
  requireReduction(op, reduction);
  return composite(op, () => reduced(loss(), reduction));
}

/** Squared error (x - target)^2, averaged over all elements. */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction = "mean" } = options;
  if (reduction === "none") return elementLoss("mseLoss", x, target, options, () => square(sub(x, target)));
  requireAlike("mseLoss", { x, target });
  requireReduction("mseLoss", reduction);
  return squaredError(x, target, reduction === "mean" ? 1 / x.size : 1);
}

/** Absolute error |x - target|, averaged over all elements. The derivative is 0 where they are equal. */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  return elementLoss("l1Loss", x, target, options, () => abs(sub(x, target)));
}

export interface SmoothL1LossOptions extends LossOptions {
  /** Where the parabola ends; default 1. */
  readonly beta?: number;
}

/**
 * With d = |x - target|: d^2 / (2 beta) where d < beta, else d - beta / 2. For beta 0, `l1Loss`.
 *
 * Source: Girshick 2015.
 *
 * @throws ValueError where beta is negative.
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  const { beta = 1 } = options;
  if (!(beta >= 0)) throw new ValueError("smoothL1Loss", `beta must be >= 0; got ${String(beta)}.`);
  return elementLoss("smoothL1Loss", x, target, options, () => {
    const difference = sub(x, target);
    const distance = abs(difference);
    if (beta === 0) return distance;
    return where(lt(distance, beta), mul(square(difference), 0.5 / beta), sub(distance, beta / 2));
  });
}

export interface HuberLossOptions extends LossOptions {
  /** Where the parabola ends; default 1. */
  readonly delta?: number;
}

/**
 * With d = |x - target|: d^2 / 2 where d < delta, else delta (d - delta / 2).
 *
 * Source: Huber 1964.
 *
 * @throws ValueError where delta is not positive.
 */
export function huberLoss(x: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  const { delta = 1 } = options;
  if (!(delta > 0)) throw new ValueError("huberLoss", `delta must be > 0; got ${String(delta)}.`);
  return elementLoss("huberLoss", x, target, options, () => {
    const difference = sub(x, target);
    const distance = abs(difference);
    return where(lt(distance, delta), mul(square(difference), 0.5), mul(sub(distance, delta / 2), delta));
  });
}

export interface PoissonNllLossOptions extends LossOptions {
  /** Whether x is the logarithm of the rate; default true. */
  readonly logInput?: boolean;
  /** Whether to add Stirling's approximation of ln target!, for targets above 1; default false. */
  readonly full?: boolean;
  /** Added to the rate under the logarithm, without `logInput`; default 1e-8. */
  readonly eps?: number;
}

/** Negative log-likelihood of counts under Poisson's distribution: e^x - target x, or x - target ln(x + eps) of a rate. */
export function poissonNllLoss(x: Tensor, target: Tensor, options: PoissonNllLossOptions = {}): Tensor {
  const { logInput = true, full = false, eps = 1e-8 } = options;
  return elementLoss("poissonNllLoss", x, target, options, () => {
    const likelihood = logInput ? sub(exp(x), mul(target, x)) : sub(x, mul(target, log(add(x, eps))));
    return full ? add(likelihood, stirling(target)) : likelihood;
  });
}

// n ln n - n + ln(2 pi n) / 2 above 1, else 0; the logarithm never sees what is not chosen.
function stirling(n: Tensor): Tensor {
  const above = gt(n, 1);
  const safe = where(above, n, 1);
  const approximation = add(sub(mul(safe, log(safe)), safe), mul(log(mul(safe, 2 * Math.PI)), 0.5));
  return where(above, approximation, 0);
}

export interface GaussianNllLossOptions extends LossOptions {
  /** Whether to add the constant ln(2 pi) / 2; default false. */
  readonly full?: boolean;
  /** Least variance; default 1e-6. Smaller ones are raised, and their gradient is that at the least one. */
  readonly eps?: number;
}

/**
 * Negative log-likelihood under normal distributions: (ln variance + (x - target)^2 / variance) / 2.
 *
 * Shapes: x and target alike; variance too, or without the last axis, or with a last axis of 1.
 */
export function gaussianNllLoss(
  x: Tensor,
  target: Tensor,
  variance: Tensor,
  options: GaussianNllLossOptions = {},
): Tensor {
  const op = "gaussianNllLoss";
  const { full = false, eps = 1e-6, reduction = "mean" } = options;
  requireAlike(op, { x, target });
  variance.assertAlive(op);
  requireSameDevice(op, [x, variance]);
  requireReduction(op, reduction);
  const rows = x.shape.slice(0, -1);
  const perRow = sameShape(variance.shape, [...rows, 1]) || sameShape(variance.shape, rows);
  if (!perRow && !sameShape(variance.shape, x.shape)) {
    throw new ShapeError(
      op,
      `variance must be ${formatShape(x.shape)} or ${formatShape([...rows, 1])}; got ${formatShape(variance.shape)}.`,
    );
  }
  return composite(op, () => {
    const given = sameShape(variance.shape, x.shape) ? variance : reshape(variance, [...rows, 1]);
    // The correction is a constant, so the gradient passes to variances below the least one too.
    const safe = add(
      given,
      noGrad<Tensor>(() => sub(maximum(given, eps), given)),
    );
    const losses = mul(add(log(safe), div(square(sub(x, target)), safe)), 0.5);
    return reduced(full ? add(losses, Math.log(2 * Math.PI) / 2) : losses, reduction);
  });
}

// Averages and how far the elements lie from them.
import { ValueError } from "../../core/errors.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div, sub, sum } from "../algebra.ts";
import type { ReduceOptions } from "../algebra.ts";
import { requireFloat } from "../checks.ts";
import { sqrt, square } from "../elementwise.ts";
import { namedAxes, sizeAlong } from "./axes.ts";
import { aboveZero } from "./masks.ts";

/** Arithmetic mean over some axes, or all: the sum divided by the count. The mean of nothing is NaN. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  x.assertAlive("mean");
  requireFloat("mean", x);
  const count = sizeAlong(x.shape, namedAxes("mean", x, options.axis));
  return composite("mean", () => div(sum(x, options), count));
}

export interface VarianceOptions extends ReduceOptions {
  /** The sum of squares is divided by count - correction: 1 (default) for a sample, 0 for a population. */
  readonly correction?: number;
}

function spread(op: string, x: Tensor, options: VarianceOptions): Tensor {
  const { axis, correction = 1 } = options;
  const count = sizeAlong(x.shape, namedAxes(op, x, axis));
  if (!Number.isFinite(correction))
    throw new ValueError(op, `correction must be a finite number; got ${String(correction)}.`);
  requireFloat(op, x);
  const centre = mean(x, axis === undefined ? { keepDims: true } : { axis, keepDims: true });
  return div(sum(square(sub(x, centre)), options), Math.max(0, count - correction));
}

/**
 * Variance over some axes, or all: sum((x - mean(x))^2) / (count - correction). Where count <= correction it is NaN,
 * or infinite where the elements differ.
 *
 * Numerics: in two passes, so a large mean costs no digits. The method is also called `var`, PyTorch's name.
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  x.assertAlive("variance");
  return composite("variance", () => spread("variance", x, options));
}

/** Standard deviation, the root of `variance`. The gradient is 0 where all elements are equal. */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  x.assertAlive("std");
  return composite("std", () => aboveZero(spread("std", x, options), sqrt));
}

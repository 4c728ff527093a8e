// Sums in log space.
import { noGrad } from "../../tensor/mode.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, reshape, sub, sum } from "../algebra.ts";
import type { ReduceOptions } from "../algebra.ts";
import { requireFloat } from "../checks.ts";
import { exp, log } from "../elementwise.ts";
import { step } from "../elementwise/rectifier.ts";
import { namedAxes, requireElements } from "./axes.ts";
import { max } from "./extrema.ts";
import { only } from "./masks.ts";

// The largest element only shifts the exponents; its gradient cancels, so it enters as a constant. An infinite one
// would make inf - inf, and shifts nothing instead.
const finiteMaximum = (x: Tensor, axis: readonly number[]): Tensor =>
  noGrad<Tensor>(() => {
    const largest = max(x, { axis, keepDims: true });
    return only(largest, step(add(mul(largest, 0), 1)));
  });

/**
 * log(sum(e^x)) over some axes, or all.
 *
 * Numerics: the largest element is subtracted first, so that no exponent overflows; rows of -Infinity give -Infinity.
 * The gradient is the softmax.
 *
 * @throws ShapeError where the reduced axes hold nothing.
 */
export function logsumexp(x: Tensor, options: ReduceOptions = {}): Tensor {
  x.assertAlive("logsumexp");
  requireFloat("logsumexp", x);
  const axis = namedAxes("logsumexp", x, options.axis);
  requireElements("logsumexp", x, options.axis);
  return composite("logsumexp", () => {
    const shift = finiteMaximum(x, axis);
    const sums = log(sum(exp(sub(x, shift)), { axis, keepDims: true }));
    const y = add(sums, shift);
    return options.keepDims
      ? y
      : reshape(
          y,
          x.shape.filter((_, i) => !axis.includes(i)),
        );
  });
}

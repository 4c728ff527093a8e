// Reductions other than the plain sum, which is part of the algebra.
import { ShapeError } from "../core/errors.ts";
import { checkAxes, checkAxis, formatShape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { axisForm, mul, reshape, sum } from "./algebra.ts";
import type { ReduceOptions } from "./algebra.ts";
import { requireFloat } from "./checks.ts";

/** Arithmetic mean over some axes, or all. The mean of nothing is NaN. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  x.assertAlive("mean");
  const { axis } = options;
  const axes = axis === undefined ? x.shape.map((_, i) => i) : checkAxes("mean", [axis].flat(), x.rank);
  const count = axes.reduce((n, i) => n * x.shape[i], 1);
  return composite("mean", () => mul(sum(x, options), 1 / count));
}

const argmaxPrimitive = primitive({
  name: "argmax",
  inputs: ["x"],
  infer: ([x], axis: number) => {
    requireFloat("argmax", x);
    if (x.shape[axis] === 0) {
      throw new ShapeError(
        "argmax",
        `the axis must not be empty; got ${formatShape(x.shape)} along axis ${String(axis)}.`,
      );
    }
    return { view: View.of(x.shape.filter((_, i) => i !== axis)), dtype: "int32" };
  },
  kernel: (k, [x], y, axis) => k.argmax(x, y, axisForm(x.view.shape, axis, axis + 1)),
});

/**
 * Position of the largest element along an axis, as int32; of the whole tensor, flattened, where no axis is named.
 * The first of equals wins; NaN counts as largest. No gradient.
 */
export function argmax(
  x: Tensor,
  { axis, keepDims = false }: { axis?: number; keepDims?: boolean } = {},
): Tensor {
  x.assertAlive("argmax");
  const at = axis === undefined ? 0 : checkAxis("argmax", axis, x.rank);
  return composite("argmax", () => {
    const y = apply(argmaxPrimitive, [axis === undefined ? reshape(x, [x.size]) : x], at);
    return keepDims
      ? reshape(
          y,
          x.shape.map((n, i) => (axis === undefined || i === at ? 1 : n)),
        )
      : y;
  });
}

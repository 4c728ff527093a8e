// The sum of squared differences times a number, in one kernel forward and one backward.
import { View } from "../../core/view.ts";
import { apply } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul, sub, sum } from "../algebra.ts";
import { requireFloat, requireSameDType } from "../checks.ts";
import { square } from "../elementwise.ts";

const gradPrimitive: Primitive<number> = primitive({
  name: "squaredErrorGrad",
  inputs: ["g", "x", "target"],
  infer: ([, x], _: number) => x,
  kernel: (k, [g, x, target], gx, scale) => {
    const { squaredErrorGrad } = k.fused;
    if (squaredErrorGrad !== "decompose") squaredErrorGrad(g, x, target, gx, scale);
  },
});

const squaredErrorPrimitive: Primitive<number> = primitive({
  name: "mseLoss",
  inputs: ["x", "target"],
  infer: (inputs, _: number) => {
    requireFloat("mseLoss", inputs[0]);
    requireSameDType("mseLoss", inputs, ["x", "target"]);
    return { view: View.of([]), dtype: inputs[0].dtype };
  },
  fused: "squaredError",
  kernel: (k, [x, target], y, scale) => {
    const { squaredError } = k.fused;
    if (squaredError !== "decompose") squaredError(x, target, y, scale);
  },
  decompose: ([x, target], scale) => composite("mseLoss", () => mul(sum(square(sub(x, target))), scale)),
  saves: ["x", "target"],
  vjp: "decompose",
  fusedVjp: "squaredErrorGrad",
  vjpKernel: (g, { x, target }, scale, [needsX, needsTarget]) => [
    needsX ? apply(gradPrimitive, [g, x, target], 2 * scale) : null,
    needsTarget ? apply(gradPrimitive, [g, target, x], 2 * scale) : null,
  ],
});

/** scale * sum((x - target)^2), for two tensors of one shape. */
export const squaredError = (x: Tensor, target: Tensor, scale: number): Tensor =>
  apply(squaredErrorPrimitive, [x, target], scale);

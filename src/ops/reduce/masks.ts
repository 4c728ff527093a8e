// Constant masks: which elements a function with kinks lets through. They carry no gradient themselves.
import { apply } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../algebra.ts";
import { step } from "../elementwise/rectifier.ts";

const onlyPrimitive: Primitive<null> = primitive({
  name: "only",
  inputs: ["x", "mask"],
  infer: ([x], _: null) => x,
  kernel: (k, [x, mask], y) => k.binary("reluGrad", x, mask, y),
  saves: ["mask"],
  vjp: { x: (g, { mask }) => only(g, mask) },
});

/** x where the mask is positive, otherwise 0, whatever x is there; one shape. */
export const only = (x: Tensor, mask: Tensor): Tensor => apply(onlyPrimitive, [x, mask], null);

/**
 * f(x) for x > 0, and 0 with gradient 0 at x = 0, where the derivative of f would be infinite.
 * NaN passes.
 */
export function aboveZero(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const mask = step(x);
  return mul(mask, f(add(x, sub(1, mask))));
}

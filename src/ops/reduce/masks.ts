// Constant masks: which elements a function with kinks lets through. They carry no gradient themselves.
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../algebra.ts";
import { gt, where } from "../elementwise.ts";
import { step } from "../elementwise/rectifier.ts";

/** x where the mask is positive, otherwise 0, whatever x is there; one shape. */
export const only = (x: Tensor, mask: Tensor): Tensor => composite("only", () => where(gt(mask, 0), x, 0));

/**
 * f(x) for x > 0, and 0 with gradient 0 at x = 0, where the derivative of f would be infinite.
 * NaN passes.
 */
export function aboveZero(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const mask = step(x);
  return mul(mask, f(add(x, sub(1, mask))));
}

// Special functions: the error function and the family of the gamma function.
import { apply } from "../../tensor/apply.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../algebra.ts";
import { requireWhole } from "../checks.ts";
import { exp } from "./exponential.ts";
import { unary, unaryWith } from "./unary.ts";
import type { Constants, UnaryFunction } from "./unary.ts";

/** The error function: 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
export const erf: UnaryFunction = unary("erf", ["x"], (g, { x }) =>
  mul(g, mul(exp(mul(mul(x, x), -1)), 2 / Math.sqrt(Math.PI))),
);

const polygammaPrimitive: Primitive<Constants> = unaryWith("polygamma", ["x"], (g, { x }, { a }) =>
  mul(g, polygamma(a + 1, x)),
);

/** y = ln |Gamma(x)|; Infinity at 0, -1, -2, ... */
export const lgamma: UnaryFunction = unary("lgamma", ["x"], (g, { x }) => mul(g, digamma(x)));

/** The derivative of `lgamma`; -Infinity at 0, NaN at -1, -2, ... */
export const digamma: UnaryFunction = unary("digamma", ["x"], (g, { x }) => mul(g, polygamma(1, x)));

/** The n-th derivative of `digamma`, n a whole number >= 0. */
export function polygamma(n: number, x: Tensor): Tensor {
  x.assertAlive("polygamma");
  requireWhole("polygamma", "n", n, 0);
  return n === 0 ? digamma(x) : apply(polygammaPrimitive, [x], { op: "polygamma", a: n, b: 0 });
}

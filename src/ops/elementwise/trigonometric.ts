// Circular and hyperbolic functions and their inverses. Angles are in radians.
import type { Tensor } from "../../tensor/tensor.ts";
import { add, applyBinary, binary, div, mul, neg, sub } from "../algebra.ts";
import type { TensorLike } from "../algebra.ts";
import { requireFloat } from "../checks.ts";
import { eq, where } from "./comparison.ts";
import { rsqrt } from "./exponential.ts";
import { activationGrad, unary } from "./unary.ts";
import type { UnaryFunction } from "./unary.ts";

/** y = sin x; NaN at infinities. */
export const sin: UnaryFunction = unary("sin", ["x"], (g, { x }) => mul(g, cos(x)));

/** y = cos x; NaN at infinities. */
export const cos: UnaryFunction = unary("cos", ["x"], (g, { x }) => neg(mul(g, sin(x))));

/** y = tan x; NaN at infinities. */
export const tan: UnaryFunction = unary("tan", ["y"], (g, { y }) => mul(g, add(mul(y, y), 1)));

const oneMinusSquare = (x: Tensor): Tensor => mul(sub(1, x), add(1, x));

/** y = asin x, in [-pi / 2, pi / 2]; NaN outside [-1, 1]. */
export const asin: UnaryFunction = unary("asin", ["x"], (g, { x }) => mul(g, rsqrt(oneMinusSquare(x))));

/** y = acos x, in [0, pi]; NaN outside [-1, 1]. */
export const acos: UnaryFunction = unary("acos", ["x"], (g, { x }) => neg(mul(g, rsqrt(oneMinusSquare(x)))));

/** y = atan x, in [-pi / 2, pi / 2]. */
export const atan: UnaryFunction = unary("atan", ["x"], (g, { x }) => div(g, add(mul(x, x), 1)));

// 1 at the origin, where the angle has no derivative: the gradient there is 0.
function squaredDistance(a: Tensor, b: Tensor): Tensor {
  const squared = add(mul(a, a), mul(b, b));
  return where(eq(squared, 0), 1, squared);
}

const atan2Primitive = binary(
  "atan2",
  {
    a: (g, { a, b }) => mul(g, div(b, squaredDistance(a, b))),
    b: (g, { a, b }) => neg(mul(g, div(a, squaredDistance(a, b)))),
  },
  ["a", "b"],
  requireFloat,
);

/**
 * The angle of the point (x, y) in [-pi, pi], broadcasting; signed zeros and infinities as in C. y comes first. The gradient
 * at the origin is 0.
 */
export const atan2 = (y: TensorLike, x: TensorLike): Tensor => applyBinary(atan2Primitive, y, x, "float32");

/** y = (e^x - e^-x) / 2. */
export const sinh: UnaryFunction = unary("sinh", ["x"], (g, { x }) => mul(g, cosh(x)));

/** y = (e^x + e^-x) / 2. */
export const cosh: UnaryFunction = unary("cosh", ["x"], (g, { x }) => mul(g, sinh(x)));

const tanhGrad = activationGrad("tanhGrad");

/** y = tanh x. */
export const tanh: UnaryFunction = unary("tanh", ["y"], (g, { y }) => mul(g, sub(1, mul(y, y))), {
  vjpKernel: (g, { y }) => tanhGrad(g, y),
});

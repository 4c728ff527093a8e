// Exponentials, logarithms, roots and powers.
import { apply } from "../../tensor/apply.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, applyBinary, binary, div, isTensor, mul, neg } from "../algebra.ts";
import type { TensorLike } from "../algebra.ts";
import { requireFloat } from "../checks.ts";
import { eq, ge, logicalAnd, where } from "./comparison.ts";
import { unary, unaryWith, zeroGradient } from "./unary.ts";
import type { UnaryFunction } from "./unary.ts";

/** y = e^x. */
export const exp: UnaryFunction = unary("exp", ["y"], (g, { y }) => mul(g, y));

/** y = 2^x. */
export const exp2: UnaryFunction = unary("exp2", ["y"], (g, { y }) => mul(g, mul(y, Math.LN2)));

/** y = e^x - 1, accurate near 0. */
export const expm1: UnaryFunction = unary("expm1", ["y"], (g, { y }) => mul(g, add(y, 1)));

/** y = ln x; NaN below 0, -Infinity at 0. */
export const log: UnaryFunction = unary("log", ["x"], (g, { x }) => div(g, x));

/** y = log x to base 2; NaN below 0, -Infinity at 0. Exact at powers of two. */
export const log2: UnaryFunction = unary("log2", ["x"], (g, { x }) => div(g, mul(x, Math.LN2)));

/** y = log x to base 10; NaN below 0, -Infinity at 0. */
export const log10: UnaryFunction = unary("log10", ["x"], (g, { x }) => div(g, mul(x, Math.LN10)));

/** y = ln(1 + x), accurate near 0; NaN below -1, -Infinity at -1. */
export const log1p: UnaryFunction = unary("log1p", ["x"], (g, { x }) => div(g, add(x, 1)));

/** y = sqrt(x); NaN below 0. The derivative at 0 is infinite. */
export const sqrt: UnaryFunction = unary("sqrt", ["y"], (g, { y }) => div(g, mul(y, 2)));

/** y = 1 / sqrt(x); NaN below 0, Infinity at 0. */
export const rsqrt: UnaryFunction = unary("rsqrt", ["y"], (g, { y }) => mul(mul(g, -0.5), mul(y, mul(y, y))));

/** y = 1 / x; infinite at 0. */
export const reciprocal: UnaryFunction = unary("reciprocal", ["y"], (g, { y }) => neg(mul(g, mul(y, y))));

/** y = x^2. */
export function square(x: Tensor): Tensor {
  x.assertAlive("square");
  return mul(x, x);
}

const powScalarPrimitive = unaryWith("powScalar", ["x"], (g, { x }, { a }) =>
  a === 0 ? zeroGradient(g) : mul(g, a === 1 ? 1 : mul(pow(x, a - 1), a)),
);

// Where the base is 0 its logarithm is replaced: 0^b does not change with b > 0, and -Infinity would become NaN in
// derivatives of higher order.
const powPrimitive = binary(
  "pow",
  {
    a: (g, { a, b }) => mul(g, where(eq(b, 0), 0, mul(b, pow(a, add(b, -1))))),
    b: (g, { a, b, y }) => mul(g, mul(y, log(where(logicalAnd(eq(a, 0), ge(b, 0)), 1, a)))),
  },
  ["a", "b", "y"],
  requireFloat,
);

/**
 * y = a^b, of two tensors that broadcast or a tensor and a number.
 *
 * NaN where a < 0 and b is a fraction; 1 where b is 0 or a is 1. Wasm kernels work in double precision and round once.
 *
 * The gradient for a is b a^(b - 1), and 0 where b is 0; for b it is y ln a, and 0 where a is 0 and b is not negative.
 */
export function pow(a: TensorLike, b: TensorLike): Tensor {
  if (!isTensor(a) || typeof b !== "number") return applyBinary(powPrimitive, a, b);
  a.assertAlive("pow");
  // One multiplication or division instead of an exponential, with the same value.
  if (b === 2 || b === -1) {
    requireFloat("pow", a);
    return composite("pow", () => (b === 2 ? mul(a, a) : reciprocal(a)));
  }
  return apply(powScalarPrimitive, [a], { op: "pow", a: b, b: 0 });
}

// Rounding to whole numbers, and the arithmetic that rests on it. Steps have derivative 0 everywhere.
import type { Tensor } from "../../tensor/tensor.ts";
import { applyBinary, binary, div, mul, neg, sub } from "../algebra.ts";
import type { TensorLike } from "../algebra.ts";
import { unary, zeroGradient } from "./unary.ts";
import type { UnaryFunction } from "./unary.ts";

/** The largest whole number not above x. The gradient is 0. */
export const floor: UnaryFunction = unary("floor", [], zeroGradient);

/** The smallest whole number not below x. The gradient is 0. */
export const ceil: UnaryFunction = unary("ceil", [], zeroGradient);

/** The nearest whole number; halves go to the even one. The gradient is 0. */
export const round: UnaryFunction = unary("round", [], zeroGradient);

/** x without its fraction. The gradient is 0. */
export const trunc: UnaryFunction = unary("trunc", [], zeroGradient);

const remainderPrimitive = binary(
  "remainder",
  // The quotient from the exact rest: a / b alone may round up to the next whole number.
  { a: (g) => g, b: (g, { a, b, y }) => neg(mul(g, round(div(sub(a, y), b)))) },
  ["a", "b", "y"],
);

/**
 * y = a - b floor(a / b), the rest of a division, broadcasting: exact, with the sign of b. By 0 it is NaN, and 0 for
 * whole numbers.
 */
export const remainder = (a: TensorLike, b: TensorLike): Tensor => applyBinary(remainderPrimitive, a, b);

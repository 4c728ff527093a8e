// Smooth activations. Those with a kink at 0 are in rectifier.ts.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { checkAxis, formatShape } from "../../core/shape.ts";
import { apply } from "../../tensor/apply.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, neg, slice, sub } from "../algebra.ts";
import { gt, where } from "./comparison.ts";
import { exp } from "./exponential.ts";
import { abs } from "./extremes.ts";
import { erf } from "./special.ts";
import { tanh } from "./trigonometric.ts";
import { activationGrad, floatComposite, unary, unaryWith } from "./unary.ts";
import type { UnaryFunction } from "./unary.ts";

const sigmoidGrad = activationGrad("sigmoidGrad");
const siluGrad = activationGrad("siluGrad");
const geluGrad = activationGrad("geluGrad");
const geluTanhGrad = activationGrad("geluTanhGrad");

/** y = 1 / (1 + e^-x). */
export const sigmoid: UnaryFunction = unary("sigmoid", ["y"], (g, { y }) => mul(g, mul(y, sub(1, y))), {
  vjpKernel: (g, { y }) => sigmoidGrad(g, y),
});

const softplusPrimitive = unaryWith("softplus", ["x"], (g, { x }, { a, b }) =>
  where(gt(mul(x, a), b), g, mul(g, sigmoid(mul(x, a)))),
);

export interface SoftplusOptions {
  /** How sharp the bend is, 1 by default; not 0. */
  readonly beta?: number;
  /** Where beta x is above it, y is x; 20 by default. */
  readonly threshold?: number;
}

/**
 * y = ln(1 + e^(beta x)) / beta, a smooth max(x, 0). It never overflows.
 *
 * @throws ValueError where beta is 0.
 */
export function softplus(x: Tensor, { beta = 1, threshold = 20 }: SoftplusOptions = {}): Tensor {
  if (beta === 0 || Number.isNaN(beta))
    throw new ValueError("softplus", `beta must not be 0; got ${String(beta)}.`);
  return apply(softplusPrimitive, [x], { op: "softplus", a: beta, b: threshold });
}

/** y = ln(1 / (1 + e^-x)), without underflow. */
export const logSigmoid = (x: Tensor): Tensor =>
  floatComposite("logSigmoid", x, () => neg(softplus(neg(x), { threshold: Infinity })));

/** y = x / (1 + e^-x), also called swish. */
export const silu: UnaryFunction = unary(
  "silu",
  ["x"],
  (g, { x }) => {
    const s = sigmoid(x);
    return mul(g, mul(s, add(mul(x, sub(1, s)), 1)));
  },
  { vjpKernel: (g, { x }) => siluGrad(g, x) },
);

const exactGelu: UnaryFunction = unary(
  "gelu",
  ["x"],
  (g, { x }) => {
    const distribution = add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);
    const density = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(g, add(distribution, mul(x, density)));
  },
  { vjpKernel: (g, { x }) => geluGrad(g, x) },
);

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

const tanhGelu: UnaryFunction = unary(
  "geluTanh",
  ["x"],
  (g, { x }) => {
    const squared = mul(x, x);
    const t = tanh(mul(mul(x, add(mul(squared, GELU_CUBIC), 1)), GELU_SCALE));
    const inner = mul(add(mul(squared, 3 * GELU_CUBIC), 1), GELU_SCALE);
    const slope = mul(mul(x, sub(1, mul(t, t))), inner);
    return mul(g, mul(add(add(t, 1), slope), 0.5));
  },
  { vjpKernel: (g, { x }) => geluTanhGrad(g, x) },
);

export interface GeluOptions {
  /** "none" for the exact form (the default), "tanh" for the approximation of the first transformers. */
  readonly approximate?: "none" | "tanh";
}

/**
 * y = x Phi(x), where Phi is the distribution function of the standard normal distribution.
 *
 * Its approximation: y = x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
 *
 * Source: D. Hendrycks and K. Gimpel, Gaussian Error Linear Units (2016).
 *
 * @throws ValueError where `approximate` is neither "none" nor "tanh".
 */
export function gelu(x: Tensor, { approximate = "none" }: GeluOptions = {}): Tensor {
  if (approximate === "none") return exactGelu(x);
  if (approximate === "tanh") return floatComposite("gelu", x, () => tanhGelu(x));
  throw new ValueError("gelu", `approximate must be "none" or "tanh"; got ${JSON.stringify(approximate)}.`);
}

/** y = x tanh(softplus(x)). Source: D. Misra, Mish (2019). */
export const mish = (x: Tensor): Tensor => floatComposite("mish", x, () => mul(x, tanh(softplus(x))));

/** y = x / (1 + |x|). */
export const softsign = (x: Tensor): Tensor => floatComposite("softsign", x, () => div(x, add(abs(x), 1)));

/**
 * y = a sigmoid(b), where a and b are the halves of x along an axis, by default the last.
 *
 * Shapes: [..., 2 n, ...] -> [..., n, ...]. Source: Y. Dauphin et al., Gated Convolutional Networks (2016).
 *
 * @throws ShapeError where the axis is odd.
 */
export function glu(x: Tensor, axis = -1): Tensor {
  x.assertAlive("glu");
  const at = checkAxis("glu", axis, x.rank);
  const half = x.shape[at] / 2;
  if (!Number.isInteger(half)) {
    throw new ShapeError(
      "glu",
      `the axis must have an even size; got ${formatShape(x.shape)} along axis ${String(at)}.`,
    );
  }
  return floatComposite("glu", x, () => mul(slice(x, at, 0, half), sigmoid(slice(x, at, half))));
}

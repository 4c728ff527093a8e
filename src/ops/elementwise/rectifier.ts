// Activations with a kink. Conventions there are PyTorch's: the derivative is that of the side to the left.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { apply, applyOver } from "../../tensor/apply.ts";
import { noGrad } from "../../tensor/mode.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, cast, mul, reshape } from "../algebra.ts";
import { requireFloat, requireSameDevice } from "../checks.ts";
import { gt, le, where } from "./comparison.ts";
import { exp } from "./exponential.ts";
import { openClamp } from "./extremes.ts";
import { activationGrad, floatComposite, unary, unaryWith } from "./unary.ts";
import type { UnaryFunction } from "./unary.ts";

const reluGrad = activationGrad("reluGrad");

/** y = max(x, 0); NaN passes, and passes the gradient on. The derivative at 0 is 0. */
export const relu: UnaryFunction = unary("relu", ["y"], (g, { y }) => where(le(y, 0), 0, g), {
  vjpKernel: (g, { y }) => reluGrad(g, y),
});

/** 1 where y > 0, otherwise 0 (at NaN too); a constant to gradients. */
export const step = (y: Tensor): Tensor =>
  composite("step", () => noGrad<Tensor>(() => cast(gt(y, 0), y.dtype)));

/** y = x between two bounds, by default -1 and 1. The derivative at the bounds is 0. */
export const hardtanh = (x: Tensor, min = -1, max = 1): Tensor => openClamp("hardtanh", x, min, max);

/** y = min(max(x, 0), 6). The derivative at 0 and 6 is 0. */
export const relu6 = (x: Tensor): Tensor => openClamp("relu6", x, 0, 6);

/** y = min(max(x / 6 + 1 / 2, 0), 1). The derivative at -3 and 3 is 0. */
export const hardsigmoid = (x: Tensor): Tensor =>
  floatComposite("hardsigmoid", x, () => add(mul(openClamp("hardsigmoid", x, -3, 3), 1 / 6), 0.5));

/** y = x hardsigmoid(x). The derivative is 0 at -3 and 1 at 3. */
export const hardswish = (x: Tensor): Tensor => floatComposite("hardswish", x, () => mul(x, hardsigmoid(x)));

const leakyReluGradPrimitive: Primitive<number> = primitive({
  name: "leakyReluGrad",
  inputs: ["g", "x"],
  infer: ([g], _: number) => g,
  kernel: ({ fused: { leakyReluGrad } }, [g, x], gx, slope) => {
    if (leakyReluGrad !== "decompose") leakyReluGrad(g, x, gx, slope);
  },
});

const leakyReluPrimitive = unaryWith("leakyRelu", ["x"], (g, { x }, { a }) => where(gt(x, 0), g, mul(g, a)), {
  fusedVjp: "leakyReluGrad",
  vjpKernel: (g, { x }, { a }) => [applyOver(leakyReluGradPrimitive, [g, x], a)],
});

/** y = x above 0, and slope times x below; the slope is 0.01 by default, and is the derivative at 0. */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor =>
  apply(leakyReluPrimitive, [x], { op: "leakyRelu", a: slope, b: 0 });

/**
 * y = x above 0, and weight times x below, with a learned weight.
 *
 * The weight is one number, or one per channel (axis 1). The derivative at 0 is the weight.
 *
 * Shapes: x [N, C, ...], weight [1] or [C]. Source: K. He et al., Delving Deep into Rectifiers (2015).
 *
 * @throws ShapeError where the weight has another number of elements.
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  x.assertAlive("prelu");
  weight.assertAlive("prelu");
  requireSameDevice("prelu", [x, weight]);
  requireFloat("prelu", weight);
  const channels = x.rank > 1 ? x.shape[1] : 1;
  if (weight.rank > 1 || (weight.size !== 1 && weight.size !== channels)) {
    throw new ShapeError(
      "prelu",
      `the weight must hold 1 number or one per channel (${String(channels)}); got ${formatShape(weight.shape)} for x ${formatShape(x.shape)}.`,
    );
  }
  return floatComposite("prelu", x, () => {
    const shape = weight.size === 1 ? [] : [channels, ...x.shape.slice(2).map(() => 1)];
    return where(gt(x, 0), x, mul(x, reshape(weight, shape)));
  });
}

// Left of 0 the derivative is a b e^(b x). It equals b (y + a), where an exponential would be spared, but that loses every
// digit as y nears -a. Right of 0 the exponent is 0: one that overflows would make second derivatives NaN.
const eluPrimitive = unaryWith("elu", ["x"], (g, { x }, { a, b }) => {
  const isLeft = le(x, 0);
  return where(isLeft, mul(g, mul(exp(mul(where(isLeft, x, 0), b)), a * b)), g);
});

/** y = x above 0, and alpha (e^x - 1) below, alpha 1 by default. The derivative at 0 is alpha. */
export const elu = (x: Tensor, alpha = 1): Tensor => apply(eluPrimitive, [x], { op: "elu", a: alpha, b: 1 });

/**
 * y = x above 0, and alpha (e^(x / alpha) - 1) below, alpha 1 by default. Its derivative has no jump.
 *
 * @throws ValueError where alpha is 0.
 */
export function celu(x: Tensor, alpha = 1): Tensor {
  x.assertAlive("celu");
  if (alpha === 0) throw new ValueError("celu", `alpha must not be 0; got ${String(alpha)}.`);
  return apply(eluPrimitive, [x], { op: "celu", a: alpha, b: 1 / alpha });
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * y = 1.0507 elu(x, 1.6733): the constants keep mean 0 and variance 1 through many layers.
 *
 * Source: G. Klambauer et al., Self-Normalizing Neural Networks (2017).
 */
export const selu = (x: Tensor): Tensor =>
  floatComposite("selu", x, () => mul(elu(x, SELU_ALPHA), SELU_SCALE));

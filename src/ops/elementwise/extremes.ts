// Signs and sizes, bounds, and the mean between two tensors.
import { isFloating } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import { apply } from "../../tensor/apply.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, applyBinary, binary, isTensor, mul, sub } from "../algebra.ts";
import type { TensorLike } from "../algebra.ts";
import { requireFloat, requireNumber, requireSameDevice } from "../checks.ts";
import { eq, ge, gt, le, logicalAnd, lt, where } from "./comparison.ts";
import { unary, unaryWith, zeroGradient } from "./unary.ts";
import type { UnaryFunction } from "./unary.ts";

/** y = |x|. The derivative at 0 is 0. */
export const abs: UnaryFunction = unary("abs", ["x"], (g, { x }) => mul(g, sign(x)), {
  check: requireNumber,
});

/** 1, 0 or -1; 0 for NaN. The gradient is 0. */
export const sign: UnaryFunction = unary("sign", [], zeroGradient, { check: requireNumber });

// The larger takes the gradient; equal ones share it.
const share = (g: Tensor, isOther: Tensor, isEqual: Tensor): Tensor =>
  where(isOther, 0, where(isEqual, mul(g, 0.5), g));

const minimumPrimitive = binary(
  "minimum",
  { a: (g, { a, b }) => share(g, gt(a, b), eq(a, b)), b: (g, { a, b }) => share(g, gt(b, a), eq(a, b)) },
  ["a", "b"],
);

const maximumPrimitive = binary(
  "maximum",
  { a: (g, { a, b }) => share(g, lt(a, b), eq(a, b)), b: (g, { a, b }) => share(g, lt(b, a), eq(a, b)) },
  ["a", "b"],
);

/** The smaller of two, broadcasting; NaN if either is. Equal operands get half of the gradient each. */
export const minimum = (a: TensorLike, b: TensorLike): Tensor => applyBinary(minimumPrimitive, a, b);

/** The larger of two, broadcasting; NaN if either is. Equal operands get half of the gradient each. */
export const maximum = (a: TensorLike, b: TensorLike): Tensor => applyBinary(maximumPrimitive, a, b);

const clampPrimitive = unaryWith("clamp", ["x"], (g, { x }, { a, b }) =>
  where(logicalAnd(ge(x, a), le(x, b)), g, 0),
);

const openClampPrimitive = unaryWith("clamp", ["x"], (g, { x }, { a, b }) =>
  where(logicalAnd(gt(x, a), lt(x, b)), g, 0),
);

/** `clamp` whose gradient is 0 at the bounds, on behalf of `op`. */
export function openClamp(op: string, x: Tensor, min: number, max: number): Tensor {
  x.assertAlive(op);
  return apply(openClampPrimitive, [x], { op, a: min, b: max });
}

export interface ClampOptions {
  readonly min?: number;
  readonly max?: number;
}

/**
 * y = min(max(x, min), max): x between two bounds, of which one may be absent; `max` everywhere where min > max. NaN
 * passes. The gradient passes between the bounds and at them. Bounds that are tensors: `maximum` and `minimum`.
 *
 * @throws ValueError where no bound is given, or one is NaN.
 */
export function clamp(x: Tensor, { min, max }: ClampOptions = {}): Tensor {
  x.assertAlive("clamp");
  if ((min === undefined && max === undefined) || Number.isNaN(min) || Number.isNaN(max)) {
    throw new ValueError(
      "clamp",
      `min, max or both must be numbers; got min ${String(min)} and max ${String(max)}.`,
    );
  }
  requireNumber("clamp", x);
  const [a, b] = [min ?? -Infinity, max ?? Infinity];
  if (isFloating(x.dtype)) return apply(clampPrimitive, [x], { op: "clamp", a, b });
  return composite("clamp", () => {
    const above = min === undefined ? x : maximum(x, min);
    return max === undefined ? above : minimum(above, max);
  });
}

/**
 * y = a + weight (b - a): a at weight 0, b at weight 1, broadcasting. The weight is a number or a tensor.
 *
 * Numerics: a number above 1/2 starts from b, so that weight 1 gives b exactly.
 */
export function lerp(a: Tensor, b: Tensor, weight: TensorLike): Tensor {
  const tensors = [a, b, ...(isTensor(weight) ? [weight] : [])];
  for (const x of tensors) x.assertAlive("lerp");
  requireSameDevice("lerp", tensors);
  requireFloat("lerp", a);
  return composite("lerp", () => {
    if (typeof weight === "number" && weight > 0.5) return add(b, mul(sub(a, b), 1 - weight));
    return sub(a, mul(sub(a, b), weight));
  });
}

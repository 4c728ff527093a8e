// Ops that act on each element alone.
import type { BinaryOp, UnaryOp } from "../backend/scalars.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul, sub } from "./algebra.ts";
import { requireFloat } from "./checks.ts";

type Name = "x" | "y";
type UnaryVjp<S extends Name> = (g: Tensor, saved: Readonly<Record<S, Tensor>>) => Tensor;

// Named, and written at each op: inferred types would have to look into Tensor, whose methods these become.
type UnaryFunction = (x: Tensor) => Tensor;

/** A function of one element: the kernel of its name, what its derivative is written in, and the derivative. */
function unary<S extends Name>(
  name: UnaryOp,
  saves: S,
  vjp: UnaryVjp<S>,
  vjpKernel?: UnaryVjp<S>,
): UnaryFunction {
  const record: Primitive<null> = primitive({
    name,
    inputs: ["x"],
    infer: ([x], _: null) => {
      requireFloat(name, x);
      return x;
    },
    kernel: (k, [x], y) => k.unary(name, x, y),
    saves: [saves],
    vjp: { x: vjp },
    ...(vjpKernel && { vjpKernel: (g: Tensor, saved: Readonly<Record<S, Tensor>>) => [vjpKernel(g, saved)] }),
  });
  return (x) => apply(record, [x], null);
}

/** The gradient of an activation in one pass over g and its saved output; not differentiable itself. */
function activationGrad(name: BinaryOp): (g: Tensor, y: Tensor) => Tensor {
  const record: Primitive<null> = primitive({
    name,
    inputs: ["g", "y"],
    infer: ([g], _: null) => g,
    kernel: (k, [g, y], gx) => k.binary(name, g, y, gx),
  });
  return (g, y) => apply(record, [g, y], null);
}

const reluGrad = activationGrad("reluGrad");
const tanhGrad = activationGrad("tanhGrad");
const sigmoidGrad = activationGrad("sigmoidGrad");

/** y = e^x. */
export const exp: UnaryFunction = unary("exp", "y", (g, { y }) => mul(g, y));

/** y = ln x; NaN below 0, -Infinity at 0. */
export const log: UnaryFunction = unary("log", "x", (g, { x }) => div(g, x));

/** y = sqrt(x); NaN below 0. The derivative at 0 is infinite. */
export const sqrt: UnaryFunction = unary("sqrt", "y", (g, { y }) => div(g, mul(y, 2)));

// 1 where the output is positive, as a constant: relu is linear on each side, its second derivative is 0.
const stepPrimitive: Primitive<null> = primitive({
  name: "step",
  inputs: ["y"],
  infer: ([y], _: null) => y,
  kernel: (k, [y], out) => {
    k.fill(out, 1);
    k.binary("reluGrad", out, y, out);
  },
});

/** y = max(x, 0); NaN passes. The derivative at 0 is 0. */
export const relu: UnaryFunction = unary(
  "relu",
  "y",
  (g, { y }) => mul(g, apply(stepPrimitive, [y], null)),
  (g, { y }) => reluGrad(g, y),
);

/** y = tanh x. */
export const tanh: UnaryFunction = unary(
  "tanh",
  "y",
  (g, { y }) => mul(g, sub(1, mul(y, y))),
  (g, { y }) => tanhGrad(g, y),
);

/** y = 1 / (1 + e^-x). */
export const sigmoid: UnaryFunction = unary(
  "sigmoid",
  "y",
  (g, { y }) => mul(g, mul(y, sub(1, y))),
  (g, { y }) => sigmoidGrad(g, y),
);

/** y = x^2. */
export const square = (x: Tensor): Tensor => mul(x, x);

// Softmax and its logarithm.
import { checkAxis } from "../core/shape.ts";
import type { AxisForm } from "../backend/kernels.ts";
import { apply } from "../tensor/apply.ts";
import { noGrad } from "../tensor/mode.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { axisForm, mul, neg, sub, sum, transpose } from "./algebra.ts";
import { requireFloat } from "./checks.ts";
import { exp, log } from "./elementwise.ts";
import { View } from "../core/view.ts";

const lastAxisForm = (x: { readonly view: View }): AxisForm =>
  axisForm(x.view.shape, x.view.shape.length - 1, x.view.shape.length);

// The row maximum only shifts the exponent; its gradient cancels, so it enters as a constant.
const rowMaxPrimitive: Primitive<null> = primitive({
  name: "rowMax",
  inputs: ["x"],
  infer: ([x], _: null) => ({ view: View.of([...x.shape.slice(0, -1), 1]), dtype: x.dtype }),
  kernel: (k, [x], y) => k.reduce("max", x, y, lastAxisForm(x)),
});

function decomposed(x: Tensor): Tensor {
  return composite("logSoftmax", () => {
    const shifted = sub(
      x,
      noGrad<Tensor>(() => apply(rowMaxPrimitive, [x], null)),
    );
    return sub(shifted, log(sum(exp(shifted), { axis: -1, keepDims: true })));
  });
}

const logSoftmaxGradPrimitive: Primitive<null> = primitive({
  name: "logSoftmaxGrad",
  inputs: ["g", "y"],
  infer: ([g], _: null) => g,
  kernel: (k, [g, y], gx) => {
    const { logSoftmaxGrad } = k.fused;
    if (logSoftmaxGrad !== "decompose") logSoftmaxGrad(g, y, gx, lastAxisForm(g));
  },
});

const logSoftmaxPrimitive: Primitive<null> = primitive({
  name: "logSoftmax",
  inputs: ["x"],
  infer: ([x], _: null) => {
    requireFloat("logSoftmax", x);
    return x;
  },
  fused: "logSoftmax",
  kernel: (k, [x], y) => {
    const { logSoftmax } = k.fused;
    if (logSoftmax !== "decompose") logSoftmax(x, y, lastAxisForm(x));
  },
  decompose: ([x]) => decomposed(x),
  saves: ["y"],
  vjp: { x: (g, { y }) => softmaxGrad(g, y) },
  fusedVjp: "logSoftmaxGrad",
  vjpKernel: (g, { y }) => [apply(logSoftmaxGradPrimitive, [g, y], null)],
});

// gx = g - softmax(x) sum(g), with softmax(x) = e^y.
const softmaxGrad = (g: Tensor, y: Tensor): Tensor =>
  composite("logSoftmax", () => sub(g, mul(exp(y), sum(g, { axis: -1, keepDims: true }))));

/**
 * y = x - log(sum(e^x)) along an axis: the logarithm of the softmax.
 *
 * Numerics: the maximum is subtracted first, so no exponent overflows and a single huge logit gives 0.
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  x.assertAlive("logSoftmax");
  return overAxis("logSoftmax", logSoftmaxPrimitive, x, axis);
}

// The kernels work along the last axis.
function overAxis(op: string, p: Primitive<null>, x: Tensor, axis: number): Tensor {
  const at = checkAxis(op, axis, x.rank);
  if (at === x.rank - 1) return apply(p, [x], null);
  return composite(op, () => transpose(apply(p, [transpose(x, at, -1)], null), at, -1));
}

const softmaxGradPrimitive: Primitive<null> = primitive({
  name: "softmaxGrad",
  inputs: ["g", "y"],
  infer: ([g], _: null) => g,
  kernel: (k, [g, y], gx) => {
    const { softmaxGrad } = k.fused;
    if (softmaxGrad !== "decompose") softmaxGrad(g, y, gx, lastAxisForm(g));
  },
});

const softmaxPrimitive: Primitive<null> = primitive({
  name: "softmax",
  inputs: ["x"],
  infer: ([x], _: null) => {
    requireFloat("softmax", x);
    return x;
  },
  fused: "softmax",
  kernel: (k, [x], y) => {
    const { softmax } = k.fused;
    if (softmax !== "decompose") softmax(x, y, lastAxisForm(x));
  },
  decompose: ([x]) => composite("softmax", () => exp(decomposed(x))),
  saves: ["y"],
  vjp: { x: (g, { y }) => gradOfSoftmax(g, y) },
  fusedVjp: "softmaxGrad",
  vjpKernel: (g, { y }) => [apply(softmaxGradPrimitive, [g, y], null)],
});

// gx = y (g - sum(g y)).
const gradOfSoftmax = (g: Tensor, y: Tensor): Tensor =>
  composite("softmax", () => mul(y, sub(g, sum(mul(g, y), { axis: -1, keepDims: true }))));

/** y = e^x / sum(e^x) along an axis. The maximum is subtracted first, so no exponent overflows. */
export function softmax(x: Tensor, axis = -1): Tensor {
  x.assertAlive("softmax");
  return overAxis("softmax", softmaxPrimitive, x, axis);
}

/** y = e^-x / sum(e^-x) along an axis. */
export const softmin = (x: Tensor, axis = -1): Tensor => composite("softmin", () => softmax(neg(x), axis));

// Comparisons, which give bools and end gradients; logic on bools; and the choice between two tensors.
import type { CompareOp } from "../../backend/scalars.ts";
import { promote } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { View } from "../../core/view.ts";
import { apply } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { applyBinary, cast, dtypeBeside, isOperand, isTensor, kindOf, operand } from "../algebra.ts";
import type { TensorLike } from "../algebra.ts";
import { broadcastAll, broadcastSpec, requireSameDType, storable, stretch } from "../checks.ts";

const comparison = (name: CompareOp, op: string = name): Primitive<null> =>
  primitive({
    name: op,
    inputs: ["a", "b"],
    strided: ["a", "b"],
    infer: ([a, b], _: null) => {
      requireSameDType(op, [a, b], ["a", "b"]);
      return { view: broadcastSpec(op, a, b).view, dtype: "bool" };
    },
    kernel: (k, [a, b], y) => k.compare(name, stretch(a, y), stretch(b, y), y),
  });

const eqPrimitive = comparison("eq");
const nePrimitive = comparison("ne");
const ltPrimitive = comparison("lt");
const lePrimitive = comparison("le");
const gtPrimitive = comparison("gt");
const gePrimitive = comparison("ge");

/** a = b elementwise as bool, broadcasting; NaN equals nothing. No gradient, here and in the next ones. */
export const eq = (a: TensorLike, b: TensorLike): Tensor => applyBinary(eqPrimitive, a, b);

/** a != b elementwise as bool; true where one is NaN. */
export const ne = (a: TensorLike, b: TensorLike): Tensor => applyBinary(nePrimitive, a, b);

/** a < b elementwise as bool. */
export const lt = (a: TensorLike, b: TensorLike): Tensor => applyBinary(ltPrimitive, a, b);

/** a <= b elementwise as bool. */
export const le = (a: TensorLike, b: TensorLike): Tensor => applyBinary(lePrimitive, a, b);

/** a > b elementwise as bool. */
export const gt = (a: TensorLike, b: TensorLike): Tensor => applyBinary(gtPrimitive, a, b);

/** a >= b elementwise as bool. */
export const ge = (a: TensorLike, b: TensorLike): Tensor => applyBinary(gePrimitive, a, b);

/** Whether elements are NaN, as bool. */
export const isnan = (x: Tensor): Tensor => {
  x.assertAlive("isnan");
  return ne(x, x);
};

/** Whether elements are infinite, as bool. */
export const isinf = (x: Tensor): Tensor => {
  x.assertAlive("isinf");
  return composite("isinf", () => logicalOr(eq(x, Infinity), eq(x, -Infinity)));
};

/** Whether elements are neither infinite nor NaN, as bool. */
export const isfinite = (x: Tensor): Tensor => {
  x.assertAlive("isfinite");
  return composite("isfinite", () => logicalAnd(lt(x, Infinity), gt(x, -Infinity)));
};

// ---- logic

const andPrimitive = comparison("and", "logicalAnd");
const orPrimitive = comparison("or", "logicalOr");
const xorPrimitive = comparison("xor", "logicalXor");

function logical(p: Primitive<null>, a: Tensor, b: Tensor): Tensor {
  a.assertAlive(p.name);
  b.assertAlive(p.name);
  if (a.dtype === "bool" && b.dtype === "bool") return apply(p, [a, b], null);
  return composite(p.name, () => apply(p, [truth(a), truth(b)], null));
}

const truth = (x: Tensor): Tensor => (x.dtype === "bool" ? x : cast(x, "bool"));

/** Whether both are other than 0, as bool, broadcasting; NaN is other than 0. */
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => logical(andPrimitive, a, b);

/** Whether at least one is other than 0, as bool. */
export const logicalOr = (a: Tensor, b: Tensor): Tensor => logical(orPrimitive, a, b);

/** Whether exactly one is other than 0, as bool. */
export const logicalXor = (a: Tensor, b: Tensor): Tensor => logical(xorPrimitive, a, b);

/** Whether elements are 0, as bool. */
export const logicalNot = (x: Tensor): Tensor => {
  x.assertAlive("logicalNot");
  return composite("logicalNot", () => eq(truth(x), cast(operand(0, x, "int32"), "bool")));
};

// ---- choice

const wherePrimitive: Primitive<null> = primitive({
  name: "where",
  inputs: ["condition", "a", "b"],
  strided: ["condition", "a", "b"],
  infer: (inputs, _: null) => ({
    view: View.of(broadcastAll("where", inputs, ["condition", "a", "b"])),
    dtype: inputs[1].dtype,
  }),
  kernel: (k, [condition, a, b], y) => k.where(stretch(condition, y), stretch(a, y), stretch(b, y), y),
  saves: ["condition"],
  vjp: {
    a: (g, { condition }) => where(condition, g, 0),
    b: (g, { condition }) => where(condition, 0, g),
  },
});

/**
 * y = a where the condition holds, else b; the three broadcast. Numbers take the dtype of the tensor beside them, two
 * numbers are float32. The gradient goes to the chosen operand and is 0 for the other, whatever that one holds.
 *
 * @throws DTypeError where the condition is not bool, or a choice neither tensor nor number.
 */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  condition.assertAlive("where");
  if (condition.dtype !== "bool") {
    throw new DTypeError(
      "where",
      `the condition must be bool; got ${condition.dtype}. Compare it, or convert with cast(x, "bool").`,
    );
  }
  const like = isTensor(a) ? a : isTensor(b) ? b : null;
  const dtype = like === null ? "float32" : promote(dtypeBeside(a, like), dtypeBeside(b, like));
  if (isTensor(a) && isTensor(b) && a.dtype === b.dtype)
    return apply(wherePrimitive, [condition, a, b], null);
  if (!isOperand(a) || !isOperand(b)) {
    throw new DTypeError(
      "where",
      `both choices must be tensors or numbers; got ${kindOf(a)} and ${kindOf(b)}.`,
    );
  }
  like?.assertAlive("where");
  for (const one of [a, b]) if (typeof one === "number") storable("where", dtype, one);
  const beside = like ?? condition;
  return composite("where", () =>
    apply(wherePrimitive, [condition, operand(a, beside, dtype), operand(b, beside, dtype)], null),
  );
}

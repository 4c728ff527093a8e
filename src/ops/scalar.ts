// Arithmetic of a floating tensor with a number, in one kernel and without a tensor for the number. `add`, `sub`, `mul` and
// `div` come here; the gradients are made of the same four, so that this file imports no other op.
import type { UnaryWithOp } from "../backend/scalars.ts";
import { isFloating } from "../core/dtype.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireFloat } from "./checks.ts";

type ByNumber = (x: Tensor, a: number) => Tensor;

/** `op` is what the user called; `gradient` that of x. */
function byNumber(op: string, name: UnaryWithOp, gradient: ByNumber): ByNumber {
  const p: Primitive<number> = primitive({
    name: op,
    inputs: ["x"],
    infer: ([x], _: number) => {
      requireFloat(op, x);
      return x;
    },
    kernel: (k, [x], y, a) => k.unaryWith(name, x, y, a, 0),
    vjp: { x: (g, _, a) => gradient(g, a) },
  });
  return (x, a) => apply(p, [x], a);
}

/** x a */
export const mulScalar: ByNumber = byNumber("mul", "mulScalar", (g, a) => mulScalar(g, a));
/** x + a */
export const addScalar: ByNumber = byNumber("add", "addScalar", (g) => g);
/** x + a, where the user wrote x - (-a) */
export const subScalar: ByNumber = byNumber("sub", "addScalar", (g) => g);
/** a - x */
export const subFrom: ByNumber = byNumber("sub", "subFrom", (g) => mulScalar(g, -1));
/** x / a */
export const divScalar: ByNumber = byNumber("div", "divScalar", (g, a) => divScalar(g, a));

/** Whether x is a tensor of a floating dtype, whose arithmetic with a number needs no promotion. */
export const isFloatTensor = (x: unknown): x is Tensor =>
  typeof x === "object" && x !== null && "storage" in x && isFloating((x as Tensor).storage.dtype);

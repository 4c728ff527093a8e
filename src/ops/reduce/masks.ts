// Constant masks: which elements a function with kinks lets through. They carry no gradient themselves.
import { apply } from "../../tensor/apply.ts";
import { noGrad } from "../../tensor/mode.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, neg, sub } from "../algebra.ts";
import { relu } from "../elementwise.ts";

const positivePrimitive: Primitive<null> = primitive({
  name: "positive",
  inputs: ["x"],
  infer: ([x], _: null) => x,
  kernel: (k, [x], y) => {
    k.fill(y, 1);
    k.binary("reluGrad", y, x, y);
  },
});

/** 1 where x > 0, otherwise 0 (at NaN too). */
export const positive = (x: Tensor): Tensor => noGrad<Tensor>(() => apply(positivePrimitive, [x], null));

/** 1 where a and b are equal, infinities included, or one is NaN; otherwise 0. Broadcasts. */
export const equality = (a: Tensor, b: Tensor): Tensor =>
  composite("equality", () => noGrad<Tensor>(() => sub(1, add(positive(sub(a, b)), positive(sub(b, a))))));

const onlyPrimitive: Primitive<null> = primitive({
  name: "only",
  inputs: ["x", "mask"],
  infer: ([x], _: null) => x,
  kernel: (k, [x, mask], y) => k.binary("reluGrad", x, mask, y),
  saves: ["mask"],
  vjp: { x: (g, { mask }) => only(g, mask) },
});

/** x where the mask is positive, otherwise 0, whatever x is there; one shape. */
export const only = (x: Tensor, mask: Tensor): Tensor => apply(onlyPrimitive, [x, mask], null);

/** |x|; the gradient at 0 is 0. */
export const magnitude = (x: Tensor): Tensor => add(relu(x), relu(neg(x)));

/**
 * f(x) for x > 0, and 0 with gradient 0 at x = 0, where the derivative of f would be infinite.
 * NaN passes.
 */
export function aboveZero(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const mask = positive(x);
  return mul(mask, f(add(x, sub(1, mask))));
}

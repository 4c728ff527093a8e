// The steps of a sequence as tensors of their own, in one recorded op: with one slice per step the gradients would be
// as many tensors of the whole sequence's size.
import { View } from "../../core/view.ts";
import { applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fill, reshape } from "../algebra.ts";
import { stack } from "../placement.ts";

const primitives = new Map<number, Primitive<null>>();

function unstackPrimitive(n: number): Primitive<null> {
  const known = primitives.get(n);
  if (known) return known;
  const made = primitive<"x", null, readonly string[]>({
    name: "unstack",
    inputs: ["x"],
    outputs: Array.from({ length: n }, (_, i) => `y${String(i)}`),
    infer: ([x]) => Array.from({ length: n }, () => ({ view: View.of(x.shape.slice(1)), dtype: x.dtype })),
    kernel: (k, [x], outputs) => {
      outputs.forEach((y, i) => {
        const view = x.view.slice(0, i, 1, 1).reshape(y.view.shape)!;
        k.copy({ storage: x.storage, view }, y);
      });
    },
    vjp: { x: (gradients) => stackGradients(gradients) },
  });
  primitives.set(n, made);
  return made;
}

function stackGradients(gradients: readonly (Tensor | null)[]): Tensor {
  const like = gradients.find((g) => g !== null)!;
  return stack(gradients.map((g) => g ?? fill(like.device, like.shape, 0, like.dtype)));
}

/** x [T, ...] -> T tensors [...]; copies. */
export function unstack(x: Tensor): Tensor[] {
  const [n] = x.shape;
  return n === 1 ? [reshape(x, x.shape.slice(1))] : applyMany(unstackPrimitive(n), [x], null);
}

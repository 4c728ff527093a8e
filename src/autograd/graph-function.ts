// Nodes of the graph that are functions of tensors rather than kernels: what custom functions and checkpoints are to the
// backward walk.
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Per input the gradient, or null where there is none. */
export type Gradients = readonly (Tensor | null)[];

export interface GraphFunction<A> {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly saves: readonly string[];
  /** `recorded`: the gradients are to be differentiable themselves. */
  readonly backward: (
    grads: Gradients,
    saved: Readonly<Record<string, Tensor>>,
    attrs: A,
    needs: readonly boolean[],
    recorded: boolean,
  ) => Gradients;
}

/** The record that `recordMany` takes. All gradients come from one call of `backward`. */
export function graphPrimitive<A>({
  name,
  inputs,
  outputs,
  saves,
  backward,
}: GraphFunction<A>): Primitive<A> {
  const asList = (g: Tensor | Gradients): Gradients => (Array.isArray(g) ? (g as Gradients) : [g as Tensor]);
  // With a recorded backward the walk asks input by input, with one `saved` object for all.
  const done = new WeakMap<object, Gradients>();
  const all = inputs.map(() => true);
  const part = (i: number) => (g: Tensor, saved: Readonly<Record<string, Tensor>>, attrs: A) => {
    const results = done.get(saved) ?? backward(asList(g), saved, attrs, all, true);
    done.set(saved, results);
    // A null gradient is the walk's own word for "none".
    return results[i] as Tensor;
  };
  return primitive<string, A, readonly ["y"], string>({
    name,
    inputs,
    // How many there are is known only at run time; `asList` reads one gradient or several.
    outputs: outputs as unknown as readonly ["y"],
    saves,
    vjp: Object.fromEntries(inputs.map((input, i) => [input, part(i)])),
    vjpKernel: (g, saved, attrs, needs) => backward(asList(g), saved, attrs, needs, false),
  });
}

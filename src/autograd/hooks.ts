// Functions that users hang on tensors, to be called with the gradient when it passes by.
import { GradError } from "../core/errors.ts";
import type { GradientHook } from "../tensor/node.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Calls `hook` with the gradient of x in every backward walk that computes it, once all parts have been summed; a tensor
 * that it returns takes the gradient's place. The gradient is released after the walk: `keep(detach(g))` holds on to it.
 *
 * @returns a function that takes the hook off again.
 * @throws GradError where x does not require a gradient.
 */
export function registerHook(x: Tensor, hook: GradientHook): () => void {
  x.assertAlive("registerHook");
  const { node, slot } = x;
  if (node === null) {
    throw new GradError(
      "registerHook",
      `the tensor must require a gradient; got one that does not (made by ${x.madeBy}).`,
    );
  }
  node.hooks ??= new Map();
  const list = node.hooks.get(slot) ?? new Set();
  node.hooks.set(slot, list);
  // A wrapper of its own, so that one function may be hung twice and taken off once.
  const own: GradientHook = (gradient) => hook(gradient);
  list.add(own);
  return () => {
    list.delete(own);
  };
}

// Tensors that a module owns for life: parameters, which optimizers change, and buffers, which they do not.
import { requireGradDType } from "../ops/checks.ts";
import { detach } from "../ops/creation.ts";
import { keep } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

const parameters = new WeakSet<Tensor>();

/** Whether a module's field is a parameter: made by `parameter`, even if frozen since, or a leaf that requires a gradient. */
export const isParameter = (tensor: Tensor): boolean =>
  parameters.has(tensor) || (tensor.requiresGrad && tensor.isLeaf);

/** Makes a tensor a module's own: out of every scope, never spilled. */
export function own<T extends Tensor>(tensor: T): T {
  tensor.device.makePersistent(tensor.storage);
  return keep(tensor);
}

/** A buffer with the values of a tensor that stays its maker's: to release or to move one of them leaves the other be. */
export const share = (tensor: Tensor): Tensor => own(detach(tensor));

/**
 * A leaf that requires a gradient and lives until it is disposed; takes over the buffer of `data`.
 *
 * @throws DTypeError where the dtype is not floating; `data` is then as it was.
 */
export function parameter(data: Tensor): Tensor {
  requireGradDType(data.dtype, true);
  const leaf = own(detach(data));
  data.dispose();
  parameters.add(leaf);
  return leaf.setRequiresGrad(true);
}

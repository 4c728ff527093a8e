// Overwriting a tensor in place: the one way in which parameters, buffers and optimizer state change.
import { DTypeError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { applyInPlace } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { contiguous } from "./algebra.ts";
import { to } from "./creation.ts";

const assignPrimitive: Primitive<null> = primitive({
  name: "assign",
  inputs: ["target", "source"],
  outputs: [],
  mutates: ["target"],
  strided: ["target", "source"],
  infer: ([target, source], _: null) => {
    if (!sameShape(target.shape, source.shape)) {
      throw new ShapeError(
        "assign",
        `shapes must agree; got source ${formatShape(source.shape)} for target ${formatShape(target.shape)}.`,
      );
    }
    if (target.dtype !== source.dtype) {
      throw new DTypeError(
        "assign",
        `dtypes must agree; got source ${source.dtype} for target ${target.dtype}.`,
      );
    }
    return [];
  },
  kernel: (k, [target, source]) => k.copy(source, target),
});

/**
 * Copies the values of `source` into the buffer of `target`, from any device and dtype. Graphs that saved the old values
 * refuse to run backward.
 */
export function assign(target: Tensor, source: Tensor): void {
  target.assertAlive("assign");
  composite("assign", () => {
    const local = to(source, { device: target.device, dtype: target.dtype });
    // A view of the target itself would be overwritten while it is read.
    const overlaps = local.storage === target.storage && local.view !== target.view;
    applyInPlace(assignPrimitive, [target, overlaps ? contiguous(local) : local], null);
    return target;
  });
}

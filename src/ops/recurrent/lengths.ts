// Lengths of the sequences in a padded batch.
import { IndexError, ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { View } from "../../core/view.ts";
import { apply } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { composite } from "../../tensor/scope.ts";
import { isTensor, sub } from "../algebra.ts";
import { requireIndex } from "../checks.ts";
import { tensor } from "../creation.ts";

interface LengthAttrs {
  readonly op: string;
  readonly steps: number;
}

const outOfRange = (op: string, steps: number, value: number, position: number): IndexError =>
  new IndexError(
    op,
    `lengths must lie in 1..${String(steps)}; got ${String(value)} at position ${String(position)}.`,
  );

// Run for its check alone: a kernel reports the first position out of range, also where values cannot be read here.
const checkPrimitive: Primitive<LengthAttrs> = primitive({
  name: "lengths",
  inputs: ["last"],
  infer: ([last], { steps }: LengthAttrs) => ({ view: View.of([last.size, steps]), dtype: "int32" }),
  kernel: (k, [last], y, { op, steps }) => {
    const position = k.oneHot(last, y, steps);
    if (position < 0) return;
    const { storage, view } = last;
    const [value] = storage.device.download(op, storage, view.offset + position, 1);
    throw outOfRange(op, steps, value + 1, position);
  },
});

/**
 * The lengths of a padded batch as an int32 tensor [B], checked to lie in 1..T.
 *
 * @throws IndexError naming the first length out of range; ShapeError where there is not one for each sequence.
 */
export function checkedLengths(op: string, lengths: readonly number[] | Tensor, x: Tensor): Tensor {
  const [steps, batch] = x.shape;
  const given = isTensor(lengths) ? lengths.shape : [lengths.length];
  if (given.length !== 1 || given[0] !== batch) {
    throw new ShapeError(
      op,
      `lengths must be one for each of the ${String(batch)} sequences; got ${formatShape(given)}.`,
    );
  }
  if (isTensor(lengths)) {
    lengths.assertAlive(op);
    requireIndex(op, lengths);
    composite(op, () => apply(checkPrimitive, [sub(lengths, 1)], { op, steps })).dispose();
    return lengths;
  }
  lengths.forEach((length, i) => {
    if (!Number.isInteger(length) || length < 1 || length > steps) throw outOfRange(op, steps, length, i);
  });
  return tensor(lengths, { dtype: "int32", device: x.device });
}

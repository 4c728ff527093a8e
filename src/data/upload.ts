// From host memory to a device: the one place where datasets meet tensors.
import type { Device } from "../backend/device.ts";
import { toBufferArray } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, sizeOf } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { resolveDType, resolveDevice } from "../ops/creation.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { HostArray } from "./host-array.ts";

/**
 * Copies an array of host memory into a tensor, converting its elements to the tensor's dtype.
 *
 * @throws ShapeError when the shape does not hold exactly the array's elements.
 */
export function upload({ data, shape, dtype }: HostArray, device?: string | Device): Tensor {
  const to = resolveDevice("DataLoader", device);
  if (sizeOf(checkShape("DataLoader", shape)) !== data.length) {
    const got = `${formatShape(shape)} for ${String(data.length)} elements`;
    throw new ShapeError("DataLoader", `a field's shape must hold as many elements as its data; got ${got}.`);
  }
  const storage = to.upload("DataLoader", resolveDType("DataLoader", dtype, to), toBufferArray(dtype, data));
  return new Tensor(storage, View.of(shape), "DataLoader", null, 0);
}

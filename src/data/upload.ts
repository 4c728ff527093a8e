// From host memory to a device: the one place where datasets meet tensors.
import { defaultDevice } from "../backend/device.ts";
import type { Device } from "../backend/device.ts";
import { toBufferArray } from "../core/dtype.ts";
import { View } from "../core/view.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { HostArray } from "./host-array.ts";

/** Copies an array of host memory into a tensor, converting its elements to the tensor's dtype. */
export function upload(
  { data, shape, dtype }: HostArray,
  device: Device = defaultDevice("DataLoader"),
): Tensor {
  device.beginOp();
  const storage = device.upload("DataLoader", dtype, toBufferArray(dtype, data));
  return new Tensor(storage, View.of(shape), "DataLoader", null, 0);
}

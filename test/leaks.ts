// What is alive on each device: the suite compares it before and after every test.
import { memory } from "../src/index.ts";

export function liveCounts(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const device of ["wasm", "reference"]) {
    const { tensors, buffers } = memory(device);
    counts[`${device} tensors`] = tensors;
    counts[`${device} buffers`] = buffers;
  }
  return counts;
}

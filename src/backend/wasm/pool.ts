// Max pooling on the wasm device.
import type { KernelFamilies } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports } from "./exports.ts";

export function poolKernels(e: KernelExports): Pick<KernelFamilies, "maxPool"> {
  return {
    maxPool(x, y, index, { planes, input, output, kernel, stride, padding, dilation }) {
      const window = [...input, ...output, ...kernel, ...stride, ...padding, ...dilation];
      e.maxpool2d_f32(pointer(x), pointer(y), pointer(index), ...window, 0, planes);
    },
  };
}

// Max pooling on the wasm device.
import type { FusedKernels, KernelFamilies } from "../kernels.ts";
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

export function poolGradKernels(e: KernelExports): Pick<FusedKernels, "maxPoolGrad"> {
  return {
    maxPoolGrad(g, index, gx, { planes, input, output }) {
      const [nIn, nOut] = [input[0] * input[1], output[0] * output[1]];
      e.maxpool2d_grad_f32(pointer(g), pointer(index), pointer(gx), nIn, nOut, 0, planes);
    },
  };
}

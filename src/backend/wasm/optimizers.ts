// In-place optimizer steps on the wasm device. Scalars that depend only on the step are folded here, in double.
import type { KernelFamilies } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports } from "./exports.ts";

export function optimizerKernels(e: KernelExports): Pick<KernelFamilies, "adam" | "sgd"> {
  return {
    adam(p, g, m, v, o) {
      const stepSize = o.lr / o.biasCorrection1;
      const vScale = 1 / Math.sqrt(o.biasCorrection2);
      const decay = o.decoupled ? 1 - o.lr * o.weightDecay : 1;
      const l2 = o.decoupled ? 0 : o.weightDecay;
      const moments = [o.beta1, 1 - o.beta1, o.beta2, 1 - o.beta2, vScale];
      const buffers = [pointer(p), pointer(g), pointer(m), pointer(v)];
      e.adam_f32(...buffers, stepSize, ...moments, o.eps, l2, decay, 0, p.view.size);
    },
    sgd(p, g, buffer, o) {
      const gradScale = o.first ? 1 : 1 - o.dampening;
      const bufferPtr = buffer ? pointer(buffer) : 0;
      e.sgd_f32(
        pointer(p),
        pointer(g),
        bufferPtr,
        o.lr,
        o.momentum,
        gradScale,
        o.weightDecay,
        Number(o.nesterov),
        0,
        p.view.size,
      );
    },
  };
}

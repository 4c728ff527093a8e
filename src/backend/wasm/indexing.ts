// gather and scatterAdd on the wasm device; both return the first out-of-range position or -1.
import type { KernelFamilies } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports } from "./exports.ts";

export function indexingKernels(e: KernelExports): Pick<KernelFamilies, "gather" | "scatterAdd"> {
  return {
    gather(x, index, y, { n, inner }, m) {
      return e.gather_f32(pointer(x), pointer(index), pointer(y), n, m, inner, 0, y.view.size);
    },
    scatterAdd(x, index, y, { outer, n, inner }, m) {
      e.fill_f32(pointer(y), 0, 0, y.view.size);
      return e.scatter_add_f32(pointer(x), pointer(index), pointer(y), n, m, inner, 0, outer * inner);
    },
  };
}

// Running sums, products and recurrences on the wasm device.
import type { KernelFamilies } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports } from "./exports.ts";

export function scanKernels(e: KernelExports): Pick<KernelFamilies, "scan" | "recurrence"> {
  const scans = { cumsum: e.cumsum_f32, cumprod: e.cumprod_f32 };
  return {
    scan(op, x, y, { outer, n, inner }, reverse) {
      if (x.storage.dtype !== "float32") {
        const code = Number(op === "cumprod");
        e.scan_i32(code, pointer(x), pointer(y), n, inner, Number(reverse), 0, outer * inner);
        return;
      }
      scans[op](pointer(x), pointer(y), n, inner, Number(reverse), 0, outer * inner);
    },
    recurrence(a, x, y, { outer, n, inner }, reverse) {
      e.recurrence_f32(pointer(a), pointer(x), pointer(y), n, inner, Number(reverse), 0, outer * inner);
    },
  };
}

// Reductions and argmax on the wasm device.
import type { KernelFamilies } from "../kernels.ts";
import type { ReduceOp } from "../scalars.ts";
import { pointer } from "./exports.ts";
import type { KernelExports } from "./exports.ts";

export function reduceKernels(e: KernelExports): Pick<KernelFamilies, "reduce" | "argmax" | "argmin"> {
  const reduce: Record<ReduceOp, (...args: number[]) => number> = {
    sum: e.sum_f32,
    prod: e.prod_f32,
    max: e.max_f32,
    min: e.min_f32,
  };
  return {
    reduce(op, x, y, form) {
      reduce[op](pointer(x), pointer(y), form.n, form.inner, 0, form.outer * form.inner);
    },
    argmax(x, y, form) {
      e.argmax_f32(pointer(x), pointer(y), form.n, form.inner, 0, form.outer * form.inner);
    },
    argmin(x, y, form) {
      e.argmin_f32(pointer(x), pointer(y), form.n, form.inner, 0, form.outer * form.inner);
    },
  };
}

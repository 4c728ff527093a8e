// Reductions and argmax on the wasm device.
import type { AxisForm, KernelFamilies, Operand } from "../kernels.ts";
import type { ReduceOp } from "../scalars.ts";
import { pointer } from "./exports.ts";
import type { KernelExports } from "./exports.ts";

/** Codes of the reductions of whole numbers (assembly/reduce-int.ts). */
const REDUCE_CODES: Record<ReduceOp, number> = { sum: 0, prod: 1, max: 2, min: 3 };

export function reduceKernels(e: KernelExports): Pick<KernelFamilies, "reduce" | "argmax" | "argmin"> {
  const reduce: Record<ReduceOp, (...args: number[]) => number> = {
    sum: e.sum_f32,
    prod: e.prod_f32,
    max: e.max_f32,
    min: e.min_f32,
  };
  const argument = (isMax: number, x: Operand, y: Operand, { outer, n, inner }: AxisForm): void =>
    void e.argument_i32(isMax, pointer(x), pointer(y), n, inner, 0, outer * inner);
  return {
    reduce(op, x, y, form) {
      if (x.storage.dtype !== "float32") {
        e.reduce_i32(
          REDUCE_CODES[op],
          pointer(x),
          pointer(y),
          form.n,
          form.inner,
          0,
          form.outer * form.inner,
        );
        return;
      }
      reduce[op](pointer(x), pointer(y), form.n, form.inner, 0, form.outer * form.inner);
    },
    argmax(x, y, form) {
      if (x.storage.dtype === "int32") argument(1, x, y, form);
      else e.argmax_f32(pointer(x), pointer(y), form.n, form.inner, 0, form.outer * form.inner);
    },
    argmin(x, y, form) {
      if (x.storage.dtype === "int32") argument(0, x, y, form);
      else e.argmin_f32(pointer(x), pointer(y), form.n, form.inner, 0, form.outer * form.inner);
    },
  };
}

// Reductions and argmax on the wasm device.
import type { AxisForm, KernelFamilies, Operand } from "../kernels.ts";
import type { ReduceOp } from "../scalars.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";

/** Codes of the reductions of whole numbers (assembly/reduce-int.ts). */
const REDUCE_CODES: Record<ReduceOp, number> = { sum: 0, prod: 1, max: 2, min: 3 };

/** A reduction to one element is cut into pieces of so many elements, whose results are reduced in turn. */
const PIECE = 1 << 15;

export function reduceKernels(
  e: KernelExports,
  workspace: Workspace,
): Pick<KernelFamilies, "reduce" | "argmax" | "argmin"> {
  const reduce: Record<ReduceOp, (...args: number[]) => number> = {
    sum: e.sum_f32,
    prod: e.prod_f32,
    max: e.max_f32,
    min: e.min_f32,
  };
  // Pieces are what threads can share; they are cut where one thread works, too, for the same bits.
  function inPieces(kernel: (...args: number[]) => number, xPtr: number, yPtr: number, n: number): void {
    const whole = Math.floor(n / PIECE);
    const parts = workspace.shared(4 * whole + 4);
    kernel(xPtr, parts, PIECE, 1, 0, whole);
    kernel(xPtr + 4 * PIECE * whole, parts + 4 * whole, n - PIECE * whole, 1, 0, 1);
    kernel(parts, yPtr, whole + 1, 1, 0, 1);
  }
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
      const units = form.outer * form.inner;
      if (units === 1 && form.n >= 2 * PIECE) inPieces(reduce[op], pointer(x), pointer(y), form.n);
      else reduce[op](pointer(x), pointer(y), form.n, form.inner, 0, units);
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

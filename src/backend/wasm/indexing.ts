// Picking and placing by index on the wasm device; what takes an index returns the first out-of-range position or -1.
import { oneHot, ravelIndex } from "../../core/positions.ts";
import type { KernelFamilies, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";

type Families = Pick<
  KernelFamilies,
  | "gather"
  | "scatterAdd"
  | "indexSelect"
  | "indexAdd"
  | "scatterOrder"
  | "ravelIndex"
  | "oneHot"
  | "maskedFill"
>;

export function indexingKernels(e: KernelExports, workspace: Workspace): Families {
  const { heap } = workspace;
  const elementsOf = (x: Operand): Int32Array => new Int32Array(heap.memory.buffer, pointer(x), x.view.size);
  return {
    gather(x, index, y, { n, inner }, m) {
      return e.gather_f32(pointer(x), pointer(index), pointer(y), n, m, inner, 0, y.view.size);
    },
    scatterAdd(x, index, y, { outer, n, inner }, m) {
      e.fill_f32(pointer(y), 0, 0, y.view.size);
      return e.scatter_add_f32(pointer(x), pointer(index), pointer(y), n, m, inner, 0, outer * inner);
    },
    indexSelect(x, index, y, { outer, n, inner }, m) {
      // Rows are told apart by dividing by m.
      if (m === 0) return -1;
      return e.index_select_f32(pointer(x), pointer(index), pointer(y), n, m, inner, 0, outer * m);
    },
    indexAdd(x, index, y, { outer, n, inner }, m) {
      e.fill_f32(pointer(y), 0, 0, y.view.size);
      return e.index_add_f32(pointer(x), pointer(index), pointer(y), n, m, inner, 0, outer * inner);
    },
    scatterOrder(index, y, { outer, n, inner }, m) {
      return e.scatter_order_i32(pointer(index), pointer(y), n, m, inner, 0, outer * inner);
    },
    ravelIndex(indices, sizes, y) {
      return ravelIndex(indices.map(elementsOf), sizes, elementsOf(y));
    },
    oneHot(index, y, n) {
      return oneHot(elementsOf(index), elementsOf(y), n);
    },
    maskedFill(mask, y, value) {
      e.masked_fill_i32(pointer(mask), pointer(y), bitsOf(y, value), 0, y.view.size);
    },
  };
}

/** The 32 bits that stand for a number in the operand's buffer. */
function bitsOf(y: Operand, value: number): number {
  if (y.storage.dtype !== "float32") return y.storage.dtype === "bool" ? Number(value !== 0) : value | 0;
  return new Int32Array(Float32Array.of(value).buffer)[0];
}

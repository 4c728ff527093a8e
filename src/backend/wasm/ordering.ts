// Sorting, medians and histograms on the wasm device: the functions of core/ordering.ts on windows of its memory.
import { histogram, medianPosition, sortOrder } from "../../core/ordering.ts";
import type { BufferData } from "../../core/dtype.ts";
import type { KernelFamilies, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { Workspace } from "./exports.ts";

type Families = Pick<KernelFamilies, "argsort" | "medianPosition" | "histogram">;

export function orderingKernels({ heap }: Workspace): Families {
  const elements = (x: Operand): BufferData => heap.window(x.storage.dtype, pointer(x), x.view.size);
  return {
    argsort(x, index, form, order, count) {
      sortOrder(elements(x), elements(index), form, order, count);
    },
    medianPosition(x, index, form) {
      medianPosition(elements(x), elements(index), form);
    },
    histogram(x, y, low, high) {
      return histogram(elements(x), elements(y), low, high);
    },
  };
}

// Sorting, medians and histograms of the reference backend: the functions of core/ordering.ts on its arrays.
import { histogram, medianPosition, sortOrder } from "../../core/ordering.ts";
import type { KernelFamilies } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

export const ordering: Pick<KernelFamilies, "argsort" | "medianPosition" | "histogram"> = {
  argsort(x, index, form, order, count) {
    sortOrder(elementsOf(x), elementsOf(index), form, order, count);
  },
  medianPosition(x, index, form) {
    medianPosition(elementsOf(x), elementsOf(index), form);
  },
  histogram(x, y, low, high) {
    return histogram(elementsOf(x), elementsOf(y), low, high);
  },
};

// Indexing of the reference backend. An index outside 0..n-1 is reported by its position, before anything is written.
import type { BufferData } from "../../core/dtype.ts";
import type { KernelFamilies } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

const firstOutOfRange = (index: BufferData, n: number): number => index.findIndex((k) => k < 0 || k >= n);

export const indexing: Pick<KernelFamilies, "gather" | "scatterAdd"> = {
  gather(x, index, y, { outer, n, inner }, m) {
    const from = elementsOf(x);
    const picks = elementsOf(index);
    const out = elementsOf(y);
    const wrong = firstOutOfRange(picks, n);
    if (wrong >= 0) return wrong;
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < m; j++) {
        for (let i = 0; i < inner; i++) {
          const at = (o * m + j) * inner + i;
          out[at] = from[(o * n + picks[at]) * inner + i];
        }
      }
    }
    return -1;
  },

  scatterAdd(x, index, y, { outer, n, inner }, m) {
    const from = elementsOf(x);
    const picks = elementsOf(index);
    const wrong = firstOutOfRange(picks, n);
    if (wrong >= 0) return wrong;
    const sums = new Float64Array(outer * n * inner);
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < m; j++) {
        for (let i = 0; i < inner; i++) {
          const at = (o * m + j) * inner + i;
          sums[(o * n + picks[at]) * inner + i] += from[at];
        }
      }
    }
    elementsOf(y).set(sums);
    return -1;
  },
};

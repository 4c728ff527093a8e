// Indexing of the reference backend. An index outside 0..n-1 is reported by its position, before anything is written.
import type { BufferData } from "../../core/dtype.ts";
import { oneHot, ravelIndex } from "../../core/positions.ts";
import type { KernelFamilies } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

const firstOutOfRange = (index: BufferData, n: number): number => index.findIndex((k) => k < 0 || k >= n);

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

export const indexing: Families = {
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

  indexSelect(x, index, y, { outer, n, inner }, m) {
    const from = elementsOf(x);
    const picks = elementsOf(index);
    const out = elementsOf(y);
    const wrong = firstOutOfRange(picks, n);
    if (wrong >= 0) return wrong;
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < m; j++) {
        for (let i = 0; i < inner; i++) out[(o * m + j) * inner + i] = from[(o * n + picks[j]) * inner + i];
      }
    }
    return -1;
  },

  indexAdd(x, index, y, { outer, n, inner }, m) {
    const from = elementsOf(x);
    const picks = elementsOf(index);
    const wrong = firstOutOfRange(picks, n);
    if (wrong >= 0) return wrong;
    const sums = new Float64Array(outer * n * inner);
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < m; j++) {
        for (let i = 0; i < inner; i++) sums[(o * n + picks[j]) * inner + i] += from[(o * m + j) * inner + i];
      }
    }
    elementsOf(y).set(sums);
    return -1;
  },

  scatterOrder(index, y, { outer, n, inner }, m) {
    const picks = elementsOf(index);
    const out = elementsOf(y);
    const wrong = firstOutOfRange(picks, n);
    if (wrong >= 0) return wrong;
    for (let at = 0; at < out.length; at++) out[at] = Math.floor(at / inner) % n;
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < m; j++) {
        for (let i = 0; i < inner; i++) out[(o * n + picks[(o * m + j) * inner + i]) * inner + i] = n + j;
      }
    }
    return -1;
  },

  ravelIndex(indices, sizes, y) {
    return ravelIndex(indices.map(elementsOf), sizes, elementsOf(y));
  },

  oneHot(index, y, n) {
    return oneHot(elementsOf(index), elementsOf(y), n);
  },

  maskedFill(mask, y, value) {
    const chosen = elementsOf(mask);
    const out = elementsOf(y);
    for (let i = 0; i < out.length; i++) if (chosen[i] !== 0) out[i] = value;
  },
};

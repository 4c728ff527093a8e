// Running sums, products and recurrences of the reference backend, with a state in double precision.
import { isFloating } from "../../core/dtype.ts";
import type { KernelFamilies } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

const steps = {
  cumsum: (state: number, x: number) => state + x,
  cumprod: (state: number, x: number) => state * x,
};

// Whole numbers wrap around modulo 2^32; a product in doubles would lose its last digits.
const wholeSteps = { cumsum: steps.cumsum, cumprod: Math.imul };

export const scan: Pick<KernelFamilies, "scan" | "recurrence"> = {
  scan(op, x, y, { outer, n, inner }, reverse) {
    const from = elementsOf(x);
    const out = elementsOf(y);
    const step = (isFloating(x.storage.dtype) ? steps : wholeSteps)[op];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let state = op === "cumsum" ? 0 : 1;
        for (let k = 0; k < n; k++) {
          const at = (o * n + (reverse ? n - 1 - k : k)) * inner + i;
          state = step(state, from[at]);
          out[at] = state;
        }
      }
    }
  },

  recurrence(a, x, y, { outer, n, inner }, reverse) {
    const factors = elementsOf(a);
    const from = elementsOf(x);
    const out = elementsOf(y);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let state = 0;
        for (let k = 0; k < n; k++) {
          const at = (o * n + (reverse ? n - 1 - k : k)) * inner + i;
          const factor = factors[reverse ? at + inner : at];
          state = k === 0 ? from[at] : factor * state + from[at];
          out[at] = state;
        }
      }
    }
  },
};

// Reductions of the reference backend, along n of [outer, n, inner]. Accumulation is in doubles, in index order.
import type { AxisForm, KernelFamilies, Operand } from "../kernels.ts";
import { isFloating } from "../../core/dtype.ts";
import { reduceScalars } from "../scalars.ts";
import type { ReduceScalar } from "../scalars.ts";
import { elementsOf } from "./memory.ts";

function argumentOf(
  x: Operand,
  y: Operand,
  { outer, n, inner }: AxisForm,
  isBetter: (value: number, best: number) => boolean,
): void {
  const from = elementsOf(x);
  const out = elementsOf(y);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let position = 0;
      let best = from[o * n * inner + i];
      for (let k = 1; k < n; k++) {
        const value = from[(o * n + k) * inner + i];
        if (!Number.isNaN(best) && (isBetter(value, best) || Number.isNaN(value))) {
          best = value;
          position = k;
        }
      }
      out[o * inner + i] = position;
    }
  }
}

export const reduce: Pick<KernelFamilies, "reduce" | "argmax" | "argmin"> = {
  reduce(op, x, y, { outer, n, inner }) {
    const { initial, js, int }: ReduceScalar = reduceScalars[op];
    const step = isFloating(x.storage.dtype) ? js : (int ?? js);
    const from = elementsOf(x);
    const out = elementsOf(y);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let accumulator: number = initial;
        for (let k = 0; k < n; k++) accumulator = step(accumulator, from[(o * n + k) * inner + i]);
        out[o * inner + i] = accumulator;
      }
    }
  },

  argmax(x, y, form) {
    argumentOf(x, y, form, (value, best) => value > best);
  },

  argmin(x, y, form) {
    argumentOf(x, y, form, (value, best) => value < best);
  },
};

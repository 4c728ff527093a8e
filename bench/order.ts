// Putting long rows in order: the whole of it with positions, the few largest, the median; beside the engine's own sort of
// values alone.
import { medianPosition, sortOrder } from "../src/core/ordering.ts";
import { runPerElement } from "./suite.ts";
import type { Context, ElementCase, Suite } from "./suite.ts";
import { randomFloats } from "./verify.ts";

function requireOrder(name: string, x: Float32Array, index: Int32Array, expected: Float32Array): void {
  for (let k = 0; k < index.length; k++)
    if (x[index[k]] !== expected[k]) throw new Error(`${name}: position ${String(k)} is out of order`);
}

function cases(n: number): ElementCase[] {
  const x = randomFloats(n, 1);
  const up = x.slice().sort();
  const down = up.slice().reverse();
  const rows = { outer: 1, n, inner: 1 };
  const [all, few, one] = [new Int32Array(n), new Int32Array(10), new Int32Array(1)];
  const sort = (): void => {
    sortOrder(x, all, rows, "ascending");
  };
  const top = (): void => {
    sortOrder(x, few, rows, "descending", few.length);
  };
  const median = (): void => {
    medianPosition(x, one, rows);
  };
  for (const run of [sort, top, median]) run();
  requireOrder("sort", x, all, up);
  requireOrder("topk", x, few, down);
  requireOrder("median", x, one, up.subarray((n - 1) >> 1));
  return [
    { name: "sort, positions", elements: n, call: sort },
    { name: "topk 10", elements: n, call: top },
    { name: "median", elements: n, call: median },
    { name: "the engine's sort, values", elements: n, call: () => void x.slice().sort() },
  ];
}

function runRow(context: Context, n: number): void {
  context.kernels.reset();
  runPerElement(context, `one row of ${String(n)}`, cases(n));
}

export const order: Suite = {
  name: "order",
  about: "sort, topk and median of long rows",
  run(context) {
    runRow(context, 10_000);
    if (!context.quick) runRow(context, 1_000_000);
  },
};

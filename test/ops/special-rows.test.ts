// Special values by table, over every row of elementwise ops, reductions and shapes: whatever a sample's float inputs are,
// NaN, infinities, signed zeros and denormals take the place of some of its numbers. The float32 kernels, forward and
// backward, must make of them what the reference device makes of them in the same dtype.
import { describe, expect, it } from "vitest";
import { withinTolerance } from "./special-closeness.ts";
import { activationRows } from "./cases/activation.ts";
import { comparisonRows } from "./cases/comparison.ts";
import { elementwiseRows } from "./cases/elementwise.ts";
import { indexingRows } from "./cases/indexing.ts";
import { orderingRows } from "./cases/ordering.ts";
import { placementRows } from "./cases/placement.ts";
import { reduceRows } from "./cases/reduce.ts";
import { selectionRows } from "./cases/selection.ts";
import { shapeRows } from "./cases/shape.ts";
import { statisticsRows } from "./cases/statistics.ts";
import { subscriptRows } from "./cases/subscript.ts";
import { viewRows } from "./cases/views.ts";
import { layouts } from "./layouts.ts";
import type { Filled } from "./layouts.ts";
import type { Row } from "./row.ts";
import { inputsOf, runSample, sampleNamed, sampleNames } from "./running.ts";
import type { Outcome } from "./running.ts";

const SPECIAL = {
  NaN: [NaN],
  infinities: [Infinity, -Infinity],
  "signed zeros": [0, -0],
  denormals: [2 ** -149, -(2 ** -130)],
  "largest numbers": [3.4028234663852886e38, -3.4028234663852886e38],
  "all of them": [NaN, Infinity, -0, 2 ** -149, -Infinity, 0, -3.4028234663852886e38],
} as const;

/** Every other number of each float input gives way to a special one; several kinds of them follow one another. */
const sprinkled = (filled: readonly Filled[], special: readonly number[]): Filled[] =>
  filled.map((input, which) =>
    input.dtype === null
      ? {
          ...input,
          values: input.values.map((value, i) =>
            (i + which) % 2 === 0 ? special[((i + which) >> 1) % special.length] : value,
          ),
        }
      : input,
  );

const rows: readonly Row[] = [
  ...[...elementwiseRows, ...activationRows, ...comparisonRows],
  ...[...reduceRows, ...statisticsRows, ...orderingRows],
  ...[...viewRows, ...shapeRows, ...placementRows, ...indexingRows, ...selectionRows, ...subscriptRows],
];

/** Sums and products leave the range of float32 half-way, where the reference device adds in doubles. */
const OVERFLOWS_HALFWAY = ["sum", "sumTo", "mean", "variance", "std", "prod", "mul"];

const N = 17;

function outcome(row: Row, name: string, special: readonly number[], device: string): Outcome | Error {
  const sample = sampleNamed(row, N, name)!;
  const filled = sprinkled(inputsOf(row, sample, N), special);
  const placement = { device, dtype: "float32" } as const;
  try {
    return runSample({
      ...{ sample, filled, placement },
      layouts: filled.map(() => layouts.dense),
      gradLayout: layouts.dense,
    });
  } catch (error) {
    return error as Error;
  }
}

describe.each(Object.entries(SPECIAL))("%s", (_kind, special) => {
  const samples = rows.flatMap((row) =>
    sampleNames(row)
      .filter((name) => sampleNamed(row, N, name))
      .filter(() => special !== SPECIAL["largest numbers"] || !OVERFLOWS_HALFWAY.includes(row.op))
      .map((name) => [row.op, name, row] as const),
  );

  it.each(samples)("%s, %s", (_op, name, row) => {
    const [here, there] = ["reference", "wasm"].map((device) => outcome(row, name, special, device));
    if (here instanceof Error || there instanceof Error) {
      expect(there).toEqual(here);
      return;
    }
    expect(there.shape).toEqual(here.shape);
    expect(withinTolerance(there.output, here.output, row.tolerance), "output").toBe("");
    here.grads.forEach((expected, i) => {
      const got = there.grads[i];
      expect(got === null).toBe(expected === null);
      if (expected && got)
        expect(withinTolerance(got, expected, row.tolerance), `gradient ${String(i)}`).toBe("");
    });
  });
});

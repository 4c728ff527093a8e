// Is the kernel right? Every row's float32 outcome on the wasm device, forward and backward, against float64 on the
// reference device, for every layout of every input and for sizes around the widths of the vector loops.
import { afterAll, describe, expect, it } from "vitest";
import { rows } from "./cases/index.ts";
import { combinations, compare } from "./comparing.ts";
import { layouts } from "./layouts.ts";
import { missing, writeRecords } from "./recorder.ts";
import { TAILS } from "./row.ts";
import type { Row, Sample } from "./row.ts";
import { inputsOf, oracle, runSample, sampleNamed, sampleNames } from "./running.ts";

const wasm = { device: "wasm", dtype: "float32" } as const;

// Fewer than this many executed cases means that rows, sizes or layouts were lost on the way.
const LEAST_CASES = 20_000;
let cases = 0;

function checkSample(row: Row, sample: Sample, n: number): void {
  const inputs = inputsOf(row, sample, n);
  const dense = oracle(sample, inputs);
  for (const { name, chosen, filled } of combinations(inputs)) {
    const expected = name.startsWith("broadcast") ? oracle(sample, filled) : dense;
    // The incoming gradient lies like the first input; it cannot repeat, or it would be another gradient.
    const gradLayout = chosen[0] === layouts.broadcast ? layouts.dense : chosen[0];
    const where = `n = ${n}, ${name}`;
    const outcome = runSample({ sample, filled, placement: wasm, layouts: chosen, gradLayout });
    compare(row, wasm.device, where, outcome, expected, filled);
    cases++;
    if (name !== "dense" && name !== "transposed") continue;
    // The same through vjp, which second derivatives take, in place of vjpKernel.
    const recorded = runSample({
      sample,
      filled,
      placement: wasm,
      layouts: chosen,
      gradLayout,
      createGraph: true,
    });
    compare(row, wasm.device, `${where}, recorded backward`, recorded, expected, filled);
    cases++;
  }
}

describe.each(rows.map((row) => [row.op, row] as const))("%s on wasm against reference", (_, row) => {
  it.each(sampleNames(row))("%s", (name) => {
    const sizes = row.empty ? [0, ...TAILS] : TAILS;
    for (const n of sizes) {
      const sample = sampleNamed(row, n, name);
      if (sample) checkSample(row, sample, n);
    }
  });
});

afterAll(() => {
  expect(cases, "executed cases").toBeGreaterThan(LEAST_CASES);
  expect(missing("wasm", "forward"), "rows without a forward case").toEqual([]);
  expect(missing("wasm", "backward"), "rows without a backward case").toEqual([]);
  writeRecords("kernels");
});

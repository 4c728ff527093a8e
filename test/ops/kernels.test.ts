// Is the kernel right? Every row's float32 outcome on the wasm device, forward and backward, against float64 on the
// reference device, for every layout of every input and for sizes around the widths of the vector loops.
import { afterAll, describe, expect, it } from "vitest";
import { worstMismatch, coordinates } from "../closeness.ts";
import type { Tolerance } from "../closeness.ts";
import { rows } from "./cases/index.ts";
import { layouts, repeatFirst } from "./layouts.ts";
import type { Filled, Layout } from "./layouts.ts";
import { TAILS } from "./row.ts";
import type { Row, Sample } from "./row.ts";
import { inputsOf, oracle, runSample, sampleNamed, sampleNames } from "./running.ts";
import type { Outcome } from "./running.ts";

const wasm = { device: "wasm", dtype: "float32" } as const;

// Fewer than this many executed cases means that rows, sizes or layouts were lost on the way.
const LEAST_CASES = 20_000;
let cases = 0;

function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  shape: readonly number[],
  tolerance: Tolerance,
): void {
  if (actual.length !== expected.length)
    throw new Error(`${what}: got ${actual.length} numbers, expected ${expected.length}`);
  const worst = worstMismatch(actual, expected, tolerance);
  if (worst === null) return;
  throw new Error(
    `${what} at ${coordinates(worst.position, shape)}: got ${worst.actual}, expected ${worst.expected} ` +
      `(${worst.excess.toPrecision(3)} times the tolerance; ${worst.count} of ${expected.length} outside)`,
  );
}

function compare(
  where: string,
  actual: Outcome,
  expected: Outcome,
  filled: readonly Filled[],
  tolerance: Tolerance,
): void {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`${where}: shape [${actual.shape.join()}] instead of [${expected.shape.join()}]`);
  }
  expectClose(`${where}: output`, actual.output, expected.output, expected.shape, tolerance);
  expected.grads.forEach((grad, i) => {
    const got = actual.grads[i];
    if ((got === null) !== (grad === null))
      throw new Error(`${where}: gradient ${i} is ${got ? "there" : "absent"}`);
    if (got && grad) expectClose(`${where}: gradient ${i}`, got, grad, filled[i].shape, tolerance);
  });
}

/** Which layouts the inputs take together: all alike, and each alone among dense ones. */
function* combinations(
  inputs: readonly Filled[],
): Generator<{ name: string; chosen: Layout[]; filled: Filled[] }> {
  for (const [name, layout] of Object.entries(layouts)) {
    const everyone = inputs.map((_, i) => i);
    const sets =
      name === "dense" || inputs.length === 1 ? [everyone] : [everyone, ...everyone.map((i) => [i])];
    for (const set of sets) {
      const filled = inputs.map((input, i) =>
        name === "broadcast" && set.includes(i) ? repeatFirst(input) : input,
      );
      const chosen = inputs.map((_, i) => (set.includes(i) ? layout : layouts.dense));
      yield { name: set.length === inputs.length ? name : `${name} input ${set.join()}`, chosen, filled };
    }
  }
}

function checkSample(row: Row, sample: Sample, n: number): void {
  const inputs = inputsOf(row, sample, n);
  const dense = oracle(sample, inputs);
  for (const { name, chosen, filled } of combinations(inputs)) {
    const expected = name.startsWith("broadcast") ? oracle(sample, filled) : dense;
    // The incoming gradient lies like the first input; it cannot repeat, or it would be another gradient.
    const gradLayout = chosen[0] === layouts.broadcast ? layouts.dense : chosen[0];
    const where = `n = ${n}, ${name}`;
    const outcome = runSample({ sample, filled, placement: wasm, layouts: chosen, gradLayout });
    compare(where, outcome, expected, filled, row.tolerance);
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
    compare(`${where}, recorded backward`, recorded, expected, filled, row.tolerance);
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
});

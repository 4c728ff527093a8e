// What the other suites of the rows leave open: the reference device's own kernels in every layout, and second
// derivatives on the wasm device, both in float32 against float64 on the reference device.
import { afterAll, describe, expect, it } from "vitest";
import { grad, mul, scope, sum, add } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { isFloating } from "../../src/core/dtype.ts";
import { rows } from "./cases/index.ts";
import { combinations, compare, compareGradients } from "./comparing.ts";
import { fillInputs, layouts, seedOf } from "./layouts.ts";
import type { Filled, Layout, Placement } from "./layouts.ts";
import { missing, record, writeRecords } from "./recorder.ts";
import type { Sample } from "./row.ts";
import { inputsOf, oracle, runSample, sampleNamed, sampleNames } from "./running.ts";
import type { Outcome } from "./running.ts";

const float64 = { device: "reference", dtype: "float64" } as const;
const float32 = { device: "reference", dtype: "float32" } as const;
const wasm = { device: "wasm", dtype: "float32" } as const;

describe.each(rows.map((row) => [row.op, row] as const))("%s on reference in float32", (_, row) => {
  it.each(sampleNames(row))("%s", (name) => {
    const n = sampleNamed(row, 3, name) ? 3 : 1;
    const sample = sampleNamed(row, n, name)!;
    const inputs = inputsOf(row, sample, n);
    const dense = oracle(sample, inputs);
    for (const { name: layout, chosen, filled } of combinations(inputs)) {
      const expected = layout.startsWith("broadcast") ? oracle(sample, filled) : dense;
      const gradLayout = chosen[0] === layouts.broadcast ? layouts.dense : chosen[0];
      const outcome = runSample({ sample, filled, placement: float32, layouts: chosen, gradLayout });
      compare(row, "reference", `n = ${n}, ${layout}`, outcome, expected, filled);
    }
  });
});

const numbers = (like: Tensor, salt: string, placement: Placement): Tensor => {
  const [filled] = fillInputs([{ shape: like.shape }], seedOf(`${like.shape.join()} ${salt}`));
  return layouts.dense({ ...filled, dtype: like.dtype }, placement);
};

/** The derivatives, by each input, of the gradients' weighted sum; null for those that nothing flows to. */
function secondDerivatives(
  sample: Sample,
  filled: readonly Filled[],
  layout: Layout,
  placement: Placement,
): Outcome["grads"] {
  return scope(() => {
    const inputs = filled.map((input) => layout(input, placement));
    const targets = inputs.filter((x) => isFloating(x.dtype));
    for (const x of targets) x.setRequiresGrad(true);
    const y = sample.call(...inputs);
    const none = inputs.map(() => null);
    if (!y.requiresGrad) return none;
    const gradOutput = numbers(y, "incoming", placement);
    const first = grad(y, targets, { gradOutput, createGraph: true, allowUnused: true });
    const terms = first.flatMap((g, i) =>
      g?.requiresGrad ? [sum(mul(g, numbers(g, `weight ${i}`, placement)))] : [],
    );
    if (terms.length === 0) return none;
    const second = grad(terms.reduce(add), targets, { allowUnused: true });
    return inputs.map((x) => (isFloating(x.dtype) ? (second[targets.indexOf(x)]?.dataSync() ?? null) : null));
  });
}

const zeros = (filled: Filled, grad: ArrayLike<number> | null): ArrayLike<number> =>
  grad ?? new Float64Array(filled.values.length);

/** Second derivatives sum more terms than first ones, and larger ones. */
const WIDER = 8;

describe.each(rows.filter(({ order }) => order === 2).map((row) => [row.op, row] as const))(
  "second derivatives of %s on wasm",
  (_, row) => {
    const tolerance = { rtol: row.tolerance.rtol * WIDER, atol: row.tolerance.atol * WIDER };

    it.each(sampleNames(row))("%s", (name) => {
      for (const n of [1, 3, 5]) {
        const sample = sampleNamed(row, n, name);
        if (!sample) continue;
        const filled = inputsOf(row, sample, n);
        const expected = secondDerivatives(sample, filled, layouts.dense, float64);
        for (const layout of ["dense", "transposed"]) {
          const got = secondDerivatives(sample, filled, layouts[layout], wasm);
          const where = `n = ${n}, ${layout}, second order`;
          // A derivative that is zero may come as none.
          const [a, e] = [got, expected].map((grads) =>
            grads.map((grad, i) => (got[i] || expected[i] ? zeros(filled[i], grad) : null)),
          );
          const worst = compareGradients(where, a, e, filled, tolerance);
          record(row.op, "wasm", "second order", worst ?? 0);
        }
      }
    });
  },
);

afterAll(() => {
  expect(missing("reference", "forward"), "rows without a forward case").toEqual([]);
  expect(missing("wasm", "second order"), "rows without a second derivative").toEqual([]);
  writeRecords("orders");
});

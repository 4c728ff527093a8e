// Is the calculus right? First and second derivatives of every row against finite differences, in float64 on the
// reference device; the backward kernels against the same maths in plain ops; float32 on wasm along one direction.
import { afterAll, describe, expect, it } from "vitest";
import { gradcheck, gradgradcheck, grad, scope } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { isFloating } from "../../src/core/dtype.ts";
import { worstMismatch } from "../closeness.ts";
import { rows } from "./cases/index.ts";
import { missing, record, writeRecords } from "./recorder.ts";
import { layouts, seeded, seedOf, valuesOf } from "./layouts.ts";
import type { Filled, Layout } from "./layouts.ts";
import type { Row, Sample } from "./row.ts";
import { inputsOf, oracle, sampleNames, sampleNamed } from "./running.ts";

const reference = { device: "reference", dtype: "float64" } as const;

/** Big enough for every edge, small enough for a Jacobian by columns. */
const SIZE = 2;

/** Runs `check` on leaves with the sample's values, where the sample has derivatives at all. */
function onLeaves(
  sample: Sample,
  filled: readonly Filled[],
  layout: Layout,
  check: (inputs: Tensor[]) => void,
): void {
  scope(() => {
    const inputs = filled.map((input) => layout(input, reference));
    for (const x of inputs) if (isFloating(x.dtype)) x.setRequiresGrad(true);
    if (sample.call(...inputs).requiresGrad) check(inputs);
  });
}

function eachSample(least: number, body: (row: Row, sample: Sample, filled: Filled[]) => void): void {
  for (const row of rows.filter(({ order }) => order >= least)) {
    describe(row.op, () => {
      it.each(sampleNames(row))("%s", (name) => {
        const n = sampleNamed(row, SIZE, name) ? SIZE : 1;
        const sample = sampleNamed(row, n, name)!;
        body(row, sample, inputsOf(row, sample, n));
      });
    });
  }
}

/** Runs a check that reports every entry's error, and records the worst. */
function checked(
  op: string,
  direction: "backward" | "second order",
  check: typeof gradcheck,
): (sample: Sample, inputs: Tensor[]) => void {
  return (sample, inputs) => {
    let worst = 0;
    const observe = (excess: number): void => {
      worst = Math.max(worst, excess);
    };
    expect(check(sample.call, inputs, { observe })).toBe(true);
    record(op, "reference", direction, worst);
  };
}

describe("gradcheck", () => {
  eachSample(1, ({ op }, sample, filled) => {
    const check = checked(op, "backward", gradcheck);
    onLeaves(sample, filled, layouts.dense, (inputs) => check(sample, inputs));
    onLeaves(sample, filled, layouts.strided, (inputs) => check(sample, inputs));
  });
});

describe("gradgradcheck", () => {
  eachSample(2, ({ op }, sample, filled) => {
    const check = checked(op, "second order", gradgradcheck);
    onLeaves(sample, filled, layouts.dense, (inputs) => check(sample, inputs));
  });
});

// gradcheck walks without recording and so sees only vjpKernel where there is one; this ties vjp to it.
describe("vjp against vjpKernel", () => {
  eachSample(1, (_, sample, filled) => {
    const [recorded, direct] = [oracle(sample, filled, true), oracle(sample, filled, false)];
    recorded.grads.forEach((expected, i) => {
      const got = direct.grads[i];
      expect(got === null).toBe(expected === null);
      if (got && expected) expect(worstMismatch(got, expected, { rtol: 1e-12, atol: 1e-12 })).toBeNull();
    });
  });
});

describe("float32 on wasm, along a direction", () => {
  // The difference quotient of the output, weighted, against the gradient: the kernels' own consistency, no oracle.
  const EPS = 1 / 64;

  eachSample(1, (row, sample, filled) => {
    const next = seeded(seedOf(`${row.op} direction`));
    const directions = filled.map(({ dtype, values }) =>
      dtype === null ? valuesOf("normal", values.length, next).map((v) => v / 16) : values.map(() => 0),
    );
    const at = (step: number): Tensor[] =>
      filled.map((input, i) => {
        const values = input.values.map((value, j) => value + step * directions[i][j]);
        return layouts.dense({ ...input, values }, { device: "wasm", dtype: "float32" });
      });
    scope(() => {
      const inputs = at(0);
      for (const x of inputs) if (isFloating(x.dtype)) x.setRequiresGrad(true);
      const y = sample.call(...inputs);
      if (!y.requiresGrad) return;
      const weights = valuesOf("positive", y.size, next);
      const gradOutput = layouts.dense(
        { shape: y.shape, values: weights, dtype: y.dtype },
        { device: "wasm", dtype: "float32" },
      );
      const targets = inputs.filter((x) => isFloating(x.dtype));
      const gradients = grad(y, targets, { gradOutput, allowUnused: true });
      const loss = (step: number): number =>
        Array.from(sample.call(...at(step)).dataSync()).reduce(
          (sum, value, i) => sum + value * weights[i],
          0,
        );
      const numeric = (loss(EPS) - loss(-EPS)) / (2 * EPS);
      let [analytic, size] = [0, 0];
      targets.forEach((x, k) => {
        const direction = directions[inputs.indexOf(x)];
        gradients[k]?.dataSync().forEach((g, j) => {
          analytic += g * direction[j];
          size += Math.abs(g * direction[j]);
        });
      });
      // Relative to the terms of the sum: they may cancel.
      expect(Math.abs(analytic - numeric)).toBeLessThanOrEqual(2e-3 * (size + 1e-2));
    });
  });
});

afterAll(() => {
  expect(missing("reference", "backward"), "rows without a gradcheck").toEqual([]);
  expect(missing("reference", "second order"), "rows without a gradgradcheck").toEqual([]);
  writeRecords("gradcheck");
});

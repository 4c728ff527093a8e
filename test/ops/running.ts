// Runs one sample of a row somewhere and brings back plain numbers: the output, and the gradients by either backward.
import { grad, scope } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { isFloating } from "../../src/core/dtype.ts";
import { fillInputs, layouts, seedOf } from "./layouts.ts";
import type { Filled, Layout, Placement } from "./layouts.ts";
import type { Row, Sample } from "./row.ts";

export interface Outcome {
  readonly shape: readonly number[];
  readonly output: ArrayLike<number>;
  /** Per input: its gradient; null for integers, and where the output does not depend on the input. */
  readonly grads: readonly (ArrayLike<number> | null)[];
}

export interface Run {
  readonly sample: Sample;
  readonly filled: readonly Filled[];
  readonly placement: Placement;
  /** Per input. */
  readonly layouts: readonly Layout[];
  /** Of the incoming gradient. */
  readonly gradLayout: Layout;
  /** Record backward, which takes `vjp` where otherwise `vjpKernel` would run. */
  readonly createGraph?: boolean;
}

const differentiable = (x: Tensor): boolean => isFloating(x.dtype);

/** The gradient that flows into the output: any numbers will do, as long as they are the same everywhere. */
function cotangent(y: Tensor, { placement, gradLayout }: Run): Tensor {
  const [filled] = fillInputs([{ shape: y.shape }], seedOf(y.shape.join()));
  return gradLayout({ ...filled, dtype: y.dtype }, placement);
}

export function runSample(run: Run): Outcome {
  const { sample, filled, placement, createGraph = false } = run;
  return scope(() => {
    const inputs = filled.map((input, i) => run.layouts[i](input, placement));
    for (const x of inputs) if (differentiable(x)) x.setRequiresGrad(true);
    const y = sample.call(...inputs);
    const targets = inputs.filter(differentiable);
    const found = y.requiresGrad
      ? grad(y, targets, { gradOutput: cotangent(y, run), createGraph, allowUnused: true })
      : targets.map(() => null);
    const grads = inputs.map((x) =>
      differentiable(x) ? (found[targets.indexOf(x)]?.dataSync() ?? null) : null,
    );
    return { shape: y.shape, output: y.dataSync(), grads };
  });
}

/** What the definition says: float64 on the reference backend, dense, derivatives in plain ops. */
export const oracle = (sample: Sample, filled: readonly Filled[], createGraph = true): Outcome =>
  runSample({
    sample,
    filled,
    placement: { device: "reference", dtype: "float64" },
    layouts: filled.map(() => layouts.dense),
    gradLayout: layouts.dense,
    createGraph,
  });

export const inputsOf = (row: Row, sample: Sample, n: number): Filled[] =>
  fillInputs(sample.inputs, seedOf(`${row.op} ${sample.name} ${n}`));

/** Names of all samples of a row; some exist only for some n. */
export const sampleNames = (row: Row): string[] => [
  ...new Set([1, 3].flatMap((n) => row.samples(n).map(({ name }) => name))),
];

export const sampleNamed = (row: Row, n: number, name: string): Sample | undefined =>
  row.samples(n).find((sample) => sample.name === name);

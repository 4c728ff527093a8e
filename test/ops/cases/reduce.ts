// Rows of the reductions.
import { argmax, cast, mean, sum } from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { sumTo } from "../../../src/ops/algebra.ts";
import type { Row } from "../row.ts";

// Sums of up to 100 numbers near 1: errors are relative to the terms, not to their sum.
const SUM = { rtol: 1e-6, atol: 1e-5 };

export const reduceRows: readonly Row[] = [
  {
    op: "sum",
    tolerance: SUM,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "all", inputs: [{ shape: [3, n] }], call: (x) => sum(x) },
      { name: "last axis", inputs: [{ shape: [2, 3, n] }], call: (x) => sum(x, { axis: -1 }) },
      { name: "first axis", inputs: [{ shape: [3, n] }], call: (x) => sum(x, { axis: 0 }) },
      { name: "middle axis", inputs: [{ shape: [2, n, 3] }], call: (x) => sum(x, { axis: 1 }) },
      { name: "middle axis, wide inside", inputs: [{ shape: [2, 3, n] }], call: (x) => sum(x, { axis: 1 }) },
      {
        name: "all but channels",
        inputs: [{ shape: [2, 3, 2, n] }],
        call: (x) => sum(x, { axis: [0, 2, 3] }),
      },
      {
        name: "keepDims",
        inputs: [{ shape: [2, n, 3] }],
        call: (x) => sum(x, { axis: [0, -1], keepDims: true }),
      },
      { name: "no axes", inputs: [{ shape: [n] }], call: (x) => sum(x, { axis: [] }) },
      { name: "sixteen times n", inputs: [{ shape: [16 * n + 1] }], call: (x) => sum(x) },
      ...(n === 1 ? [{ name: "scalar", inputs: [{ shape: [] }], call: (x: Tensor) => sum(x) }] : []),
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => sum(x, { axis: 2 }),
        error: "ShapeError",
        message: "sum: axis must lie in -2..1; got 2.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => sum(x, { axis: [0, -2] }),
        error: "ShapeError",
        message: "sum: axes must be distinct; got [0, -2] for rank 2.",
      },
    ],
  },
  {
    op: "sumTo",
    tolerance: SUM,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "row", inputs: [{ shape: [2, 3, n] }], call: (x) => sumTo(x, [n]) },
      { name: "column", inputs: [{ shape: [2, 3, n] }], call: (x) => sumTo(x, [3, 1]) },
      { name: "channel", inputs: [{ shape: [2, 3, 2, n] }], call: (x) => sumTo(x, [1, 3, 1, 1]) },
      { name: "same shape", inputs: [{ shape: [3, n] }], call: (x) => sumTo(x, [3, n]) },
    ],
  },
  {
    op: "mean",
    tolerance: { rtol: 1e-6, atol: 2e-6 },
    order: 2,
    samples: (n) => [
      { name: "all", inputs: [{ shape: [3, n] }], call: (x) => mean(x) },
      { name: "one axis", inputs: [{ shape: [2, n, 3] }], call: (x) => mean(x, { axis: 1 }) },
      {
        name: "two axes, keepDims",
        inputs: [{ shape: [n, 3, 2] }],
        call: (x) => mean(x, { axis: [0, 2], keepDims: true }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => mean(x, { axis: -3 }),
        error: "ShapeError",
        message: "mean: axis must lie in -2..1; got -3.",
      },
    ],
  },
  {
    op: "argmax",
    tolerance: { rtol: 0, atol: 0 },
    order: 0,
    samples: (n) => [
      { name: "all", inputs: [{ shape: [3, n], domain: "distinct" }], call: (x) => argmax(x) },
      {
        name: "last axis",
        inputs: [{ shape: [3, n], domain: "distinct" }],
        call: (x) => argmax(x, { axis: 1 }),
      },
      {
        name: "first axis",
        inputs: [{ shape: [n, 3], domain: "distinct" }],
        call: (x) => argmax(x, { axis: 0 }),
      },
      {
        name: "middle axis, keepDims",
        inputs: [{ shape: [2, n, 3], domain: "distinct" }],
        call: (x) => argmax(x, { axis: -2, keepDims: true }),
      },
      {
        name: "ties",
        inputs: [{ shape: [3, n], domain: { below: 3 } }],
        call: (x) => argmax(cast(x, "float32"), { axis: 1 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 0] }],
        call: (x) => argmax(x, { axis: 1 }),
        error: "ShapeError",
        message: "argmax: the axis must not be empty; got [2, 0] along axis 1.",
      },
      {
        inputs: [{ shape: [0] }],
        call: (x) => argmax(x),
        error: "ShapeError",
        message: "argmax: the axis must not be empty; got [0] along axis 0.",
      },
      {
        inputs: [{ shape: [2] }],
        call: (x) => argmax(x, { axis: 1 }),
        error: "ShapeError",
        message: "argmax: axis must lie in -1..0; got 1.",
      },
    ],
  },
];

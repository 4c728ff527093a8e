// Rows of the ops that lay pieces side by side, and of diagonals and triangles.
import * as neurite from "../../../src/index.ts";
import { EXACT } from "../../closeness.ts";
import type { Row } from "../row.ts";

const { cat, diag, diagEmbed, diagonal, flip, pad, roll, stack, tril, triu } = neurite;

const SUMS = { rtol: 1e-6, atol: 3e-6 };

export const placementRows: readonly Row[] = [
  {
    op: "cat",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      {
        name: "first axis",
        inputs: [{ shape: [2, n] }, { shape: [3, n] }],
        call: (a, b) => cat([a, b]),
      },
      {
        name: "last axis, three",
        inputs: [{ shape: [2, n] }, { shape: [2, 1] }, { shape: [2, n + 1] }],
        call: (a, b, c) => cat([a, b, c], -1),
      },
      {
        name: "middle axis",
        inputs: [{ shape: [2, 1, n] }, { shape: [2, 3, n] }],
        call: (a, b) => cat([a, b], 1),
      },
      { name: "one", inputs: [{ shape: [n] }], call: (a) => cat([a]) },
      { name: "one twice", inputs: [{ shape: [n] }], call: (a) => cat([a, a]) },
      {
        name: "an empty one",
        inputs: [{ shape: [2, n] }, { shape: [0, n] }],
        call: (a, b) => cat([a, b]),
      },
      {
        name: "whole numbers are promoted",
        inputs: [{ shape: [n] }, { shape: [3], domain: { below: 5 } }],
        call: (a, b) => cat([a, b]),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [3, 2] }],
        call: (a, b) => cat([a, b]),
        error: "ShapeError",
        message: "cat: shapes must agree except along axis 0; got [2, 3], [3, 2].",
      },
      {
        inputs: [],
        call: () => cat([]),
        error: "ShapeError",
        message: "cat: at least one tensor must be given; got none.",
      },
      {
        inputs: [{ shape: [] }],
        call: (a) => cat([a]),
        error: "ShapeError",
        message: "cat: axis must not be given for a scalar; got 0.",
      },
    ],
  },
  {
    op: "stack",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "front", inputs: [{ shape: [n] }, { shape: [n] }], call: (a, b) => stack([a, b]) },
      { name: "end", inputs: [{ shape: [2, n] }, { shape: [2, n] }], call: (a, b) => stack([a, b], -1) },
      { name: "scalars", inputs: [{ shape: [] }, { shape: [] }], call: (a, b) => stack([a, b]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }, { shape: [3] }],
        call: (a, b) => stack([a, b]),
        error: "ShapeError",
        message: "stack: tensors must have one shape; got [2], [3].",
      },
    ],
  },
  {
    op: "flip",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "last axis", inputs: [{ shape: [3, n] }], call: (x) => flip(x, 1) },
      { name: "first axis", inputs: [{ shape: [3, n] }], call: (x) => flip(x, 0) },
      { name: "two of three", inputs: [{ shape: [2, 3, n] }], call: (x) => flip(x, [0, -1]) },
      { name: "all of five", inputs: [{ shape: [2, 1, 2, 3, n] }], call: (x) => flip(x) },
      { name: "scalar", inputs: [{ shape: [] }], call: (x) => flip(x) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => flip(x, [0, -2]),
        error: "ShapeError",
        message: "flip: axes must be distinct; got [0, -2] for rank 2.",
      },
    ],
  },
  {
    op: "roll",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "flat", inputs: [{ shape: [2, n] }], call: (x) => roll(x, 3) },
      { name: "an axis, backward", inputs: [{ shape: [3, n] }], call: (x) => roll(x, -1, 1) },
      { name: "two axes", inputs: [{ shape: [2, 5, n] }], call: (x) => roll(x, [1, 7], [0, 1]) },
      { name: "an axis twice", inputs: [{ shape: [5, n] }], call: (x) => roll(x, [1, 2], [0, 0]) },
      { name: "nowhere", inputs: [{ shape: [3, n] }], call: (x) => roll(x, 6, 0) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => roll(x, [1, 2], 0),
        error: "ShapeError",
        message: "roll: shifts and axes must be equal in number; got 2 shifts and 1 axes.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => roll(x, 0.5),
        error: "ValueError",
        message: "roll: shifts must be whole numbers; got 0.5.",
      },
    ],
  },
  {
    op: "pad",
    tolerance: SUMS,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "zeros", inputs: [{ shape: [2, n] }], call: (x) => pad(x, [1, 2]) },
      {
        name: "a value, two axes",
        inputs: [{ shape: [2, n] }],
        call: (x) => pad(x, [0, 3, 1, 0], { value: 0.5 }),
      },
      { name: "cut away", inputs: [{ shape: [3, n + 2] }], call: (x) => pad(x, [-1, 2, 1, -2]) },
      { name: "nothing", inputs: [{ shape: [2, n] }], call: (x) => pad(x, []) },
      {
        name: "reflect",
        inputs: [{ shape: [2, n + 3] }],
        call: (x) => pad(x, [2, n + 2], { mode: "reflect" }),
      },
      {
        name: "reflect, two axes",
        inputs: [{ shape: [1, 4, n + 2] }],
        call: (x) => pad(x, [1, 0, 3, 2], { mode: "reflect" }),
      },
      ...(n > 0
        ? [
            {
              name: "replicate",
              inputs: [{ shape: [3, n] }],
              call: (x: neurite.Tensor) => pad(x, [2, 5, 1, 0], { mode: "replicate" }),
            },
            {
              name: "circular",
              inputs: [{ shape: [3, n] }],
              call: (x: neurite.Tensor) => pad(x, [n, 1, 2, 3], { mode: "circular" }),
            },
          ]
        : []),
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => pad(x, [1]),
        error: "ShapeError",
        message: "pad: padding must be whole numbers, two for each of the last axes; got [1] for [2, 3].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => pad(x, [3, 0], { mode: "reflect" }),
        error: "ShapeError",
        message: 'pad: the padding of an axis of size 3 must lie in 0..2 for mode "reflect"; got [3, 0].',
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => pad(x, [0, 4], { mode: "circular" }),
        error: "ShapeError",
        message: 'pad: the padding of an axis of size 3 must lie in 0..3 for mode "circular"; got [0, 4].',
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => pad(x, [-2, -2]),
        error: "ShapeError",
        message:
          "pad: the padding of an axis of size 3 must be at least -3 on a side and leave no negative size; got [-2, -2].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => pad(x, [1, 1], { mode: "wrap" as "circular" }),
        error: "ValueError",
        message: 'pad: mode must be one of constant, reflect, replicate, circular; got "wrap".',
      },
    ],
  },
  {
    op: "diagonal",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "matrix", inputs: [{ shape: [3, n] }], call: (x) => diagonal(x) },
      { name: "above", inputs: [{ shape: [4, n] }], call: (x) => diagonal(x, { offset: 1 }) },
      { name: "below", inputs: [{ shape: [4, n] }], call: (x) => diagonal(x, { offset: -2 }) },
      { name: "beyond", inputs: [{ shape: [2, n] }], call: (x) => diagonal(x, { offset: -3 }) },
      {
        name: "batch, other axes",
        inputs: [{ shape: [3, 2, n] }],
        call: (x) => diagonal(x, { axis1: -1, axis2: 0 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => diagonal(x, { axis1: 1, axis2: -1 }),
        error: "ShapeError",
        message: "diagonal: axes must be distinct; got [1, 1] for rank 2.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => diagonal(x, { offset: 0.5 }),
        error: "ValueError",
        message: "diagonal: the offset must be a whole number; got 0.5.",
      },
    ],
  },
  {
    op: "diagEmbed",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "vector", inputs: [{ shape: [n] }], call: (x) => diagEmbed(x) },
      { name: "batch, above", inputs: [{ shape: [2, n] }], call: (x) => diagEmbed(x, { offset: 2 }) },
      { name: "below", inputs: [{ shape: [n] }], call: (x) => diagEmbed(x, { offset: -1 }) },
    ],
    bad: [
      {
        inputs: [{ shape: [] }],
        call: (x) => diagEmbed(x),
        error: "ShapeError",
        message: "diagEmbed: axis must not be given for a scalar; got -1.",
      },
    ],
  },
  {
    op: "diag",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "of a matrix", inputs: [{ shape: [3, n] }], call: (x) => diag(x, 1) },
      { name: "from a vector", inputs: [{ shape: [n] }], call: (x) => diag(x) },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 2, 3] }],
        call: (x) => diag(x),
        error: "ShapeError",
        message: "diag: x must be a vector or a matrix; got [1, 2, 3].",
      },
    ],
  },
  {
    op: "tril",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "matrix", inputs: [{ shape: [3, n] }], call: (x) => tril(x) },
      { name: "batch, offset", inputs: [{ shape: [2, 4, n] }], call: (x) => tril(x, -1) },
    ],
    bad: [
      {
        inputs: [{ shape: [3] }],
        call: (x) => tril(x),
        error: "ShapeError",
        message: "tril: x must have two axes or more; got [3].",
      },
    ],
  },
  {
    op: "triu",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "matrix", inputs: [{ shape: [3, n] }], call: (x) => triu(x) },
      { name: "batch, offset", inputs: [{ shape: [2, 4, n] }], call: (x) => triu(x, 2) },
    ],
    bad: [
      {
        inputs: [{ shape: [3] }],
        call: (x) => triu(x),
        error: "ShapeError",
        message: "triu: x must have two axes or more; got [3].",
      },
    ],
  },
];

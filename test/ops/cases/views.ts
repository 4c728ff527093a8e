// Rows of the ops that move elements or change how they are seen.
import { cast, contiguous, expand, permute, reshape, slice, transpose } from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { EXACT } from "../../closeness.ts";
import type { Row } from "../row.ts";

export const viewRows: readonly Row[] = [
  {
    op: "reshape",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "flatten", inputs: [{ shape: [2, 3, n] }], call: (x) => reshape(x, [6 * n]) },
      { name: "split", inputs: [{ shape: [6, n] }], call: (x) => reshape(x, [2, 3, n]) },
      { name: "regroup", inputs: [{ shape: [2, 3, n] }], call: (x) => reshape(x, [3, 2 * n]) },
      { name: "axes of size 1", inputs: [{ shape: [1, n, 1] }], call: (x) => reshape(x, [n, 1, 1, 1]) },
      ...(n > 0
        ? [{ name: "-1", inputs: [{ shape: [2, n] }], call: (x: Tensor) => reshape(x, [n, -1]) }]
        : []),
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => reshape(x, [4, 2]),
        error: "ShapeError",
        message: "reshape: the new shape must hold the same 6 elements; got [2, 3] to [4, 2].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => reshape(x, [-1, -1]),
        error: "ShapeError",
        message: "reshape: sizes must be whole numbers >= 0 with at most one -1; got [-1, -1].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => reshape(x, [1.5, 4]),
        error: "ShapeError",
        message: "reshape: sizes must be whole numbers >= 0 with at most one -1; got [1.5, 4].",
      },
    ],
  },
  {
    op: "permute",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "two axes", inputs: [{ shape: [3, n] }], call: (x) => permute(x, [1, 0]) },
      { name: "rotation", inputs: [{ shape: [2, 3, n] }], call: (x) => permute(x, [2, 0, 1]) },
      { name: "negative axes", inputs: [{ shape: [2, n, 2] }], call: (x) => permute(x, [-1, 0, -2]) },
      { name: "four axes", inputs: [{ shape: [2, 3, 2, n] }], call: (x) => permute(x, [0, 2, 3, 1]) },
      { name: "five axes", inputs: [{ shape: [2, 1, 2, 3, n] }], call: (x) => permute(x, [4, 2, 0, 3, 1]) },
      { name: "identity", inputs: [{ shape: [2, n] }], call: (x) => permute(x, [0, 1]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => permute(x, [0]),
        error: "ShapeError",
        message: "permute: each of the 2 axes must be named once; got [0] for [2, 3].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => permute(x, [0, -2]),
        error: "ShapeError",
        message: "permute: axes must be distinct; got [0, -2] for rank 2.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => permute(x, [0, 2]),
        error: "ShapeError",
        message: "permute: axis must lie in -2..1; got 2.",
      },
    ],
  },
  {
    op: "transpose",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "last two", inputs: [{ shape: [2, 3, n] }], call: (x) => transpose(x) },
      { name: "first and last", inputs: [{ shape: [2, 3, n] }], call: (x) => transpose(x, 0, -1) },
    ],
    bad: [
      {
        inputs: [{ shape: [3] }],
        call: (x) => transpose(x),
        error: "ShapeError",
        message: "transpose: axis must lie in -1..0; got -2.",
      },
    ],
  },
  {
    op: "expand",
    // The gradient is a sum over the stretched axes.
    tolerance: { rtol: 1e-6, atol: 2e-6 },
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "new axes", inputs: [{ shape: [n] }], call: (x) => expand(x, [2, 3, n]) },
      { name: "column", inputs: [{ shape: [n, 1] }], call: (x) => expand(x, [n, 4]) },
      { name: "outer and inner", inputs: [{ shape: [1, n, 1] }], call: (x) => expand(x, [2, 3, n, 2]) },
      { name: "same shape", inputs: [{ shape: [2, n] }], call: (x) => expand(x, [2, n]) },
      { name: "to empty", inputs: [{ shape: [1, n] }], call: (x) => expand(x, [0, n]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => expand(x, [2, 4]),
        error: "ShapeError",
        message:
          "expand: the shape must broadcast (aligned right, only axes of size 1 stretch); got [2, 3] to [2, 4].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => expand(x, [3]),
        error: "ShapeError",
        message:
          "expand: the shape must broadcast (aligned right, only axes of size 1 stretch); got [2, 3] to [3].",
      },
    ],
  },
  {
    op: "slice",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "last axis", inputs: [{ shape: [3, n + 2] }], call: (x) => slice(x, 1, 1, n + 1) },
      { name: "first axis", inputs: [{ shape: [n + 2, 3] }], call: (x) => slice(x, 0, 2) },
      { name: "step", inputs: [{ shape: [2, 2 * n + 1] }], call: (x) => slice(x, -1, 1, Infinity, 2) },
      { name: "middle axis", inputs: [{ shape: [2, 5, n] }], call: (x) => slice(x, 1, 1, 4, 2) },
      { name: "from the end", inputs: [{ shape: [n + 3] }], call: (x) => slice(x, 0, -3, -1) },
      { name: "nothing", inputs: [{ shape: [n + 1, 2] }], call: (x) => slice(x, 0, n + 1) },
      { name: "beyond the end", inputs: [{ shape: [n + 1] }], call: (x) => slice(x, 0, -100, 100) },
    ],
    bad: [
      {
        inputs: [{ shape: [4] }],
        call: (x) => slice(x, 0, 0, 4, 0),
        error: "ShapeError",
        message: "slice: start, end and step must be whole and step >= 1; got 0, 4, 0.",
      },
      {
        inputs: [{ shape: [4] }],
        call: (x) => slice(x, 1, 0),
        error: "ShapeError",
        message: "slice: axis must lie in -1..0; got 1.",
      },
    ],
  },
  {
    op: "contiguous",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "[2, 3, n]", inputs: [{ shape: [2, 3, n] }], call: contiguous },
      { name: "rotated", inputs: [{ shape: [2, 3, n] }], call: (x) => contiguous(permute(x, [2, 0, 1])) },
      {
        name: "five axes",
        inputs: [{ shape: [2, 3, 2, 2, n] }],
        call: (x) => contiguous(permute(x, [4, 0, 3, 1, 2])),
      },
      {
        name: "six axes",
        inputs: [{ shape: [2, 2, 2, 2, 2, n] }],
        call: (x) => contiguous(permute(x, [5, 3, 1, 4, 2, 0])),
      },
    ],
  },
  {
    op: "cast",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "to its own dtype", inputs: [{ shape: [3, n] }], call: (x) => cast(x, x.dtype) },
      {
        name: "float to int32 and back",
        inputs: [{ shape: [3, n] }],
        call: (x) => cast(cast(x, "int32"), "float32"),
      },
      {
        name: "int32 to float32",
        inputs: [{ shape: [n], domain: { below: 9 } }],
        call: (x) => cast(x, "float32"),
      },
      {
        name: "to bool",
        inputs: [{ shape: [n], domain: { below: 3 } }],
        call: (x) => cast(cast(x, "bool"), "float32"),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }],
        call: (x) => cast(x, "float16" as "float32"),
        error: "DTypeError",
        message:
          'cast: dtype must be one of float32, float64, int32, bool on device "reference"; got float16.',
      },
    ],
  },
];

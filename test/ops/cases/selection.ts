// Rows of picking and overwriting by index and by mask.
import * as neurite from "../../../src/index.ts";
import { EXACT } from "../../closeness.ts";
import type { Input, Row } from "../row.ts";

const { embedding, indexAdd, indexSelect, maskedFill, maskedSelect, nonzero, oneHot, scatter, take } =
  neurite;

const SUMS = { rtol: 1e-6, atol: 3e-6 };

const ints = (...values: number[]): Input => ({ shape: [values.length], dtype: "int32", values });

const bits = (shape: readonly number[]): Input => ({ shape, domain: { below: 2 }, dtype: "bool" });

export const selectionRows: readonly Row[] = [
  {
    op: "indexSelect",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      {
        name: "rows, repeats",
        inputs: [{ shape: [4, n] }, ints(3, 0, 3, 1, 3)],
        call: (x, index) => indexSelect(x, 0, index),
      },
      {
        name: "columns",
        inputs: [{ shape: [3, n] }, { shape: [7], domain: { below: n } }],
        call: (x, index) => indexSelect(x, -1, index),
      },
      {
        name: "middle axis",
        inputs: [{ shape: [2, 5, n] }, ints(4, 4, 0)],
        call: (x, index) => indexSelect(x, 1, index),
      },
      {
        name: "nothing",
        inputs: [{ shape: [3, n] }, { shape: [0], domain: { below: 3 } }],
        call: (x, index) => indexSelect(x, 0, index),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, ints(0, 2, 3)],
        call: (x, index) => indexSelect(x, 1, index),
        error: "IndexError",
        message: "indexSelect: indices must lie in 0..2; got 3 at position 2 of 3.",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 1], domain: { below: 2 } }],
        call: (x, index) => indexSelect(x, 1, index),
        error: "ShapeError",
        message: "indexSelect: the index must be a vector; got [2, 1].",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2] }],
        call: (x, index) => indexSelect(x, 1, index),
        error: "DTypeError",
        message: 'indexSelect: indices must be int32; got float64. Convert with cast(index, "int32").',
      },
    ],
  },
  {
    op: "indexAdd",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      {
        name: "rows, repeats",
        inputs: [{ shape: [4, n] }, ints(3, 0, 3), { shape: [3, n] }],
        call: (x, index, source) => indexAdd(x, 0, index, source),
      },
      {
        name: "columns, alpha",
        inputs: [{ shape: [3, n] }, { shape: [7], domain: { below: n } }, { shape: [3, 7] }],
        call: (x, index, source) => indexAdd(x, 1, index, source, { alpha: -0.5 }),
      },
      {
        name: "middle axis",
        inputs: [{ shape: [2, 5, n] }, ints(4, 4, 0), { shape: [2, 3, n] }],
        call: (x, index, source) => indexAdd(x, 1, index, source),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [4, 2] }, ints(0, 1), { shape: [3, 2] }],
        call: (x, index, source) => indexAdd(x, 0, index, source),
        error: "ShapeError",
        message: "indexAdd: the source must have the shape [2, 2]; got [3, 2].",
      },
      {
        inputs: [{ shape: [4, 2] }, ints(0, 4), { shape: [2, 2] }],
        call: (x, index, source) => indexAdd(x, 0, index, source),
        error: "IndexError",
        message: "indexAdd: indices must lie in 0..3; got 4 at position 1 of 2.",
      },
    ],
  },
  {
    op: "take",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      {
        name: "matrix of positions",
        inputs: [{ shape: [2, n] }, { shape: [3, 2], domain: { below: 2 * n } }],
        call: take,
      },
      { name: "from the end", inputs: [{ shape: [2, n] }, ints(-1, 0, -2 * n)], call: take },
      { name: "scalar", inputs: [{ shape: [n] }, { shape: [], dtype: "int32", values: [0] }], call: take },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, ints(0, -7)],
        call: take,
        error: "IndexError",
        message: "take: indices must lie in -6..5; got -7 at position 1 of 2.",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2] }],
        call: take,
        error: "DTypeError",
        message: 'take: indices must be int32; got float64. Convert with cast(index, "int32").',
      },
    ],
  },
  {
    op: "scatter",
    tolerance: EXACT,
    order: 2,
    samples: (n) => [
      {
        name: "last axis, the last of repeats wins",
        inputs: [{ shape: [3, 4] }, { shape: [3, n], domain: { below: 4 } }, { shape: [3, n] }],
        call: (x, index, source) => scatter(x, 1, index, source),
      },
      {
        name: "first axis",
        inputs: [{ shape: [5, n] }, { shape: [2, n], domain: { below: 5 } }, { shape: [2, n] }],
        call: (x, index, source) => scatter(x, 0, index, source),
      },
      {
        name: "middle axis",
        inputs: [{ shape: [2, 4, n] }, { shape: [2, 3, n], domain: { below: 4 } }, { shape: [2, 3, n] }],
        call: (x, index, source) => scatter(x, 1, index, source),
      },
      {
        name: "part of a source into part of x",
        inputs: [
          { shape: [3, 4, n + 1] },
          { shape: [2, 3, n], domain: { below: 4 } },
          { shape: [3, 4, n + 2] },
        ],
        call: (x, index, source) => scatter(x, 1, index, source),
      },
      {
        name: "a number",
        inputs: [{ shape: [3, n] }, { shape: [3, 2], domain: { below: n } }],
        call: (x, index) => scatter(x, 1, index, 0.5),
      },
      {
        name: "nothing",
        inputs: [{ shape: [3, n] }, { shape: [3, 0], domain: { below: n } }, { shape: [3, 0] }],
        call: (x, index, source) => scatter(x, 1, index, source),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [3, 1], domain: { below: 2 } }],
        call: (x, index) => scatter(x, 1, index, 0),
        error: "ShapeError",
        message:
          "scatter: the index must have x's rank and be no larger except along axis 1; got x [2, 3] and index [3, 1].",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 2], domain: { below: 3 } }, { shape: [2, 1] }],
        call: (x, index, source) => scatter(x, 1, index, source),
        error: "ShapeError",
        message:
          "scatter: the source must be at least as large as the index; got source [2, 1] and index [2, 2].",
      },
      {
        inputs: [{ shape: [3] }, ints(0, 3)],
        call: (x, index) => scatter(x, 0, index, 1),
        error: "IndexError",
        message: "scatter: indices must lie in 0..2; got 3 at position 1 of 2.",
      },
    ],
  },
  {
    op: "embedding",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      {
        name: "sentences",
        inputs: [{ shape: [2, 5], domain: { below: 4 } }, { shape: [4, n] }],
        call: (index, weight) => embedding(index, weight),
      },
      {
        name: "one word",
        inputs: [{ shape: [], dtype: "int32", values: [0] }, { shape: [n, 3] }],
        call: (index, weight) => embedding(index, weight),
      },
    ],
    bad: [
      {
        inputs: [ints(0, 4), { shape: [4, 2] }],
        call: (index, weight) => embedding(index, weight),
        error: "IndexError",
        message: "embedding: indices must lie in 0..3; got 4 at position 1 of 2.",
      },
      {
        inputs: [ints(0), { shape: [4, 2] }],
        call: (index, weight) => embedding(index, weight, { paddingIdx: -5 }),
        error: "ShapeError",
        message: "embedding: paddingIdx must be a whole number in -4..3; got -5.",
      },
      {
        inputs: [ints(0), { shape: [4, 2] }],
        call: (index, weight) => embedding(index, weight, { maxNorm: 0 }),
        error: "ValueError",
        message: "embedding: maxNorm must be a number above 0; got 0.",
      },
      {
        inputs: [ints(0), { shape: [4] }],
        call: (index, weight) => embedding(index, weight),
        error: "ShapeError",
        message: "embedding: the weight must have the axes [V, D]; got [4].",
      },
    ],
  },
  {
    op: "oneHot",
    tolerance: EXACT,
    order: 0,
    empty: true,
    samples: (n) => [
      {
        name: "vector",
        inputs: [{ shape: [n], domain: { below: 4 } }],
        call: (index) => oneHot(index, 4),
      },
      {
        name: "matrix",
        inputs: [{ shape: [2, 3], domain: { below: n } }],
        call: (index) => oneHot(index, n + 1),
      },
    ],
    bad: [
      {
        inputs: [ints(0, -1)],
        call: (index) => oneHot(index, 3),
        error: "IndexError",
        message: "oneHot: indices must lie in 0..2; got -1 at position 1 of 2.",
      },
      {
        inputs: [ints(0)],
        call: (index) => oneHot(index, 0),
        error: "ShapeError",
        message: "oneHot: numClasses must be a whole number >= 1; got 0.",
      },
    ],
  },
  {
    op: "maskedFill",
    tolerance: SUMS,
    order: 2,
    empty: true,
    samples: (n) => [
      {
        name: "same shape",
        inputs: [{ shape: [3, n] }, bits([3, n])],
        call: (x, m) => maskedFill(x, m, -2),
      },
      {
        name: "a row of mask",
        inputs: [{ shape: [3, n] }, bits([n])],
        call: (x, m) => maskedFill(x, m, 0.5),
      },
      {
        name: "x stretches",
        inputs: [{ shape: [n] }, bits([2, n])],
        call: (x, m) => maskedFill(x, m, 0.5),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }, { shape: [2], domain: { below: 2 } }],
        call: (x, m) => maskedFill(x, m, 0),
        error: "DTypeError",
        message: 'maskedFill: the mask must be bool; got int32. Convert with cast(mask, "bool").',
      },
      {
        inputs: [{ shape: [2] }, { shape: [3], dtype: "bool", values: [0, 1, 1] }],
        call: (x, m) => maskedFill(x, m, 0),
        error: "ShapeError",
        message: "maskedFill: x and the mask must broadcast; got x [2] and mask [3].",
      },
    ],
  },
  {
    op: "maskedSelect",
    tolerance: SUMS,
    order: 2,
    empty: true,
    samples: (n) => [
      {
        name: "same shape",
        inputs: [{ shape: [3, n] }, bits([3, n])],
        call: (x, m) => maskedSelect(x, m),
      },
      {
        name: "x stretches",
        inputs: [{ shape: [n] }, bits([2, n])],
        call: (x, m) => maskedSelect(x, m),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }, { shape: [3], dtype: "bool", values: [0, 1, 1] }],
        call: (x, m) => maskedSelect(x, m),
        error: "ShapeError",
        message: "maskedSelect: x and the mask must broadcast; got x [2] and mask [3].",
      },
    ],
  },
  {
    op: "nonzero",
    tolerance: EXACT,
    order: 0,
    empty: true,
    samples: (n) => [
      { name: "mask", inputs: [bits([3, n])], call: (x) => nonzero(x) },
      { name: "numbers", inputs: [{ shape: [2, 2, n] }], call: nonzero },
      { name: "scalar", inputs: [{ shape: [] }], call: nonzero },
    ],
  },
];

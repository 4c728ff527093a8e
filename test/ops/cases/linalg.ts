// Rows of the matrix products.
import { linear, matmul, transpose } from "../../../src/index.ts";
import type { Row } from "../row.ts";

// Dot products of up to 40 terms near 1: errors are relative to the terms.
const DOT = { rtol: 2e-6, atol: 1e-5 };

export const linalgRows: readonly Row[] = [
  {
    op: "matmul",
    tolerance: DOT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "[2, n] [n, 3]", inputs: [{ shape: [2, n] }, { shape: [n, 3] }], call: matmul },
      { name: "[n, 3] [3, n]", inputs: [{ shape: [n, 3] }, { shape: [3, n] }], call: matmul },
      { name: "[n, n] [n, n]", inputs: [{ shape: [n, n] }, { shape: [n, n] }], call: matmul },
      { name: "one row", inputs: [{ shape: [1, 5] }, { shape: [5, n] }], call: matmul },
      { name: "one column", inputs: [{ shape: [n, 5] }, { shape: [5, 1] }], call: matmul },
      { name: "outer product", inputs: [{ shape: [n, 1] }, { shape: [1, 7] }], call: matmul },
      { name: "vector left", inputs: [{ shape: [n] }, { shape: [n, 3] }], call: matmul },
      { name: "vector right", inputs: [{ shape: [2, n] }, { shape: [n] }], call: matmul },
      { name: "two vectors", inputs: [{ shape: [n] }, { shape: [n] }], call: matmul },
      { name: "batch", inputs: [{ shape: [3, 2, n] }, { shape: [3, n, 2] }], call: matmul },
      { name: "batch times matrix", inputs: [{ shape: [2, 3, n] }, { shape: [n, 2] }], call: matmul },
      { name: "matrix times batch", inputs: [{ shape: [3, n] }, { shape: [2, n, 2] }], call: matmul },
      { name: "batches that stretch", inputs: [{ shape: [2, 1, 2, n] }, { shape: [3, n, 2] }], call: matmul },
      { name: "batch times vector", inputs: [{ shape: [2, 3, n] }, { shape: [n] }], call: matmul },
      {
        name: "a transposed",
        inputs: [{ shape: [n, 4] }, { shape: [n, 3] }],
        call: (a, b) => matmul(transpose(a), b),
      },
      {
        name: "b transposed",
        inputs: [{ shape: [4, n] }, { shape: [3, n] }],
        call: (a, b) => matmul(a, transpose(b)),
      },
      {
        name: "both transposed",
        inputs: [{ shape: [n, 4] }, { shape: [3, n] }],
        call: (a, b) => matmul(transpose(a), transpose(b)),
      },
      { name: "with itself", inputs: [{ shape: [n, n] }], call: (a) => matmul(a, a) },
    ],
    bad: [
      {
        inputs: [{ shape: [32, 64] }, { shape: [128, 64] }],
        call: matmul,
        error: "ShapeError",
        message:
          "matmul: inner dimensions must agree; got a [32, 64] and b [128, 64] (64 != 128). Did you mean matmul(a, b.transpose())?",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [4, 5] }],
        call: matmul,
        error: "ShapeError",
        message: "matmul: inner dimensions must agree; got a [2, 3] and b [4, 5] (3 != 4).",
      },
      {
        inputs: [{ shape: [2, 4, 3] }, { shape: [3, 3, 4] }],
        call: matmul,
        error: "ShapeError",
        message: "matmul: leading axes must broadcast; got a [2, 4, 3] and b [3, 3, 4].",
      },
      {
        inputs: [{ shape: [] }, { shape: [3] }],
        call: matmul,
        error: "ShapeError",
        message: "matmul: operands must have at least one axis; got a [] and b [3]. Use mul for scalars.",
      },
      {
        inputs: [{ shape: [3] }, { shape: [4, 2] }],
        call: matmul,
        error: "ShapeError",
        message: "matmul: inner dimensions must agree; got a [1, 3] and b [4, 2] (3 != 4).",
      },
      {
        inputs: [
          { shape: [2, 2], dtype: "int32" },
          { shape: [2, 2], dtype: "int32" },
        ],
        call: matmul,
        error: "DTypeError",
        message:
          'matmul: dtype must be float32 or float64 on device "reference"; got int32. Convert with cast(x, "float32").',
      },
    ],
  },
  {
    op: "linear",
    tolerance: DOT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "bias", inputs: [{ shape: [2, n] }, { shape: [3, n] }, { shape: [3] }], call: linear },
      { name: "n outputs", inputs: [{ shape: [7, 5] }, { shape: [n, 5] }, { shape: [n] }], call: linear },
      { name: "n rows", inputs: [{ shape: [n, 5] }, { shape: [3, 5] }, { shape: [3] }], call: linear },
      { name: "no bias", inputs: [{ shape: [2, n] }, { shape: [3, n] }], call: (x, w) => linear(x, w) },
      { name: "vector", inputs: [{ shape: [5] }, { shape: [n, 5] }, { shape: [n] }], call: linear },
      {
        name: "leading axes",
        inputs: [{ shape: [2, 3, 5] }, { shape: [n, 5] }, { shape: [n] }],
        call: linear,
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [5, 4] }, { shape: [5] }],
        call: linear,
        error: "ShapeError",
        message:
          "linear: x must be [..., in], weight [out, in] and bias [out]; got x [2, 3], weight [5, 4], bias [5].",
      },
      {
        inputs: [{ shape: [2, 4] }, { shape: [5, 4] }, { shape: [4] }],
        call: linear,
        error: "ShapeError",
        message:
          "linear: x must be [..., in], weight [out, in] and bias [out]; got x [2, 4], weight [5, 4], bias [4].",
      },
      {
        inputs: [
          { shape: [2, 4], dtype: "int32" },
          { shape: [5, 4], dtype: "int32" },
          { shape: [5], dtype: "int32" },
        ],
        call: linear,
        error: "DTypeError",
        message:
          'linear: dtype must be float32 or float64 on device "reference"; got int32. Convert with cast(x, "float32").',
      },
    ],
  },
];

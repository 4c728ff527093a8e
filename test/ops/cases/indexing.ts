// Rows of picking by index and of its adjoint.
import { gather, scatterAdd, scope, transpose } from "../../../src/index.ts";
import type { Row } from "../row.ts";

export const indexingRows: readonly Row[] = [
  {
    op: "gather",
    tolerance: { rtol: 1e-6, atol: 3e-6 },
    order: 2,
    samples: (n) => [
      {
        name: "one per row",
        inputs: [{ shape: [4, n] }, { shape: [4, 1], domain: { below: n } }],
        call: (x, index) => gather(x, 1, index),
      },
      {
        name: "several per row, repeats",
        inputs: [{ shape: [3, n] }, { shape: [3, 7], domain: { below: n } }],
        call: (x, index) => gather(x, -1, index),
      },
      {
        name: "first axis",
        inputs: [{ shape: [5, n] }, { shape: [2, n], domain: { below: 5 } }],
        call: (x, index) => gather(x, 0, index),
      },
      {
        name: "middle axis",
        inputs: [{ shape: [2, 4, n] }, { shape: [2, 3, n], domain: { below: 4 } }],
        call: (x, index) => gather(x, 1, index),
      },
      {
        name: "from part of x",
        inputs: [{ shape: [3, 4, n + 1] }, { shape: [2, 5, n], domain: { below: 4 } }],
        call: (x, index) => gather(x, 1, index),
      },
      {
        name: "nothing picked",
        inputs: [{ shape: [3, n] }, { shape: [3, 0], domain: { below: n } }],
        call: (x, index) => gather(x, 1, index),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [3, 1], domain: { below: 3 } }],
        call: (x, index) => gather(x, 1, index),
        error: "ShapeError",
        message:
          "gather: the index must have x's rank and be no larger except along axis 1; got x [2, 3] and index [3, 1].",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 1] }],
        call: (x, index) => gather(x, 1, index),
        error: "DTypeError",
        message: 'gather: indices must be int32; got float64. Convert with cast(index, "int32").',
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 2], dtype: "int32", values: [0, 2, 3, -1] }],
        call: (x, index) => gather(x, 1, index),
        error: "IndexError",
        message: "gather: indices must lie in 0..2; got 3 at position 2 of 4.",
      },
      {
        inputs: [{ shape: [4] }, { shape: [9], dtype: "int32", values: [0, 1, 2, 3, 0, 1, 2, 3, -1] }],
        call: (x, index) => gather(x, 0, index),
        error: "IndexError",
        message: "gather: indices must lie in 0..3; got -1 at position 8 of 9.",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [3, 2], dtype: "int32", values: [0, 1, 2, 3, -1, 0] }],
        call: (x, index) => scope(() => gather(x, 1, transpose(index))),
        error: "IndexError",
        message: "gather: indices must lie in 0..2; got -1 at position 2 of 6.",
      },
      {
        inputs: [{ shape: [0, 3] }, { shape: [1, 3], domain: { below: 1 } }],
        call: (x, index) => gather(x, 0, index),
        error: "IndexError",
        message: "gather: indices must lie in 0..-1; got 0 at position 0 of 3.",
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2], domain: { below: 3 } }],
        call: (x, index) => gather(x, 1, index),
        error: "ShapeError",
        message:
          "gather: the index must have x's rank and be no larger except along axis 1; got x [2, 3] and index [2].",
      },
    ],
  },
  {
    op: "scatterAdd",
    tolerance: { rtol: 1e-6, atol: 3e-6 },
    order: 2,
    samples: (n) => [
      {
        name: "last axis",
        inputs: [{ shape: [3, n] }, { shape: [3, n], domain: { below: 4 } }],
        call: (x, index) => scatterAdd(x, 1, index, 4),
      },
      {
        name: "a source, part of it into part of x",
        inputs: [
          { shape: [3, 4, n + 2] },
          { shape: [2, 5, n], domain: { below: 4 } },
          { shape: [2, 6, n + 1] },
        ],
        call: (x, index, source) => scatterAdd(x, 1, index, source),
      },
      {
        name: "a source as large as x",
        inputs: [{ shape: [3, n] }, { shape: [3, n], domain: { below: n } }, { shape: [3, n] }],
        call: (x, index, source) => scatterAdd(x, 1, index, source),
      },
      {
        name: "into n",
        inputs: [{ shape: [3, 6] }, { shape: [3, 6], domain: { below: n } }],
        call: (x, index) => scatterAdd(x, 1, index, n),
      },
      {
        name: "first axis",
        inputs: [{ shape: [4, n] }, { shape: [4, n], domain: { below: 3 } }],
        call: (x, index) => scatterAdd(x, 0, index, 3),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 2], domain: { below: 3 } }],
        call: (x, index) => scatterAdd(x, 1, index, 4),
        error: "ShapeError",
        message: "scatterAdd: x and the index must have one shape; got x [2, 3] and index [2, 2].",
      },
      {
        inputs: [{ shape: [3] }, { shape: [3], dtype: "int32", values: [0, 7, 9] }],
        call: (x, index) => scatterAdd(x, 0, index, 4),
        error: "IndexError",
        message: "scatterAdd: indices must lie in 0..3; got 7 at position 1 of 3.",
      },
      {
        inputs: [{ shape: [3] }, { shape: [3], dtype: "int32", values: [0, 1, 2] }],
        call: (x, index) => scatterAdd(x, 0, index, -1),
        error: "ShapeError",
        message: "scatterAdd: n must be a whole number >= 0; got -1.",
      },
      {
        inputs: [{ shape: [3] }, { shape: [2], dtype: "int32", values: [0, 1] }, { shape: [1] }],
        call: (x, index, source) => scatterAdd(x, 0, index, source),
        error: "ShapeError",
        message:
          "scatterAdd: the source must be at least as large as the index; got source [1] and index [2].",
      },
    ],
  },
];

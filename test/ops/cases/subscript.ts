// Rows of general indexing: each kind of subscript, and how they go together.
import { cast, index, indexPut } from "../../../src/index.ts";
import type { Row } from "../row.ts";

export const subscriptRows: readonly Row[] = [
  {
    op: "index",
    tolerance: { rtol: 1e-6, atol: 3e-6 },
    order: 2,
    samples: (n) => [
      { name: "nothing", inputs: [{ shape: [2, n] }], call: (x) => index(x, []) },
      { name: "scalar", inputs: [{ shape: [] }], call: (x) => index(x, ["...", null]) },
      { name: "position", inputs: [{ shape: [3, n] }], call: (x) => index(x, [-1]) },
      { name: "all positions", inputs: [{ shape: [3, n] }], call: (x) => index(x, [1, 0]) },
      { name: "range", inputs: [{ shape: [3, n + 2] }], call: (x) => index(x, [{}, { start: 1, end: -1 }]) },
      { name: "step", inputs: [{ shape: [7, n] }], call: (x) => index(x, [{ start: 1, step: 3 }]) },
      { name: "backward", inputs: [{ shape: [2, n] }], call: (x) => index(x, ["...", { step: -1 }]) },
      {
        name: "backward by steps",
        inputs: [{ shape: [7, n] }],
        call: (x) => index(x, [{ start: -2, end: 0, step: -2 }]),
      },
      {
        name: "empty range",
        inputs: [{ shape: [7, n] }],
        call: (x) => index(x, [{ start: 1, end: 5, step: -1 }]),
      },
      { name: "new axes", inputs: [{ shape: [2, n] }], call: (x) => index(x, [null, 0, null, {}, null]) },
      { name: "ellipsis", inputs: [{ shape: [2, 3, 2, n] }], call: (x) => index(x, [1, "...", 0]) },
      { name: "positions", inputs: [{ shape: [4, n] }], call: (x) => index(x, [[3, -4, 3]]) },
      {
        name: "a tensor of positions",
        inputs: [{ shape: [3, n] }, { shape: [2, 2], domain: { below: n } }],
        call: (x, at) => index(x, [{}, at]),
      },
      {
        name: "neighbouring arrays broadcast",
        inputs: [{ shape: [2, 3, 4, n] }, { shape: [2, 1], domain: { below: 3 } }],
        call: (x, rows) => index(x, [{}, rows, [0, -1, 1]]),
      },
      {
        name: "arrays apart go to the front",
        inputs: [{ shape: [3, 2, n] }, { shape: [2], domain: { below: 3 } }],
        call: (x, rows) => index(x, [rows, {}, [0, -1]]),
      },
      {
        name: "arrays, a position and a range",
        inputs: [{ shape: [2, 3, 4, n] }],
        call: (x) => index(x, [0, [2, 0], { step: 2 }, [0]]),
      },
      { name: "no positions", inputs: [{ shape: [4, n] }], call: (x) => index(x, [[]]) },
      {
        name: "mask of one axis",
        inputs: [{ shape: [3, n] }],
        call: (x) => index(x, [[true, false, true]]),
      },
      {
        name: "mask of two axes",
        inputs: [{ shape: [2, 3, n] }, { shape: [2, 3], domain: { below: 2 } }],
        call: (x, m) => index(x, [cast(m, "bool")]),
      },
      {
        name: "mask and positions",
        inputs: [{ shape: [3, 4, n] }],
        call: (x) =>
          index(x, [
            [false, true, true],
            [3, 1],
          ]),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => index(x, [0, 0, 0]),
        error: "ShapeError",
        message:
          'index: subscripts must name at most the 2 axes of x and hold one "..."; got 3 axes named and 0 "..." for [2, 3].',
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => index(x, ["...", 0, "..."]),
        error: "ShapeError",
        message:
          'index: subscripts must name at most the 2 axes of x and hold one "..."; got 1 axes named and 2 "..." for [2, 3].',
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => index(x, [{}, 3]),
        error: "IndexError",
        message: "index: positions must be whole numbers in -3..2; got 3 for an axis of size 3.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => index(x, [{ step: 0 }]),
        error: "ValueError",
        message:
          "index: bounds must be whole numbers and the step not 0; got start undefined, end undefined, step 0.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) =>
          index(x, [
            [0, 1],
            [0, 1, 2],
          ]),
        error: "ShapeError",
        message: "index: index arrays must broadcast; got [2], [3].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => index(x, [{}, [0, -4]]),
        error: "IndexError",
        message: "index: indices must lie in -3..2; got -4 at position 1 of 2.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => index(x, [[true, false, true]]),
        error: "ShapeError",
        message: "index: a mask must have the shape of the axes it covers; got [3] for [2].",
      },
      {
        inputs: [{ shape: [2] }, { shape: [2] }],
        call: (x, at) => index(x, [at]),
        error: "DTypeError",
        message: "index: an index must be int32, or bool for a mask; got float64.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => index(x, ["0" as "..."]),
        error: "ValueError",
        message:
          'index: a subscript must be a number, a range, null, "...", an array or a tensor; got string.',
      },
    ],
  },
  {
    op: "indexPut",
    tolerance: { rtol: 1e-6, atol: 3e-6 },
    order: 2,
    samples: (n) => [
      {
        name: "a range",
        inputs: [{ shape: [4, n] }, { shape: [2, n] }],
        call: (x, values) => indexPut(x, [{ start: 1, step: 2 }], values),
      },
      {
        name: "a row to all of a column",
        inputs: [{ shape: [3, n, 2] }, { shape: [2] }],
        call: (x, values) => indexPut(x, ["...", 0, {}], values),
      },
      {
        name: "positions, the last of repeats wins",
        inputs: [{ shape: [4, n] }, { shape: [3, n] }],
        call: (x, values) => indexPut(x, [[2, 0, -2]], values),
      },
      {
        name: "positions that add up",
        inputs: [{ shape: [4, n] }, { shape: [3, 1] }],
        call: (x, values) => indexPut(x, [[2, 0, -2]], values, { accumulate: true }),
      },
      {
        name: "a number under a mask",
        inputs: [{ shape: [3, n] }],
        call: (x) => indexPut(x, [[true, false, true]], 0.5),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [4, 2] }, { shape: [3, 2] }],
        call: (x, values) => indexPut(x, [{ start: 2 }], values),
        error: "ShapeError",
        message: "indexPut: the values must broadcast to the part of x; got [3, 2] for [2, 2].",
      },
      {
        inputs: [
          { shape: [4], domain: { below: 2 } },
          { shape: [1], dtype: "bool", values: [1] },
        ],
        call: (x, values) => indexPut(x, [0], values),
        error: "DTypeError",
        message:
          "indexPut: inputs must have one dtype; got x int32, values bool. Convert with cast(x, dtype).",
      },
      {
        inputs: [{ shape: [4] }],
        call: (x) => indexPut(x, [4], 0),
        error: "IndexError",
        message: "indexPut: positions must be whole numbers in -4..3; got 4 for an axis of size 4.",
      },
    ],
  },
];

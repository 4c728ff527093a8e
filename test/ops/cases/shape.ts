// Rows of the ops that rearrange axes, repeat elements, and weave channels into pixels.
import * as neurite from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { EXACT } from "../../closeness.ts";
import type { Row } from "../row.ts";

const { cat, clone, mul, permute, scope, transpose } = neurite;

/** Of repetitions, whose gradients are sums. */
const SUMS = { rtol: 1e-6, atol: 3e-6 };

/** Several results as one, each with a weight of its own, so that no two can change places unseen. */
const together = (tensors: readonly Tensor[], axis: number): Tensor =>
  cat(
    tensors.map((x, i) => mul(x, i + 1)),
    axis,
  );

export const shapeRows: readonly Row[] = [
  {
    op: "view",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      {
        name: "of a dense copy",
        inputs: [{ shape: [2, 3, n] }],
        call: (x) => neurite.view(clone(x), [6, n]),
      },
      { name: "a new axis", inputs: [{ shape: [2, n] }], call: (x) => neurite.view(x, [2, 1, n]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => neurite.view(x, [4]),
        error: "ShapeError",
        message: "view: the new shape must hold the same 6 elements; got [2, 3] to [4].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => scope(() => neurite.view(transpose(x), [6])),
        error: "ShapeError",
        message:
          "view: the layout must allow the new shape without a copy; got [3, 2] with strides [1, 3] to [6]. Use reshape(x, shape).",
      },
    ],
  },
  {
    op: "clone",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "matrix", inputs: [{ shape: [3, n] }], call: clone },
      { name: "rotated", inputs: [{ shape: [2, 3, n] }], call: (x) => clone(permute(x, [2, 0, 1])) },
    ],
  },
  {
    op: "squeeze",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "all", inputs: [{ shape: [1, 3, 1, n] }], call: (x) => neurite.squeeze(x) },
      { name: "one", inputs: [{ shape: [1, 3, 1, n] }], call: (x) => neurite.squeeze(x, -2) },
      {
        name: "several, one of another size",
        inputs: [{ shape: [1, 3, n] }],
        call: (x) => neurite.squeeze(x, [0, 1]),
      },
      { name: "scalar", inputs: [{ shape: [] }], call: (x) => neurite.squeeze(x) },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.squeeze(x, 1),
        error: "ShapeError",
        message: "squeeze: axis must lie in -1..0; got 1.",
      },
    ],
  },
  {
    op: "unsqueeze",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "front", inputs: [{ shape: [3, n] }], call: (x) => neurite.unsqueeze(x, 0) },
      { name: "middle", inputs: [{ shape: [3, n] }], call: (x) => neurite.unsqueeze(x, 1) },
      { name: "end", inputs: [{ shape: [3, n] }], call: (x) => neurite.unsqueeze(x, -1) },
      { name: "scalar", inputs: [{ shape: [] }], call: (x) => neurite.unsqueeze(x, 0) },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.unsqueeze(x, 2),
        error: "ShapeError",
        message: "unsqueeze: axis must lie in -2..1; got 2.",
      },
    ],
  },
  {
    op: "flatten",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "all", inputs: [{ shape: [2, 3, n] }], call: (x) => neurite.flatten(x) },
      { name: "from the second axis", inputs: [{ shape: [2, 3, n] }], call: (x) => neurite.flatten(x, 1) },
      { name: "between", inputs: [{ shape: [2, 2, 3, n] }], call: (x) => neurite.flatten(x, 1, -2) },
      { name: "scalar", inputs: [{ shape: [] }], call: (x) => neurite.flatten(x) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => neurite.flatten(x, 1, 0),
        error: "ShapeError",
        message: "flatten: startAxis must not come after endAxis; got 1 and 0 for rank 2.",
      },
    ],
  },
  {
    op: "unflatten",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "first", inputs: [{ shape: [6, n] }], call: (x) => neurite.unflatten(x, 0, [2, -1]) },
      { name: "last", inputs: [{ shape: [3, 2 * n] }], call: (x) => neurite.unflatten(x, -1, [n, 2]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 6] }],
        call: (x) => neurite.unflatten(x, 1, [4, -1]),
        error: "ShapeError",
        message: "unflatten: the new shape must hold the same 6 elements; got [6] to [4, -1].",
      },
    ],
  },
  {
    op: "movedim",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "one", inputs: [{ shape: [2, 3, n] }], call: (x) => neurite.movedim(x, 0, -1) },
      { name: "two", inputs: [{ shape: [2, 3, 1, n] }], call: (x) => neurite.movedim(x, [0, 1], [-1, 0]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => neurite.movedim(x, [0, 1], [0]),
        error: "ShapeError",
        message: "movedim: source and destination must be equal in number; got [0, 1] and [0].",
      },
    ],
  },
  {
    op: "select",
    tolerance: EXACT,
    order: 2,
    samples: (n) => [
      { name: "row", inputs: [{ shape: [3, n] }], call: (x) => neurite.select(x, 0, 1) },
      { name: "column from the end", inputs: [{ shape: [3, n] }], call: (x) => neurite.select(x, 1, -1) },
      { name: "of a vector", inputs: [{ shape: [n] }], call: (x) => neurite.select(x, 0, 0) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => neurite.select(x, 1, 3),
        error: "IndexError",
        message: "select: the index must be a whole number in -3..2; got 3 for axis 1 of [2, 3].",
      },
    ],
  },
  {
    op: "unbind",
    tolerance: EXACT,
    order: 2,
    samples: (n) => [
      { name: "rows", inputs: [{ shape: [3, n] }], call: (x) => together(neurite.unbind(x), 0) },
      { name: "middle axis", inputs: [{ shape: [2, 3, n] }], call: (x) => together(neurite.unbind(x, 1), 1) },
    ],
    bad: [
      {
        inputs: [{ shape: [] }],
        call: (x) => neurite.unbind(x),
        error: "ShapeError",
        message: "unbind: axis must not be given for a scalar; got 0.",
      },
    ],
  },
  {
    op: "split",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      {
        name: "equal, with a rest",
        inputs: [{ shape: [5, n] }],
        call: (x) => together(neurite.split(x, 2), 0),
      },
      {
        name: "sizes",
        inputs: [{ shape: [2, n + 3] }],
        call: (x) => together(neurite.split(x, [1, n, 0, 2], -1), 1),
      },
      { name: "one piece", inputs: [{ shape: [n] }], call: (x) => together(neurite.split(x, 100), 0) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => neurite.split(x, [1, 1], 1),
        error: "ShapeError",
        message: "split: sizes must add up to the axis; got [1, 1] for axis 1 of [2, 3].",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => neurite.split(x, 0),
        error: "ShapeError",
        message: "split: the size of a piece must be a whole number >= 1; got 0.",
      },
    ],
  },
  {
    op: "chunk",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "three of five", inputs: [{ shape: [5, n] }], call: (x) => together(neurite.chunk(x, 3), 0) },
      {
        name: "more than there are",
        inputs: [{ shape: [2, n] }],
        call: (x) => together(neurite.chunk(x, 4, 1), 1),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.chunk(x, 0),
        error: "ShapeError",
        message: "chunk: chunks must be a whole number >= 1; got 0.",
      },
    ],
  },
  {
    op: "meshgrid",
    tolerance: SUMS,
    order: 2,
    empty: true,
    samples: (n) => [
      {
        name: "ij",
        inputs: [{ shape: [3] }, { shape: [n] }],
        call: (a, b) => together(neurite.meshgrid([a, b]), 0),
      },
      {
        name: "xy, three",
        inputs: [{ shape: [3] }, { shape: [n] }, { shape: [2] }],
        call: (a, b, c) => together(neurite.meshgrid([a, b, c], { indexing: "xy" }), 0),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => neurite.meshgrid([x]),
        error: "ShapeError",
        message: "meshgrid: each tensor must be a vector or a scalar; got [2, 3].",
      },
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.meshgrid([x], { indexing: "yx" as "xy" }),
        error: "ValueError",
        message: 'meshgrid: indexing must be "ij" or "xy"; got "yx".',
      },
    ],
  },
  {
    op: "repeat",
    tolerance: SUMS,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "both axes", inputs: [{ shape: [2, n] }], call: (x) => neurite.repeat(x, [2, 3]) },
      { name: "new axes", inputs: [{ shape: [n] }], call: (x) => neurite.repeat(x, [2, 1, 2]) },
      { name: "none", inputs: [{ shape: [2, n] }], call: (x) => neurite.repeat(x, [1, 0]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => neurite.repeat(x, [2]),
        error: "ShapeError",
        message: "repeat: counts must name all axes of x; got [2] for [2, 3].",
      },
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.repeat(x, [-1]),
        error: "ShapeError",
        message: "repeat: each count must be a whole number >= 0; got -1.",
      },
    ],
  },
  {
    op: "tile",
    tolerance: SUMS,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "fewer counts", inputs: [{ shape: [2, n] }], call: (x) => neurite.tile(x, [3]) },
      { name: "more counts", inputs: [{ shape: [n] }], call: (x) => neurite.tile(x, [2, 2]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.tile(x, [1.5]),
        error: "ShapeError",
        message: "tile: each count must be a whole number >= 0; got 1.5.",
      },
    ],
  },
  {
    op: "repeatInterleave",
    tolerance: SUMS,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "flat", inputs: [{ shape: [2, n] }], call: (x) => neurite.repeatInterleave(x, 2) },
      { name: "first axis", inputs: [{ shape: [2, n] }], call: (x) => neurite.repeatInterleave(x, 3, 0) },
      { name: "last axis", inputs: [{ shape: [2, n] }], call: (x) => neurite.repeatInterleave(x, 2, -1) },
      { name: "counts", inputs: [{ shape: [3, n] }], call: (x) => neurite.repeatInterleave(x, [2, 0, 1], 0) },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.repeatInterleave(x, -2),
        error: "ShapeError",
        message: "repeatInterleave: count must be a whole number >= 0; got -2.",
      },
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.repeatInterleave(x, [1, 2, 3]),
        error: "ShapeError",
        message: "repeatInterleave: there must be one count, or one for each of 2; got 3.",
      },
      {
        inputs: [{ shape: [2] }, { shape: [2] }],
        call: (x, counts) => neurite.repeatInterleave(x, counts),
        error: "DTypeError",
        message: 'repeatInterleave: indices must be int32; got float64. Convert with cast(index, "int32").',
      },
    ],
  },
  {
    op: "pixelShuffle",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "by 2", inputs: [{ shape: [2, 4, 3, n] }], call: (x) => neurite.pixelShuffle(x, 2) },
      { name: "by 3, no batch", inputs: [{ shape: [18, n, 1] }], call: (x) => neurite.pixelShuffle(x, 3) },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 6, 2, 2] }],
        call: (x) => neurite.pixelShuffle(x, 2),
        error: "ShapeError",
        message: "pixelShuffle: the channels must be a multiple of 4; got 6 in [1, 6, 2, 2].",
      },
      {
        inputs: [{ shape: [4, 2] }],
        call: (x) => neurite.pixelShuffle(x, 2),
        error: "ShapeError",
        message: "pixelShuffle: x must have the axes [..., C, H, W]; got [4, 2].",
      },
    ],
  },
  {
    op: "pixelUnshuffle",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "by 2", inputs: [{ shape: [2, 3, 4, 2 * n] }], call: (x) => neurite.pixelUnshuffle(x, 2) },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 3, 4] }],
        call: (x) => neurite.pixelUnshuffle(x, 2),
        error: "ShapeError",
        message: "pixelUnshuffle: height and width must be multiples of 2; got [1, 3, 4].",
      },
    ],
  },
];

// Rows of the convolutions over one and three axes and of all transposes; those of conv2d are in conv.ts.
import { conv1d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from "../../../src/index.ts";
import type { Row } from "../row.ts";

// Sums of up to 80 products near 1: errors are relative to the terms.
const DOT = { rtol: 2e-6, atol: 2e-5 };

export const convAnyRows: readonly Row[] = [
  {
    op: "conv1d",
    tolerance: DOT,
    order: 2,
    samples: (n) => [
      {
        name: "n positions",
        inputs: [{ shape: [2, 2, n + 2] }, { shape: [3, 2, 3] }, { shape: [3] }],
        call: (x, w, b) => conv1d(x, w, b),
      },
      {
        name: "stride, padding and dilation",
        inputs: [{ shape: [1, 2, n + 4] }, { shape: [2, 2, 3] }],
        call: (x, w) => conv1d(x, w, null, { stride: 2, padding: 1, dilation: 2 }),
      },
      {
        name: "same, even kernel",
        inputs: [{ shape: [2, 2, n] }, { shape: [2, 1, 4] }],
        call: (x, w) => conv1d(x, w, null, { padding: "same", groups: 2 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [3, 8] }, { shape: [2, 3, 3] }],
        call: (x, w) => conv1d(x, w),
        error: "ShapeError",
        message: "conv1d: x must have the axes [N, C, L]; got [3, 8].",
      },
      {
        inputs: [{ shape: [1, 3, 8] }, { shape: [2, 3, 3] }],
        call: (x, w) => conv1d(x, w, null, { padding: "same", stride: 2 }),
        error: "ValueError",
        message: 'conv1d: padding "same" needs stride 1; got [2].',
      },
      {
        inputs: [{ shape: [1, 3, 8] }, { shape: [2, 3, 3] }],
        call: (x, w) => conv1d(x, w, null, { stride: [1, 2] }),
        error: "ShapeError",
        message: "conv1d: stride must be a number or one for each of 1 axes; got [1, 2].",
      },
    ],
  },
  {
    op: "conv3d",
    tolerance: DOT,
    order: 2,
    samples: (n) => [
      {
        name: "n columns",
        inputs: [{ shape: [1, 2, 3, 2, n + 1] }, { shape: [2, 2, 2, 2, 2] }, { shape: [2] }],
        call: (x, w, b) => conv3d(x, w, b),
      },
      {
        name: "stride and padding",
        inputs: [{ shape: [1, 1, 3, 3, n + 1] }, { shape: [2, 1, 2, 3, 2] }],
        call: (x, w) => conv3d(x, w, null, { stride: [1, 2, 2], padding: [1, 1, 0] }),
      },
      {
        name: "same",
        inputs: [{ shape: [1, 1, 2, 3, n] }, { shape: [1, 1, 2, 3, 1] }],
        call: (x, w) => conv3d(x, w, null, { padding: "same" }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 3, 8, 8] }, { shape: [2, 3, 3, 3, 3] }],
        call: (x, w) => conv3d(x, w),
        error: "ShapeError",
        message: "conv3d: x must have the axes [N, C, D, H, W]; got [1, 3, 8, 8].",
      },
    ],
  },
  {
    op: "convTranspose1d",
    tolerance: DOT,
    order: 2,
    samples: (n) => [
      {
        name: "n positions",
        inputs: [{ shape: [2, 2, n] }, { shape: [2, 3, 3] }, { shape: [3] }],
        call: (x, w, b) => convTranspose1d(x, w, b),
      },
      {
        name: "stride, padding and output padding",
        inputs: [{ shape: [1, 2, n + 1] }, { shape: [2, 2, 3] }, { shape: [2] }],
        call: (x, w, b) => convTranspose1d(x, w, b, { stride: 2, padding: 1, outputPadding: 1 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 2, 8] }, { shape: [3, 2, 3] }],
        call: (x, w) => convTranspose1d(x, w),
        error: "ShapeError",
        message:
          "convTranspose1d: weight must have in = 2 first channels; got 3 (x [1, 2, 8], weight [3, 2, 3]).",
      },
    ],
  },
  {
    op: "convTranspose2d",
    tolerance: DOT,
    order: 2,
    samples: (n) => [
      {
        name: "n columns",
        inputs: [{ shape: [1, 2, 3, n] }, { shape: [2, 2, 2, 3] }, { shape: [2] }],
        call: (x, w, b) => convTranspose2d(x, w, b),
      },
      {
        name: "stride 2",
        inputs: [{ shape: [1, 2, 2, n] }, { shape: [2, 1, 2, 2] }],
        call: (x, w) => convTranspose2d(x, w, null, { stride: 2 }),
      },
      {
        name: "stride, padding, output padding",
        inputs: [{ shape: [2, 1, 3, n + 1] }, { shape: [1, 2, 3, 2] }, { shape: [2] }],
        call: (x, w, b) =>
          convTranspose2d(x, w, b, { stride: [3, 2], padding: [1, 1], outputPadding: [2, 1] }),
      },
      {
        name: "groups and dilation",
        inputs: [{ shape: [1, 4, 2, n] }, { shape: [4, 1, 2, 2] }, { shape: [2] }],
        call: (x, w, b) => convTranspose2d(x, w, b, { groups: 2, dilation: [2, 1], outputPadding: [1, 0] }),
      },
      {
        name: "empty batch",
        inputs: [{ shape: [0, 2, 3, n] }, { shape: [2, 2, 2, 3] }, { shape: [2] }],
        call: (x, w, b) => convTranspose2d(x, w, b),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 2, 8, 8] }, { shape: [2, 2, 3, 3] }],
        call: (x, w) => convTranspose2d(x, w, null, { stride: 2, outputPadding: 2 }),
        error: "ShapeError",
        message:
          "convTranspose2d: outputPadding must be smaller than stride or dilation; got outputPadding [2, 2], " +
          "stride [2, 2], dilation [1, 1].",
      },
      {
        inputs: [{ shape: [1, 3, 8, 8] }, { shape: [3, 2, 1, 1] }, { shape: [2] }],
        call: (x, w, b) => convTranspose2d(x, w, b, { groups: 2, padding: 4 }),
        error: "ShapeError",
        message:
          "convTranspose2d: input channels must divide by groups; got 3 by 2; bias must be [4]; got [2]; the result must " +
          "not be empty; got sizes [0, 0] (x [1, 3, 8, 8], weight [3, 2, 1, 1]).",
      },
    ],
  },
  {
    op: "convTranspose3d",
    tolerance: DOT,
    order: 2,
    samples: (n) => [
      {
        name: "n columns",
        inputs: [{ shape: [1, 2, 2, 1, n] }, { shape: [2, 2, 2, 2, 2] }, { shape: [2] }],
        call: (x, w, b) => convTranspose3d(x, w, b, { stride: [2, 1, 1], padding: [1, 0, 0] }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 3, 8, 8] }, { shape: [3, 2, 3, 3, 3] }],
        call: (x, w) => convTranspose3d(x, w),
        error: "ShapeError",
        message: "convTranspose3d: x must have the axes [N, C, D, H, W]; got [1, 3, 8, 8].",
      },
    ],
  },
];

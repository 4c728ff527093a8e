// Rows of convolution and pooling.
import { conv2d, maxPool2d, maxPool2dWithIndices } from "../../../src/index.ts";
import type { Row } from "../row.ts";

// Sums of up to 80 products near 1: errors are relative to the terms.
const DOT = { rtol: 2e-6, atol: 2e-5 };

export const convRows: readonly Row[] = [
  {
    op: "conv2d",
    tolerance: DOT,
    order: 2,
    samples: (n) => [
      {
        name: "n columns",
        inputs: [{ shape: [1, 2, 4, n + 2] }, { shape: [2, 2, 3, 3] }, { shape: [2] }],
        call: (x, w, b) => conv2d(x, w, b),
      },
      {
        name: "n output channels",
        inputs: [{ shape: [2, 1, 3, 4] }, { shape: [n, 1, 2, 2] }, { shape: [n] }],
        call: (x, w, b) => conv2d(x, w, b),
      },
      {
        name: "n input channels, no bias",
        inputs: [{ shape: [1, n, 3, 3] }, { shape: [2, n, 2, 2] }],
        call: (x, w) => conv2d(x, w),
      },
      {
        name: "stride and padding",
        inputs: [{ shape: [2, 1, 5, n + 1] }, { shape: [2, 1, 3, 2] }, { shape: [2] }],
        call: (x, w, b) => conv2d(x, w, b, { stride: [2, 1], padding: [1, 1] }),
      },
      {
        name: "stride 2 that leaves a rest",
        inputs: [{ shape: [1, 2, n + 3, 6] }, { shape: [1, 2, 3, 3] }],
        call: (x, w) => conv2d(x, w, null, { stride: 2 }),
      },
      {
        name: "dilation",
        inputs: [{ shape: [1, 1, 5, n + 4] }, { shape: [2, 1, 2, 2] }],
        call: (x, w) => conv2d(x, w, null, { dilation: [2, 3], padding: 1 }),
      },
      {
        name: "groups",
        inputs: [{ shape: [1, 4, 3, n + 1] }, { shape: [2, 2, 2, 2] }, { shape: [2] }],
        call: (x, w, b) => conv2d(x, w, b, { groups: 2 }),
      },
      {
        name: "depthwise",
        inputs: [{ shape: [2, 3, 3, n + 1] }, { shape: [3, 1, 2, 2] }],
        call: (x, w) => conv2d(x, w, null, { groups: 3 }),
      },
      {
        name: "1x1",
        inputs: [{ shape: [2, 3, 2, n] }, { shape: [4, 3, 1, 1] }, { shape: [4] }],
        call: (x, w, b) => conv2d(x, w, b),
      },
      {
        name: "kernel as large as the input",
        inputs: [{ shape: [2, 2, 2, n] }, { shape: [3, 2, 2, n] }],
        call: (x, w) => conv2d(x, w),
      },
      {
        name: "empty batch",
        inputs: [{ shape: [0, 2, 3, n + 2] }, { shape: [2, 2, 3, 3] }, { shape: [2] }],
        call: (x, w, b) => conv2d(x, w, b),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [3, 8, 8] }, { shape: [2, 3, 3, 3] }],
        call: (x, w) => conv2d(x, w),
        error: "ShapeError",
        message: "conv2d: x must have the axes [N, C, H, W]; got [3, 8, 8].",
      },
      {
        inputs: [{ shape: [1, 3, 8, 8] }, { shape: [2, 4, 3, 3] }],
        call: (x, w) => conv2d(x, w),
        error: "ShapeError",
        message:
          "conv2d: weight must have in/groups = 3 channels; got 4 (x [1, 3, 8, 8], weight [2, 4, 3, 3]).",
      },
      {
        inputs: [{ shape: [1, 3, 8, 8] }, { shape: [3, 4, 9, 3] }, { shape: [4] }],
        call: (x, w, b) => conv2d(x, w, b, { groups: 2 }),
        error: "ShapeError",
        message:
          "conv2d: weight must have in/groups = 1.5 channels; got 4; output channels must divide by groups; got 3 by 2; " +
          "bias must be [3]; got [4]; the kernel must fit the padded input; got kernel [9, 3] on [8, 8] " +
          "(x [1, 3, 8, 8], weight [3, 4, 9, 3]).",
      },
      {
        inputs: [{ shape: [1, 1, 4, 4] }, { shape: [1, 1, 2, 2] }],
        call: (x, w) => conv2d(x, w, null, { stride: 0 }),
        error: "ShapeError",
        message: "conv2d: stride must be a whole number >= 1; got 0.",
      },
      {
        inputs: [{ shape: [1, 1, 4, 4] }, { shape: [1, 1, 2, 2] }],
        call: (x, w) => conv2d(x, w, null, { padding: [0, -1] }),
        error: "ShapeError",
        message: "conv2d: padding must be a whole number >= 0; got -1.",
      },
    ],
  },
  {
    op: "maxPool2d",
    tolerance: { rtol: 1e-6, atol: 1e-6 },
    order: 2,
    samples: (n) => [
      {
        name: "2x2",
        inputs: [{ shape: [2, 3, 4, 2 * n], domain: "distinct" }],
        call: (x) => maxPool2d(x, 2),
      },
      {
        name: "rest",
        inputs: [{ shape: [1, 2, 5, n + 2], domain: "distinct" }],
        call: (x) => maxPool2d(x, [3, 2]),
      },
      {
        name: "overlapping",
        inputs: [{ shape: [1, 2, 4, n + 2], domain: "distinct" }],
        call: (x) => maxPool2d(x, 3, { stride: 1 }),
      },
      {
        name: "padding",
        inputs: [{ shape: [1, 2, 4, n], domain: "distinct" }],
        call: (x) => maxPool2d(x, 2, { padding: 1 }),
      },
      {
        name: "stride, padding and dilation",
        inputs: [{ shape: [2, 1, 7, n + 3], domain: "distinct" }],
        call: (x) => maxPool2d(x, 3, { stride: [2, 1], padding: 1, dilation: [2, 1] }),
      },
      {
        name: "empty batch",
        inputs: [{ shape: [0, 2, 4, 2 * n], domain: "distinct" }],
        call: (x) => maxPool2d(x, 2),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 4, 4] }],
        call: (x) => maxPool2d(x, 2),
        error: "ShapeError",
        message: "maxPool2d: x must have the axes [N, C, H, W]; got [2, 4, 4].",
      },
      {
        inputs: [{ shape: [1, 1, 4, 4] }],
        call: (x) => maxPool2d(x, 5),
        error: "ShapeError",
        message:
          "maxPool2d: the window must fit the padded input, padding at most half of it; got kernel [5, 5], padding [0, 0] " +
          "on [1, 1, 4, 4].",
      },
      {
        inputs: [{ shape: [1, 1, 4, 4] }],
        call: (x) => maxPool2d(x, 2, { padding: 2 }),
        error: "ShapeError",
        message:
          "maxPool2d: the window must fit the padded input, padding at most half of it; got kernel [2, 2], padding [2, 2] " +
          "on [1, 1, 4, 4].",
      },
      {
        inputs: [{ shape: [1, 1, 4, 4] }],
        call: (x) => maxPool2d(x, 0),
        error: "ShapeError",
        message: "maxPool2d: kernelSize must be a whole number >= 1; got 0.",
      },
    ],
  },
  {
    op: "maxPool2dWithIndices",
    tolerance: { rtol: 0, atol: 0 },
    order: 0,
    samples: (n) => [
      {
        name: "positions",
        inputs: [{ shape: [2, 2, 5, n + 2], domain: "distinct" }],
        call: (x) => {
          const [y, index] = maxPool2dWithIndices(x, [2, 3], { stride: 1, padding: [1, 1] });
          y.dispose();
          return index;
        },
      },
    ],
  },
];

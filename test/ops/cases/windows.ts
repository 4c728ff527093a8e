// Rows of windows as columns and of images in other sizes.
import { fold, interpolate, unfold } from "../../../src/index.ts";
import type { Row } from "../row.ts";

const SUMS = { rtol: 1e-6, atol: 4e-6 };

export const windowRows: readonly Row[] = [
  {
    op: "unfold",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      { name: "plain", inputs: [{ shape: [2, 2, 4, n + 2] }], call: (x) => unfold(x, 3) },
      {
        name: "stride, padding, dilation",
        inputs: [{ shape: [1, 2, 5, n + 1] }],
        call: (x) => unfold(x, [2, 3], { stride: [2, 1], padding: [1, 2], dilation: [2, 1] }),
      },
      { name: "no batch", inputs: [{ shape: [3, 2, n] }], call: (x) => unfold(x, [2, 1]) },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 1, 2, 2] }],
        call: (x) => unfold(x, 3),
        error: "ShapeError",
        message:
          "unfold: the image with its padding must hold a window; got [2, 2] for kernel [3, 3] with dilation [1, 1].",
      },
      {
        inputs: [{ shape: [2, 2] }],
        call: (x) => unfold(x, 1),
        error: "ShapeError",
        message: "unfold: x must have the axes [N, C, H, W] or [C, H, W]; got [2, 2].",
      },
    ],
  },
  {
    op: "fold",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      { name: "overlapping", inputs: [{ shape: [2, 8, 3 * n] }], call: (x) => fold(x, [4, n + 1], 2) },
      {
        name: "stride, padding, dilation",
        inputs: [{ shape: [1, 12, 3 * (n + 2)] }],
        call: (x) => fold(x, [5, n], [2, 3], { stride: [2, 1], padding: [1, 2], dilation: [2, 1] }),
      },
      { name: "no batch", inputs: [{ shape: [6, n] }], call: (x) => fold(x, [2, n], [2, 1]) },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 8, 9] }],
        call: (x) => fold(x, [4, 5], 2),
        error: "ShapeError",
        message: "fold: x must have the axes [N, C 4, 12], the first optional; got [1, 8, 9].",
      },
    ],
  },
  {
    op: "interpolate",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      {
        name: "nearest, larger",
        inputs: [{ shape: [1, 2, 3, n] }],
        call: (x) => interpolate(x, { scaleFactor: 2 }),
      },
      { name: "nearest, one axis", inputs: [{ shape: [2, 2, n] }], call: (x) => interpolate(x, { size: 5 }) },
      {
        name: "nearest, three axes",
        inputs: [{ shape: [1, 1, 2, 3, n] }],
        call: (x) => interpolate(x, { size: [3, 2, 4] }),
      },
      {
        name: "nearest exact",
        inputs: [{ shape: [1, 2, 3, n] }],
        call: (x) => interpolate(x, { size: [2, 7], mode: "nearestExact" }),
      },
      {
        name: "bilinear, larger",
        inputs: [{ shape: [2, 1, 3, n] }],
        call: (x) => interpolate(x, { scaleFactor: [2, 3], mode: "bilinear" }),
      },
      {
        name: "bilinear, smaller",
        inputs: [{ shape: [1, 2, 5, n] }],
        call: (x) => interpolate(x, { size: [2, 1], mode: "bilinear" }),
      },
      {
        name: "bilinear, corners aligned",
        inputs: [{ shape: [1, 2, 3, n] }],
        call: (x) => interpolate(x, { size: [5, 4], mode: "bilinear", alignCorners: true }),
      },
      {
        name: "linear",
        inputs: [{ shape: [2, 2, n] }],
        call: (x) => interpolate(x, { scaleFactor: 1.5, mode: "linear", alignCorners: true }),
      },
      {
        name: "area",
        inputs: [{ shape: [1, 2, 5, n] }],
        call: (x) => interpolate(x, { size: [2, 3], mode: "area" }),
      },
      {
        name: "bilinear, antialias",
        inputs: [{ shape: [1, 1, 5, n] }],
        call: (x) => interpolate(x, { size: [2, 4], mode: "bilinear", antialias: true }),
      },
      {
        name: "bicubic",
        inputs: [{ shape: [1, 1, 4, n] }],
        call: (x) => interpolate(x, { size: [7, 3], mode: "bicubic" }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 1, 2] }],
        call: (x) => interpolate(x, { size: 1, mode: "linear", antialias: true }),
        error: "ValueError",
        message: 'interpolate: antialias must not be set for mode "linear"; got true.',
      },
      {
        inputs: [{ shape: [1, 1, 2] }],
        call: (x) => interpolate(x, {}),
        error: "ValueError",
        message: "interpolate: exactly one of size and scaleFactor must be given; got neither.",
      },
      {
        inputs: [{ shape: [1, 1, 2] }],
        call: (x) => interpolate(x, { size: 2, mode: "bilinear" }),
        error: "ShapeError",
        message:
          'interpolate: x must have the axes [N, C] and 2 spatial axes for mode "bilinear"; got [1, 1, 2].',
      },
      {
        inputs: [{ shape: [1, 1, 2] }],
        call: (x) => interpolate(x, { size: 2, alignCorners: true }),
        error: "ValueError",
        message: 'interpolate: alignCorners must not be set for mode "nearest"; got true.',
      },
      {
        inputs: [{ shape: [1, 1, 2] }],
        call: (x) => interpolate(x, { size: 2, mode: "cubic" as "bicubic" }),
        error: "ValueError",
        message:
          'interpolate: mode must be one of nearest, nearestExact, linear, bilinear, trilinear, bicubic, area; got "cubic".',
      },
      {
        inputs: [{ shape: [1, 1, 2, 2] }],
        call: (x) => interpolate(x, { size: [2] }),
        error: "ShapeError",
        message: "interpolate: there must be one number per spatial axis; got [2] for [1, 1, 2, 2].",
      },
    ],
  },
];

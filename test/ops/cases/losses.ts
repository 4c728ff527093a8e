// Rows of softmax in log space and of the losses.
import { crossEntropy, logSoftmax, mseLoss, mul, nllLoss, softmax, softmin } from "../../../src/index.ts";
import type { LossOptions, Tensor } from "../../../src/index.ts";
import type { Row, Sample } from "../row.ts";

/** Each reduction, with n classes and with n examples. */
function classSamples(
  n: number,
  call: (scores: Tensor, target: Tensor, options?: LossOptions) => Tensor,
): Sample[] {
  const shapes: [string, number, number][] = [
    ["n classes", 4, n],
    ["n examples", n, 5],
  ];
  return shapes.flatMap(([name, examples, classes]) =>
    (["mean", "sum", "none"] as const).map((reduction) => ({
      name: `${name}, ${reduction}`,
      inputs: [{ shape: [examples, classes] }, { shape: [examples], domain: { below: classes } }],
      call: (scores: Tensor, target: Tensor) => call(scores, target, { reduction }),
    })),
  );
}

const notFloat = (op: string): string =>
  `${op}: dtype must be float32 or float64 on device "reference"; got int32. Convert with cast(x, "float32").`;

export const lossRows: readonly Row[] = [
  {
    op: "logSoftmax",
    tolerance: { rtol: 2e-6, atol: 2e-6 },
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "rows", inputs: [{ shape: [3, n] }], call: (x) => logSoftmax(x) },
      { name: "vector", inputs: [{ shape: [n] }], call: (x) => logSoftmax(x) },
      { name: "first axis", inputs: [{ shape: [n, 3] }], call: (x) => logSoftmax(x, 0) },
      { name: "middle axis", inputs: [{ shape: [2, n, 3] }], call: (x) => logSoftmax(x, -2) },
      { name: "n rows", inputs: [{ shape: [n, 10] }], call: (x) => logSoftmax(x) },
      { name: "far apart", inputs: [{ shape: [3, n] }], call: (x) => logSoftmax(mul(x, 30)) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => logSoftmax(x, 2),
        error: "ShapeError",
        message: "logSoftmax: axis must lie in -2..1; got 2.",
      },
      {
        inputs: [{ shape: [2, 3], dtype: "int32" }],
        call: (x) => logSoftmax(x),
        error: "DTypeError",
        message: notFloat("logSoftmax"),
      },
      {
        inputs: [{ shape: [2, 3], dtype: "int32" }],
        call: (x) => logSoftmax(x, 0),
        error: "DTypeError",
        message: notFloat("logSoftmax"),
      },
    ],
  },
  {
    op: "softmax",
    tolerance: { rtol: 3e-6, atol: 1e-6 },
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "rows", inputs: [{ shape: [3, n] }], call: (x) => softmax(x) },
      { name: "first axis", inputs: [{ shape: [n, 3] }], call: (x) => softmax(x, 0) },
    ],
  },
  {
    op: "softmin",
    tolerance: { rtol: 3e-6, atol: 1e-6 },
    order: 2,
    empty: true,
    samples: (n) => [{ name: "rows", inputs: [{ shape: [3, n] }], call: (x) => softmin(x) }],
  },
  {
    op: "nllLoss",
    tolerance: { rtol: 1e-6, atol: 1e-5 },
    order: 2,
    samples: (n) => [
      ...classSamples(n, nllLoss),
      {
        name: "weights, ignored targets",
        inputs: [
          { shape: [4, n] },
          { shape: [4], dtype: "int32", values: [n - 1, -1, 0, 0] },
          { shape: [n], domain: "positive" },
        ],
        call: (x, target, weight) => nllLoss(x, target, { weight, ignoreIndex: -1 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [4, 3] }, { shape: [3], domain: { below: 3 } }],
        call: (x, target) => nllLoss(x, target),
        error: "ShapeError",
        message: "nllLoss: scores must be [N, C, ...] and target [N, ...]; got [4, 3] and [3].",
      },
    ],
  },
  {
    op: "crossEntropy",
    tolerance: { rtol: 2e-6, atol: 1e-5 },
    order: 2,
    samples: (n) => [
      ...classSamples(n, crossEntropy),
      {
        name: "pixels, weights, smoothing, ignored targets",
        inputs: [
          { shape: [2, n, 2] },
          { shape: [2, 2], dtype: "int32", values: [n - 1, -100, 0, 0] },
          { shape: [n], domain: "positive" },
        ],
        call: (x, target, weight) => crossEntropy(x, target, { weight, labelSmoothing: 0.2 }),
      },
      {
        name: "shares",
        inputs: [{ shape: [3, n] }, { shape: [3, n], domain: "positive" }],
        call: (x, target) => crossEntropy(x, target, { labelSmoothing: 0.1 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [4, 3] }, { shape: [4] }],
        call: (x, target) => crossEntropy(x, target),
        error: "DTypeError",
        message: 'crossEntropy: indices must be int32; got float64. Convert with cast(index, "int32").',
      },
      {
        inputs: [{ shape: [3, 3] }, { shape: [3], dtype: "int32", values: [0, 3, 1] }],
        call: (x, target) => crossEntropy(x, target),
        error: "IndexError",
        message: "crossEntropy: indices must lie in 0..2; got 3 at position 1 of 3.",
      },
      {
        inputs: [{ shape: [4, 3] }, { shape: [4], domain: { below: 3 } }, { shape: [4] }],
        call: (x, target, weight) => crossEntropy(x, target, { weight }),
        error: "ShapeError",
        message: "crossEntropy: weight must be [3]; got [4].",
      },
      {
        inputs: [{ shape: [4, 3] }, { shape: [4], domain: { below: 3 } }],
        call: (x, target) => crossEntropy(x, target, { labelSmoothing: 2 }),
        error: "ValueError",
        message: "crossEntropy: labelSmoothing must lie in 0..1; got 2.",
      },
      {
        inputs: [{ shape: [4, 3] }, { shape: [4], domain: { below: 3 } }],
        call: (x, target) => crossEntropy(x, target, { reduction: "max" as "mean" }),
        error: "ValueError",
        message: 'crossEntropy: reduction must be "mean", "sum" or "none"; got "max".',
      },
    ],
  },
  {
    op: "mseLoss",
    tolerance: { rtol: 2e-6, atol: 1e-5 },
    order: 2,
    samples: (n) => [
      { name: "mean", inputs: [{ shape: [3, n] }, { shape: [3, n] }], call: (x, y) => mseLoss(x, y) },
      {
        name: "sum",
        inputs: [{ shape: [n] }, { shape: [n] }],
        call: (x, y) => mseLoss(x, y, { reduction: "sum" }),
      },
      {
        name: "none",
        inputs: [{ shape: [2, n] }, { shape: [2, n] }],
        call: (x, y) => mseLoss(x, y, { reduction: "none" }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [3] }],
        call: (x, y) => mseLoss(x, y),
        error: "ShapeError",
        message: "mseLoss: x and target must have one shape; got [2, 3] and [3].",
      },
    ],
  },
];

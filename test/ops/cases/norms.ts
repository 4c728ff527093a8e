// Rows of the normalisations and of dropout, whose masks are drawn from a stream of their own.
import {
  alphaDropout,
  batchNorm,
  dropout,
  dropout2d,
  Generator,
  groupNorm,
  gumbelSoftmax,
  instanceNorm,
  layerNorm,
  localResponseNorm,
  rmsNorm,
} from "../../../src/index.ts";
import type { DropoutOptions, Tensor } from "../../../src/index.ts";
import type { Row } from "../row.ts";

// Divisions by a deviation near 1, of sums of up to 100 terms; gradients cancel.
const NORM = { rtol: 2e-5, atol: 2e-5 };

const half = { shape: [3], domain: "positive" } as const;

const dropoutRow = (
  op: string,
  call: (x: Tensor, options: DropoutOptions) => Tensor,
  least: readonly number[],
): Row => ({
  op,
  tolerance: { rtol: 1e-6, atol: 1e-6 },
  order: 2,
  samples: (n) => [
    {
      name: "training",
      inputs: [{ shape: [2, n, ...least] }],
      call: (x) => call(x, { generator: new Generator(7) }),
    },
    {
      name: "few zeros",
      inputs: [{ shape: [n, 4, ...least] }],
      call: (x) => call(x, { p: 0.1, generator: new Generator(8) }),
    },
    {
      name: "all zeros",
      inputs: [{ shape: [2, n, ...least] }],
      call: (x) => call(x, { p: 1, generator: new Generator(7) }),
    },
  ],
  bad: [
    {
      inputs: [{ shape: [2, 3, 2] }],
      call: (x) => call(x, { p: 1.5 }),
      error: "ValueError",
      message: `${op}: p must lie in 0..1; got 1.5.`,
    },
  ],
});

export const normRows: readonly Row[] = [
  {
    op: "batchNorm",
    tolerance: NORM,
    order: 2,
    samples: (n) => [
      {
        name: "training",
        inputs: [{ shape: [n + 1, 3] }, { shape: [3] }, { shape: [3] }],
        call: (x, w, b) => batchNorm(x, null, null, w, b, { training: true }),
      },
      {
        name: "planes",
        inputs: [{ shape: [2, 3, 2, n] }, { shape: [3] }, { shape: [3] }],
        call: (x, w, b) => batchNorm(x, null, null, w, b, { training: true, eps: 0.1 }),
      },
      {
        name: "n channels, plain",
        inputs: [{ shape: [4, n, 3] }],
        call: (x) => batchNorm(x),
      },
      {
        name: "evaluation",
        inputs: [{ shape: [2, 3, n] }, { shape: [3] }, half, { shape: [3] }, { shape: [3] }],
        call: (x, mean, variance, w, b) => batchNorm(x, mean, variance, w, b),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 3] }],
        call: (x) => batchNorm(x, null, null, null, null, { training: true }),
        error: "ShapeError",
        message: "batchNorm: training needs more than one value per channel; got [1, 3].",
      },
      {
        inputs: [{ shape: [2, 3, 4] }, { shape: [4] }],
        call: (x, w) => batchNorm(x, null, null, w),
        error: "ShapeError",
        message: "batchNorm: weight must be [3]; got [4].",
      },
      {
        inputs: [{ shape: [4] }],
        call: (x) => batchNorm(x),
        error: "ShapeError",
        message: "batchNorm: x must have the axes [N, C, ...]; got [4].",
      },
    ],
  },
  {
    op: "layerNorm",
    tolerance: NORM,
    order: 2,
    samples: (n) => [
      {
        name: "last axis",
        inputs: [{ shape: [3, n + 1] }, { shape: [n + 1] }, { shape: [n + 1] }],
        call: (x, w, b) => layerNorm(x, n + 1, w, b, { eps: 0.01 }),
      },
      {
        name: "two axes",
        inputs: [{ shape: [2, n, 3] }, { shape: [n, 3] }],
        call: (x, w) => layerNorm(x, [n, 3], w),
      },
      { name: "n rows", inputs: [{ shape: [n, 5] }], call: (x) => layerNorm(x, [5]) },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => layerNorm(x, [2]),
        error: "ShapeError",
        message: "layerNorm: x must end in the normalized shape; got [2, 3] and [2].",
      },
    ],
  },
  {
    op: "rmsNorm",
    tolerance: NORM,
    order: 2,
    samples: (n) => [
      {
        name: "last axis",
        inputs: [{ shape: [3, n], domain: "apart" }, { shape: [n] }],
        call: (x, w) => rmsNorm(x, n, w, { eps: 0.01 }),
      },
      {
        name: "two axes",
        inputs: [{ shape: [2, n, 3] }],
        call: (x) => rmsNorm(x, [n, 3], null, { eps: 1e-5 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2] }],
        call: (x, w) => rmsNorm(x, 3, w),
        error: "ShapeError",
        message: "rmsNorm: weight must be [3]; got [2].",
      },
    ],
  },
  {
    op: "groupNorm",
    tolerance: NORM,
    order: 2,
    samples: (n) => [
      {
        name: "groups",
        inputs: [{ shape: [2, 4, n + 1] }, { shape: [4] }, { shape: [4] }],
        call: (x, w, b) => groupNorm(x, 2, w, b),
      },
      {
        name: "no planes",
        inputs: [{ shape: [n, 6] }],
        call: (x) => groupNorm(x, 2, null, null, { eps: 0.1 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3, 4] }],
        call: (x) => groupNorm(x, 2),
        error: "ShapeError",
        message: "groupNorm: channels must divide by numGroups; got 3 by 2.",
      },
    ],
  },
  {
    op: "instanceNorm",
    tolerance: NORM,
    order: 2,
    samples: (n) => [
      {
        name: "rows",
        inputs: [{ shape: [2, 3, n + 1] }, { shape: [3] }, { shape: [3] }],
        call: (x, w, b) => instanceNorm(x, null, null, w, b, { eps: 0.01 }),
      },
      {
        name: "evaluation",
        inputs: [{ shape: [2, 3, n] }, { shape: [3] }, half],
        call: (x, mean, variance) => instanceNorm(x, mean, variance, null, null, { useInputStats: false }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3, 1] }],
        call: (x) => instanceNorm(x),
        error: "ShapeError",
        message: "instanceNorm: each channel needs more than one value; got [2, 3, 1].",
      },
    ],
  },
  {
    op: "localResponseNorm",
    tolerance: NORM,
    order: 2,
    samples: (n) => [
      {
        name: "n channels",
        inputs: [{ shape: [2, n, 3] }],
        call: (x) => localResponseNorm(x, 3, { alpha: 0.5, beta: 0.7, k: 2 }),
      },
      {
        name: "planes, even size",
        inputs: [{ shape: [1, 3, 2, n] }],
        call: (x) => localResponseNorm(x, 2, { alpha: 1 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3, 4] }],
        call: (x) => localResponseNorm(x, 0),
        error: "ShapeError",
        message: "localResponseNorm: size must be a whole number >= 1; got 0.",
      },
    ],
  },
  dropoutRow("dropout", dropout, []),
  dropoutRow("dropout2d", dropout2d, [2]),
  dropoutRow("alphaDropout", alphaDropout, []),
  {
    op: "gumbelSoftmax",
    tolerance: { rtol: 2e-5, atol: 2e-6 },
    order: 2,
    samples: (n) => [
      {
        name: "last axis",
        inputs: [{ shape: [2, n] }],
        call: (x) => gumbelSoftmax(x, { tau: 0.7, generator: new Generator(7) }),
      },
      {
        name: "first axis",
        inputs: [{ shape: [n, 3] }],
        call: (x) => gumbelSoftmax(x, { axis: 0, generator: new Generator(8) }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2] }],
        call: (x) => gumbelSoftmax(x, { tau: 0 }),
        error: "ValueError",
        message: "gumbelSoftmax: tau must be above 0; got 0.",
      },
    ],
  },
];

// Rows of the losses that compare numbers: regression and probabilities.
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  gaussianNllLoss,
  huberLoss,
  klDiv,
  l1Loss,
  poissonNllLoss,
  sigmoid,
  smoothL1Loss,
} from "../../../src/index.ts";
import type { LossOptions, Tensor } from "../../../src/index.ts";
import type { Bad, Domain, Input, Row, Sample } from "../row.ts";

// Means of up to 100 logarithms and quotients near 1.
export const LOSS = { rtol: 2e-5, atol: 2e-5 };

type Loss = (x: Tensor, y: Tensor, options?: LossOptions) => Tensor;

/** An input of [3, n]: its domain, or its values by position. */
type Values = Domain | ((i: number) => number);

export const inputOf = (values: Values, n: number): Input =>
  typeof values === "function"
    ? { shape: [3, n], values: Array.from({ length: 3 * n }, (_, i) => values(i)) }
    : { shape: [3, n], domain: values };

/** Each reduction, of x and a target of one shape. */
const reductions = (n: number, call: Loss, inputs: readonly [Values, Values]): Sample[] =>
  (["mean", "sum", "none"] as const).map((reduction) => ({
    name: reduction,
    inputs: inputs.map((values) => inputOf(values, n)),
    call: (x: Tensor, y: Tensor) => call(x, y, { reduction }),
  }));

/** Beyond every bend of a loss of differences. */
const FAR: readonly [Values, Values] = ["positive", () => -9];

/** Inside (0, 1). */
const share = (i: number): number => (13 + ((7 * i) % 40)) / 64;

export const twoShapes = (op: string, call: Loss, names = "x and target"): Bad => ({
  inputs: [{ shape: [2, 3] }, { shape: [3] }],
  call: (x, y) => call(x, y),
  error: "ShapeError",
  message: `${op}: ${names} must have one shape; got [2, 3] and [3].`,
});

export const noReduction = (op: string, call: Loss): Bad => ({
  inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
  call: (x, y) => call(x, y, { reduction: "max" as "mean" }),
  error: "ValueError",
  message: `${op}: reduction must be "mean", "sum" or "none"; got "max".`,
});

function lossRow(
  op: string,
  call: Loss,
  inputs: readonly [Values, Values],
  more: (n: number) => readonly Sample[] = () => [],
  bad: readonly Bad[] = [],
): Row {
  return {
    op,
    tolerance: LOSS,
    order: 2,
    samples: (n) => [...reductions(n, call, inputs), ...more(n)],
    bad: [twoShapes(op, call), noReduction(op, call), ...bad],
  };
}

// Differences that keep away from the bends at 0, 1/2 and 1.
const bent =
  (call: (x: Tensor, y: Tensor) => Tensor): ((n: number) => Sample[]) =>
  (n) => [
    {
      name: "both sides of the bend",
      inputs: [
        { shape: [2, n], values: Array.from({ length: 2 * n }, (_, i) => [0.25, -1.75, 2.25, -0.75][i % 4]) },
        { shape: [2, n], values: new Array<number>(2 * n).fill(0) },
      ],
      call,
    },
  ];

const regressionRows: readonly Row[] = [
  lossRow("l1Loss", l1Loss, FAR, (n) => [
    {
      name: "signs",
      inputs: [
        { shape: [n], domain: "apart" },
        { shape: [n], values: new Array<number>(n).fill(0) },
      ],
      call: (x, y) => l1Loss(x, y),
    },
  ]),
  lossRow(
    "smoothL1Loss",
    smoothL1Loss,
    FAR,
    bent((x, y) => smoothL1Loss(x, y, { beta: 0.5 })),
    [
      {
        inputs: [{ shape: [2] }, { shape: [2] }],
        call: (x, y) => smoothL1Loss(x, y, { beta: -1 }),
        error: "ValueError",
        message: "smoothL1Loss: beta must be >= 0; got -1.",
      },
    ],
  ),
  lossRow(
    "huberLoss",
    huberLoss,
    FAR,
    bent((x, y) => huberLoss(x, y, { delta: 0.5 })),
    [
      {
        inputs: [{ shape: [2] }, { shape: [2] }],
        call: (x, y) => huberLoss(x, y, { delta: 0 }),
        error: "ValueError",
        message: "huberLoss: delta must be > 0; got 0.",
      },
    ],
  ),
  lossRow("poissonNllLoss", poissonNllLoss, ["normal", "positive"], (n) => [
    {
      name: "rates",
      inputs: [
        { shape: [2, n], domain: "positive" },
        { shape: [2, n], domain: "positive" },
      ],
      call: (x, y) => poissonNllLoss(x, y, { logInput: false }),
    },
    {
      name: "Stirling's term",
      inputs: [
        { shape: [2, n] },
        { shape: [2, n], values: Array.from({ length: 2 * n }, (_, i) => [0, 1.5, 4, 0.5][i % 4]) },
      ],
      call: (x, y) => poissonNllLoss(x, y, { full: true }),
    },
  ]),
  {
    op: "gaussianNllLoss",
    tolerance: LOSS,
    order: 2,
    samples: (n) => [
      {
        name: "a variance each",
        inputs: [{ shape: [3, n] }, { shape: [3, n] }, { shape: [3, n], domain: "positive" }],
        call: (x, y, variance) => gaussianNllLoss(x, y, variance, { full: true }),
      },
      {
        name: "a variance a row",
        inputs: [{ shape: [3, n] }, { shape: [3, n] }, { shape: [3, 1], domain: "positive" }],
        call: (x, y, variance) => gaussianNllLoss(x, y, variance, { reduction: "none" }),
      },
      {
        name: "rows without their axis",
        inputs: [{ shape: [n, 2] }, { shape: [n, 2] }, { shape: [n], domain: "positive" }],
        call: (x, y, variance) => gaussianNllLoss(x, y, variance, { reduction: "sum" }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [3] }],
        call: (x, y, variance) => gaussianNllLoss(x, y, variance),
        error: "ShapeError",
        message: "gaussianNllLoss: variance must be [2, 3] or [2, 1]; got [3].",
      },
    ],
  },
];

const probabilityRows: readonly Row[] = [
  {
    op: "binaryCrossEntropy",
    tolerance: LOSS,
    order: 2,
    samples: (n) => [
      ...reductions(n, binaryCrossEntropy, [share, "positive"]),
      {
        name: "weights",
        inputs: [{ shape: [3, n] }, { shape: [3, n] }, { shape: [n] }],
        call: (x, y, weight) => binaryCrossEntropy(sigmoid(x), y, { weight }),
      },
    ],
    bad: [
      twoShapes("binaryCrossEntropy", binaryCrossEntropy),
      noReduction("binaryCrossEntropy", binaryCrossEntropy),
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [2] }],
        call: (x, y, weight) => binaryCrossEntropy(x, y, { weight }),
        error: "ShapeError",
        message: "binaryCrossEntropy: weight must broadcast to x; got [2] and [2, 3].",
      },
    ],
  },
  lossRow("binaryCrossEntropyWithLogits", binaryCrossEntropyWithLogits, ["normal", "positive"], (n) => [
    {
      name: "weights",
      inputs: [{ shape: [3, n] }, { shape: [3, n] }, { shape: [n] }, { shape: [3, 1] }],
      call: (x, y, weight, posWeight) => binaryCrossEntropyWithLogits(x, y, { weight, posWeight }),
    },
  ]),
  lossRow("klDiv", klDiv, ["normal", "positive"], (n) => [
    {
      name: "logarithms",
      inputs: [{ shape: [3, n] }, { shape: [3, n] }],
      call: (x, y) => klDiv(x, y, { logTarget: true, reduction: "batchMean" }),
    },
  ]),
];

export const pairLossRows: readonly Row[] = [...regressionRows, ...probabilityRows];

// Rows of the losses that hold margins, of alignments, and of the similarities under them.
import {
  cosineEmbeddingLoss,
  cosineSimilarity,
  ctcLoss,
  hingeEmbeddingLoss,
  logSoftmax,
  marginRankingLoss,
  pairwiseDistance,
  softMarginLoss,
  sub,
  tripletMarginLoss,
} from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import type { Input, Row } from "../row.ts";
import { inputOf, LOSS, noReduction, twoShapes } from "./pair-losses.ts";

/** Targets 1 and -1 by turns. */
const signs = (n: number): Input => ({
  ...inputOf((i) => (i % 3 === 0 ? -1 : 1), n),
  dtype: "int32",
});

// Distances to the margins are never 0: targets and values keep apart from the bends.
export const marginLossRows: readonly Row[] = [
  {
    op: "hingeEmbeddingLoss",
    tolerance: LOSS,
    order: 2,
    samples: (n) => [
      {
        name: "margin",
        inputs: [{ shape: [3, n], domain: "apart" }, signs(n)],
        call: (x, target) => hingeEmbeddingLoss(x, target, { margin: 0.03 }),
      },
    ],
    bad: [
      twoShapes("hingeEmbeddingLoss", hingeEmbeddingLoss),
      noReduction("hingeEmbeddingLoss", hingeEmbeddingLoss),
    ],
  },
  {
    op: "marginRankingLoss",
    tolerance: LOSS,
    order: 2,
    samples: (n) => [
      {
        name: "margin",
        inputs: [
          { shape: [3, n], domain: "distinct" },
          { shape: [3, n], values: new Array<number>(3 * n).fill(0.03) },
          signs(n),
        ],
        call: (a, b, target) => marginRankingLoss(a, b, target, { margin: 0.001 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [3] }],
        call: (a, b, target) => marginRankingLoss(a, b, target),
        error: "ShapeError",
        message: "marginRankingLoss: a, b and target must have one shape; got [2, 3], [2, 3] and [3].",
      },
    ],
  },
  {
    op: "softMarginLoss",
    tolerance: LOSS,
    order: 2,
    samples: (n) => [
      {
        name: "mean",
        inputs: [{ shape: [3, n] }, signs(n)],
        call: (x, target) => softMarginLoss(x, target),
      },
    ],
    bad: [twoShapes("softMarginLoss", softMarginLoss), noReduction("softMarginLoss", softMarginLoss)],
  },
  {
    op: "tripletMarginLoss",
    tolerance: LOSS,
    order: 2,
    // A margin this large keeps every triplet on the side where it counts.
    samples: (n) => [
      {
        name: "p 2",
        inputs: [{ shape: [3, n + 1] }, { shape: [3, n + 1] }, { shape: [3, n + 1] }],
        call: (a, p, m) => tripletMarginLoss(a, p, m, { margin: 20 }),
      },
      {
        name: "p 3, swap",
        inputs: [{ shape: [n, 3] }, { shape: [n, 3] }, { shape: [n, 3] }],
        call: (a, p, m) =>
          tripletMarginLoss(a, sub(p, 9), sub(m, -4), { p: 3, margin: 40, swap: true, reduction: "none" }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [3] }],
        call: (a, b, target) => tripletMarginLoss(a, b, target),
        error: "ShapeError",
        message:
          "tripletMarginLoss: anchor, positive and negative must have one shape; got [2, 3], [2, 3] and [3].",
      },
    ],
  },
  {
    op: "cosineEmbeddingLoss",
    tolerance: LOSS,
    order: 2,
    samples: (n) => [
      {
        name: "margin",
        inputs: [
          { shape: [3, n + 1], domain: "positive" },
          { shape: [3, n + 1], domain: "positive" },
          { shape: [3], dtype: "int32", values: [1, -1, 1] },
        ],
        call: (a, b, target) => cosineEmbeddingLoss(a, b, target, { margin: 0.01 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [3] }],
        call: (a, b, target) => cosineEmbeddingLoss(a, b, target),
        error: "ShapeError",
        message: "cosineEmbeddingLoss: a and b must be [N, D] and target [N]; got [2, 3] and [3].",
      },
    ],
  },
  {
    op: "cosineSimilarity",
    tolerance: LOSS,
    order: 2,
    samples: (n) => [
      {
        name: "rows",
        inputs: [
          { shape: [3, n + 1], domain: "positive" },
          { shape: [3, n + 1], domain: "positive" },
        ],
        call: (a, b) => cosineSimilarity(a, b),
      },
      {
        name: "first axis, broadcast",
        inputs: [
          { shape: [3, n], domain: "positive" },
          { shape: [3, 1], domain: "positive" },
        ],
        call: (a, b) => cosineSimilarity(a, b, { axis: 0 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [4] }],
        call: (a, b) => cosineSimilarity(a, b),
        error: "ShapeError",
        message: "cosineSimilarity: a and b must broadcast and have an axis; got [2, 3] and [4].",
      },
    ],
  },
  {
    op: "pairwiseDistance",
    tolerance: LOSS,
    order: 2,
    samples: (n) =>
      [2, 3, 1].map((p) => ({
        name: `p ${String(p)}`,
        inputs: [{ shape: [3, n] }, { shape: [3, n] }],
        call: (a: Tensor, b: Tensor) => pairwiseDistance(a, p === 1 ? sub(b, 9) : b, { p }),
      })),
    bad: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [4] }],
        call: (a, b) => pairwiseDistance(a, b),
        error: "ShapeError",
        message: "pairwiseDistance: a and b must broadcast and have an axis; got [2, 3] and [4].",
      },
    ],
  },
];

const targets = { shape: [2, 2], dtype: "int32", values: [1, 1, 2, 1] } as const;

export const alignmentRows: readonly Row[] = [
  {
    op: "ctcLoss",
    tolerance: LOSS,
    order: 2,
    samples: (n) => [
      {
        name: "n classes",
        inputs: [{ shape: [4, 2, n + 2] }, targets],
        call: (x, labels) => ctcLoss(x, labels, [4, 3], [2, 1]),
      },
      {
        name: "more frames",
        inputs: [{ shape: [5, 2, 3] }, targets],
        call: (x, labels) => ctcLoss(logSoftmax(x), labels, [5, 4], [2, 2], { reduction: "none" }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [4, 2, 3] }, targets],
        call: (x, labels) => ctcLoss(x, labels, [4, 5], [2, 1]),
        error: "ValueError",
        message: "ctcLoss: inputLengths must be 2 whole numbers in 1..4; got [4, 5].",
      },
      {
        inputs: [{ shape: [4, 2, 3] }, targets],
        call: (x, labels) => ctcLoss(x, labels, [4, 4], [2, 1], { blank: 3 }),
        error: "ValueError",
        message: "ctcLoss: blank must be a class, 0..2; got 3.",
      },
      {
        inputs: [{ shape: [4, 2, 2] }, targets],
        call: (x, labels) => ctcLoss(x, labels, [4, 4], [2, 2]),
        error: "IndexError",
        message: "ctcLoss: indices must lie in 0..1; got 2 at position 2 of 16.",
      },
    ],
  },
];

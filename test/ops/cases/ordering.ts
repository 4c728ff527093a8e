// Rows of sorting and of what is picked by order. Indices are told by the values that they pick: gather(x, indices).
import * as n8 from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import type { Domain, Row, Sample } from "../row.ts";
import { badAxis, badBool, badDType, badEmpty } from "./bad.ts";

const EXACT = { rtol: 0, atol: 0 };
/** Gradients that several elements share are divided. */
const SHARED = { rtol: 1e-6, atol: 0 };

type AlongAxis = (x: Tensor, axis: number) => Tensor;

const alongAxes =
  (f: AlongAxis, domain: Domain = "distinct") =>
  (n: number): Sample[] => [
    { name: "last axis", inputs: [{ shape: [3, n], domain }], call: (x) => f(x, -1) },
    { name: "first axis", inputs: [{ shape: [n, 3], domain }], call: (x) => f(x, 0) },
    { name: "middle axis", inputs: [{ shape: [2, n, 3], domain }], call: (x) => f(x, 1) },
  ];

const withIndices = (op: "maxWithIndices" | "minWithIndices" | "medianWithIndices"): Row => ({
  op,
  tolerance: EXACT,
  order: 2,
  samples: (n) => [
    ...alongAxes((x, axis) => n8[op](x, axis)[0])(n),
    {
      name: "indices, keepDims",
      inputs: [{ shape: [n, 3], domain: "distinct" }],
      call: (x) => n8[op](x, 0, { keepDims: true })[1],
    },
  ],
  bad: [
    badAxis(op, (x) => n8[op](x, 2)),
    badEmpty(op, (x) => n8[op](x, 1)),
    ...(op === "medianWithIndices" ? [badBool(op, (x) => n8[op](x, 0))] : []),
  ],
});

/** Whole numbers as floats: many ties. */
const WHOLE = [3, 1, 2, 1, 3, 3, 0, 2, 1, 0, 3, 2, 1, 1, 0, 2, 3, 0, 1, 2, 2];

export const orderingRows: readonly Row[] = [
  {
    op: "sort",
    tolerance: EXACT,
    order: 2,
    empty: true,
    samples: (n) => [
      ...alongAxes((x, axis) => n8.sort(x, { axis })[0])(n),
      {
        name: "descending",
        inputs: [{ shape: [2, 3 * n], domain: "distinct" }],
        call: (x) => n8.sort(x, { descending: true })[0],
      },
      {
        name: "indices",
        inputs: [{ shape: [2, 5 * n], domain: "distinct" }],
        call: (x) => n8.sort(x)[1],
      },
    ],
    bad: [badAxis("sort", (x) => n8.sort(x, { axis: 2 })), badBool("sort", (x) => n8.sort(x))],
  },
  {
    op: "argsort",
    tolerance: EXACT,
    order: 0,
    empty: true,
    samples: (n) => [
      ...alongAxes((x, axis) => n8.argsort(x, { axis }))(n),
      { name: "ties", inputs: [{ shape: [21], values: WHOLE }], call: (x) => n8.argsort(x) },
      {
        name: "ties, descending",
        inputs: [{ shape: [21], values: WHOLE }],
        call: (x) => n8.argsort(x, { descending: true }),
      },
    ],
    bad: [badAxis("argsort", (x) => n8.argsort(x, { axis: 2 })), badBool("argsort", (x) => n8.argsort(x))],
  },
  {
    op: "topk",
    tolerance: EXACT,
    order: 2,
    samples: (n) => [
      {
        name: "largest",
        inputs: [{ shape: [3, n + 1], domain: "distinct" }],
        call: (x) => n8.topk(x, 2)[0],
      },
      {
        name: "smallest of the middle axis",
        inputs: [{ shape: [2, n, 3], domain: "distinct" }],
        call: (x) => n8.topk(x, 1, { axis: 1, largest: false })[0],
      },
      {
        name: "indices",
        inputs: [{ shape: [n + 2, 3], domain: "distinct" }],
        call: (x) => n8.topk(x, 3, { axis: 0 })[1],
      },
      { name: "none", inputs: [{ shape: [2, n], domain: "distinct" }], call: (x) => n8.topk(x, 0)[0] },
    ],
    bad: [
      badAxis("topk", (x) => n8.topk(x, 1, { axis: 2 })),
      badBool("topk", (x) => n8.topk(x, 1)),
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => n8.topk(x, 4),
        error: "ShapeError",
        message: "topk: k must not exceed the size of the axis; got k 4 for [2, 3] along axis 1.",
      },
      {
        inputs: [{ shape: [2, 3] }],
        call: (x) => n8.topk(x, 0.5),
        error: "ShapeError",
        message: "topk: k must be a whole number >= 0; got 0.5.",
      },
    ],
  },
  withIndices("maxWithIndices"),
  withIndices("minWithIndices"),
  withIndices("medianWithIndices"),
  {
    op: "median",
    tolerance: SHARED,
    order: 2,
    samples: (n) => [
      ...alongAxes((x, axis) => n8.median(x, { axis }))(n),
      { name: "all", inputs: [{ shape: [3, n], domain: "distinct" }], call: (x) => n8.median(x) },
      {
        name: "all, keepDims",
        inputs: [{ shape: [3, n], domain: "distinct" }],
        call: (x) => n8.median(x, { keepDims: true }),
      },
    ],
    bad: [
      badAxis("median", (x) => n8.median(x, { axis: 2 })),
      badBool("median", (x) => n8.median(x)),
      badEmpty("median", (x) => n8.median(x, { axis: 1 })),
    ],
  },
  {
    op: "unique",
    tolerance: EXACT,
    order: 0,
    empty: true,
    samples: (n) => [
      { name: "floats", inputs: [{ shape: [3, n] }], call: (x) => n8.unique(x) },
      { name: "integers", inputs: [{ shape: [3, n], domain: { below: 4 } }], call: (x) => n8.unique(x) },
    ],
  },
  {
    op: "uniqueWithCounts",
    tolerance: EXACT,
    order: 0,
    empty: true,
    samples: (n) => [
      {
        name: "inverse",
        inputs: [{ shape: [3, n], domain: { below: 4 } }],
        call: (x) => n8.uniqueWithCounts(x)[1],
      },
      {
        name: "counts",
        inputs: [{ shape: [3, n], domain: { below: 4 } }],
        call: (x) => n8.uniqueWithCounts(x)[2],
      },
    ],
  },
  {
    op: "histc",
    tolerance: EXACT,
    order: 0,
    samples: (n) => [
      {
        name: "named range",
        inputs: [{ shape: [4, n] }],
        call: (x) => n8.histc(x, { bins: 5, min: -2, max: 2 }),
      },
      { name: "range of the data", inputs: [{ shape: [4, n] }], call: (x) => n8.histc(x, { bins: 8 }) },
      { name: "one value", inputs: [{ shape: [1] }], call: (x) => n8.histc(x, { bins: 3 }) },
    ],
    bad: [
      badDType("histc", (x) => n8.histc(x)),
      {
        inputs: [{ shape: [2] }],
        call: (x) => n8.histc(x, { bins: 0 }),
        error: "ShapeError",
        message: "histc: bins must be a whole number >= 1; got 0.",
      },
      {
        inputs: [{ shape: [2] }],
        call: (x) => n8.histc(x, { min: 2, max: 1 }),
        error: "ValueError",
        message: "histc: min and max must be finite with min <= max; got 2 and 1.",
      },
      {
        inputs: [{ shape: [2], values: [1, Infinity] }],
        call: (x) => n8.histc(x),
        error: "ValueError",
        message:
          "histc: the data must have a finite range; got NaN or infinities. Name the range with { min, max }.",
      },
    ],
  },
];

// Rows of the reductions beyond sums and means.
import * as n8 from "../../../src/index.ts";
import type { ReduceOptions, Tensor } from "../../../src/index.ts";
import type { Domain, Row, Sample } from "../row.ts";
import { badAxis, badBool, badDType, badEmpty } from "./bad.ts";

type Reduction = (x: Tensor, options?: ReduceOptions) => Tensor;

/** Every choice of axes that a reduction may meet: all, one at each place, several, and several that are apart. */
const overAllAxes =
  (f: Reduction, domain: Domain) =>
  (n: number): Sample[] => [
    { name: "all", inputs: [{ shape: [3, n], domain }], call: (x) => f(x) },
    { name: "last axis", inputs: [{ shape: [2, 3, n], domain }], call: (x) => f(x, { axis: -1 }) },
    { name: "middle axis", inputs: [{ shape: [2, n, 3], domain }], call: (x) => f(x, { axis: 1 }) },
    { name: "apart", inputs: [{ shape: [2, 3, n], domain }], call: (x) => f(x, { axis: [0, 2] }) },
    {
      name: "apart, keepDims",
      inputs: [{ shape: [n, 2, 2], domain }],
      call: (x) => f(x, { axis: [-1, 0], keepDims: true }),
    },
    { name: "no axes", inputs: [{ shape: [n], domain }], call: (x) => f(x, { axis: [] }) },
  ];

const EXACT = { rtol: 1e-6, atol: 1e-7 };
const SUMS = { rtol: 4e-6, atol: 1e-5 };

const extremum = (op: "max" | "min"): Row => ({
  op,
  tolerance: EXACT,
  order: 2,
  samples: overAllAxes(n8[op], "distinct"),
  bad: [
    badAxis(op, (x) => n8[op](x, { axis: 2 })),
    badBool(op, (x) => n8[op](x)),
    badEmpty(op, (x) => n8[op](x, { axis: 1 })),
  ],
});

const truthOf =
  (f: Reduction) =>
  (n: number): Sample[] => [
    ...overAllAxes(f, { below: 2 })(n),
    { name: "floats", inputs: [{ shape: [3, n], domain: "normal" }], call: (x) => f(x, { axis: 1 }) },
  ];

export const statisticsRows: readonly Row[] = [
  extremum("max"),
  extremum("min"),
  {
    op: "argmin",
    tolerance: { rtol: 0, atol: 0 },
    order: 0,
    samples: (n) => [
      { name: "all", inputs: [{ shape: [3, n], domain: "distinct" }], call: (x) => n8.argmin(x) },
      { name: "last axis", inputs: [{ shape: [3, n] }], call: (x) => n8.argmin(x, { axis: 1 }) },
      {
        name: "middle axis, keepDims",
        inputs: [{ shape: [2, n, 3] }],
        call: (x) => n8.argmin(x, { axis: -2, keepDims: true }),
      },
      {
        name: "ties",
        inputs: [{ shape: [3, n], domain: { below: 3 } }],
        call: (x) => n8.argmin(n8.cast(x, "float32"), { axis: 1 }),
      },
    ],
    bad: [
      badAxis("argmin", (x) => n8.argmin(x, { axis: 2 })),
      badBool("argmin", (x) => n8.argmin(x)),
      {
        inputs: [{ shape: [2, 0] }],
        call: (x) => n8.argmin(x, { axis: 1 }),
        error: "ShapeError",
        message: "argmin: the axis must not be empty; got [2, 0] along axis 1.",
      },
    ],
  },
  {
    op: "prod",
    tolerance: { rtol: 3e-6, atol: 1e-6 },
    order: 2,
    empty: true,
    samples: (n) => [
      ...overAllAxes(n8.prod, "apart")(n),
      {
        name: "zeros",
        inputs: [{ shape: [4, 3], values: [0, 2, 3, 4, 0, 0, 1, 2, 3, -1, 0.5, 0] }],
        call: (x) => n8.prod(x, { axis: 1 }),
      },
    ],
    bad: [badAxis("prod", (x) => n8.prod(x, { axis: 2 }))],
  },
  {
    op: "variance",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      ...overAllAxes((x, options) => n8.variance(x, { correction: 0, ...options }), "normal")(n),
      { name: "sample", inputs: [{ shape: [2, n + 1] }], call: (x) => n8.variance(x, { axis: 1 }) },
      { name: "of one", inputs: [{ shape: [1] }], call: (x) => n8.variance(x, { correction: 0 }) },
    ],
    bad: [
      badAxis("variance", (x) => n8.variance(x, { axis: 2 })),
      badDType("variance", (x) => n8.variance(x)),
      {
        inputs: [{ shape: [2] }],
        call: (x) => n8.variance(x, { correction: NaN }),
        error: "ValueError",
        message: "variance: correction must be a finite number; got NaN.",
      },
    ],
  },
  {
    op: "std",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      { name: "all", inputs: [{ shape: [3, n] }], call: (x) => n8.std(x) },
      { name: "one axis", inputs: [{ shape: [2, n + 1, 3] }], call: (x) => n8.std(x, { axis: 1 }) },
      {
        name: "apart, keepDims",
        inputs: [{ shape: [n, 2, 3] }],
        call: (x) => n8.std(x, { axis: [0, 2], keepDims: true, correction: 0 }),
      },
    ],
    bad: [badAxis("std", (x) => n8.std(x, { axis: 2 })), badDType("std", (x) => n8.std(x))],
  },
  {
    op: "norm",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [
      ...overAllAxes(n8.norm, "apart")(n),
      {
        name: "p = 1",
        inputs: [{ shape: [2, n], domain: "apart" }],
        call: (x) => n8.norm(x, { p: 1, axis: 1 }),
      },
      {
        name: "p = 3",
        inputs: [{ shape: [2, n], domain: "apart" }],
        call: (x) => n8.norm(x, { p: 3, axis: 1 }),
      },
      { name: "p = 1.5", inputs: [{ shape: [2, n], domain: "apart" }], call: (x) => n8.norm(x, { p: 1.5 }) },
      { name: "p = 0", inputs: [{ shape: [2, n], domain: "apart" }], call: (x) => n8.norm(x, { p: 0 }) },
      {
        name: "p = Infinity",
        inputs: [{ shape: [2, n], domain: "distinct" }],
        call: (x) => n8.norm(n8.add(x, 9), { p: Infinity, axis: 1 }),
      },
      {
        name: "p = -Infinity",
        inputs: [{ shape: [2, n], domain: "distinct" }],
        call: (x) => n8.norm(n8.add(x, -9), { p: -Infinity, axis: 1 }),
      },
    ],
    bad: [
      badAxis("norm", (x) => n8.norm(x, { axis: 2 })),
      badDType("norm", (x) => n8.norm(x)),
      badEmpty("norm", (x) => n8.norm(x, { axis: 1, p: Infinity })),
      {
        inputs: [{ shape: [2] }],
        call: (x) => n8.norm(x, { p: NaN }),
        error: "ValueError",
        message: "norm: p must be a number, Infinity included; got NaN.",
      },
    ],
  },
  {
    op: "logsumexp",
    tolerance: SUMS,
    order: 2,
    samples: (n) => [...overAllAxes(n8.logsumexp, "normal")(n)],
    bad: [
      badAxis("logsumexp", (x) => n8.logsumexp(x, { axis: 2 })),
      badDType("logsumexp", (x) => n8.logsumexp(x)),
      badEmpty("logsumexp", (x) => n8.logsumexp(x, { axis: 1 })),
    ],
  },
  {
    op: "any",
    tolerance: { rtol: 0, atol: 0 },
    order: 0,
    empty: true,
    samples: truthOf(n8.any),
    bad: [badAxis("any", (x) => n8.any(x, { axis: 2 }))],
  },
  {
    op: "all",
    tolerance: { rtol: 0, atol: 0 },
    order: 0,
    empty: true,
    samples: truthOf(n8.all),
    bad: [badAxis("all", (x) => n8.all(x, { axis: 2 }))],
  },
  {
    op: "cumsum",
    tolerance: SUMS,
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "last axis", inputs: [{ shape: [3, n] }], call: (x) => n8.cumsum(x, -1) },
      { name: "first axis", inputs: [{ shape: [n, 3] }], call: (x) => n8.cumsum(x, 0) },
      { name: "middle axis", inputs: [{ shape: [2, n, 3] }], call: (x) => n8.cumsum(x, 1) },
    ],
    bad: [badAxis("cumsum", (x) => n8.cumsum(x, 2))],
  },
  {
    op: "cumprod",
    tolerance: { rtol: 3e-6, atol: 1e-5 },
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "last axis", inputs: [{ shape: [3, n], domain: "apart" }], call: (x) => n8.cumprod(x, -1) },
      { name: "middle axis", inputs: [{ shape: [2, n, 3], domain: "apart" }], call: (x) => n8.cumprod(x, 1) },
      {
        name: "zeros",
        inputs: [{ shape: [3, 4], values: [2, 0, 3, 4, 0, 2, 0, 1, 1, 2, 3, 0] }],
        call: (x) => n8.cumprod(x, 1),
      },
    ],
    bad: [badAxis("cumprod", (x) => n8.cumprod(x, 2))],
  },
];

// Rows of the poolings other than maxPool2d, which are in conv.ts.
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  lpPool1d,
  lpPool2d,
  maxPool1d,
  maxPool3d,
} from "../../../src/index.ts";
import type { Row } from "../row.ts";

const EXACT = { rtol: 1e-6, atol: 1e-6 };
const SUM = { rtol: 2e-6, atol: 4e-6 };

export const poolRows: readonly Row[] = [
  {
    op: "maxPool1d",
    tolerance: EXACT,
    order: 2,
    samples: (n) => [
      {
        name: "n windows",
        inputs: [{ shape: [2, 3, 2 * n], domain: "distinct" }],
        call: (x) => maxPool1d(x, 2),
      },
      {
        name: "stride, padding and dilation",
        inputs: [{ shape: [2, 1, n + 3], domain: "distinct" }],
        call: (x) => maxPool1d(x, 3, { stride: 1, padding: 1, dilation: 2 }),
      },
      {
        name: "ceil mode",
        inputs: [{ shape: [1, 2, n + 2], domain: "distinct" }],
        call: (x) => maxPool1d(x, 2, { ceilMode: true }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 4] }],
        call: (x) => maxPool1d(x, 2),
        error: "ShapeError",
        message: "maxPool1d: x must have the axes [N, C, L]; got [2, 4].",
      },
      {
        inputs: [{ shape: [2, 4, 4], dtype: "int32" }],
        call: (x) => maxPool1d(x, 2),
        error: "DTypeError",
        message:
          'maxPool1d: dtype must be float32 or float64 on device "reference"; got int32. Convert with cast(x, "float32").',
      },
    ],
  },
  {
    op: "avgPool1d",
    tolerance: SUM,
    order: 2,
    samples: (n) => [
      { name: "n windows", inputs: [{ shape: [2, 3, 2 * n] }], call: (x) => avgPool1d(x, 2) },
      {
        name: "padding that does not count, ceil mode",
        inputs: [{ shape: [2, 1, n + 3] }],
        call: (x) => avgPool1d(x, 3, { stride: 2, padding: 1, countIncludePad: false, ceilMode: true }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 4] }],
        call: (x) => avgPool1d(x, 2),
        error: "ShapeError",
        message: "avgPool1d: x must have the axes [N, C, L]; got [2, 4].",
      },
    ],
  },
  {
    op: "maxPool3d",
    tolerance: EXACT,
    order: 2,
    samples: (n) => [
      {
        name: "2x2x2",
        inputs: [{ shape: [1, 2, 4, 2, n + 2], domain: "distinct" }],
        call: (x) => maxPool3d(x, 2),
      },
      {
        name: "stride, padding and dilation",
        inputs: [{ shape: [1, 1, 5, 4, n + 3], domain: "distinct" }],
        call: (x) => maxPool3d(x, [3, 2, 3], { stride: [1, 2, 1], padding: [1, 0, 1], dilation: [1, 1, 2] }),
      },
      {
        name: "ceil mode",
        inputs: [{ shape: [1, 1, 3, 3, n + 2], domain: "distinct" }],
        call: (x) => maxPool3d(x, 2, { ceilMode: true }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 4, 4, 4] }],
        call: (x) => maxPool3d(x, 2),
        error: "ShapeError",
        message: "maxPool3d: x must have the axes [N, C, D, H, W]; got [2, 4, 4, 4].",
      },
    ],
  },
  {
    op: "avgPool3d",
    tolerance: SUM,
    order: 2,
    samples: (n) => [
      { name: "2x2x2", inputs: [{ shape: [1, 2, 4, 2, n + 2] }], call: (x) => avgPool3d(x, 2) },
      {
        name: "padding that does not count, ceil mode",
        inputs: [{ shape: [1, 1, 3, 4, n + 3] }],
        call: (x) => avgPool3d(x, 3, { stride: 2, padding: 1, countIncludePad: false, ceilMode: true }),
      },
      {
        name: "divisor",
        inputs: [{ shape: [1, 1, 3, 3, n + 1] }],
        call: (x) => avgPool3d(x, 2, { padding: 1, divisorOverride: 3 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 1, 4, 4, 4] }],
        call: (x) => avgPool3d(x, 2, { divisorOverride: 0 }),
        error: "ValueError",
        message: "avgPool3d: divisorOverride must be a number other than 0; got 0.",
      },
    ],
  },
  {
    op: "avgPool2d",
    tolerance: SUM,
    order: 2,
    samples: (n) => [
      { name: "2x2", inputs: [{ shape: [2, 3, 4, 2 * n] }], call: (x) => avgPool2d(x, 2) },
      {
        name: "stride and padding",
        inputs: [{ shape: [1, 2, 5, n + 2] }],
        call: (x) => avgPool2d(x, 3, { stride: [2, 1], padding: 1 }),
      },
      {
        name: "ceil mode with padding",
        inputs: [{ shape: [1, 2, 4, n + 3] }],
        call: (x) => avgPool2d(x, [3, 2], { stride: 2, padding: [0, 1], ceilMode: true }),
      },
      {
        name: "divisor",
        inputs: [{ shape: [1, 2, 4, n + 1] }],
        call: (x) => avgPool2d(x, 2, { padding: 1, divisorOverride: 3 }),
      },
      { name: "empty batch", inputs: [{ shape: [0, 2, 4, 2 * n] }], call: (x) => avgPool2d(x, 2) },
    ],
    bad: [
      {
        inputs: [{ shape: [1, 1, 4, 4] }],
        call: (x) => avgPool2d(x, 2, { padding: 2 }),
        error: "ShapeError",
        message:
          "avgPool2d: the window must fit the padded input, padding at most half of it; got kernel [2, 2], padding [2, 2] " +
          "on [1, 1, 4, 4].",
      },
      {
        inputs: [{ shape: [1, 1, 4, 4] }],
        call: (x) => avgPool2d(x, 2, { divisorOverride: 0 }),
        error: "ValueError",
        message: "avgPool2d: divisorOverride must be a number other than 0; got 0.",
      },
    ],
  },
  {
    op: "lpPool1d",
    tolerance: SUM,
    order: 2,
    samples: (n) => [
      {
        name: "p 3",
        inputs: [{ shape: [2, 2, n + 2], domain: "positive" }],
        call: (x) => lpPool1d(x, 3, 2, { stride: 1 }),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 2, 4] }],
        call: (x) => lpPool1d(x, 0, 2),
        error: "ValueError",
        message: "lpPool1d: normType must be a number other than 0; got 0.",
      },
    ],
  },
  {
    op: "lpPool2d",
    tolerance: SUM,
    order: 2,
    samples: (n) => [
      {
        name: "p 2",
        inputs: [{ shape: [1, 2, 3, n + 1], domain: "positive" }],
        call: (x) => lpPool2d(x, 2, 2, { ceilMode: true }),
      },
      {
        name: "p 1",
        inputs: [{ shape: [1, 2, 3, n + 1] }],
        call: (x) => lpPool2d(x, 1, [2, 1]),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 4, 4] }],
        call: (x) => lpPool2d(x, 2, 2),
        error: "ShapeError",
        message: "lpPool2d: x must have the axes [N, C, H, W]; got [2, 4, 4].",
      },
    ],
  },
  ...[
    ["adaptiveAvgPool", adaptiveAvgPool1d, adaptiveAvgPool2d] as const,
    ["adaptiveMaxPool", adaptiveMaxPool1d, adaptiveMaxPool2d] as const,
  ].flatMap(([op, pool1d, pool2d]): Row[] => [
    {
      op: `${op}1d`,
      tolerance: SUM,
      order: 2,
      samples: (n) => [
        {
          name: "even windows",
          inputs: [{ shape: [2, 2, 3 * n], domain: "distinct" }],
          call: (x) => pool1d(x, n),
        },
        {
          name: "overlapping windows",
          inputs: [{ shape: [2, 2, n + 4], domain: "distinct" }],
          call: (x) => pool1d(x, 3),
        },
      ],
      bad: [
        {
          inputs: [{ shape: [2, 2, 4] }],
          call: (x) => pool1d(x, 0),
          error: "ShapeError",
          message: `${op}1d: outputSize must be 1 whole numbers >= 1 and the input not empty; got [0] for [2, 2, 4].`,
        },
      ],
    },
    {
      op: `${op}2d`,
      tolerance: SUM,
      order: 2,
      samples: (n) => [
        {
          name: "one window",
          inputs: [{ shape: [2, 2, 3, n], domain: "distinct" }],
          call: (x) => pool2d(x, 1),
        },
        {
          name: "overlapping windows",
          inputs: [{ shape: [1, 2, 5, n + 1], domain: "distinct" }],
          call: (x) => pool2d(x, [3, 2]),
        },
        {
          name: "larger than the input",
          inputs: [{ shape: [1, 2, 3, n], domain: "distinct" }],
          call: (x) => pool2d(x, [4, null]),
        },
      ],
      bad: [
        {
          inputs: [{ shape: [2, 2, 4] }],
          call: (x) => pool2d(x, 1),
          error: "ShapeError",
          message: `${op}2d: x must have the axes [N, C, H, W]; got [2, 2, 4].`,
        },
      ],
    },
  ]),
];

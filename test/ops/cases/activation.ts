// Rows of activations.
import * as neurite from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import type { Bad, Input, Row, Sample } from "../row.ts";
import { ROUNDING, unaryRow } from "./elementwise-forms.ts";

/** A few units in the last place, beside values near 1 that cancel. */
const SMOOTH = { rtol: 2e-6, atol: 1e-6 };

/** Values on both sides of the kinks at -3, -1, 0, 1, 3 and 6, none near one. */
const besideKinks = (shape: readonly number[]): Input => ({
  shape,
  values: Array.from(
    { length: shape.reduce((n, m) => n * m, 1) },
    (_, i) => [0.5, -2, 4.5, -0.4, 7, -3.75, 1.5, 2.25, -1.25, -5][i % 10],
  ),
});

function kinked(op: string, call: (x: Tensor) => Tensor, more: (n: number) => Sample[] = () => []): Row {
  return {
    ...unaryRow(op, call, { tolerance: SMOOTH }),
    samples: (n) => [
      { name: "[n]", inputs: [besideKinks([n])], call },
      { name: "[2, 3, n]", inputs: [besideKinks([2, 3, n])], call },
      ...more(n),
    ],
  };
}

const withBad = (row: Row, bad: readonly Bad[]): Row => ({ ...row, bad: [...(row.bad ?? []), ...bad] });

const { celu, elu, gelu, glu, hardtanh, leakyRelu, prelu, softplus } = neurite;

const softplusRow = withBad(
  {
    ...unaryRow("softplus", softplus, { tolerance: SMOOTH }),
    samples: (n) => [
      { name: "[n]", inputs: [{ shape: [n] }], call: (x) => softplus(x) },
      { name: "beta", inputs: [{ shape: [2, n] }], call: (x) => softplus(x, { beta: 2.5 }) },
      {
        name: "threshold",
        inputs: [besideKinks([n])],
        call: (x) => softplus(x, { beta: 0.5, threshold: 1.8 }),
      },
    ],
  },
  [
    {
      inputs: [{ shape: [2] }],
      call: (x) => softplus(x, { beta: 0 }),
      error: "ValueError",
      message: "softplus: beta must not be 0; got 0.",
    },
  ],
);

const geluRow = withBad(
  {
    ...unaryRow("gelu", gelu, { tolerance: SMOOTH }),
    samples: (n) => [
      { name: "[n]", inputs: [{ shape: [n] }], call: (x) => gelu(x) },
      { name: "[3, n]", inputs: [{ shape: [3, n] }], call: (x) => gelu(x) },
      { name: "tanh form", inputs: [{ shape: [3, n] }], call: (x) => gelu(x, { approximate: "tanh" }) },
    ],
  },
  [
    {
      inputs: [{ shape: [2] }],
      call: (x) => gelu(x, { approximate: "erf" as "tanh" }),
      error: "ValueError",
      message: 'gelu: approximate must be "none" or "tanh"; got "erf".',
    },
  ],
);

const gluRow: Row = {
  op: "glu",
  tolerance: SMOOTH,
  order: 2,
  empty: true,
  samples: (n) => [
    { name: "last axis", inputs: [{ shape: [3, 2 * n] }], call: (x) => glu(x) },
    { name: "first axis", inputs: [{ shape: [4, n] }], call: (x) => glu(x, 0) },
  ],
  bad: [
    {
      inputs: [{ shape: [2, 3] }],
      call: (x) => glu(x),
      error: "ShapeError",
      message: "glu: the axis must have an even size; got [2, 3] along axis 1.",
    },
  ],
};

const preluRow: Row = {
  op: "prelu",
  tolerance: { rtol: 1e-6, atol: 1e-5 },
  order: 2,
  empty: true,
  samples: (n) => [
    { name: "one weight", inputs: [besideKinks([3, n]), { shape: [1] }], call: prelu },
    { name: "one weight, one axis", inputs: [besideKinks([n]), { shape: [1] }], call: prelu },
    { name: "channels", inputs: [besideKinks([2, n]), { shape: [n] }], call: prelu },
    { name: "channels of images", inputs: [besideKinks([2, 3, n, 2]), { shape: [3] }], call: prelu },
  ],
  bad: [
    {
      inputs: [{ shape: [2, 3] }, { shape: [2] }],
      call: prelu,
      error: "ShapeError",
      message: "prelu: the weight must hold 1 number or one per channel (3); got [2] for x [2, 3].",
    },
  ],
};

export const activationRows: readonly Row[] = [
  unaryRow("relu", neurite.relu, { domain: "apart", tolerance: ROUNDING }),
  unaryRow("sigmoid", neurite.sigmoid, { tolerance: { rtol: 1e-6, atol: 5e-7 } }),
  kinked("relu6", neurite.relu6),
  kinked("hardtanh", hardtanh, (n) => [
    { name: "bounds", inputs: [besideKinks([n])], call: (x) => hardtanh(x, -3, 6) },
  ]),
  kinked("hardsigmoid", neurite.hardsigmoid),
  kinked("hardswish", neurite.hardswish),
  kinked("leakyRelu", leakyRelu, (n) => [
    { name: "slope", inputs: [besideKinks([n])], call: (x) => leakyRelu(x, -0.5) },
  ]),
  kinked("elu", elu, (n) => [{ name: "alpha", inputs: [besideKinks([n])], call: (x) => elu(x, 0.3) }]),
  kinked("celu", celu, (n) => [{ name: "alpha", inputs: [besideKinks([n])], call: (x) => celu(x, 0.3) }]),
  kinked("selu", neurite.selu),
  preluRow,
  unaryRow("silu", neurite.silu, { tolerance: SMOOTH }),
  unaryRow("logSigmoid", neurite.logSigmoid, { tolerance: SMOOTH }),
  unaryRow("mish", neurite.mish, { tolerance: SMOOTH }),
  unaryRow("softsign", neurite.softsign, { domain: "apart", tolerance: SMOOTH }),
  softplusRow,
  geluRow,
  gluRow,
];

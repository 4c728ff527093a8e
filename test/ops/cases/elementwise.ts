// Rows of the ops that act on each element alone, and of the arithmetic that broadcasts.
import * as neurite from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { APPROXIMATE, binaryRow, notNumber, ROUNDING, unaryRow, wholeSamples } from "./elementwise-forms.ts";
import type { Row } from "../row.ts";

const { add, sub, mul, div, minimum, maximum, remainder, pow, atan2, clamp, lerp } = neurite;

/** Gradients of higher powers and of quotients leave a few more units in the last place. */
const FEW_ULP = { rtol: 2e-6, atol: 1e-6 };

const arithmetic: readonly Row[] = [
  binaryRow("add", add, { whole: true }),
  binaryRow("sub", sub, { whole: true }),
  binaryRow("mul", mul, { whole: true }),
  // Divisors go down to 0.2, so gradients (a / b^2) up to some tens. Whole numbers and bools become float32.
  divRow(),
  binaryRow("minimum", minimum, { domains: ["distinct", "apart"], whole: true, order: 1 }),
  binaryRow("maximum", maximum, { domains: ["distinct", "apart"], whole: true, order: 1 }),
  remainderRow(),
  binaryRow("pow", pow, { domains: ["positive", "unit"], size: 30 }),
  binaryRow("atan2", atan2, { domains: ["apart", "apart"], size: 30, refused: null }),
];

function divRow(): Row {
  const row = binaryRow("div", div, { domains: ["normal", "positive"], size: 20, refused: null });
  return { ...row, samples: (n) => [...row.samples(n), ...wholeSamples(n, div).slice(2)] };
}

// Near a jump the rest depends on the last bit: dividends in a coarse grid, divisors that no multiple of hits it.
function remainderRow(): Row {
  const values = (n: number, from: number): number[] =>
    Array.from({ length: n }, (_, i) => [5.5, -7.25, 0.5, 3.125, -0.75, 9.5][(i + from) % 6]);
  const call = (a: Tensor): Tensor => remainder(a, 1.34375);
  return {
    op: "remainder",
    tolerance: { rtol: 1e-6, atol: 3e-6 },
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "number", inputs: [{ shape: [n], values: values(n, 0) }], call },
      {
        name: "row",
        inputs: [
          { shape: [3, n], values: values(3 * n, 1) },
          { shape: [n], values: values(n, 3).map((x) => x / 4 + Math.sign(x)) },
        ],
        call: remainder,
      },
      {
        name: "negative divisor",
        inputs: [{ shape: [2, n], values: values(2 * n, 2) }],
        call: (a) => remainder(a, -1.34375),
      },
      ...wholeSamples(n, remainder),
    ],
    bad: binaryRow("remainder", remainder, { whole: true }).bad,
  };
}

const unaries: readonly Row[] = [
  unaryRow("neg", neurite.neg, { tolerance: ROUNDING, whole: true }),
  unaryRow("abs", neurite.abs, { domain: "apart", tolerance: ROUNDING, whole: true }),
  unaryRow("sign", neurite.sign, { domain: "apart", tolerance: ROUNDING, whole: true }),
  unaryRow("exp", neurite.exp),
  unaryRow("exp2", neurite.exp2),
  unaryRow("expm1", neurite.expm1),
  unaryRow("log", neurite.log, { domain: "positive" }),
  unaryRow("log2", neurite.log2, { domain: "positive" }),
  unaryRow("log10", neurite.log10, { domain: "positive" }),
  unaryRow("log1p", neurite.log1p, { domain: "positive" }),
  unaryRow("sqrt", neurite.sqrt, { domain: "positive" }),
  unaryRow("rsqrt", neurite.rsqrt, { domain: "positive" }),
  unaryRow("reciprocal", neurite.reciprocal, { domain: "apart", tolerance: FEW_ULP }),
  { ...unaryRow("square", neurite.square, { whole: true }), bad: [] },
  unaryRow("sin", neurite.sin),
  unaryRow("cos", neurite.cos),
  unaryRow("tan", neurite.tan, { domain: "unit", tolerance: FEW_ULP }),
  unaryRow("asin", neurite.asin, { domain: "unit", tolerance: FEW_ULP }),
  unaryRow("acos", neurite.acos, { domain: "unit", tolerance: FEW_ULP }),
  unaryRow("atan", neurite.atan, { tolerance: FEW_ULP }),
  unaryRow("sinh", neurite.sinh, { tolerance: FEW_ULP }),
  unaryRow("cosh", neurite.cosh, { tolerance: FEW_ULP }),
  // Gradients hold 1 - y^2, where y near 1 leaves few digits.
  unaryRow("tanh", neurite.tanh, { tolerance: { rtol: 1e-6, atol: 5e-7 } }),
  unaryRow("erf", neurite.erf),
  unaryRow("lgamma", neurite.lgamma, { domain: "positive", tolerance: APPROXIMATE }),
  unaryRow("digamma", neurite.digamma, { domain: "positive", tolerance: APPROXIMATE }),
  polygammaRow(),
  // Steps lie at whole numbers and halves, which these values avoid or sit on; either way the gradient is 0.
  ...(["floor", "ceil", "round", "trunc"] as const).map((op) => steps(op)),
  clampRow(),
  lerpRow(),
];

function polygammaRow(): Row {
  const row = unaryRow("polygamma", (x) => neurite.polygamma(2, x), { domain: "positive" });
  return {
    ...row,
    bad: [
      ...(row.bad ?? []),
      {
        inputs: [{ shape: [2] }],
        call: (x) => neurite.polygamma(-1, x),
        error: "ShapeError",
        message: "polygamma: n must be a whole number >= 0; got -1.",
      },
    ],
  };
}

function steps(op: "floor" | "ceil" | "round" | "trunc"): Row {
  const values = (n: number): number[] =>
    Array.from({ length: n }, (_, i) => [0.3, -0.3, 1.7, -2.6, 4.2, -5.8, 0.9][i % 7]);
  const call = neurite[op];
  const row = unaryRow(op, call, { tolerance: ROUNDING });
  return {
    ...row,
    samples: (n) => [
      { name: "[n]", inputs: [{ shape: [n], values: values(n) }], call },
      { name: "[2, 3, n]", inputs: [{ shape: [2, 3, n], values: values(6 * n) }], call },
    ],
  };
}

function clampRow(): Row {
  const call = (x: Tensor): Tensor => clamp(x, { min: -0.7, max: 1.1 });
  const row = unaryRow("clamp", call, { domain: "distinct", tolerance: ROUNDING, whole: true });
  return {
    ...row,
    samples: (n) => [
      ...row.samples(n),
      {
        name: "below",
        inputs: [{ shape: [n], domain: "apart" }],
        call: (x) => clamp(x, { min: 0 }),
      },
      { name: "above", inputs: [{ shape: [n], domain: "apart" }], call: (x) => clamp(x, { max: 0 }) },
    ],
    bad: [
      { inputs: [{ shape: [2], dtype: "bool" }], call, error: "DTypeError", message: notNumber("clamp") },
      {
        inputs: [{ shape: [2] }],
        call: (x) => clamp(x, {}),
        error: "ValueError",
        message: "clamp: min, max or both must be numbers; got min undefined and max undefined.",
      },
      {
        inputs: [{ shape: [2] }],
        call: (x) => clamp(x, { min: NaN, max: 1 }),
        error: "ValueError",
        message: "clamp: min, max or both must be numbers; got min NaN and max 1.",
      },
    ],
  };
}

function lerpRow(): Row {
  return {
    op: "lerp",
    tolerance: { rtol: 1e-6, atol: 3e-6 },
    order: 2,
    empty: true,
    samples: (n) => [
      { name: "low weight", inputs: [{ shape: [3, n] }, { shape: [n] }], call: (a, b) => lerp(a, b, 0.25) },
      { name: "high weight", inputs: [{ shape: [n] }, { shape: [n] }], call: (a, b) => lerp(a, b, 0.8) },
      {
        name: "weights",
        inputs: [{ shape: [2, n] }, { shape: [2, n] }, { shape: [2, 1], domain: "positive" }],
        call: (a, b, weight) => lerp(a, b, weight),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2], dtype: "int32" }, { shape: [2] }],
        call: (a, b) => lerp(a, b, 0.5),
        error: "DTypeError",
        message:
          'lerp: dtype must be float32 or float64 on device "reference"; got int32. Convert with cast(x, "float32").',
      },
    ],
  };
}

export const elementwiseRows: readonly Row[] = [...arithmetic, ...unaries];

// Rows of the ops that act on each element alone, and of the arithmetic that broadcasts.
import { add, div, exp, log, mul, neg, relu, sigmoid, sqrt, square, sub, tanh } from "../../../src/index.ts";
import type { Tensor, TensorLike } from "../../../src/index.ts";
import type { Tolerance } from "../../closeness.ts";
import type { Bad, Domain, Row, Sample } from "../row.ts";

/** One float32 rounding, of values and of the numbers that gradients multiply. */
const ROUNDING: Tolerance = { rtol: 3e-7, atol: 1e-37 };
/** Polynomial approximations: a few units in the last place. */
const APPROXIMATE: Tolerance = { rtol: 1e-6, atol: 1e-7 };

const notFloat = (op: string, name: string): string =>
  `${op}: dtype must be float32 or float64 on device "reference"; got ${name}. Convert with cast(x, "float32").`;

function unaryRow(
  op: string,
  call: (x: Tensor) => Tensor,
  rest: { domain?: Domain; tolerance?: Tolerance; order?: 1 | 2 } = {},
): Row {
  const { domain = "normal", tolerance = APPROXIMATE, order = 2 } = rest;
  return {
    op,
    tolerance,
    order,
    empty: true,
    samples: (n) => [
      { name: "[n]", inputs: [{ shape: [n], domain }], call },
      { name: "[3, n]", inputs: [{ shape: [3, n], domain }], call },
      { name: "[2, 3, n]", inputs: [{ shape: [2, 3, n], domain }], call },
      ...(n === 1 ? [{ name: "scalar", inputs: [{ shape: [], domain }], call }] : []),
    ],
    bad: [
      { inputs: [{ shape: [2], dtype: "int32" }], call, error: "DTypeError", message: notFloat(op, "int32") },
    ],
  };
}

type Binary = (a: TensorLike, b: TensorLike) => Tensor;

/** Every way in which two shapes meet: equal, one a scalar, a row, a column, both stretched, more axes than kernels have. */
function binarySamples(n: number, call: Binary, second: Domain): Sample[] {
  const shapes: [string, number[], number[]][] = [
    ["equal", [n], [n]],
    ["equal, 3 axes", [2, 3, n], [2, 3, n]],
    ["scalar right", [3, n], []],
    ["scalar left", [], [3, n]],
    ["row", [3, n], [n]],
    ["column", [3, n], [3, 1]],
    ["column left", [3, 1], [3, n]],
    ["middle axis", [2, 3, n], [2, 1, n]],
    ["channel of an image", [2, 3, 2, n], [3, 1, 1]],
    ["both stretch", [n, 1], [1, 4]],
    ["both stretch, 4 axes", [2, 1, 3, 1], [1, n, 1, 2]],
    ["five axes", [2, 1, 2, 1, n], [1, 3, 1, 2, 1]],
  ];
  return [
    ...shapes.map(([name, a, b]) => ({ name, inputs: [{ shape: a }, { shape: b, domain: second }], call })),
    { name: "number right", inputs: [{ shape: [2, n] }], call: (a) => call(a, 1.5) },
    { name: "number left", inputs: [{ shape: [n], domain: second }], call: (b) => call(-0.75, b) },
    { name: "with itself", inputs: [{ shape: [3, n], domain: second }], call: (a) => call(a, a) },
  ];
}

const binaryBad = (op: string, call: Binary): Bad[] => [
  {
    inputs: [{ shape: [2, 3] }, { shape: [4] }],
    call,
    error: "ShapeError",
    message: `${op}: shapes must broadcast (aligned right, equal or 1); got a [2, 3] and b [4].`,
  },
  {
    inputs: [{ shape: [0] }, { shape: [2] }],
    call,
    error: "ShapeError",
    message: `${op}: shapes must broadcast (aligned right, equal or 1); got a [0] and b [2].`,
  },
  {
    inputs: [
      { shape: [2], dtype: "int32" },
      { shape: [2], dtype: "int32" },
    ],
    call,
    error: "DTypeError",
    message: notFloat(op, "int32"),
  },
  {
    inputs: [{ shape: [2] }],
    call: (a) => call(a, undefined as unknown as Tensor),
    error: "DTypeError",
    message: `${op}: operands must be tensors, at most one of them a number; got a tensor and undefined.`,
  },
  {
    inputs: [],
    call: () => call(1, 2),
    error: "DTypeError",
    message: `${op}: operands must be tensors, at most one of them a number; got number and number.`,
  },
];

/** A gradient of a stretched operand is a sum: rounding errors there are relative to its terms, which are near `size`. */
const binaryRow = (op: string, call: Binary, second: Domain = "normal", size = 1): Row => ({
  op,
  tolerance: { rtol: 1e-6, atol: 3e-6 * size },
  order: 2,
  empty: true,
  samples: (n) => binarySamples(n, call, second),
  bad: binaryBad(op, call),
});

export const elementwiseRows: readonly Row[] = [
  binaryRow("add", add),
  binaryRow("sub", sub),
  binaryRow("mul", mul),
  // Divisors go down to 0.2, so gradients (a / b^2) up to some tens.
  binaryRow("div", div, "positive", 20),
  unaryRow("neg", neg, { tolerance: ROUNDING }),
  unaryRow("exp", exp),
  unaryRow("log", log, { domain: "positive" }),
  unaryRow("sqrt", sqrt, { domain: "positive" }),
  unaryRow("relu", relu, { domain: "apart", tolerance: ROUNDING }),
  // Gradients hold 1 - y^2, where y near 1 leaves few digits.
  unaryRow("tanh", tanh, { tolerance: { rtol: 1e-6, atol: 5e-7 } }),
  unaryRow("sigmoid", sigmoid, { tolerance: { rtol: 1e-6, atol: 5e-7 } }),
  { ...unaryRow("square", square), bad: [] },
];

// Rows of comparisons, of logic and of the choice between two tensors.
import * as neurite from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { EXACT } from "../../closeness.ts";
import { binaryBad, binarySamples, wholeInput, wholeSamples } from "./elementwise-forms.ts";
import type { Bad, Input, Row, Sample } from "../row.ts";

const { where } = neurite;

/** Whole numbers of a small range as floats: equal ones occur. */
const ties = (shape: readonly number[], from: number): Input => ({
  shape,
  values: Array.from(
    { length: shape.reduce((n, m) => n * m, 1) },
    (_, i) => [1, -2, 0, 3, 1][(i * from) % 5],
  ),
});

function compareRow(op: "eq" | "ne" | "lt" | "le" | "gt" | "ge"): Row {
  const call = neurite[op];
  return {
    op,
    tolerance: EXACT,
    order: 0,
    empty: true,
    samples: (n) => [
      ...binarySamples(n, call, ["normal", "normal"]).slice(2),
      { name: "ties", inputs: [ties([3, n], 1), ties([3, n], 3)], call },
      ...wholeSamples(n, call),
      { name: "bools", inputs: [bools([3, n], 1), bools([3, n], 2)], call },
    ],
    bad: binaryBad(op, call, null),
  };
}

const bools = (shape: readonly number[], from: number): Input => ({
  shape,
  values: Array.from({ length: shape.reduce((n, m) => n * m, 1) }, (_, i) =>
    Number((i * from + (i >> 1)) % 3 === 0),
  ),
  dtype: "bool",
});

const shapesBad = (op: string, call: (a: Tensor, b: Tensor) => Tensor): Bad[] => [
  {
    inputs: [{ shape: [2, 3] }, { shape: [4] }],
    call,
    error: "ShapeError",
    message: `${op}: shapes must broadcast (aligned right, equal or 1); got a [2, 3] and b [4].`,
  },
];

function logicalRow(op: "logicalAnd" | "logicalOr" | "logicalXor"): Row {
  const call = neurite[op];
  return {
    op,
    tolerance: EXACT,
    order: 0,
    empty: true,
    samples: (n) => [
      { name: "bools", inputs: [bools([3, n], 1), bools([3, n], 2)], call },
      { name: "row", inputs: [bools([3, n], 1), bools([n], 2)], call },
      { name: "column", inputs: [bools([3, 1], 1), bools([3, n], 2)], call },
      { name: "numbers", inputs: [ties([2, n], 1), wholeInput([n])], call },
    ],
    bad: shapesBad(op, call),
  };
}

const unaryRow = (op: "isnan" | "isinf" | "isfinite" | "logicalNot"): Row => ({
  op,
  tolerance: EXACT,
  order: 0,
  empty: true,
  samples: (n) => [
    { name: "floats", inputs: [mixed([3, n])], call: neurite[op] },
    { name: "whole numbers", inputs: [wholeInput([n])], call: neurite[op] },
    { name: "bools", inputs: [bools([n], 1)], call: neurite[op] },
  ],
});

const mixed = (shape: readonly number[]): Input => ({
  shape,
  values: Array.from(
    { length: shape.reduce((n, m) => n * m, 1) },
    (_, i) => [0, NaN, 2.5, -Infinity, -1, Infinity, -0][i % 7],
  ),
});

const choices = (n: number): Sample[] => [
  { name: "equal", inputs: [bools([3, n], 1), { shape: [3, n] }, { shape: [3, n] }], call: where },
  { name: "all stretch", inputs: [bools([3, 1], 1), { shape: [n] }, { shape: [2, 1, 1] }], call: where },
  { name: "scalars", inputs: [bools([2, n], 1), { shape: [] }, { shape: [2, n] }], call: where },
  { name: "number left", inputs: [bools([n], 1), { shape: [n] }], call: (c, b) => where(c, 0.5, b) },
  { name: "number right", inputs: [bools([n], 1), { shape: [2, n] }], call: (c, a) => where(c, a, -1) },
  { name: "two numbers", inputs: [bools([n], 1)], call: (c) => where(c, 2, 3) },
  { name: "int32", inputs: [bools([n], 1), wholeInput([n]), wholeInput([n], 3)], call: where },
  { name: "bools", inputs: [bools([n], 1), bools([n], 2), bools([1], 1)], call: where },
];

const whereRow: Row = {
  op: "where",
  tolerance: { rtol: 1e-6, atol: 3e-6 },
  order: 2,
  empty: true,
  samples: choices,
  bad: [
    {
      inputs: [{ shape: [2], dtype: "int32" }, { shape: [2] }, { shape: [2] }],
      call: where,
      error: "DTypeError",
      message: 'where: the condition must be bool; got int32. Compare it, or convert with cast(x, "bool").',
    },
    {
      inputs: [{ shape: [2], dtype: "bool" }, { shape: [3] }, { shape: [1] }],
      call: where,
      error: "ShapeError",
      message: "where: shapes must broadcast (aligned right, equal or 1); got condition [2], a [3], b [1].",
    },
  ],
};

export const comparisonRows: readonly Row[] = [
  ...(["eq", "ne", "lt", "le", "gt", "ge"] as const).map((op) => compareRow(op)),
  ...(["logicalAnd", "logicalOr", "logicalXor"] as const).map((op) => logicalRow(op)),
  ...(["isnan", "isinf", "isfinite", "logicalNot"] as const).map((op) => unaryRow(op)),
  whereRow,
];

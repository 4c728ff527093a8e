// What the rows of elementwise ops share: the shapes they meet, the calls they refuse, their tolerances.
import type { Tensor, TensorLike } from "../../../src/index.ts";
import type { Tolerance } from "../../closeness.ts";
import type { Bad, Domain, Input, Row, Sample } from "../row.ts";
import { sizeOf } from "../../../src/core/shape.ts";

/** One float32 rounding, of values and of the numbers that gradients multiply. */
export const ROUNDING: Tolerance = { rtol: 3e-7, atol: 1e-37 };
/** Polynomial approximations: a few units in the last place. */
export const APPROXIMATE: Tolerance = { rtol: 1e-6, atol: 1e-7 };

export const notFloat = (op: string, name: string): string =>
  `${op}: dtype must be float32 or float64 on device "reference"; got ${name}. Convert with cast(x, "float32").`;

export const notNumber = (op: string): string =>
  `${op}: dtype must be float32, float64 or int32 on device "reference"; got bool. Convert with cast(x, "float32").`;

/** Whole numbers of both signs, and the ends of their range. */
export function wholeInput(shape: readonly number[], from = 0): Input {
  const cycle = [3, -7, 0, 2147483647, -1, -2147483648, 12, 5, -5, 65537, -99991];
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => cycle[(i + from) % cycle.length]);
  return { shape, values, dtype: "int32" };
}

export function unaryRow(
  op: string,
  call: (x: Tensor) => Tensor,
  rest: { domain?: Domain; tolerance?: Tolerance; order?: 1 | 2; whole?: boolean } = {},
): Row {
  const { domain = "normal", tolerance = APPROXIMATE, order = 2, whole = false } = rest;
  const refused = whole ? "bool" : "int32";
  return {
    op,
    tolerance,
    order,
    empty: true,
    samples: (n) => [
      { name: "[n]", inputs: [{ shape: [n], domain }], call },
      { name: "[2, 3, n]", inputs: [{ shape: [2, 3, n], domain }], call },
      ...(whole ? [{ name: "int32", inputs: [wholeInput([n])], call }] : []),
      ...(n === 1 ? [{ name: "scalar", inputs: [{ shape: [], domain }], call }] : []),
    ],
    bad: [
      {
        inputs: [{ shape: [2], dtype: refused }],
        call,
        error: "DTypeError",
        message: whole ? notNumber(op) : notFloat(op, refused),
      },
    ],
  };
}

export type Binary = (a: TensorLike, b: TensorLike) => Tensor;

/** Every way in which two shapes meet: equal, one a scalar, a row, a column, both stretched, more axes than kernels have. */
export function binarySamples(n: number, call: Binary, [first, second]: readonly [Domain, Domain]): Sample[] {
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
    ...shapes.map(([name, a, b]) => ({
      name,
      inputs: [
        { shape: a, domain: first },
        { shape: b, domain: second },
      ],
      call,
    })),
    { name: "number right", inputs: [{ shape: [2, n], domain: first }], call: (a) => call(a, 1.5) },
    {
      name: "number left",
      inputs: [{ shape: [n], domain: second }],
      call: (b) => call(first === "positive" ? 0.75 : -0.75, b),
    },
    {
      name: "with itself",
      inputs: [{ shape: [3, n], domain: first === "positive" ? first : second }],
      call: (a) => call(a, a),
    },
  ];
}

export const binaryBad = (op: string, call: Binary, refused: string | null): Bad[] => [
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
  ...(refused === null
    ? []
    : [
        {
          inputs: [
            { shape: [2], dtype: "bool" as const },
            { shape: [2], dtype: "bool" as const },
          ],
          call,
          error: "DTypeError",
          message: refused,
        },
      ]),
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

/** Whole numbers against each other, against a number, stretched. */
export const wholeSamples = (n: number, call: Binary): Sample[] => [
  { name: "int32", inputs: [wholeInput([3, n]), wholeInput([3, n], 4)], call },
  { name: "int32, row", inputs: [wholeInput([3, n]), wholeInput([n], 2)], call },
  { name: "int32, number", inputs: [wholeInput([n])], call: (a) => call(a, 3) },
  { name: "int32, fraction", inputs: [{ shape: [n], domain: { below: 9 } }], call: (a) => call(a, 2.5) },
];

interface BinaryOptions {
  readonly domains?: readonly [Domain, Domain];
  /** Size of the terms of a gradient's sum. */
  readonly size?: number;
  readonly order?: 0 | 1 | 2;
  /** Whether int32 stays int32. */
  readonly whole?: boolean;
  /** What two bools are told; null where they are taken. */
  readonly refused?: string | null;
}

/** A gradient of a stretched operand is a sum: rounding errors there are relative to its terms, which are near `size`. */
export function binaryRow(op: string, call: Binary, options: BinaryOptions = {}): Row {
  const { domains = ["normal", "normal"], size = 1, order = 2, whole = false } = options;
  const { refused = whole ? notNumber(op) : notFloat(op, "bool") } = options;
  return {
    op,
    tolerance: { rtol: 1e-6, atol: 3e-6 * size },
    order,
    empty: true,
    samples: (n) => [...binarySamples(n, call, domains), ...(whole ? wholeSamples(n, call) : [])],
    bad: binaryBad(op, call, refused),
  };
}

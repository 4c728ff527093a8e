// Tensors from nothing but numbers, on both devices.
import { describe, expect, it } from "vitest";
import * as neurite from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

const {
  arange,
  empty,
  emptyLike,
  eye,
  fromBuffer,
  full,
  fullLike,
  linspace,
  logspace,
  memory,
  tensor,
  zeros,
} = neurite;

describe.each(["wasm", "reference"])("on %s", (device) => {
  const made: [what: string, make: () => Tensor, dtype: string, values: unknown][] = [
    ["arange to an end", () => arange(4, { device }), "int32", [0, 1, 2, 3]],
    ["arange between", () => arange(-1, 2, { device }), "int32", [-1, 0, 1]],
    ["arange backward", () => arange(5, 0, -2, { device }), "int32", [5, 3, 1]],
    ["arange of fractions", () => arange(0, 1, 0.25, { device }), "float32", [0, 0.25, 0.5, 0.75]],
    ["arange to a fraction", () => arange(2.5, { device }), "float32", [0, 1, 2]],
    ["arange of nothing", () => arange(3, 3, { device }), "int32", []],
    ["arange in float32", () => arange(3, { device, dtype: "float32" }), "float32", [0, 1, 2]],
    ["linspace", () => linspace(-1, 1, 5, { device }), "float32", [-1, -0.5, 0, 0.5, 1]],
    ["linspace of one", () => linspace(3, 7, 1, { device }), "float32", [3]],
    ["linspace of none", () => linspace(3, 7, 0, { device }), "float32", []],
    ["logspace", () => logspace(0, 3, 4, { device, base: 2 }), "float32", [1, 2, 4, 8]],
    [
      "eye",
      () => eye(2, { device, dtype: "int32" }),
      "int32",
      [
        [1, 0],
        [0, 1],
      ],
    ],
    ["eye, wide", () => eye(1, 3, { device }), "float32", [[1, 0, 0]]],
    ["eye, tall", () => eye(3, 1, { device }), "float32", [[1], [0], [0]]],
    ["fullLike", () => fullLike(full([2], 1, { device, dtype: "int32" }), 7), "int32", [7, 7]],
    ["zerosLike", () => neurite.zerosLike(tensor([true], { device })), "bool", [0]],
    [
      "fromBuffer",
      () => fromBuffer(Int32Array.of(1, -2).buffer, { device, dtype: "int32" }),
      "int32",
      [1, -2],
    ],
    [
      "fromBuffer at an odd offset",
      () => {
        const bytes = new Uint8Array(13);
        bytes.set(new Uint8Array(Float32Array.of(0.5, 2, 8).buffer), 1);
        return fromBuffer(bytes, { device, offset: 1, count: 2, shape: [2, 1] });
      },
      "float32",
      [[0.5], [2]],
    ],
    [
      "fromBuffer of booleans",
      () => fromBuffer(Uint8Array.of(0, 3), { device, dtype: "bool" }),
      "bool",
      [0, 1],
    ],
  ];

  it.each(made)(
    "%s",
    scopedEach((_, make, dtype, values) => {
      const y = make();
      expect(y.dtype).toBe(dtype);
      expect(y.device.name).toBe(device);
      expect(y.tolistSync()).toEqual(values);
    }),
  );

  it(
    "gives empty tensors their shape and dtype",
    scoped(() => {
      const y = empty([2, 3], { device, dtype: "int32" });
      expect([y.shape, y.dtype, y.dataSync().length]).toEqual([[2, 3], "int32", 6]);
      expect(emptyLike(y).dtype).toBe("int32");
      expect(empty([0], { device }).size).toBe(0);
    }),
  );
});

describe("linspace", () => {
  it(
    "is exact at both ends and symmetric about its middle",
    scoped(() => {
      const values = [...linspace(-0.3, 0.3, 8).dataSync()];
      expect(values[0]).toBe(Math.fround(-0.3));
      expect(values[7]).toBe(Math.fround(0.3));
      for (let i = 0; i < 8; i++) expect(values[i]).toBe(-values[7 - i]);
    }),
  );
});

const refused: [call: () => unknown, error: string, message: string][] = [
  [
    () => arange(0, 5, 0),
    "ValueError",
    "arange: the step must lead from start to end; got start 0, end 5, step 0.",
  ],
  [
    () => arange(0, 5, -1),
    "ValueError",
    "arange: the step must lead from start to end; got start 0, end 5, step -1.",
  ],
  [() => arange(Infinity), "ValueError", "arange: end must be a finite number; got Infinity."],
  [() => linspace(0, 1, -1), "ShapeError", "linspace: count must be a whole number >= 0; got -1."],
  [() => eye(1.5), "ShapeError", "eye: the number of rows must be a whole number >= 0; got 1.5."],
  [() => empty([-1]), "ShapeError", "empty: sizes must be whole numbers >= 0; got [-1]."],
  [
    () => fromBuffer(new ArrayBuffer(6)),
    "FormatError",
    "fromBuffer: the bytes must hold whole elements of float32 from offset 0 on; got 6 bytes.",
  ],
  [
    () => fromBuffer(new ArrayBuffer(8), { count: 3 }),
    "FormatError",
    "fromBuffer: the bytes must hold 3 elements of float32 from offset 0 on; got 8 bytes.",
  ],
  [
    () => zeros([2], { dtype: "float64" }),
    "DTypeError",
    'full: dtype must be one of float32, int32, bool on device "wasm"; got float64. Use device "reference" for float64.',
  ],
];

describe("what is refused", () => {
  it.each(refused.map(([call, error, message]) => [message, call, error] as const))(
    "%s",
    (message, call, error) => {
      const before = memory("wasm");
      expect(call).toThrow(message);
      expect(call).toThrow(expect.objectContaining({ name: error }) as Error);
      expect(memory("wasm").tensors).toBe(before.tensors);
    },
  );
});

// Making tensors and reading them back.
import { describe, expect, it } from "vitest";
import {
  DTypeError,
  full,
  memory,
  ones,
  onesLike,
  ShapeError,
  slice,
  tensor,
  to,
  transpose,
  zeros,
  zerosLike,
} from "../../src/index.ts";
import type { DType } from "../../src/index.ts";
import { assign } from "../../src/ops/assign.ts";
import { scoped, scopedEach } from "../scoped.ts";

const devices = ["reference", "wasm"] as const;

describe("tensor", () => {
  it.each([
    ["a number", 3, [], "float32", 3],
    ["a flat array", [1, 2], [2], "float32", [1, 2]],
    [
      "nested arrays",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
      "float32",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    ["booleans", [true, false], [2], "bool", [1, 0]],
    ["numbers and booleans", [true, 2], [2], "float32", [1, 2]],
    ["an empty array", [], [0], "float32", []],
    ["empty rows", [[], []], [2, 0], "float32", [[], []]],
    ["Float64Array", Float64Array.of(1), [1], "float64", [1]],
    ["Int32Array", Int32Array.of(-7), [1], "int32", [-7]],
    ["Uint8Array", Uint8Array.of(255), [1], "int32", [255]],
  ] as const)(
    "from %s",
    scopedEach((_, data, shape, dtype, list) => {
      const x = tensor(data, { device: "reference" });
      expect([x.shape, x.dtype, x.tolistSync()]).toEqual([shape, dtype, list]);
    }),
  );

  it(
    "copies typed arrays",
    scoped(() => {
      const data = Float32Array.of(1, 2);
      const x = tensor(data);
      data[0] = 9;
      expect(Array.from(x.dataSync())).toEqual([1, 2]);
      x.dataSync()[0] = 9;
      expect(Array.from(x.dataSync())).toEqual([1, 2]);
    }),
  );

  it.each(devices)(
    "converts to the dtype asked for, on %s",
    scopedEach((device) => {
      const as = (dtype: DType, values = [1.9, -1.9, 0, NaN]): number[] =>
        Array.from(tensor(values, { dtype, device }).dataSync());
      expect(as("int32", [1.9, -1.9, 0])).toEqual([1, -1, 0]);
      expect(() => as("int32")).toThrow(/int32 values must lie in .*; got NaN/);
      expect(as("bool")).toEqual([1, 1, 0, 1]);
      expect(as("float32")).toEqual([1.9, -1.9, 0, NaN].map(Math.fround));
    }),
  );

  it.each([
    [
      "ragged rows",
      () => tensor([[1, 2], [3]]),
      ShapeError,
      "tensor: nested arrays must be even; got a row that differs at depth 1 from [2, 2].",
    ],
    [
      "mixed depth",
      () => tensor([1, [2]]),
      ShapeError,
      "tensor: nested arrays must be even; got a row that differs at depth 1 from [2].",
    ],
    [
      "text",
      () => tensor(["1"] as unknown as number[]),
      DTypeError,
      "tensor: values must be numbers or booleans; got string.",
    ],
    [
      "a shape of another size",
      () => tensor([1, 2, 3], { shape: [2] }),
      ShapeError,
      "tensor: the shape must hold the 3 values given; got [2].",
    ],
    [
      "a negative size",
      () => tensor([1], { shape: [-1] }),
      ShapeError,
      "tensor: sizes must be whole numbers >= 0; got [-1].",
    ],
    [
      "an unknown dtype",
      () => zeros([1], { dtype: "float16" as DType }),
      DTypeError,
      'full: dtype must be one of float32, float64, int32, bool; got "float16".',
    ],
    [
      "float64 on wasm",
      () => tensor([1], { dtype: "float64", device: "wasm" }),
      DTypeError,
      'tensor: dtype must be one of float32, int32, bool on device "wasm"; got float64. Use device "reference" for float64.',
    ],
    [
      "an unknown device",
      () => zeros([1], { device: "tpu" }),
      Error,
      'full: device must be one of "reference", "wasm"; got "tpu".',
    ],
  ] as const)("refuses %s", (_, call, type, message) => {
    const before = memory();
    expect(call).toThrow(type);
    expect(call).toThrow(message);
    expect(memory()).toEqual({ ...before, peakBytes: memory().peakBytes });
  });
});

describe.each(devices)("on %s", (device) => {
  it(
    "fills",
    scoped(() => {
      expect(full([2, 2], 2.5, { device }).tolistSync()).toEqual([
        [2.5, 2.5],
        [2.5, 2.5],
      ]);
      expect(Array.from(ones([3], { device, dtype: "int32" }).dataSync())).toEqual([1, 1, 1]);
      expect(zeros([0, 3], { device }).dataSync().length).toBe(0);
      expect(Array.from(full([17], 1, { device, dtype: "bool" }).dataSync())).toEqual(new Array(17).fill(1));
      const x = tensor([1, 2], { device, dtype: "int32" });
      expect([zerosLike(x).tolistSync(), onesLike(x).dtype]).toEqual([[0, 0], "int32"]);
    }),
  );

  it(
    "reads views in row-major order",
    scoped(() => {
      const x = tensor(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { device },
      );
      expect(transpose(x).tolistSync()).toEqual([
        [1, 4],
        [2, 5],
        [3, 6],
      ]);
      expect(slice(x, 1, 0, 3, 2).tolistSync()).toEqual([
        [1, 3],
        [4, 6],
      ]);
      expect(slice(x, 0, 1).reshape([3]).tolistSync()).toEqual([4, 5, 6]);
      expect(transpose(x).slice(0, 1, 2).expand([2, 2]).tolistSync()).toEqual([
        [2, 5],
        [2, 5],
      ]);
      expect(
        Array.from(
          transpose(
            tensor(
              [
                [true, false],
                [true, true],
              ],
              { device },
            ),
          ).dataSync(),
        ),
      ).toEqual([1, 1, 0, 1]);
    }),
  );

  it(
    "reads one element, and refuses more",
    scoped(() => {
      expect(tensor([[5]], { device }).itemSync()).toBe(5);
      expect(() => tensor([1, 2], { device }).itemSync()).toThrow(
        "item: the tensor must hold one element; got shape [2].",
      );
    }),
  );

  it(
    "moves to another device and back, to the bit",
    scoped(() => {
      const values = [1, -0, Infinity, NaN, 1e-40, 3.4e38].map(Math.fround);
      const x = tensor(values, { device });
      const other = devices.find((name) => name !== device)!;
      expect(Array.from(to(to(x, { device: other }), { device }).dataSync())).toEqual(values);
      expect(to(x, { device })).toBe(x);
    }),
  );

  it(
    "assigns in place: every view sees it, whatever either layout",
    scoped(() => {
      const x = tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { device },
      );
      const turned = transpose(x);
      assign(
        x,
        tensor(
          [
            [5, 6],
            [7, 8],
          ],
          { device: "reference", dtype: "float64" },
        ),
      );
      expect(turned.tolistSync()).toEqual([
        [5, 7],
        [6, 8],
      ]);
      assign(
        turned,
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          { device },
        ),
      );
      expect(x.tolistSync()).toEqual([
        [1, 3],
        [2, 4],
      ]);
      assign(slice(x, 1, 0, 1), tensor([[0], [0]], { device }));
      expect(x.tolistSync()).toEqual([
        [0, 3],
        [0, 4],
      ]);
    }),
  );

  it(
    "assigns a tensor to a view of itself as if it had been copied first",
    scoped(() => {
      const x = tensor(
        [
          [1, 2, 3],
          [4, 5, 6],
          [7, 8, 9],
        ],
        { device },
      );
      assign(x, transpose(x));
      expect(x.tolistSync()).toEqual([
        [1, 4, 7],
        [2, 5, 8],
        [3, 6, 9],
      ]);
      const y = tensor([1, 2, 3, 4, 5], { device });
      assign(slice(y, 0, 1), slice(y, 0, 0, 4));
      expect(y.tolistSync()).toEqual([1, 1, 2, 3, 4]);
    }),
  );

  it(
    "prints shape, dtype and device, and no numbers",
    scoped(() => {
      const x = tensor([[1, 2]], { device, requiresGrad: true });
      expect(String(x)).toBe(`Tensor([1, 2], float32, ${device}, requiresGrad)`);
    }),
  );
});

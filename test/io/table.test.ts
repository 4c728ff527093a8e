// CSV tables and PNG images, by the libraries that parse them, and what comes of files that are neither.
import { parse } from "csv-parse/sync";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { DeviceError, FormatError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { readCsv, Table } from "../../src/io/csv.ts";
import { optionalLibrary } from "../../src/io/library.ts";
import { readPng } from "../../src/io/png.ts";

const failure = async (action: Promise<unknown>): Promise<Error> =>
  (await action.then(
    () => new Error("did not fail"),
    (error: unknown) => error,
  )) as Error;

const text = '\uFEFFwidth,"a, b",kind\n1.5,-2e3,iris\n\n , 7 ,"say ""x"""\nNaN,0,iris\n';

describe("readCsv", () => {
  it("gives columns as numbers and classes", async () => {
    for (const table of [await readCsv(text), await readCsv(text, { parse })]) {
      expect(table.columns).toEqual(["width", "a, b", "kind"]);
      expect(table.numbers(["a, b", "width"])).toEqual({
        data: Float32Array.of(-2000, 1.5, 7, NaN, 0, NaN),
        shape: [3, 2],
      });
      expect(table.classes("kind")).toEqual({ data: Int32Array.of(0, 1, 0), names: ["iris", 'say "x"'] });
    }
    const plain = await readCsv("1;2\n3;4", { header: false, delimiter: ";" });
    expect([plain.columns, plain.numbers()]).toEqual([
      ["0", "1"],
      { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] },
    ]);
    expect((await readCsv("")).numbers()).toEqual({ data: new Float32Array(0), shape: [0, 0] });
  });

  it("refuses what is no table of numbers, and says where", async () => {
    expect(await failure(readCsv('a,"b\n'))).toBeInstanceOf(FormatError);
    const table = new Table(["a", "b"], [["1", "x"]]);
    expect(() => table.numbers()).toThrow(
      'numbers: every cell must be a number; got "x" in row 0, column "b".',
    );
    expect(() => table.classes("c")).toThrow('classes: the column must be one of a, b; got "c".');
    expect(() => new Table(["a"], [["1"], []])).toThrow(ShapeError);
    expect(() => new Table(["a", "a"], [])).toThrow(ValueError);
  });
});

describe("readPng", () => {
  const png = new PNG({ width: 2, height: 1 });
  png.data.set([10, 20, 30, 255, 200, 100, 0, 128]);
  const bytes = new Uint8Array(PNG.sync.write(png));

  it("gives channels, rows and columns", async () => {
    expect(await readPng(bytes)).toEqual({ data: Uint8Array.of(10, 200, 20, 100, 30, 0), shape: [3, 1, 2] });
    const { data, shape } = await readPng(bytes, { channels: 4, png: PNG });
    expect([shape, ...data.subarray(6)]).toEqual([[4, 1, 2], 255, 128]);
    expect(await readPng(bytes, { channels: 1 })).toEqual({ data: Uint8Array.of(18, 119), shape: [1, 1, 2] });
  });

  it("refuses what is none, and sizes that lie", async () => {
    expect((await failure(readPng(new Uint8Array(40)))).message).toMatch(
      /^readPng: png: .* PNG image; got 40 bytes/,
    );
    expect(await failure(readPng(bytes.subarray(0, 50)))).toBeInstanceOf(FormatError);
    const huge = bytes.slice();
    huge.fill(0xff, 16, 20);
    expect((await failure(readPng(huge))).message).toMatch(
      /1 to 67108864 pixels \(maxPixels\); got 4294967295/,
    );
    expect(await failure(readPng(bytes, { channels: 2 as never }))).toBeInstanceOf(ValueError);
  });
});

describe("optionalLibrary", () => {
  it("says what to install", async () => {
    const error = await failure(optionalLibrary("readX", "not-a-library/sync", "parse"));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error.message).toBe(
      'readX: the library "not-a-library" must be there; got none. ' +
        "Install it (npm install not-a-library), or pass it as options.parse.",
    );
  });
});

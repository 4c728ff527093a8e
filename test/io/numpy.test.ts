// NumPy's files: those that NumPy wrote are read, those written here come back, and whatever lies is refused before
// anything is allocated for it.
import fc from "fast-check";
import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32, crc32c } from "../../src/core/crc.ts";
import { DTypeError, FormatError, ValueError } from "../../src/core/errors.ts";
import { deflateOnWeb, inflate, inflateOnWeb } from "../../src/io/deflate.ts";
import { fileArray, fileTensor } from "../../src/io/file-tensor.ts";
import { fileValues } from "../../src/io/file-values.ts";
import { loadNpy, readNpy, saveNpy, writeNpy } from "../../src/io/npy.ts";
import { loadNpz, readNpz, saveNpz, writeNpz } from "../../src/io/npz.ts";
import { readZip } from "../../src/io/zip.ts";
import { tensor } from "../../src/index.ts";

interface Golden {
  readonly name: string;
  readonly shape: number[];
  readonly values: (number | string | boolean)[];
  readonly file: string;
}

const { npy, refused, npz } = JSON.parse(
  readFileSync(new URL("../fixtures/files.json", import.meta.url), "utf8"),
) as { npy: Golden[]; refused: Golden[]; npz: { stored: string; compressed: string } };

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An .npy file with any header and data. */
function forged(header: string, data: Uint8Array | number = 0, version = 1): Uint8Array {
  const text = ascii(header);
  const start = version === 1 ? 10 : 12;
  const content = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(start + text.length + content.length);
  file.set([0x93, ...ascii("NUMPY"), version, 0]);
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  file.set(text, start);
  file.set(content, start + text.length);
  return file;
}

const header = (shape: string, descr = "'<f4'", order = "False"): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe("checksums", () => {
  it("are those of the specifications", () => {
    expect(crc32(ascii("123456789"))).toBe(0xcbf43926);
    expect(crc32c(ascii("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});

describe("readNpy", () => {
  it.each(npy)("reads what NumPy wrote: $name", ({ name, shape, values, file }) => {
    const read = readNpy(bytesOf(file));
    expect(read.shape).toEqual(shape);
    if (name === "complex") {
      expect(new Float32Array(read.bytes.slice().buffer)).toEqual(Float32Array.of(1, 2));
      return;
    }
    if (name === "limits") {
      expect([...fileArray(read)].map(String)).toEqual(values);
      expect(() => fileValues(read, "int32")).toThrow(FormatError);
      return;
    }
    const expected = values.map((value) => Number(value));
    expect([...fileValues(read, read.dtype === "BOOL" ? "bool" : "float64")]).toEqual(expected);
    // From the middle of a larger buffer too.
    const shifted = Uint8Array.from([9, ...bytesOf(file)]).subarray(1);
    expect(readNpy(shifted)).toEqual(read);
  });

  it.each(refused)("refuses $name", ({ file }) => {
    expect(() => readNpy(bytesOf(file), "a.npy")).toThrow(FormatError);
    expect(() => readNpy(bytesOf(file), "a.npy")).toThrow(/^readNpy: a\.npy: .*; got [^]+\.$/);
  });

  it("names pickled objects for what they are", () => {
    expect(() => readNpy(bytesOf(refused[0].file))).toThrow(/got pickled objects, which are never read\.$/);
  });

  it("takes what older writers and versions do: L after sizes, other quotes and orders of keys", () => {
    const text = `{"shape": (1L, 2), "fortran_order": False,'descr':"<f4"}`;
    for (const version of [1, 2, 3]) expect(readNpy(forged(text, 8, version)).shape).toEqual([1, 2]);
    expect(readNpy(forged(header("()"), 4)).shape).toEqual([]);
  });

  it.each([
    ["nothing", new Uint8Array(0), /at least 10 bytes; got 0/],
    ["another magic", forged(header("()"), 4).fill(0x50, 1, 2), /must start with/],
    ["version 4", forged(header("()"), 4, 4), /version must be 1\.0, 2\.0 or 3\.0; got 4\.0/],
    ["a header past the end", forged("").fill(0x10, 8, 9), /header must lie inside the file; got 16 bytes/],
    ["a header of 4 GiB", forged("", 0, 2).fill(0xff, 8, 12), /at most 10000 bytes; got 4294967295/],
    ["a length cut off", forged("", 0, 2).subarray(0, 11), /must hold its header's length/],
    ["an exabyte", forged(header("(1152921504606846976,)")), /sizes must be at most 2\^53 - 1/],
    ["sizes that overflow", forged(header("(4294967296, 4294967296, 4294967296)")), /exactly .* bytes/],
    ["sizes that overflow to zero", forged(header("(4294967296, 4294967296, 0)"), 4), /exactly 0 bytes/],
    ["a negative size", forged(header("(-1,)")), /dictionary as NumPy writes it; got "-1/],
    ["a rank of 65", forged(header(`(${"1,".repeat(65)})`), 4), /rank must be at most 64/],
    ["data cut off", forged(header("(2,)"), 7), /exactly 8 bytes for <f4 \[2\]; got 7/],
    ["data left over", forged(header("(2,)"), 9), /got 9/],
    ["a shape that is a number", forged(header("(2)"), 8), /comma/],
    ["a shape that is text", forged(header("'2'"), 8), /"\(" here/],
    ["code for a shape", forged(header("__import__('os').system('x')"), 8), /dictionary as NumPy writes it/],
    ["no dictionary", forged("[]"), /"\{" here; got "\["/],
    ["no end", forged("{'descr': '<f4'"), /"\}" here; got the header's end/],
    ["a missing key", forged("{'descr': '<f4', 'shape': ()}", 4), /got none of fortran_order/],
    ["a key twice", forged("{'descr': '<f4', 'descr': '<f8'}", 4), /got "descr" again/],
    ["an unknown key", forged("{'__proto__': '<f4'}", 4), /keys must be among/],
    ["more after the end", forged(`${header("()").trim()} 1`, 4), /must end with its dictionary; got 1/],
    ["an order that is a number", forged(header("()", "'<f4'", "0"), 4), /must be a truth; got 0/],
    ["a dtype without an order", forged(header("()", "'f4'"), 4), /descr must be a byte order/],
    ["an unknown dtype", forged(header("()", "'<f3'"), 3), /got "<f3"/],
  ])("refuses a file with %s", (_what, bytes, expected) => {
    expect(() => readNpy(bytes)).toThrow(FormatError);
    expect(() => readNpy(bytes)).toThrow(expected);
  });

  it("raises nothing but FormatError, whatever the header", () => {
    const part = fc.constantFrom(
      ..."{ } ( ) [ ] , : 'descr' 'shape' 'fortran_order' '<f4' True False 3 0 1L \\ ' é".split(" "),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 16 }), fc.nat(20), (parts, size) => {
        try {
          readNpy(forged(parts.join(" "), size));
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("writeNpy", () => {
  it("writes to the byte what NumPy writes", () => {
    for (const { name, file } of npy) {
      if (name.startsWith(">") || name.startsWith("fortran")) continue;
      expect(Buffer.from(writeNpy(readNpy(bytesOf(file)))).toString("base64"), name).toBe(file);
    }
  });

  it("refuses dtypes that NumPy has not, and bytes that do not fill the shape", () => {
    expect(() => writeNpy(fileTensor(new Uint16Array(1), [1], "BF16"))).toThrow(DTypeError);
    expect(() => writeNpy({ dtype: "F32", shape: [2], bytes: new Uint8Array(4) })).toThrow(FormatError);
  });
});

describe("npz", () => {
  it("reads what NumPy wrote", async () => {
    const stored = await readNpz(bytesOf(npz.stored));
    expect([...stored.keys()]).toEqual(["weights", "labels"]);
    expect(fileArray(stored.get("weights")!)).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
    expect(fileArray(stored.get("labels")!)).toEqual(BigInt64Array.of(3n, 1n));
    const compressed = await readNpz(bytesOf(npz.compressed));
    expect(fileArray(compressed.get("zeros")!)).toEqual(new Float32Array(100_000));
    expect(fileArray(compressed.get("ramp")!)).toEqual(Int32Array.from({ length: 1000 }, (_, i) => i));
  });

  it.each([false, true])("gives back what was written; compressed: %s", async (compress) => {
    const arrays = new Map([
      [
        "a",
        fileTensor(
          Float32Array.from({ length: 500 }, (_, i) => i % 7),
          [5, 100],
        ),
      ],
      ["__proto__", fileTensor(new Uint8Array(0), [0])],
      ["größe/b", fileTensor(BigInt64Array.of(1n), [])],
    ]);
    const bytes = await writeNpz(arrays, { compress });
    expect(await readNpz(bytes)).toEqual(arrays);
    expect(await writeNpz(arrays, { compress })).toEqual(bytes);
    expect(await readNpz(await writeNpz(new Map()))).toEqual(new Map());
  });

  it("moves tensors through files", async () => {
    const directory = await fs.mkdtemp(join(tmpdir(), "neurite-numpy-"));
    const path = join(directory, "a");
    const x = tensor([
      [1, 2.5],
      [-3, 4],
    ]);
    const mask = tensor([true, false]);
    await saveNpy(`${path}.npy`, x, "F16");
    await saveNpz(`${path}.npz`, { x, mask }, { compress: true });
    const [y, all] = [await loadNpy(`${path}.npy`), await loadNpz(`${path}.npz`)];
    expect(y.tolistSync()).toEqual(x.tolistSync());
    expect(all.get("x")!.tolistSync()).toEqual(x.tolistSync());
    expect([all.get("mask")!.dtype, all.get("mask")!.tolistSync()]).toEqual(["bool", [1, 0]]);
    expect(
      (await loadNpz(`${path}.npz`, { dtype: "int32" }).catch((error: unknown) => error)) as Error,
    ).toBeInstanceOf(DTypeError);
    for (const t of [x, mask, y, ...all.values()]) t.dispose();
    await fs.rm(directory, { recursive: true });
  });
});

/** A zip archive built entry by entry, with whatever it should say. */
function archive(
  entries: readonly {
    name?: string;
    content?: Uint8Array;
    packed?: Uint8Array;
    method?: number;
    size?: number;
    crc?: number;
    flags?: number;
    offset?: number;
    localName?: string;
  }[],
  { count = entries.length, shift = 0, comment = "", tail = "" } = {},
): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  entries.forEach((entry, i) => {
    const content = entry.content ?? writeNpy(fileTensor(Float32Array.of(i), [1]));
    const { method = 0, flags = 0, name = `${String(i)}.npy` } = entry;
    const packed = entry.packed ?? (method === 8 ? deflateRawSync(content) : content);
    const local = Buffer.alloc(30);
    const localName = Buffer.from(entry.localName ?? name);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(localName.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(entry.crc ?? crc32(content), 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(entry.size ?? content.length, 24);
    central.writeUInt16LE(Buffer.byteLength(name), 28);
    central.writeUInt32LE(entry.offset ?? at, 42);
    parts.push(local, localName, Buffer.from(packed));
    directory.push(central, Buffer.from(name));
    at += 30 + localName.length + packed.length;
  });
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at + shift, 16);
  end.writeUInt16LE(comment.length, 20);
  return Uint8Array.from(Buffer.concat([...parts, central, end, Buffer.from(comment + tail)]));
}

const failure = async (action: Promise<unknown>): Promise<Error> =>
  (await action.then(
    () => new Error("did not fail"),
    (error: unknown) => error,
  )) as Error;

const zeros = new Uint8Array(1_000_000);

describe("hostile archives", () => {
  it("can be built well-formed too", async () => {
    const read = await readNpz(archive([{}, { method: 8 }], { comment: "a comment" }));
    expect([...read.values()].map((file) => fileArray(file)[0])).toEqual([0, 1]);
  });

  it.each([
    ["nothing", new Uint8Array(0), /must end with a zip directory; got 0 bytes/],
    ["no directory", new Uint8Array(100), /must end with a zip directory/],
    ["bytes after the end", archive([{}], { tail: "x" }), /must end with a zip directory/],
    ["ZIP64", archive([{}], { count: 0xffff }), /got a ZIP64 one/],
    ["more entries than it has", archive([{}], { count: 2 }), /must hold 2 entries; got no entry 1/],
    ["fewer entries than it has", archive([{}, {}], { count: 1 }), /nothing else; got/],
    ["a directory elsewhere", archive([{}], { shift: 4 }), /directory must end where its end record begins/],
    ["encryption", archive([{ flags: 1 }]), /must not be encrypted/],
    ["another method", archive([{ method: 12 }]), /stored \(0\) or deflated \(8\); got method 12/],
    ["a name twice", archive([{ name: "a.npy" }, { name: "a.npy" }]), /got "a\.npy" again/],
    ["two names for one entry", archive([{ localName: "b.npy" }]), /must be the same in its own header/],
    ["a header out of bounds", archive([{ offset: 0xffff_fff0 }]), /must have a header of its own/],
    ["overlapping entries", archive([{ name: "a.npy" }, { name: "a.npy", offset: 0 }]), /again/],
    ["sizes that differ when stored", archive([{ size: 5 }]), /its two sizes must agree/],
    ["a wrong checksum", archive([{ crc: 1 }]), /checksum must be 1; got/],
    [
      "a damaged stream",
      archive([{ method: 8, packed: Uint8Array.of(7, 7) }]),
      /deflate stream; got one that is damaged/,
    ],
    [
      "more than it announces",
      archive([{ method: 8, content: zeros, size: 100 }]),
      /inflate to 100 bytes; got more/,
    ],
    ["less than it announces", archive([{ method: 8, size: 4000 }]), /inflate to 4000 bytes; got 132/],
    [
      "a terabyte",
      archive([{ method: 8, size: 0xffff_fffe }]),
      /at most 1073741824 bytes \(maxBytes\); got 4294967294/,
    ],
    [
      "an entry that is no array",
      archive([{ name: "readme.txt" }]),
      /must be an \.npy file; got "readme\.txt"/,
    ],
    ["an array that is none", archive([{ content: Uint8Array.of(1) }]), /npz: 0\.npy: the file must have/],
  ])("are refused: %s", async (_what, bytes, expected) => {
    const error = await failure(readNpz(bytes));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(expected);
  });

  it("cannot unfold the same bytes twice", async () => {
    // The second entry's header lies in the data of the first.
    const inner = archive([{ name: "b.npy" }]);
    const both = archive([
      { name: "a.npy", content: inner },
      { name: "b.npy", offset: 30 + 5 },
    ]);
    expect((await failure(readNpz(both))).message).toMatch(/must not overlap; got "a\.npy" and "b\.npy"/);
  });

  it("are bounded by what the caller allows", async () => {
    const bomb = archive([{ method: 8, content: writeNpy(fileTensor(zeros, [zeros.length])) }]);
    expect(bomb.length).toBeLessThan(2000);
    expect((await failure(readNpz(bomb, { maxBytes: 1000 }))).message).toMatch(/at most 1000 bytes/);
    expect((await readNpz(bomb)).get("0")!.bytes.length).toBe(zeros.length);
    expect(await failure(readNpz(bomb, { maxBytes: NaN }))).toBeInstanceOf(ValueError);
  });

  it("raise nothing but FormatError when bytes change", async () => {
    const good = archive([{}, { method: 8 }]);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = good.slice();
        bytes[at] = byte;
        const error = await failure(readZip(bytes, { maxBytes: 1e6, source: "zip", op: "readZip" }));
        expect(error instanceof FormatError || error.message === "did not fail", String(error)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the streams of browsers", () => {
  it("do what zlib does", async () => {
    const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) & 255);
    const packed = await deflateOnWeb(content);
    expect(await inflateOnWeb(packed, 5000, "a")).toEqual(content);
    expect(await inflate(packed, 5000, "a")).toEqual(content);
    expect(await inflate(await deflateOnWeb(new Uint8Array(0)), 0, "a")).toEqual(new Uint8Array(0));
  });

  it("refuse what zlib refuses", async () => {
    const packed = deflateRawSync(zeros);
    for (const way of [inflate, inflateOnWeb]) {
      expect((await failure(way(packed, 999_999, "a"))).message).toMatch(/inflate to 999999 bytes; got more/);
      expect((await failure(way(packed, 1_000_001, "a"))).message).toMatch(/1000001 bytes; got 1000000/);
      expect((await failure(way(packed, 0, "a"))).message).toMatch(/got more/);
      expect((await failure(way(Uint8Array.of(7, 7), 1, "a"))).message).toMatch(/damaged/);
      expect((await failure(way(packed.subarray(0, 40), 1_000_000, "a"))).message).toMatch(
        /damaged|inflate to/,
      );
    }
  });
});

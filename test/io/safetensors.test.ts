// The safetensors reader and writer: round trips, one case per rule of the format, and a fuzz that knows the structure.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DTypeError, FormatError, ShapeError } from "../../src/core/errors.ts";
import { FILE_DTYPE_BITS, fileArray, fileTensor } from "../../src/io/file-tensor.ts";
import type { FileDType, FileTensor } from "../../src/io/file-tensor.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";

/** A file with this header text and this many data bytes; `length` overrides the header length that it declares. */
function file(header: string, dataBytes = 0, length?: number | bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (dtype: string, shape: string, offsets: string): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

const message = (bytes: Uint8Array): string => {
  try {
    readSafetensors(bytes, "w.safetensors");
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as Error).message;
  }
  throw new Error("read without an error");
};

const dtypes = Object.keys(FILE_DTYPE_BITS) as FileDType[];

const fileTensors: fc.Arbitrary<FileTensor> = fc
  .record({
    dtype: fc.constantFrom(...dtypes.filter((dtype) => FILE_DTYPE_BITS[dtype] >= 8)),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const length = (shape.reduce((product, n) => product * n, 1) * FILE_DTYPE_BITS[dtype]) / 8;
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => ({ dtype, shape, bytes }));
  });

const names = fc
  .oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("__proto__", "constructor", "toString", "", '"', "\\u0000", "é"),
  )
  .filter((name) => name !== "__metadata__");

const contents = fc.record({
  tensors: fc.array(fc.tuple(names, fileTensors), { maxLength: 6 }).map((pairs) => new Map(pairs)),
  metadata: fc
    .array(fc.tuple(names, fc.string({ unit: "grapheme" })), { maxLength: 4 })
    .map((pairs) => new Map(pairs)),
});

describe("round trip", () => {
  it("gives back what was written, whatever the names, dtypes and shapes", () => {
    fc.assert(
      fc.property(contents, (content) => {
        const read = readSafetensors(writeSafetensors(content));
        expect(read.metadata).toEqual(content.metadata);
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...content.tensors].sort()));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["F32", new Float32Array([1.5, NaN, -0, Infinity])],
    ["F64", new Float64Array([Math.PI, -0, NaN, 5e-324])],
    ["I32", new Int32Array([-1, 2 ** 31 - 1, -(2 ** 31), 0])],
    ["I64", new BigInt64Array([-1n, 2n ** 63n - 1n, -(2n ** 63n), 0n])],
    ["U8", new Uint8Array([0, 1, 128, 255])],
    ["BOOL", new Uint8Array([0, 1, 1, 0])],
  ] as const)("keeps every bit of %s", (dtype, data) => {
    const tensors = new Map([
      ["odd", fileTensor(new Uint8Array(3), [3])],
      ["x", fileTensor(data, [2, 2], dtype)],
    ]);
    const x = readSafetensors(writeSafetensors({ tensors })).tensors.get("x")!;
    expect(x.dtype).toBe(dtype);
    expect(x.shape).toEqual([2, 2]);
    expect(fileArray(x)).toEqual(data);
  });

  it("carries a dtype without a JavaScript array as raw bytes", () => {
    const half = fileTensor(new Uint16Array([0x3c00, 0xbc00]), [2], "F16");
    const read = readSafetensors(writeSafetensors({ tensors: new Map([["h", half]]) })).tensors.get("h")!;
    expect([...read.bytes]).toEqual([0x00, 0x3c, 0x00, 0xbc]);
    expect(() => fileArray(read)).toThrow(DTypeError);
  });

  it("puts each tensor at a multiple of its element size", () => {
    const tensors = new Map([
      ["a", fileTensor(new Uint8Array(3), [3])],
      ["b", fileTensor(new Float64Array(2), [2])],
      ["c", fileTensor(new Float32Array(1), [])],
    ]);
    const read = readSafetensors(writeSafetensors({ tensors }));
    for (const { dtype, bytes } of read.tensors.values()) {
      expect((bytes.byteOffset * 8) % FILE_DTYPE_BITS[dtype]).toBe(0);
    }
  });

  it("reads tensors that are not aligned, not in order, and from the middle of a buffer", () => {
    const header = `{"b":${entry("F32", "[1]", "[1, 5]")}, "a":${entry("U8", "[1]", "[0,1]")}}   `;
    const bytes = file(header, 5);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, 2.5, true);
    const shifted = new Uint8Array(bytes.length + 9);
    shifted.set(bytes, 3);
    const { tensors } = readSafetensors(shifted.subarray(3, 3 + bytes.length));
    expect([...tensors.keys()]).toEqual(["b", "a"]);
    expect(fileArray(tensors.get("b")!)).toEqual(new Float32Array([2.5]));
  });

  it("treats names of Object.prototype as plain data", () => {
    const tensors = new Map(
      ["__proto__", "constructor"].map((name) => [name, fileTensor(new Uint8Array(1), [1])]),
    );
    const read = readSafetensors(writeSafetensors({ tensors, metadata: new Map([["__proto__", "x"]]) }));
    expect([...read.tensors.keys()]).toEqual(["__proto__", "constructor"]);
    expect(read.metadata.get("__proto__")).toBe("x");
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it("refuses to write what it could not read back", () => {
    const one = fileTensor(new Uint8Array(1), [1]);
    const write = (name: string, tensor: FileTensor) => () =>
      writeSafetensors({ tensors: new Map([[name, tensor]]) });
    expect(write("__metadata__", one)).toThrow(FormatError);
    expect(write("\ud800", one)).toThrow(FormatError);
    expect(write("x", { ...one, shape: [2] })).toThrow(FormatError);
    expect(write("x", { ...one, shape: [-1, -1] })).toThrow(FormatError);
    expect(() => fileTensor(new Float32Array(3), [2])).toThrow(ShapeError);
    expect(() => fileTensor(new Float32Array(2), [2], "F64")).toThrow(DTypeError);
  });
});

describe("rules", () => {
  const u8 = entry("U8", "[1]", "[0,1]");
  const cases: [rule: string, bytes: Uint8Array, expected: RegExp][] = [
    ["at least 8 bytes", new Uint8Array(7), /at least 8 bytes; got 7/],
    ["empty file", new Uint8Array(0), /at least 8 bytes; got 0/],
    ["header limit", file("{}", 0, 100_000_001), /at most 100000000 bytes; got 100000001/],
    ["header limit, high half", file("{}", 0, 2n ** 63n), /at most 100000000 bytes; got 9223372036854776000/],
    ["header inside the file", file("{}", 0, 3), /inside the file; got 3 bytes in a file of 10/],
    ["header not empty", file("{}", 0, 0), /must start with "\{"; got an empty header/],
    ["starts with {", file(" {}"), /must start with "\{"; got byte 32/],
    ["no byte order mark", file("\ufeff{}"), /must start with "\{"/],
    ["UTF-8", Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x7d), /valid UTF-8/],
    ["one object", file("{}{}"), /only spaces may follow/],
    ["only spaces as padding", file("{}\n"), /only spaces may follow/],
    ["no NUL padding", file("{}\0\0"), /only spaces may follow/],
    ["ends with }", file('{"a":1'), /tensor "a" must be an object/],
    ["no trailing comma", file(`{"a":${u8},}`, 1), /a key of the header must be a string/],
    ["no duplicate tensor", file(`{"a":${u8},"a":${entry("U8", "[1]", "[1,2]")}}`, 2), /key twice; got "a"/],
    ["no duplicate by escape", file(`{"a":${u8},"\\u0061":${u8}}`, 1), /key twice; got "a"/],
    [
      "no duplicate metadata",
      file('{"__metadata__":{"k":"1","k":"2"}}'),
      /__metadata__ must not have a key twice/,
    ],
    ["one __metadata__", file('{"__metadata__":{},"__metadata__":{}}'), /key twice; got "__metadata__"/],
    ["no duplicate field", file('{"a":{"dtype":"U8","dtype":"U8"}}'), /tensor "a" must not have a key twice/],
    ["metadata is an object", file('{"__metadata__":[]}'), /__metadata__ must be an object/],
    [
      "metadata to strings only",
      file('{"__metadata__":{"k":1}}'),
      /__metadata__ "k" must be a string; got "1\}\}"/,
    ],
    [
      "known fields",
      file('{"a":{"dtype":"U8","extra":1}}'),
      /fields must be dtype, shape, data_offsets; got "extra"/,
    ],
    ["has dtype", file('{"a":{"shape":[],"data_offsets":[0,1]}}', 1), /must have a dtype; got none/],
    ["has shape", file('{"a":{"dtype":"U8","data_offsets":[0,1]}}', 1), /must have a shape; got none/],
    ["has offsets", file('{"a":{"dtype":"U8","shape":[]}}', 1), /data_offsets must be two numbers; got none/],
    ["two offsets", file(`{"a":${entry("U8", "[1]", "[0,1,2]")}}`, 1), /two numbers; got 3 numbers/],
    [
      "known dtype",
      file(`{"a":${entry("X9", "[1]", "[0,1]")}}`, 1),
      /tensor "a": dtype must be one of .*; got "X9"/,
    ],
    [
      "dtype not of Object.prototype",
      file(`{"a":${entry("toString", "[1]", "[0,1]")}}`, 1),
      /dtype must be one of/,
    ],
    ["whole sizes", file(`{"a":${entry("U8", "[1.0]", "[0,1]")}}`, 1), /shape must hold whole numbers/],
    ["no exponents", file(`{"a":${entry("U8", "[1e0]", "[0,1]")}}`, 1), /shape must hold whole numbers/],
    ["no negative sizes", file(`{"a":${entry("U8", "[-1]", "[0,1]")}}`, 1), /shape must hold whole numbers/],
    ["no leading zeros", file(`{"a":${entry("U8", "[01]", "[0,1]")}}`, 1), /shape must hold whole numbers/],
    [
      "safe sizes",
      file(`{"a":${entry("U8", "[9007199254740992]", "[0,1]")}}`, 1),
      /shape must hold whole numbers/,
    ],
    ["rank", file(`{"a":${entry("U8", `[${"1,".repeat(64)}1]`, "[0,1]")}}`, 1), /at most 64 numbers/],
    [
      "offsets ascend",
      file(`{"a":${entry("U8", "[1]", "[1,0]")}}`, 1),
      /must ascend within 0 to 1; got \[1, 0\]/,
    ],
    [
      "offsets inside",
      file(`{"a":${entry("U8", "[2]", "[0,2]")}}`, 1),
      /must ascend within 0 to 1; got \[0, 2\]/,
    ],
    [
      "size fits",
      file(`{"a":${entry("F32", "[1]", "[0,1]")}}`, 1),
      /got 1 bytes for F32 \[1\], which needs 4 bytes/,
    ],
    ["whole bytes", file(`{"a":${entry("F4", "[1]", "[0,1]")}}`, 1), /part of a byte/],
    [
      "no overflow",
      file(`{"a":${entry("U8", "[4294967296,4294967296]", "[0,0]")}}`),
      /U8 \[4294967296, 4294967296\], which needs more than 2\^53 - 1 bits/,
    ],
    [
      "no wrap to zero",
      file(`{"a":${entry("U8", "[9007199254740991,9007199254740991,0]", "[0,0]")}}`),
      /which needs more than/,
    ],
    ["no overlap", file(`{"a":${u8},"b":${u8}}`, 1), /tensor "b": .* got 0 where 1 was due \(overlap\)/],
    [
      "no partial overlap",
      file(`{"a":${entry("U8", "[2]", "[0,2]")},"b":${entry("U8", "[2]", "[1,3]")}}`, 3),
      /got 1 where 2 was due \(overlap\)/,
    ],
    ["starts at zero", file(`{"a":${entry("U8", "[1]", "[1,2]")}}`, 2), /got 1 where 0 was due \(hole\)/],
    ["no hole", file(`{"a":${u8},"b":${entry("U8", "[1]", "[2,3]")}}`, 3), /got 2 where 1 was due \(hole\)/],
    ["nothing after", file(`{"a":${u8}}`, 2), /must end with the last tensor, at 1; got 2 bytes/],
    ["nothing after no tensor", file("{}", 1), /must end with the last tensor, at 0; got 1 bytes/],
    ["strings end", file('{"a'), /must end with a quotation mark/],
    ["valid escapes", file('{"\\x":{}}'), /valid JSON string/],
    ["no raw control characters", file('{"a\nb":{}}'), /valid JSON string/],
    ["well-formed names", file('{"\\ud800":{}}'), /well-formed Unicode/],
    ["no deep nesting", file(`{"a":${"[".repeat(100_000)}`), /tensor "a" must be an object/],
  ];

  it.each(cases)("%s", (_rule, bytes, expected) => {
    const text = message(bytes);
    expect(text).toMatch(expected);
    expect(text).toMatch(/^readSafetensors: w\.safetensors: [^;]+; got .+\.$/);
    expect(text.length).toBeLessThan(400);
  });

  it("keeps messages short whatever the file says", () => {
    expect(message(file(`{"${"n".repeat(100_000)}":1}`)).length).toBeLessThan(300);
  });

  it("reads an empty file of no tensors, and NaN is legal", () => {
    expect(readSafetensors(file("{}")).tensors.size).toBe(0);
    expect(readSafetensors(file("{ }   ")).tensors.size).toBe(0);
  });
});

describe("fuzz", () => {
  // Pieces that headers are made of, so that corruptions stay close to what a parser accepts.
  const token = fc.constantFrom(
    ...'{ } [ ] : , " \\ 0 1 8 -1 1e3 1.5 9007199254740992 "a" "dtype" "shape" "data_offsets" "F32" "__metadata__"'.split(
      " ",
    ),
    '"__proto__"',
    "null",
    "\n",
    "\0",
    "é",
  );
  const edits = fc.array(
    fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3), token, fc.integer()),
    {
      minLength: 1,
      maxLength: 4,
    },
  );

  function corrupt(
    bytes: Uint8Array,
    [at, kind, text, number]: [number, number, string, number],
  ): Uint8Array {
    const position = Math.floor(at * bytes.length);
    const piece = new TextEncoder().encode(text);
    const head = bytes.subarray(0, position);
    if (kind === 0) return Uint8Array.from([...head, ...bytes.subarray(position + 1 + (number & 7))]);
    if (kind === 1) return Uint8Array.from([...head, number & 255, ...bytes.subarray(position + 1)]);
    // Inside the header, with the declared length kept right, so that the JSON itself is what is tried.
    const inserted = Uint8Array.from([...head, ...piece, ...bytes.subarray(position + (number & 7))]);
    const change = inserted.length - bytes.length;
    if (position >= 8 && kind === 2) {
      const view = new DataView(inserted.buffer);
      view.setUint32(0, view.getUint32(0, true) + change, true);
    }
    return inserted;
  }

  it("raises FormatError or reads a file whose tensors lie inside it", () => {
    fc.assert(
      fc.property(contents, edits, (content, list) => {
        let bytes = writeSafetensors(content);
        for (const edit of list) bytes = corrupt(bytes, edit);
        try {
          const { tensors } = readSafetensors(bytes);
          for (const tensor of tensors.values()) expect(tensor.bytes.buffer).toBe(bytes.buffer);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("raises nothing but FormatError on bytes of any kind", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (tail, framed) => {
        const bytes = framed ? file(`{${new TextDecoder().decode(tail)}}`) : tail;
        try {
          readSafetensors(bytes);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("allocates no more than a file's own size for a file that claims to be huge", () => {
    const claims = [
      file("{}", 0, 99_999_999),
      file(`{"a":${entry("F64", "[1000000000000]", "[0,8000000000000]")}}`, 8),
      file(`{"a":${entry("F64", "[1000000000000]", "[0,8]")}}`, 8),
      // Attack: many names for the same bytes.
      file(
        `{${Array.from({ length: 2000 }, (_, i) => `"t${String(i)}":${entry("U8", "[100000]", "[0,100000]")}`).join()}}`,
        100_000,
      ),
    ];
    const before = process.memoryUsage();
    for (const bytes of claims) message(bytes);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4_000_000);
  });
});

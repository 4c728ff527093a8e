// The kernel checker must notice each way in which a binary can differ from its declarations.
import { expect, test } from "vitest";
import { checkModule, declaredTypes } from "../../scripts/check-wasm.ts";

const i32 = 0x7f;
const f32 = 0x7d;
const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
const vector = (items: number[][]): number[] => [items.length, ...items.flat()];
const section = (id: number, body: number[]): number[] => [id, body.length, ...body];

const importMemory = [...name("env"), ...name("memory"), 0x02, 0x03, 1, 2]; // shared, 1 to 2 pages
const exportFunction = (text: string): number[] => [...name(text), 0x00, 0];

/** One function (i32, f32) -> i32, exported under the given names, with extra sections where they belong. */
function module({
  imports = [importMemory],
  exports = [exportFunction("scale_f32")],
  global = [] as number[],
  data = [] as number[],
}): Uint8Array {
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, 2, i32, f32, 1, i32]])),
    ...section(2, vector(imports)),
    ...section(3, vector([[0]])),
    ...global,
    ...section(7, vector(exports)),
    ...section(10, vector([[4, 0, 0x41, 0, 0x0b]])),
    ...data,
  ]);
}

const declared = { scale_f32: "xPtr factor:f32 -> i32" };

test("declarations are names, types by suffix, and a result", () => {
  expect(declaredTypes("xPtr yPtr start end")).toBe("i32 i32 i32 i32 ->");
  expect(declaredTypes("pPtr  lr:f32 seed:i64 -> i32")).toBe("i32 f32 i64 -> i32");
  expect(declaredTypes("-> f64")).toBe("-> f64");
});

test("a module as declared passes", () => {
  expect(checkModule(module({}), declared)).toEqual([]);
});

test.each<[string, Uint8Array, Record<string, string>, RegExp]>([
  ["an undeclared export", module({}), {}, /exports scale_f32, which signatures\.ts does not declare/],
  ["a missing export", module({}), { ...declared, relu_f32: "xPtr" }, /does not export relu_f32/],
  [
    "another parameter type",
    module({}),
    { scale_f32: "xPtr factor -> i32" },
    /is \(i32 f32 -> i32\).*\(i32 i32 -> i32\)/,
  ],
  ["another result", module({}), { scale_f32: "xPtr factor:f32" }, /is \(i32 f32 -> i32\)/],
  ["no memory", module({ imports: [] }), declared, /imports 0 memories/],
  [
    "a function import",
    module({ imports: [importMemory, [...name("env"), ...name("abort"), 0x00, 0]] }),
    declared,
    /imports env\.abort/,
  ],
  [
    "an exported memory",
    module({ exports: [exportFunction("scale_f32"), [...name("memory"), 2, 0]] }),
    declared,
    /exports memory/,
  ],
  [
    "a data segment",
    module({ data: section(11, vector([[0, 0x41, 0, 0x0b, 1, 7]])) }),
    declared,
    /data segment/,
  ],
  [
    "mutable state",
    module({ global: section(6, vector([[i32, 1, 0x41, 0, 0x0b]])) }),
    declared,
    /mutable global/,
  ],
])("%s is found", (_name, bytes, declarations, message) => {
  expect(checkModule(bytes, declarations).join("\n")).toMatch(message);
});

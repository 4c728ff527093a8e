// The idx format of MNIST: a magic number that names the element type and the rank, the sizes, then the elements, all
// big-endian.
import { FormatError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";

export type IdxArray = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** What an idx file holds. */
export interface Idx {
  readonly shape: Shape;
  readonly data: IdxArray;
}

interface Element {
  readonly bytes: number;
  read(view: DataView, length: number): IdxArray;
}

function element(
  bytes: number,
  create: (length: number) => IdxArray,
  get: (view: DataView, offset: number) => number,
): Element {
  return {
    bytes,
    read(view, length) {
      const data = create(length);
      for (let i = 0; i < length; i++) data[i] = get(view, i * bytes);
      return data;
    },
  };
}

const ELEMENTS: ReadonlyMap<number, Element> = new Map([
  [0x08, { bytes: 1, read: (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength) }],
  [0x09, { bytes: 1, read: (view) => new Int8Array(view.buffer, view.byteOffset, view.byteLength) }],
  [
    0x0b,
    element(
      2,
      (n) => new Int16Array(n),
      (view, at) => view.getInt16(at),
    ),
  ],
  [
    0x0c,
    element(
      4,
      (n) => new Int32Array(n),
      (view, at) => view.getInt32(at),
    ),
  ],
  [
    0x0d,
    element(
      4,
      (n) => new Float32Array(n),
      (view, at) => view.getFloat32(at),
    ),
  ],
  [
    0x0e,
    element(
      8,
      (n) => new Float64Array(n),
      (view, at) => view.getFloat64(at),
    ),
  ],
]);

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, "0")}`;

/**
 * Reads an idx file, not compressed.
 *
 * @param bytes The whole file. Elements of one byte come as a view of it; wider ones are copied and byte-swapped.
 * @param source What errors call the file; its path, say.
 * @throws FormatError when the magic number, the element type, the sizes or the length is not what idx asks for.
 */
export function readIdx(bytes: Uint8Array, source = "idx"): Idx {
  const fail = (message: string): never => {
    throw new FormatError("readIdx", `${source}: ${message}.`);
  };
  if (bytes.length < 4) fail(`the file must have at least 4 bytes; got ${String(bytes.length)}`);
  const [zero, one, code, rank] = bytes;
  if (zero === 0x1f && one === 0x8b) fail("the file must not be compressed; got gzip");
  const type = ELEMENTS.get(code);
  if (zero !== 0 || one !== 0 || type === undefined || rank === 0) {
    const known = [...ELEMENTS.keys()].map(hex).join(", ");
    const got = [zero, one, code, rank].map(hex).join(" ");
    return fail(`the magic number must be 0, 0, an element type (${known}) and a rank above 0; got ${got}`);
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    fail(`the header of rank ${String(rank)} must have ${String(start)} bytes; got ${String(bytes.length)}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // A product that leaves the exact doubles only grows, and so can never equal the length that is there.
  const length = shape.reduce((product, n) => product * n, 1);
  if (length * type.bytes !== bytes.length - start) {
    const sizes = formatShape(shape.length > 8 ? shape.slice(0, 8) : shape);
    const needs = `${String(length * type.bytes)} bytes of elements for ${sizes}`;
    return fail(`the file must hold exactly ${needs}; got ${String(bytes.length - start)}`);
  }
  return {
    shape,
    data: type.read(new DataView(bytes.buffer, bytes.byteOffset + start, length * type.bytes), length),
  };
}

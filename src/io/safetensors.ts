// The safetensors format, bytes to tensors and back: 8 bytes of header length, a JSON header, then the data of every
// tensor without gaps. Pure bytes, so it runs wherever JavaScript runs. Every rule is checked before anything is
// believed, and tensors are views of the given bytes, so a hostile file cannot make the reader allocate more than it has.
import { FormatError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { FILE_DTYPE_BITS, isFileDType } from "./file-tensor.ts";
import type { FileTensor } from "./file-tensor.ts";
import { HeaderReader, isIllFormed, quote } from "./safetensors-header.ts";
import type { HeaderEntry } from "./safetensors-header.ts";

/** What a safetensors file holds: tensors by name, and free text by key. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, FileTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

const MAX_HEADER_BYTES = 100_000_000;
const METADATA = "__metadata__";

/**
 * Reads a safetensors file.
 *
 * @param bytes The whole file. Tensors are views of it: no data is copied.
 * @param source What errors call the file; its path, say.
 * @returns Tensors in the header's order, and the `__metadata__`.
 * @throws FormatError for anything that breaks the format: a header longer than 100,000,000 bytes or than the file,
 *   invalid UTF-8 or JSON, a key given twice, an unknown dtype, sizes that overflow, offsets that overlap or leave a
 *   hole, a length that differs from what the header says.
 */
export function readSafetensors(bytes: Uint8Array, source = "safetensors"): Safetensors {
  const header = new HeaderReader("readSafetensors", source, headerText(bytes, source)).read();
  const dataStart = bytes.length - dataLength(bytes);
  const tensors = new Map<string, FileTensor>();
  for (const entry of header.entries) tensors.set(entry.name, readEntry(entry, bytes, dataStart, source));
  checkContiguous(header.entries, bytes.length - dataStart, source);
  return { tensors, metadata: header.metadata };
}

const fail = (source: string, message: string): never => {
  throw new FormatError("readSafetensors", `${source}: ${message}.`);
};

function headerLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  // The high half alone puts a length past the limit, so a double holds every value that is looked at closely.
  return view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
}

const dataLength = (bytes: Uint8Array): number => bytes.length - 8 - headerLength(bytes);

function headerText(bytes: Uint8Array, source: string): string {
  if (bytes.length < 8) fail(source, `the file must have at least 8 bytes; got ${String(bytes.length)}`);
  const length = headerLength(bytes);
  if (length > MAX_HEADER_BYTES) {
    fail(source, `the header must have at most ${String(MAX_HEADER_BYTES)} bytes; got ${String(length)}`);
  }
  if (length > bytes.length - 8) {
    const got = `${String(length)} bytes in a file of ${String(bytes.length)}`;
    fail(source, `the header must lie inside the file; got ${got}`);
  }
  if (bytes[8] !== 0x7b || length === 0) {
    const got = length === 0 ? "an empty header" : `byte ${String(bytes[8])}`;
    fail(source, `the header must start with "{"; got ${got}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length));
  } catch {
    return fail(source, "the header must be valid UTF-8; got bytes that are not");
  }
}

function readEntry(entry: HeaderEntry, bytes: Uint8Array, dataStart: number, source: string): FileTensor {
  const { name, dtype, shape, begin, end } = entry;
  const where = `tensor ${quote(name)}`;
  if (!isFileDType(dtype)) {
    const known = Object.keys(FILE_DTYPE_BITS).join(", ");
    return fail(source, `${where}: dtype must be one of ${known}; got ${quote(dtype)}`);
  }
  if (end < begin || end > bytes.length - dataStart) {
    const room = `0 to ${String(bytes.length - dataStart)}`;
    fail(source, `${where}: data_offsets must ascend within ${room}; got [${String(begin)}, ${String(end)}]`);
  }
  const size = byteSize(shape, FILE_DTYPE_BITS[dtype]);
  if (size !== end - begin) {
    const needs = size === null ? "more than 2^53 - 1 bits or part of a byte" : `${String(size)} bytes`;
    const got = `${String(end - begin)} bytes for ${dtype} ${clip(formatShape(shape))}, which needs ${needs}`;
    fail(source, `${where}: data_offsets must span exactly its elements; got ${got}`);
  }
  return { dtype, shape, bytes: bytes.subarray(dataStart + begin, dataStart + end) };
}

/** Bytes of a tensor; null where the product leaves the safe integers or the bits fill no whole number of bytes. */
function byteSize(shape: readonly number[], bits: number): number | null {
  let total = bits;
  for (const n of shape) {
    total *= n;
    if (!Number.isSafeInteger(total)) return null;
  }
  return total % 8 === 0 ? total / 8 : null;
}

const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

function checkContiguous(entries: readonly HeaderEntry[], length: number, source: string): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== position) {
      const kind = begin < position ? "overlap" : "hole";
      const got = `${String(begin)} where ${String(position)} was due (${kind})`;
      fail(source, `tensor ${quote(name)}: data must start where the previous tensor's ends; got ${got}`);
    }
    position = end;
  }
  if (position !== length) {
    fail(
      source,
      `the data must end with the last tensor, at ${String(position)}; got ${String(length)} bytes`,
    );
  }
}

/**
 * Writes a safetensors file.
 *
 * Tensors of wide dtypes come first and the header is padded, so that every tensor starts at a multiple of its element
 * size. The same content gives the same bytes.
 *
 * @throws FormatError for a tensor called `__metadata__`, names that are not well-formed Unicode, bytes that do not fit
 *   their shape, or a header beyond 100,000,000 bytes.
 */
export function writeSafetensors(content: {
  readonly tensors: ReadonlyMap<string, FileTensor>;
  readonly metadata?: ReadonlyMap<string, string>;
}): Uint8Array {
  const sorted = [...content.tensors].sort(
    (a, b) => FILE_DTYPE_BITS[b[1].dtype] - FILE_DTYPE_BITS[a[1].dtype],
  );
  const members: string[] = [];
  if (content.metadata && content.metadata.size > 0) {
    const pairs = [...content.metadata].map(([key, value]) => `${jsonString(key)}:${jsonString(value)}`);
    members.push(`"${METADATA}":{${pairs.join(",")}}`);
  }
  let offset = 0;
  for (const [name, tensor] of sorted) {
    checkWritable(name, tensor);
    const offsets = `[${String(offset)},${String((offset += tensor.bytes.length))}]`;
    const shape = `[${tensor.shape.join(",")}]`;
    members.push(
      `${jsonString(name)}:{"dtype":"${tensor.dtype}","shape":${shape},"data_offsets":${offsets}}`,
    );
  }
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    const rule = `the header must have at most ${String(MAX_HEADER_BYTES)} bytes`;
    throw new FormatError("writeSafetensors", `${rule}; got ${String(length)}.`);
  }
  const bytes = new Uint8Array(8 + length + offset);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.set(text, 8);
  bytes.fill(0x20, 8 + text.length, 8 + length);
  let position = 8 + length;
  for (const [, tensor] of sorted) {
    bytes.set(tensor.bytes, position);
    position += tensor.bytes.length;
  }
  return bytes;
}

function jsonString(text: string): string {
  if (!isIllFormed(text)) return JSON.stringify(text);
  throw new FormatError(
    "writeSafetensors",
    `names and text must be well-formed Unicode; got ${quote(text)}.`,
  );
}

function checkWritable(name: string, tensor: FileTensor): void {
  if (name === METADATA) {
    throw new FormatError("writeSafetensors", `a tensor's name must not be "${METADATA}"; got it.`);
  }
  const valid = tensor.shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (valid && byteSize(tensor.shape, FILE_DTYPE_BITS[tensor.dtype]) === tensor.bytes.length) return;
  const got = `${String(tensor.bytes.length)} bytes for ${tensor.dtype} ${clip(formatShape(tensor.shape))}`;
  throw new FormatError("writeSafetensors", `tensor ${quote(name)}: bytes must fill its shape; got ${got}.`);
}

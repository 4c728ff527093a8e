// Zip archives of stored and deflated entries, as far as `.npz` needs them. The central directory is the one truth about
// sizes; entries must not overlap, so a small archive cannot unfold the same bytes many times; what an entry inflates to
// is bounded by what it announces, and the sum of that by the caller.
import { crc32 } from "../core/crc.ts";
import { FormatError } from "../core/errors.ts";
import { deflate, inflate } from "./deflate.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const STORED = 0;
const DEFLATED = 8;
const UTF8_NAME = 0x0800;
const MAX_32 = 0xffffffff;
// 1980-01-01, the first day that the format knows: the same content gives the same bytes.
const DATE = 0x0021;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

type Fail = (rule: string, got: string) => never;

/**
 * Reads a zip archive.
 *
 * @param maxBytes How many bytes all entries together may unfold to.
 * @param source What errors call the file; its path, say.
 * @returns The entries by name, in the order of the central directory. Stored ones are views of `bytes`.
 * @throws FormatError for anything that breaks the format or is not needed for arrays: ZIP64 archives, encryption, other
 * methods, entries that overlap, names given twice, checksums that do not fit, and more than `maxBytes`.
 */
export async function readZip(
  bytes: Uint8Array,
  { maxBytes, source, op }: { readonly maxBytes: number; readonly source: string; readonly op: string },
): Promise<Map<string, Uint8Array>> {
  const fail: Fail = (rule, got) => {
    throw new FormatError(op, `${source}: ${rule}; got ${got}.`);
  };
  const { entries, start } = readDirectory(bytes, fail);
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > maxBytes) {
    fail(`the entries must unfold to at most ${String(maxBytes)} bytes (maxBytes)`, String(total));
  }
  const spans = entries.map((entry) => dataSpan(bytes, entry, start, fail));
  checkApart(spans, fail);
  const files = new Map<string, Uint8Array>();
  for (const [i, { name, method, size, crc }] of entries.entries()) {
    const where = `entry ${JSON.stringify(name)}`;
    const packed = bytes.subarray(spans[i].data, spans[i].end);
    const content = method === STORED ? packed : await inflate(packed, size, `${source}: ${where}`, op);
    const sum = crc32(content);
    if (sum !== crc) fail(`${where}: the checksum must be ${crc.toString(16)}`, sum.toString(16));
    files.set(name, content);
  }
  return files;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function readDirectory(bytes: Uint8Array, fail: Fail): { entries: Entry[]; start: number } {
  const view = viewOf(bytes);
  const end = findEnd(view);
  if (end < 0)
    return fail("the file must end with a zip directory", `${String(bytes.length)} bytes without one`);
  const [disk, startDisk] = [view.getUint16(end + 4, true), view.getUint16(end + 6, true)];
  const [here, count] = [view.getUint16(end + 8, true), view.getUint16(end + 10, true)];
  const [size, start] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  if (count === 0xffff || size === MAX_32 || start === MAX_32) {
    fail("the archive must stay below 65,535 entries and 4 GiB", "a ZIP64 one");
  }
  if (disk !== 0 || startDisk !== 0 || here !== count) fail("the archive must be in one part", "several");
  if (start + size !== end) {
    fail(
      "the directory must end where its end record begins",
      `${String(start)} + ${String(size)} for ${String(end)}`,
    );
  }
  const entries: Entry[] = [];
  const names = new Set<string>();
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== CENTRAL) {
      fail(`the directory must hold ${String(count)} entries`, `no entry ${String(i)}`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const next =
      at + CENTRAL_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) fail(`entry ${String(i)} must lie inside the directory`, "one that does not");
    const name = readName(bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes), i, fail);
    const where = `entry ${JSON.stringify(name)}`;
    if (names.has(name)) fail("every name must come once", `${JSON.stringify(name)} again`);
    names.add(name);
    if (view.getUint16(at + 8, true) & 0x2041) fail(`${where} must not be encrypted`, "one that is");
    const entry: Entry = {
      name,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    if (entry.method !== STORED && entry.method !== DEFLATED) {
      fail(`${where} must be stored (0) or deflated (8)`, `method ${String(entry.method)}`);
    }
    if (entry.packed === MAX_32 || entry.size === MAX_32 || entry.offset === MAX_32) {
      fail(`${where} must be smaller than 4 GiB`, "a ZIP64 one");
    }
    if (entry.method === STORED && entry.packed !== entry.size) {
      fail(
        `${where} is stored, so its two sizes must agree`,
        `${String(entry.packed)} and ${String(entry.size)}`,
      );
    }
    entries.push(entry);
    at = next;
  }
  if (at !== end)
    fail(
      `the directory must hold ${String(count)} entries and nothing else`,
      `${String(end - at)} bytes more`,
    );
  return { entries, start };
}

/** Where the end record begins: the last place whose comment reaches exactly to the end of the file. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (
      view.getUint32(at, true) === END &&
      at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength
    ) {
      return at;
    }
  }
  return -1;
}

function readName(bytes: Uint8Array, i: number, fail: Fail): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail(`the name of entry ${String(i)} must be valid UTF-8`, "bytes that are not");
  }
}

interface Span {
  readonly name: string;
  readonly begin: number;
  readonly data: number;
  readonly end: number;
}

/** Where an entry lies, its local header included; that header must name the same entry. */
function dataSpan(
  bytes: Uint8Array,
  { name, method, packed, offset }: Entry,
  limit: number,
  fail: Fail,
): Span {
  const view = viewOf(bytes);
  const where = `entry ${JSON.stringify(name)}`;
  if (offset + LOCAL_BYTES > limit || view.getUint32(offset, true) !== LOCAL) {
    fail(`${where} must have a header of its own before the directory`, `none at ${String(offset)}`);
  }
  const nameBytes = view.getUint16(offset + 26, true);
  const data = offset + LOCAL_BYTES + nameBytes + view.getUint16(offset + 28, true);
  if (data + packed > limit) {
    fail(`${where} must end before the directory, at ${String(limit)}`, String(data + packed));
  }
  const local = readName(bytes.subarray(offset + LOCAL_BYTES, offset + LOCAL_BYTES + nameBytes), 0, fail);
  if (local !== name || view.getUint16(offset + 8, true) !== method) {
    fail(`${where} must be the same in its own header`, `${JSON.stringify(local)}, or another method`);
  }
  return { name, begin: offset, data, end: data + packed };
}

function checkApart(spans: readonly Span[], fail: Fail): void {
  const sorted = [...spans].sort((a, b) => a.begin - b.begin);
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i].begin >= sorted[i - 1].end) continue;
    const got = `${JSON.stringify(sorted[i - 1].name)} and ${JSON.stringify(sorted[i].name)}`;
    fail("entries must not overlap", got);
  }
}

/**
 * Writes a zip archive. The same content gives the same bytes (compressed ones: on the same runtime).
 *
 * @throws FormatError for more than 65,534 entries, a name beyond 65,535 bytes, or an archive of 4 GiB and more.
 */
export async function writeZip(
  files: ReadonlyMap<string, Uint8Array>,
  { compress, op }: { readonly compress: boolean; readonly op: string },
): Promise<Uint8Array> {
  const fail: Fail = (rule, got) => {
    throw new FormatError(op, `${rule}; got ${got}.`);
  };
  if (files.size >= 0xffff) fail("there must be fewer than 65,535 entries", String(files.size));
  const locals: Uint8Array[] = [];
  const centrals: Uint8Array[] = [];
  let offset = 0;
  for (const [text, content] of files) {
    const name = new TextEncoder().encode(text);
    if (name.length > 0xffff) fail("names must have at most 65,535 bytes", String(name.length));
    const packed = compress ? await deflate(content, op) : content;
    if (offset + packed.length + name.length + LOCAL_BYTES >= MAX_32 || content.length >= MAX_32) {
      fail("the archive must stay below 4 GiB", `more with ${JSON.stringify(text)}`);
    }
    // The fields that both headers have in common, from "version needed" to the length of the name.
    const common = new Uint8Array(24);
    const view = viewOf(common);
    view.setUint16(0, 20, true);
    view.setUint16(2, UTF8_NAME, true);
    view.setUint16(4, compress ? DEFLATED : STORED, true);
    view.setUint16(8, DATE, true);
    view.setUint32(10, crc32(content), true);
    view.setUint32(14, packed.length, true);
    view.setUint32(18, content.length, true);
    view.setUint16(22, name.length, true);
    const local = new Uint8Array(LOCAL_BYTES);
    viewOf(local).setUint32(0, LOCAL, true);
    local.set(common, 4);
    const central = new Uint8Array(CENTRAL_BYTES);
    viewOf(central).setUint32(0, CENTRAL, true);
    viewOf(central).setUint16(4, 20, true);
    central.set(common, 6);
    viewOf(central).setUint32(42, offset, true);
    locals.push(local, name, packed);
    centrals.push(central, name);
    offset += LOCAL_BYTES + name.length + packed.length;
  }
  const directory = centrals.reduce((sum, part) => sum + part.length, 0);
  if (offset + directory + END_BYTES >= MAX_32) fail("the archive must stay below 4 GiB", "more");
  const end = new Uint8Array(END_BYTES);
  const view = viewOf(end);
  view.setUint32(0, END, true);
  view.setUint16(8, files.size, true);
  view.setUint16(10, files.size, true);
  view.setUint32(12, directory, true);
  view.setUint32(16, offset, true);
  const archive = new Uint8Array(offset + directory + END_BYTES);
  let at = 0;
  for (const part of [...locals, ...centrals, end]) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

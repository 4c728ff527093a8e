// NumPy's format for one array, bytes to tensors of files and back. Lengths are checked before anything is believed, and
// pickled objects are refused: to read those is to run their code.
import { DTypeError, FormatError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { FILE_DTYPE_BITS } from "./file-tensor.ts";
import type { FileDType, FileTensor } from "./file-tensor.ts";
import { fileToTensor, tensorToFile } from "./file-values.ts";
import type { FileToTensorOptions } from "./file-values.ts";
import { readFileBytes, writeFileAtomic } from "./files.ts";
import { parseNpyHeader } from "./npy-header.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
// NumPy's own limit, which here holds before the header is looked at.
const MAX_HEADER_BYTES = 10_000;

// A dtype's kind and width, as `descr` has them after the byte order.
const KINDS: ReadonlyMap<string, FileDType> = new Map([
  ["f8", "F64"],
  ["f4", "F32"],
  ["f2", "F16"],
  ["i8", "I64"],
  ["i4", "I32"],
  ["i2", "I16"],
  ["i1", "I8"],
  ["u8", "U64"],
  ["u4", "U32"],
  ["u2", "U16"],
  ["u1", "U8"],
  ["b1", "BOOL"],
  ["c8", "C64"],
]);

const DESCRIPTIONS = new Map(Array.from(KINDS, ([kind, dtype]) => [dtype, kind] as const));

/**
 * Reads a `.npy` file: one array of numbers or truth values, in either byte order, in C or Fortran order.
 *
 * @param bytes The whole file. Where nothing has to be turned around, the elements are a view of it.
 * @param source What errors call the file; its path, say.
 * @throws FormatError for anything that breaks the format, pickled objects, structured dtypes and text, a header beyond
 * 10,000 bytes, a rank above 64, and a length that is not what the shape asks for.
 */
export function readNpy(bytes: Uint8Array, source = "npy"): FileTensor {
  const fail = (rule: string, got: string): never => {
    throw new FormatError("readNpy", `${source}: ${rule}; got ${got}.`);
  };
  if (bytes.length < 10) fail("the file must have at least 10 bytes", String(bytes.length));
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    fail('the file must start with "\\x93NUMPY"', [...bytes.subarray(0, 6)].join(" "));
  }
  const version = `${String(bytes[6])}.${String(bytes[7])}`;
  if (!["1.0", "2.0", "3.0"].includes(version)) fail("the version must be 1.0, 2.0 or 3.0", version);
  const start = version === "1.0" ? 10 : 12;
  if (bytes.length < start) fail("the file must hold its header's length", `${String(bytes.length)} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === "1.0" ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES)
    fail(`the header must have at most ${String(MAX_HEADER_BYTES)} bytes`, String(length));
  if (length > bytes.length - start) {
    fail(
      "the header must lie inside the file",
      `${String(length)} bytes in a file of ${String(bytes.length)}`,
    );
  }
  const text = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const { descr, fortranOrder, shape } = parseNpyHeader(text, source);
  const dtype = KINDS.get(descr.slice(1));
  if (descr.includes("O")) fail("the array must hold numbers", "pickled objects, which are never read");
  if (dtype === undefined || !/^[<>|=]/.test(descr)) {
    return fail(
      `descr must be a byte order and one of ${[...KINDS.keys()].join(", ")}`,
      JSON.stringify(descr.slice(0, 40)),
    );
  }
  const width = FILE_DTYPE_BITS[dtype] / 8;
  // A product that leaves the exact doubles only grows, or is zero: neither equals a length that is not there.
  const size = shape.reduce((product, n) => product * n, 1) * width;
  const data = bytes.subarray(start + length);
  if (size !== data.length) {
    const sizes = formatShape(shape.length > 8 ? shape.slice(0, 8) : shape);
    fail(`the file must hold exactly ${String(size)} bytes for ${descr} ${sizes}`, String(data.length));
  }
  let elements = data;
  if (descr.startsWith(">") && width > 1) elements = swapped(elements, dtype === "C64" ? 4 : width);
  if (fortranOrder && shape.length > 1) elements = rowMajor(elements, shape, width);
  return { dtype, shape, bytes: elements };
}

/** The bytes of every element in reverse. */
function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += width) {
    for (let i = 0; i < width; i++) out[at + i] = bytes[at + width - 1 - i];
  }
  return out;
}

/** Elements whose first index runs fastest, put in the order in which the last one does. */
function rowMajor(bytes: Uint8Array, shape: readonly number[], width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, n) => product * n, width));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < bytes.length; to += width) {
    for (let i = 0; i < width; i++) out[to + i] = bytes[from + i];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/**
 * Writes a `.npy` file, version 1.0, little-endian, in C order; the data starts at a multiple of 64 bytes.
 *
 * @throws DTypeError for dtypes that NumPy has no name for (BF16, F8, ...); FormatError for bytes that do not fill the
 * shape.
 */
export function writeNpy({ dtype, shape, bytes }: FileTensor): Uint8Array {
  const kind = DESCRIPTIONS.get(dtype);
  if (kind === undefined) {
    const known = [...DESCRIPTIONS.keys()].join(", ");
    throw new DTypeError("writeNpy", `dtype must be one of ${known}; got ${dtype}. Write it as F32.`);
  }
  const size = shape.reduce((product, n) => product * n, FILE_DTYPE_BITS[dtype] / 8);
  if (size !== bytes.length) {
    const got = `${String(bytes.length)} for ${dtype} ${formatShape(shape)}`;
    throw new FormatError("writeNpy", `bytes must fill the shape (${String(size)}); got ${got}.`);
  }
  const order = kind.endsWith("1") ? "|" : "<";
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const dictionary = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const header = new TextEncoder().encode(`${dictionary.padEnd(start - 11)}\n`);
  const file = new Uint8Array(start + bytes.length);
  file.set(MAGIC);
  file[6] = 1;
  new DataView(file.buffer).setUint16(8, header.length, true);
  file.set(header, 10);
  file.set(bytes, start);
  return file;
}

/**
 * Reads a `.npy` file into a tensor: float32, int32 or bool unless `dtype` says otherwise.
 *
 * @throws FormatError when the file breaks the format or holds an integer beyond int32; DTypeError for complex numbers;
 * FileError when it cannot be read.
 */
export async function loadNpy(path: string, options?: FileToTensorOptions): Promise<Tensor> {
  return fileToTensor(readNpy(await readFileBytes(path, "loadNpy"), path), options);
}

/**
 * Writes a tensor to a `.npy` file, in one step.
 *
 * @param dtype That of the file. Default: the tensor's own.
 * @throws DTypeError for a dtype that NumPy or the tensor cannot go to; FileError when the file cannot be written.
 */
export async function saveNpy(path: string, x: Tensor, dtype?: FileDType): Promise<void> {
  await writeFileAtomic(path, writeNpy(await tensorToFile(x, dtype)), "saveNpy");
}

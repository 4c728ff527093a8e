// Between the dtypes of files and those of tensors: half floats and 64-bit integers exist in files alone. Every
// conversion either keeps the value, rounds a float to the nearest, or refuses; none wraps around.
import type { Device } from "../backend/device.ts";
import type { DType } from "../core/dtype.ts";
import { isFloating } from "../core/dtype.ts";
import { DTypeError, FormatError, ValueError } from "../core/errors.ts";
import { tensor } from "../ops/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { FILE_DTYPE_BITS, fileArray, fileTensor } from "./file-tensor.ts";
import type { FileArray, FileDType, FileTensor } from "./file-tensor.ts";
import { SMALL_FLOATS, smallFloatTable, toSmallFloat } from "./small-float.ts";
import type { SmallFloatDType } from "./small-float.ts";

/** The dtype of a file that holds a tensor's elements as they are. */
export const FILE_DTYPES: Readonly<Record<DType, FileDType>> = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  bool: "BOOL",
};

/** Arrays of numbers in one of the dtypes of tensors; bool as bytes. */
export type FileValues = Float32Array | Float64Array | Int32Array | Uint8Array;

const isSmallFloat = (dtype: FileDType): dtype is SmallFloatDType => Object.hasOwn(SMALL_FLOATS, dtype);

const isFloat = (dtype: FileDType): boolean => dtype === "F64" || dtype === "F32" || isSmallFloat(dtype);

const isInteger = (dtype: FileDType): boolean => /^[IU]\d+$/.test(dtype);

// Made when first needed: 64 Ki values for the formats of 16 bits.
const tables = new Map<SmallFloatDType, Float32Array>();

function tableOf(dtype: SmallFloatDType): Float32Array {
  let table = tables.get(dtype);
  if (!table) tables.set(dtype, (table = smallFloatTable(SMALL_FLOATS[dtype])));
  return table;
}

/** The dtype of a tensor that a file's elements become where nobody asks for another. */
function naturalDType(op: string, dtype: FileDType): DType {
  if (isFloat(dtype)) return "float32";
  if (isInteger(dtype)) return "int32";
  if (dtype === "BOOL") return "bool";
  throw new DTypeError(
    op,
    `the file's dtype must be one of numbers or BOOL; got ${dtype}. Read its raw .bytes.`,
  );
}

/** Whether a tensor of a file may be loaded into a tensor: floats into floats, integers into integers, bytes into bool. */
export function loadsInto(file: FileDType, dtype: DType): boolean {
  if (isFloating(dtype)) return isFloat(file);
  if (dtype === "bool") return file === "BOOL" || file === "U8";
  return isInteger(file);
}

/**
 * The elements of a file's tensor as numbers of a tensor's dtype.
 *
 * F16, BF16 and F8 become floats exactly; F64 becomes float32 and I64 becomes a float by rounding to the nearest. For
 * int32, floats are refused, and so is any integer that does not fit. For bool, whatever is not zero is true.
 *
 * @throws DTypeError for a pair of dtypes that no rule covers; FormatError for an integer beyond int32.
 */
export function fileValues(file: FileTensor, dtype: DType, op = "fileValues"): FileValues {
  const natural = naturalDType(op, file.dtype);
  if (dtype === "int32" && natural === "float32") {
    throw new DTypeError(
      op,
      `int32 must come from integers; got ${file.dtype}. Read it as float32, then cast.`,
    );
  }
  const array = elements(file);
  if (dtype === "bool") return Uint8Array.from(array as ArrayLike<number>, (value) => (value ? 1 : 0));
  if (dtype === "int32") return toInt32(op, file.dtype, array);
  if (dtype === "float32") return array instanceof Float32Array ? array : Float32Array.from(numbers(array));
  return array instanceof Float64Array ? array : Float64Array.from(numbers(array));
}

function elements(file: FileTensor): FileArray {
  const { dtype, bytes, shape } = file;
  if (!isSmallFloat(dtype)) return fileArray(file);
  const table = tableOf(dtype);
  const wide = FILE_DTYPE_BITS[dtype] === 16;
  const bits = wide ? (fileArray({ dtype: "U16", shape, bytes }) as Uint16Array) : bytes;
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
  return values;
}

const isBig = (array: FileArray): array is BigInt64Array | BigUint64Array =>
  array instanceof BigInt64Array || array instanceof BigUint64Array;

const numbers = (array: FileArray): ArrayLike<number> =>
  isBig(array) ? Float64Array.from(array as Iterable<bigint>, Number) : array;

function toInt32(op: string, dtype: FileDType, array: FileArray): Int32Array {
  if (array instanceof Int32Array) return array;
  const values = numbers(array);
  const out = new Int32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = values[i];
    if (out[i] !== values[i]) {
      const got = `${String(array[i])} (${dtype}, element ${String(i)})`;
      throw new FormatError(op, `integers must lie within int32; got ${got}.`);
    }
  }
  return out;
}

/** Where and as what `fileToTensor` makes its tensor. */
export interface FileToTensorOptions {
  /** Default: float32 for floats of any width, int32 for integers, bool for BOOL. */
  readonly dtype?: DType;
  readonly device?: string | Device;
  readonly requiresGrad?: boolean;
}

/**
 * A tensor with the elements of a file's tensor, converted as `fileValues` says.
 *
 * @throws DTypeError for dtypes that no tensor can hold (C64, F4, ...); FormatError for an integer beyond int32.
 */
export function fileToTensor(file: FileTensor, options: FileToTensorOptions = {}): Tensor {
  const dtype = options.dtype ?? naturalDType("fileToTensor", file.dtype);
  const values = fileValues(file, dtype, "fileToTensor");
  return tensor(values, { ...options, shape: file.shape, dtype });
}

/**
 * The elements of a tensor in a dtype of files.
 *
 * Floats round to the nearest, ties to even, beyond the range to infinity (in F8_E4M3: to 448). Integers and bool convert
 * where every value fits.
 *
 * @param dtype Default: the tensor's own.
 * @throws DTypeError for a pair of dtypes that no rule covers; ValueError for a value outside an integer dtype's range.
 */
export async function tensorToFile(x: Tensor, dtype: FileDType = FILE_DTYPES[x.dtype]): Promise<FileTensor> {
  const { shape, dtype: from } = x;
  const values = await x.data();
  if (dtype === FILE_DTYPES[from]) return fileTensor(values, shape, dtype);
  if (isFloat(dtype)) return fileTensor(toFloats(values, dtype), shape, dtype);
  if (!isInteger(dtype) || isFloating(from)) {
    throw new DTypeError(
      "tensorToFile",
      `${from} must go to a float dtype or one of its kind; got ${dtype}.`,
    );
  }
  return fileTensor(toIntegers(values, dtype), shape, dtype);
}

function toFloats(values: ArrayLike<number>, dtype: FileDType): FileArray {
  if (dtype === "F32") return Float32Array.from(values);
  if (dtype === "F64") return Float64Array.from(values);
  const format = SMALL_FLOATS[dtype as SmallFloatDType];
  const bits = new (FILE_DTYPE_BITS[dtype] === 16 ? Uint16Array : Uint8Array)(values.length);
  for (let i = 0; i < bits.length; i++) bits[i] = toSmallFloat(format, values[i]);
  return bits;
}

const INTEGERS = {
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
} as const;

function toIntegers(values: ArrayLike<number>, dtype: FileDType): FileArray {
  const refuse = (value: number): never => {
    throw new ValueError("tensorToFile", `values must lie within ${dtype}; got ${String(value)}.`);
  };
  if (dtype === "I64") return BigInt64Array.from(values as ArrayLike<number> & Iterable<number>, BigInt);
  if (dtype === "U64") {
    return BigUint64Array.from(values as ArrayLike<number> & Iterable<number>, (value) =>
      value < 0 ? refuse(value) : BigInt(value),
    );
  }
  const out = new INTEGERS[dtype as keyof typeof INTEGERS](values.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = values[i];
    if (out[i] !== values[i]) refuse(values[i]);
  }
  return out;
}

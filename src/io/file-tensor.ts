// Tensors as files hold them: more dtypes than tensors compute in, bytes in little-endian order. This is the boundary
// between a file format (safetensors, idx) and the arrays a program works with; nothing here touches a device.
import { DTypeError, ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";

/** Bits of one element, by the names that the safetensors format gives its dtypes. */
export const FILE_DTYPE_BITS = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
  C64: 64,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
} as const;

export type FileDType = keyof typeof FILE_DTYPE_BITS;

/** One tensor of a file: dtype, shape, and its elements as little-endian bytes in row-major order. */
export interface FileTensor {
  readonly dtype: FileDType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

export type FileArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

// The dtypes that JavaScript has an array for. The others are carried as raw bytes.
const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

type ArrayDType = keyof typeof ARRAYS;

const hasArray = (dtype: FileDType): dtype is ArrayDType => Object.hasOwn(ARRAYS, dtype);

export const isFileDType = (dtype: string): dtype is FileDType => Object.hasOwn(FILE_DTYPE_BITS, dtype);

function dtypeOf(array: FileArray): ArrayDType {
  for (const dtype of Object.keys(ARRAYS) as ArrayDType[]) if (array instanceof ARRAYS[dtype]) return dtype;
  throw new DTypeError("fileTensor", `data must be a typed array of numbers; got ${typeof array}.`);
}

/**
 * Wraps a typed array as a tensor of a file, without a copy: later writes to the array show in the tensor.
 *
 * The dtype follows the array (`Float32Array` is F32, `BigInt64Array` I64, `Uint8Array` U8, ...) unless `dtype` names
 * another one of the same width, such as `"BOOL"` for bytes 0 and 1 or `"F16"` for bits in a `Uint16Array`.
 *
 * @throws ShapeError when the shape does not hold exactly `data.length` elements.
 * @throws DTypeError when `dtype` has another width than the array's elements.
 */
export function fileTensor(data: FileArray, shape: Shape, dtype: FileDType = dtypeOf(data)): FileTensor {
  checkShape("fileTensor", shape);
  if (sizeOf(shape) !== data.length) {
    const got = `${formatShape(shape)} for ${String(data.length)} elements`;
    throw new ShapeError("fileTensor", `shape must hold as many elements as data has; got ${got}.`);
  }
  if (FILE_DTYPE_BITS[dtype] !== data.BYTES_PER_ELEMENT * 8) {
    const got = `${dtype} for elements of ${String(data.BYTES_PER_ELEMENT)} bytes`;
    throw new DTypeError("fileTensor", `dtype must be as wide as the array's elements; got ${got}.`);
  }
  return { dtype, shape: [...shape], bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/**
 * The elements of a file's tensor as a typed array of their own (a copy, so it does not keep the file alive).
 *
 * F64 and F32 come as float arrays, I64 and U64 as BigInt arrays, BOOL as bytes.
 *
 * @throws DTypeError for dtypes without a JavaScript array (F16, BF16, F8, ...): read `tensor.bytes` instead.
 */
export function fileArray(tensor: FileTensor): FileArray {
  const { dtype, bytes } = tensor;
  if (!hasArray(dtype)) {
    const known = Object.keys(ARRAYS).join(", ");
    throw new DTypeError(
      "fileArray",
      `dtype must be one of ${known}; got ${dtype}. Read its raw .bytes instead.`,
    );
  }
  return new ARRAYS[dtype](bytes.slice().buffer);
}

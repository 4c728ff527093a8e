// Element types that tensors compute in. Wider sets (float16, int64, ...) exist only at the file boundary, in io/.
import { DTypeError } from "./errors.ts";

export type DType = "float32" | "float64" | "int32" | "bool";

/** What `data()` hands out: bool comes as bytes 0 or 1. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array;

/** What a buffer of each dtype is made of. bool takes 4 bytes: comparisons of float32 lanes give 32-bit masks. */
export type BufferData = Float32Array | Float64Array | Int32Array;

export const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

const BYTES: Record<DType, number> = { float32: 4, float64: 8, int32: 4, bool: 4 };

// Promotion order: a result takes the higher of its operands (bool < int32 < float32 < float64).
const RANK: Record<DType, number> = { bool: 0, int32: 1, float32: 2, float64: 3 };

export const bytesPerElement = (dtype: DType): number => BYTES[dtype];

export const isFloating = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

export const promote = (a: DType, b: DType): DType => (RANK[a] >= RANK[b] ? a : b);

/** The dtype of `x op scalar`: the scalar is weak, so only a fraction beside an integer tensor promotes. */
export const promoteScalar = (dtype: DType, value: number): DType => {
  if (isFloating(dtype)) return dtype;
  if (!Number.isInteger(value)) return "float32";
  return dtype === "bool" ? "int32" : dtype;
};

/** A zero-filled array for a buffer of `length` elements. */
export function bufferArray(dtype: DType, length: number): BufferData {
  if (dtype === "float32") return new Float32Array(length);
  if (dtype === "float64") return new Float64Array(length);
  return new Int32Array(length);
}

/**
 * Host values in the dtype's buffer form, truncated toward zero for integers: the array itself where it has that form
 * already, else a fresh one.
 */
export function toBufferArray(dtype: DType, values: ArrayLike<number>): BufferData {
  if (dtype === "float32" && values instanceof Float32Array) return values;
  if (dtype === "float64" && values instanceof Float64Array) return values;
  if (dtype === "int32" && values instanceof Int32Array) return values;
  const array = bufferArray(dtype, values.length);
  if (dtype === "bool") for (let i = 0; i < values.length; i++) array[i] = values[i] === 0 ? 0 : 1;
  else array.set(values);
  return array;
}

/** Turns a buffer's array into what the user sees: bool as bytes, the rest as it is. */
export const fromBufferArray = (dtype: DType, array: BufferData): TensorData =>
  dtype === "bool" ? Uint8Array.from(array) : array;

export function checkDType(op: string, dtype: string): DType {
  if ((DTYPES as readonly string[]).includes(dtype)) return dtype as DType;
  throw new DTypeError(op, `dtype must be one of ${DTYPES.join(", ")}; got ${JSON.stringify(dtype)}.`);
}

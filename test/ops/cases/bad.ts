// Refusals that many rows share.
import type { Tensor } from "../../../src/index.ts";
import type { Bad } from "../row.ts";

/** An axis outside the rank of a [2, 3] input. */
export const badAxis = (op: string, call: (x: Tensor) => unknown): Bad => ({
  inputs: [{ shape: [2, 3] }],
  call,
  error: "ShapeError",
  message: `${op}: axis must lie in -2..1; got 2.`,
});

/** An integer input where floats are needed. */
export const badDType = (
  op: string,
  call: (x: Tensor) => unknown,
  shape: readonly number[] = [2, 3],
): Bad => ({
  inputs: [{ shape, dtype: "int32" }],
  call,
  error: "DTypeError",
  message: `${op}: dtype must be float32 or float64 on device "reference"; got int32. Convert with cast(x, "float32").`,
});

/** Bools where numbers are needed. */
export const badBool = (op: string, call: (x: Tensor) => unknown): Bad => ({
  inputs: [{ shape: [2, 3], dtype: "bool" }],
  call,
  error: "DTypeError",
  message: `${op}: dtype must be float32, float64 or int32 on device "reference"; got bool. Convert with cast(x, "float32").`,
});

/** Nothing to reduce. */
export const badEmpty = (op: string, call: (x: Tensor) => unknown): Bad => ({
  inputs: [{ shape: [2, 0] }],
  call,
  error: "ShapeError",
  message: `${op}: the reduced axes must hold at least one element; got [2, 0] over axes [1].`,
});

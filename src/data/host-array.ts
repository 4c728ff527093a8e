// Samples and batches before they become tensors: plain typed arrays in host memory, each with the shape and dtype that
// its tensor will have. Datasets hand these out, so that reading data needs no device and can be tested without one.
import type { DType } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";

export type HostData =
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

/** An array in host memory. `dtype` is that of the tensor to be; `data` may hold narrower numbers, such as bytes. */
export interface HostArray {
  readonly data: HostData;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One sample or one batch: its fields in order, usually input and target. */
export type Fields = readonly HostArray[];

/**
 * Wraps a typed array, without a copy, or a number as an array of rank 0.
 *
 * The shape is one axis by default; the dtype float32 for numbers and float arrays (float64 for a Float64Array), int32 for
 * whole-number arrays.
 *
 * @throws ShapeError when the shape does not hold exactly the array's elements.
 */
export function hostArray(
  data: HostData | number,
  options: { readonly shape?: Shape; readonly dtype?: DType } = {},
): HostArray {
  if (typeof data === "number") {
    const dtype = options.dtype ?? "float32";
    return { data: dtype === "int32" ? Int32Array.of(data) : Float64Array.of(data), shape: [], dtype };
  }
  const { shape = [data.length], dtype = defaultDType(data) } = options;
  checkShape("hostArray", shape);
  if (sizeOf(shape) === data.length) return { data, shape, dtype };
  const got = `${formatShape(shape)} for ${String(data.length)} elements`;
  throw new ShapeError("hostArray", `shape must hold as many elements as data has; got ${got}.`);
}

function defaultDType(data: HostData): DType {
  if (data instanceof Float64Array) return "float64";
  return data instanceof Float32Array ? "float32" : "int32";
}

/** An array of the same element type as `data`. */
export const sameKind = (data: HostData, length: number): HostData =>
  new (data.constructor as new (length: number) => HostData)(length);

/**
 * Stacks samples into one batch: every field gains a first axis.
 *
 * @throws ShapeError when samples differ in the number of fields or in a field's shape; DTypeError when in its dtype.
 */
export function collate(samples: readonly Fields[]): HostArray[] {
  if (samples.length === 0) throw new ShapeError("collate", "there must be at least one sample; got none.");
  return samples[0].map((first, field) => {
    const size = first.data.length;
    samples.forEach((sample, i) => {
      const item = sample.at(field);
      if (sample.length !== samples[0].length || item === undefined || !sameShape(item.shape, first.shape)) {
        const got = `${describe(samples[0])} and ${describe(sample)} (sample ${String(i)})`;
        throw new ShapeError("collate", `samples must have the same fields and shapes; got ${got}.`);
      }
      if (item.dtype !== first.dtype) {
        const got = `${first.dtype} and ${item.dtype} (sample ${String(i)})`;
        throw new DTypeError("collate", `samples must have the same dtypes; got ${got}.`);
      }
    });
    // Samples of one dtype may hold it in arrays of several kinds: doubles hold what any of them does.
    const isOneKind = samples.every((sample) => sample[field].data.constructor === first.data.constructor);
    const data = isOneKind
      ? sameKind(first.data, size * samples.length)
      : new Float64Array(size * samples.length);
    samples.forEach((sample, i) => {
      data.set(sample[field].data, i * size);
    });
    return { data, shape: [samples.length, ...first.shape], dtype: first.dtype };
  });
}

const describe = (fields: Fields): string => fields.map((field) => formatShape(field.shape)).join(" + ");

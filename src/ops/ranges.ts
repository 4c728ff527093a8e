// Tensors of evenly spaced numbers, of nothing yet, and of what a buffer holds.
import { checkDType } from "../core/dtype.ts";
import type { DType } from "../core/dtype.ts";
import { FormatError, ValueError } from "../core/errors.ts";
import { checkShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import type { SourceAttrs } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireFinite, requireGradDType, requireWhole, storable } from "./checks.ts";
import { likeOptions, resolveDevice, resolveDType, tensor } from "./creation.ts";
import type { TensorOptions } from "./creation.ts";

/**
 * The numbers start, start + step, ... before `end`; `arange(end)` begins at 0. int32 where all three are whole, float32
 * otherwise. Each is computed as start + i step in double precision.
 *
 * @throws ValueError for a step of 0, or one that leads away from `end`; for numbers beyond int32, unless dtype is a float.
 */
export function arange(end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: TensorOptions): Tensor;
export function arange(...args: (number | TensorOptions | undefined)[]): Tensor {
  const bounds = args.filter((one) => typeof one === "number");
  const options = args.find((one) => typeof one === "object") ?? {};
  const [start, end, step = 1] = bounds.length === 1 ? [0, bounds[0]] : bounds;
  for (const [name, value] of Object.entries({ start, end, step })) requireFinite("arange", name, value);
  const count = Math.ceil((end - start) / step);
  if (step === 0 || count < 0) {
    throw new ValueError(
      "arange",
      `the step must lead from start to end; got start ${String(start)}, end ${String(end)}, step ${String(step)}.`,
    );
  }
  const natural = [start, end, step].every((one) => Number.isInteger(one)) ? "int32" : "float32";
  const dtype = options.dtype ?? natural;
  const at = (i: number): number => start + i * step;
  for (const i of count > 0 ? [0, count - 1] : []) storable("arange", dtype, at(i));
  return tensor(
    Float64Array.from({ length: count }, (_, i) => at(i)),
    { ...options, dtype },
  );
}

/** `count` numbers from start to end, both included, evenly spaced; exact at both ends. */
export function linspace(start: number, end: number, count: number, options: TensorOptions = {}): Tensor {
  return tensor(evenly("linspace", start, end, count), { dtype: "float32", ...options });
}

/** base^u for `count` evenly spaced exponents u from start to end, both included. */
export function logspace(
  start: number,
  end: number,
  count: number,
  { base = 10, ...options }: TensorOptions & { readonly base?: number } = {},
): Tensor {
  requireFinite("logspace", "base", base);
  const values = evenly("logspace", start, end, count).map((exponent) => base ** exponent);
  return tensor(values, { dtype: "float32", ...options });
}

// From each end to the middle, so that the numbers lie symmetrically.
function evenly(op: string, start: number, end: number, count: number): Float64Array {
  requireFinite(op, "start", start);
  requireFinite(op, "end", end);
  requireWhole(op, "count", count, 0);
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return Float64Array.from({ length: count }, (_, i) =>
    i < count / 2 ? start + i * step : end - (count - 1 - i) * step,
  );
}

/** The identity matrix of n rows, or the first `columns` columns of a wider one: ones where row and column agree. */
export function eye(n: number, columns: number | TensorOptions = n, options: TensorOptions = {}): Tensor {
  const [m, rest] = typeof columns === "number" ? [columns, options] : [n, columns];
  requireWhole("eye", "the number of rows", n, 0);
  requireWhole("eye", "the number of columns", m, 0);
  const values = new Float32Array(n * m);
  for (let i = 0; i < Math.min(n, m); i++) values[i * m + i] = 1;
  return tensor(values, { ...rest, shape: [n, m] });
}

interface EmptyAttrs extends SourceAttrs {
  readonly shape: Shape;
  readonly dtype: DType;
}

const emptyPrimitive = primitive({
  name: "empty",
  inputs: [],
  infer: (_, { shape, dtype }: EmptyAttrs) => ({ view: View.of(shape), dtype }),
  kernel: () => undefined,
});

/** A tensor whose elements are whatever the memory held: for buffers that are written before they are read. */
export function empty(shape: Shape, options: TensorOptions = {}): Tensor {
  const device = resolveDevice("empty", options.device);
  const dtype = resolveDType("empty", options.dtype ?? "float32", device);
  requireGradDType(dtype, options.requiresGrad);
  const y = apply(emptyPrimitive, [], { device, shape: checkShape("empty", shape), dtype });
  return options.requiresGrad ? y.setRequiresGrad(true) : y;
}

/** An `empty` tensor with the shape, dtype and device of x. */
export const emptyLike = (x: Tensor, options: TensorOptions = {}): Tensor =>
  empty(x.shape, likeOptions("emptyLike", x, options));

export interface BufferOptions extends TensorOptions {
  /** Default: one axis of all elements. */
  readonly shape?: Shape;
  /** Bytes to leave out at the start; default 0. */
  readonly offset?: number;
  /** Elements to read; default: up to the end. */
  readonly count?: number;
}

const READERS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array };

/**
 * A tensor from the raw bytes of a buffer, in the machine's byte order: float32 by default, bool one byte each. The bytes
 * are copied.
 *
 * @throws FormatError where the bytes do not hold a whole number of elements, or fewer than `count`.
 */
export function fromBuffer(bytes: ArrayBufferLike | ArrayBufferView, options: BufferOptions = {}): Tensor {
  const { offset = 0, count, shape, dtype = "float32", ...rest } = options;
  checkDType("fromBuffer", dtype);
  requireWhole("fromBuffer", "offset", offset, 0);
  const whole = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  const reader = READERS[dtype];
  const length = (whole.length - offset) / reader.BYTES_PER_ELEMENT;
  const elements = count ?? length;
  if (!Number.isInteger(elements) || elements < 0 || elements > length) {
    throw new FormatError(
      "fromBuffer",
      `the bytes must hold ${count === undefined ? "whole elements" : `${String(count)} elements`} of ${dtype} from offset ` +
        `${String(offset)} on; got ${String(whole.length)} bytes.`,
    );
  }
  // A copy of its own: elements need not be aligned in the source.
  const own = whole.slice(offset, offset + elements * reader.BYTES_PER_ELEMENT);
  const values = new reader(own.buffer);
  return tensor(values, { ...rest, dtype, ...(shape && { shape }) });
}

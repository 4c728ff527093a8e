// Making tensors out of nothing but numbers.
import { defaultDevice, lookupDevice } from "../backend/device.ts";
import type { Device } from "../backend/device.ts";
import { checkDType, toBufferArray } from "../core/dtype.ts";
import type { DType } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { NestedNumbers } from "../tensor/tensor.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import { cast, fill } from "./algebra.ts";
import { requireGradDType, storable } from "./checks.ts";

export interface TensorOptions {
  /** Default float32 (or what the data's typed array says). */
  readonly dtype?: DType;
  /** Name of a device; default: the one that `init` chose. */
  readonly device?: string | Device;
  readonly requiresGrad?: boolean;
}

/** Typed arrays that `tensor` takes; other integer widths are converted to int32. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array;

export function resolveDevice(op: string, device: string | Device | undefined): Device {
  if (device === undefined) return defaultDevice(op);
  return typeof device === "string" ? lookupDevice(op, device) : device;
}

export function resolveDType(op: string, dtype: DType, device: Device): DType {
  checkDType(op, dtype);
  if (device.dtypes.includes(dtype)) return dtype;
  throw new DTypeError(
    op,
    `dtype must be one of ${device.dtypes.join(", ")} on device "${device.name}"; got ${dtype}.` +
      (dtype === "float64" ? ' Use device "reference" for float64.' : ""),
  );
}

/**
 * A tensor from a number, nested arrays, or a typed array with an optional shape. The data is copied.
 *
 * @throws ShapeError on ragged nesting or a shape of another size; DTypeError on a dtype the device does not hold;
 * ValueError on a number beyond int32, NaN included, for that dtype.
 */
export function tensor(
  data: NestedNumbers | NumericArray,
  options: TensorOptions & { shape?: Shape } = {},
): Tensor {
  const device = resolveDevice("tensor", options.device);
  const { values, shape, natural } = ArrayBuffer.isView(data) ? fromTyped(data) : fromNested(data);
  const dtype = resolveDType("tensor", options.dtype ?? natural, device);
  requireGradDType(dtype, options.requiresGrad);
  const to = checkShape("tensor", options.shape ?? shape);
  if (sizeOf(to) !== values.length) {
    throw new ShapeError(
      "tensor",
      `the shape must hold the ${String(values.length)} values given; got ${formatShape(to)}.`,
    );
  }
  if (dtype === "int32" && natural !== "int32")
    for (let i = 0; i < values.length; i++) storable("tensor", dtype, values[i]);
  const storage = device.upload("tensor", dtype, toBufferArray(dtype, values));
  const y = new Tensor(storage, View.of(to), "tensor", null, 0);
  return options.requiresGrad ? y.setRequiresGrad(true) : y;
}

interface Flat {
  readonly values: ArrayLike<number>;
  readonly shape: Shape;
  readonly natural: DType;
}

function fromTyped(data: NumericArray): Flat {
  const natural =
    data instanceof Float32Array ? "float32" : data instanceof Float64Array ? "float64" : "int32";
  return { values: data, shape: [data.length], natural };
}

function fromNested(data: NestedNumbers): Flat {
  const shape: number[] = [];
  for (let level: NestedNumbers = data; Array.isArray(level); level = (level as NestedNumbers[])[0] ?? 0) {
    shape.push(level.length);
  }
  const values: number[] = [];
  let allBoolean = sizeOf(shape) > 0;
  const walk = (level: NestedNumbers, axis: number): void => {
    if (
      Array.isArray(level) !== axis < shape.length ||
      (Array.isArray(level) && level.length !== shape[axis])
    ) {
      throw new ShapeError(
        "tensor",
        `nested arrays must be even; got a row that differs at depth ${String(axis)} from ${formatShape(shape)}.`,
      );
    }
    if (Array.isArray(level)) for (const item of level as NestedNumbers[]) walk(item, axis + 1);
    else if (typeof level === "number" || typeof level === "boolean") {
      allBoolean &&= typeof level === "boolean";
      values.push(Number(level));
    } else throw new DTypeError("tensor", `values must be numbers or booleans; got ${typeof level}.`);
  };
  walk(data, 0);
  return { values, shape, natural: allBoolean ? "bool" : "float32" };
}

/** A tensor with one value everywhere. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  const device = resolveDevice("full", options.device);
  const dtype = resolveDType("full", options.dtype ?? "float32", device);
  requireGradDType(dtype, options.requiresGrad);
  const y = fill(device, checkShape("full", shape), storable("full", dtype, value), dtype);
  return options.requiresGrad ? y.setRequiresGrad(true) : y;
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, options?: TensorOptions): Tensor => full(shape, 0, options);

/** A tensor of ones. */
export const ones = (shape: Shape, options?: TensorOptions): Tensor => full(shape, 1, options);

/** Zeros with the shape of x, and its dtype and device where none is given. */
export const zerosLike = (x: Tensor, options?: TensorOptions): Tensor =>
  filledLike("zerosLike", x, 0, options);

/** Ones with the shape of x, and its dtype and device where none is given. */
export const onesLike = (x: Tensor, options?: TensorOptions): Tensor => filledLike("onesLike", x, 1, options);

/** One value with the shape, dtype and device of x. */
export const fullLike = (x: Tensor, value: number, options: TensorOptions = {}): Tensor =>
  filledLike("fullLike", x, value, options);

function filledLike(op: string, x: Tensor, value: number, options: TensorOptions | undefined): Tensor {
  x.assertAlive(op);
  if (options === undefined) return fill(x.device, x.shape, value, x.dtype);
  return full(x.shape, value, likeOptions(op, x, options));
}

/** The options of a tensor made like x: its dtype and device, where none are given. */
export function likeOptions<O extends TensorOptions>(op: string, x: Tensor, options: O): O {
  x.assertAlive(op);
  return { ...options, dtype: options.dtype ?? x.dtype, device: options.device ?? x.device };
}

/**
 * x on another device or in another dtype; x itself where nothing changes. A change of dtype is differentiable, a change
 * of device starts a new leaf.
 */
export function to(
  x: Tensor,
  options: { readonly device?: string | Device; readonly dtype?: DType },
): Tensor {
  x.assertAlive("to");
  const device = options.device === undefined ? x.device : resolveDevice("to", options.device);
  const dtype = resolveDType("to", options.dtype ?? x.dtype, device);
  if (device === x.device) return dtype === x.dtype ? x : cast(x, dtype);
  return tensor(x.dataSync(), { shape: x.shape, dtype, device });
}

const detachPrimitive = primitive({ name: "detach", inputs: ["x"], view: (x: Tensor, _: null) => x.view });

/** The same buffer without its history: no gradient flows through. */
export const detach = (x: Tensor): Tensor => apply(detachPrimitive, [x], null);

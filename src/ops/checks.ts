// Checks that shape rules share, and the words of their errors.
import type { Device } from "../backend/device.ts";
import type { Operand } from "../backend/kernels.ts";
import { isFloating } from "../core/dtype.ts";
import type { DType } from "../core/dtype.ts";
import { DeviceError, DTypeError, IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { broadcastShapes, formatShape, sameShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import type { OutputSpec } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Refuses dtypes that the device's floating-point kernels do not take. */
export function requireFloatDType(op: string, dtype: DType, device: Device): void {
  const { computes } = device;
  if (computes.includes(dtype)) return;
  throw new DTypeError(
    op,
    `dtype must be ${computes.join(" or ")} on device "${device.name}"; got ${dtype}. Convert with cast(x, "${computes[0]}").`,
  );
}

export const requireFloat = (op: string, x: Tensor): void => requireFloatDType(op, x.dtype, x.device);

/** The dtype of sums and products: whole numbers and bools give int32. Refuses floats that the device does not compute. */
export function totalDType(op: string, x: Tensor): DType {
  if (!isFloating(x.dtype)) return "int32";
  requireFloat(op, x);
  return x.dtype;
}

/** Refuses bool, for arithmetic that whole numbers have too. */
export function requireNumber(op: string, x: Tensor): void {
  if (x.dtype === "int32" || x.device.computes.includes(x.dtype)) return;
  const { computes } = x.device;
  throw new DTypeError(
    op,
    `dtype must be ${computes.join(", ")} or int32 on device "${x.device.name}"; got ${x.dtype}. Convert with cast(x, "${computes[0]}").`,
  );
}

export function requireSameDType(op: string, inputs: readonly Tensor[], names: readonly string[]): void {
  let same = true;
  for (let i = 1; i < inputs.length; i++) same &&= inputs[i].dtype === inputs[0].dtype;
  if (same) return;
  const got = inputs.map((x, i) => `${names[i]} ${x.dtype}`).join(", ");
  throw new DTypeError(op, `inputs must have one dtype; got ${got}. Convert with cast(x, dtype).`);
}

export function requireSameShape(op: string, inputs: readonly Tensor[], names: readonly string[]): void {
  if (inputs.every((x) => sameShape(x.shape, inputs[0].shape))) return;
  const got = inputs.map((x, i) => `${names[i]} ${formatShape(x.shape)}`).join(", ");
  throw new ShapeError(op, `inputs must have one shape; got ${got}.`);
}

/** For ops made of others, or that read values on the host: `apply` checks the rest, and would name another op. */
export function requireSameDevice(op: string, inputs: readonly Tensor[]): void {
  if (inputs.every((x) => x.device === inputs[0].device)) return;
  const names = [...new Set(inputs.map((x) => `"${x.device.name}"`))].join(" and ");
  throw new DeviceError(op, `inputs must lie on one device; got ${names}. Move them with x.to({ device }).`);
}

export function requireIndex(op: string, index: Tensor): void {
  if (index.dtype === "int32") return;
  throw new DTypeError(op, `indices must be int32; got ${index.dtype}. Convert with cast(index, "int32").`);
}

export function requireRank(op: string, name: string, x: Tensor, rank: number, layout: string): void {
  if (x.rank === rank) return;
  throw new ShapeError(op, `${name} must have the axes ${layout}; got ${formatShape(x.shape)}.`);
}

/** The spec of an elementwise op of two operands. */
export function broadcastSpec(op: string, a: Tensor, b: Tensor): OutputSpec {
  if (sameShape(a.shape, b.shape)) return a;
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape) return { view: View.of(shape), dtype: a.dtype };
  throw new ShapeError(
    op,
    `shapes must broadcast (aligned right, equal or 1); got a ${formatShape(a.shape)} and b ${formatShape(b.shape)}.`,
  );
}

/** The shape that several tensors broadcast to. */
export function broadcastAll(op: string, inputs: readonly Tensor[], names: readonly string[]): Shape {
  const start: Shape | null = [];
  const shape = inputs.reduce<Shape | null>((so, x) => so && broadcastShapes(so, x.shape), start);
  if (shape) return shape;
  const got = inputs.map((x, i) => `${names[i]} ${formatShape(x.shape)}`).join(", ");
  throw new ShapeError(op, `shapes must broadcast (aligned right, equal or 1); got ${got}.`);
}

/** The operand as a kernel sees it when stretched to the output's shape. */
export const stretch = (x: Operand, y: Operand): Operand =>
  x.view === y.view || sameShape(x.view.shape, y.view.shape)
    ? x
    : { storage: x.storage, view: x.view.expand(y.view.shape) };

/** Reports what a kernel that takes indices returned: the first bad position, or -1. */
export function checkPosition(op: string, index: Operand, position: number, n: number, least = 0): void {
  if (position < 0) return;
  const { storage, view } = index;
  const [value] = storage.device.download(op, storage, view.offset + position, 1);
  throw new IndexError(
    op,
    `indices must lie in ${String(least)}..${String(n - 1)}; got ${String(value)} at position ${String(position)} of ${String(view.size)}.`,
  );
}

/** A whole number option, at least `least`. */
export function requireWhole(op: string, name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ShapeError(op, `${name} must be a whole number >= ${String(least)}; got ${String(value)}.`);
}

/** One number for all spatial axes, or one per axis, each whole and at least `least`. */
export function requireSizes(
  op: string,
  name: string,
  value: number | readonly number[],
  axes: number,
  least: number,
): number[] {
  const sizes = typeof value === "number" ? new Array<number>(axes).fill(value) : [...value];
  if (sizes.length === axes) return sizes.map((size) => requireWhole(op, name, size, least));
  throw new ShapeError(
    op,
    `${name} must be a number or one for each of ${String(axes)} axes; got ${formatShape(sizes)}.`,
  );
}

const [INT32_LEAST, INT32_MOST] = [-(2 ** 31), 2 ** 31 - 1];

/**
 * A number as a tensor of this dtype holds it: bool takes 0 and 1, int32 cuts off fractions.
 *
 * @throws ValueError for a number beyond int32, which would wrap around.
 */
export function storable(op: string, dtype: DType, value: number): number {
  if (dtype === "bool") return Number(value !== 0);
  if (dtype !== "int32" || (value > INT32_LEAST - 1 && value < INT32_MOST + 1)) return value;
  throw new ValueError(
    op,
    `int32 values must lie in ${String(INT32_LEAST)}..${String(INT32_MOST)}; got ${String(value)}.`,
  );
}

/** @throws DTypeError where a gradient is asked for that the dtype cannot have; before anything is allocated. */
export function requireGradDType(dtype: DType, requiresGrad: boolean | undefined): void {
  if (!requiresGrad || isFloating(dtype)) return;
  throw new DTypeError("requiresGrad", `the dtype must be floating to have a gradient; got ${dtype}.`);
}

/** @throws ValueError where a bound, mean or deviation is not a finite number. */
export function requireFinite(op: string, name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ValueError(op, `${name} must be a finite number; got ${String(value)}.`);
}

// The smallest set of ops closed under differentiation: their gradients are made of each other. Every other op file may
// import this one; this one imports no op file.
import type { Device } from "../backend/device.ts";
import type { AxisForm } from "../backend/kernels.ts";
import type { BinaryOp } from "../backend/scalars.ts";
import { isFloating, promote, promoteScalar } from "../core/dtype.ts";
import type { DType } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import {
  broadcastsTo,
  checkAxes,
  checkAxis,
  checkShape,
  formatShape,
  inferShape,
  sameShape,
} from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply, applyInPlace } from "../tensor/apply.ts";
import type { SourceAttrs } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  broadcastSpec,
  requireFloat,
  requireNumber,
  requireSameDType,
  storable,
  stretch,
  totalDType,
} from "./checks.ts";
import { addScalar, divScalar, isFloatTensor, mulScalar, subFrom, subScalar } from "./scalar.ts";

/** A tensor, or a JavaScript number that takes the dtype of the tensor beside it. */
export type TensorLike = Tensor | number;

// ---- constants and conversions

interface FillAttrs extends SourceAttrs {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly value: number;
}

const fillPrimitive = primitive({
  name: "full",
  inputs: [],
  infer: (_, { shape, dtype }: FillAttrs) => ({ view: View.of(shape), dtype }),
  kernel: (k, _, y, { value }) => k.fill(y, value),
});

/** A tensor with one value everywhere. */
export const fill = (device: Device, shape: Shape, value: number, dtype: DType): Tensor =>
  apply(fillPrimitive, [], { device, shape, dtype, value: dtype === "bool" ? Number(value !== 0) : value });

const castPrimitive = primitive({
  name: "cast",
  inputs: ["x"],
  infer: ([x], { to }: { to: DType; from: DType }) => {
    if (!x.device.dtypes.includes(to)) {
      throw new DTypeError(
        "cast",
        `dtype must be one of ${x.device.dtypes.join(", ")} on device "${x.device.name}"; got ${to}.`,
      );
    }
    return { view: x.view, dtype: to };
  },
  kernel: (k, [x], y) => k.cast(x, y),
  vjp: { x: (g, _, { from }) => cast(g, from) },
});

/**
 * x in another dtype. Floats become integers by truncation toward zero, beyond int32 its nearest end and NaN 0; anything but
 * 0 becomes true.
 * The gradient passes between floating dtypes and stops at others.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  return apply(castPrimitive, [x], { to: dtype, from: x.dtype });
}

// ---- arithmetic

type OperandName = "a" | "b";
type OperandVjp = (g: Tensor, saved: Readonly<Record<OperandName | "y", Tensor>>) => Tensor;

/** A primitive of two operands that broadcast, for `applyBinary`; `check` says which dtypes it takes. */
export const binary = (
  name: BinaryOp,
  vjp: Readonly<Record<OperandName, OperandVjp>>,
  saves: readonly (OperandName | "y")[] = [],
  check: (op: string, x: Tensor) => void = requireNumber,
): Primitive<null> =>
  primitive({
    name,
    inputs: ["a", "b"],
    strided: ["a", "b"],
    infer: ([a, b], _: null) => {
      check(name, a);
      requireSameDType(name, [a, b], ["a", "b"]);
      return broadcastSpec(name, a, b);
    },
    kernel: (k, [a, b], y) => k.binary(name, stretch(a, y), stretch(b, y), y),
    saves,
    vjp,
  });

const addPrimitive = binary("add", { a: (g) => g, b: (g) => g });
const subPrimitive = binary("sub", { a: (g) => g, b: (g) => neg(g) });
const mulPrimitive = binary("mul", { a: (g, { b }) => mul(g, b), b: (g, { a }) => mul(g, a) }, ["a", "b"]);
const divPrimitive = binary(
  "div",
  { a: (g, { b }) => div(g, b), b: (g, { a, b }) => neg(mul(g, div(div(a, b), b))) },
  ["a", "b"],
  requireFloat,
);

/**
 * Runs a primitive of two operands after promotion: of a number to the tensor's dtype, of two tensors to the higher, and
 * of both to `least` where they are lower.
 */
export function applyBinary(p: Primitive<null>, a: TensorLike, b: TensorLike, least: DType = "bool"): Tensor {
  if (isTensor(a) && isTensor(b) && a.dtype === b.dtype && (least === "bool" || isFloating(a.dtype)))
    return apply(p, [a, b], null);
  const like = isTensor(a) ? a : b;
  if (!isTensor(like) || !isOperand(a) || !isOperand(b)) failOperands(p.name, a, b);
  like.assertAlive(p.name);
  const dtype = promote(least, promote(dtypeBeside(a, like), dtypeBeside(b, like)));
  if (!WRAPPING.has(p.name))
    for (const one of [a, b]) if (typeof one === "number") storable(p.name, dtype, one);
  return composite(p.name, () => apply(p, [operand(a, like, dtype), operand(b, like, dtype)], null));
}

// Modulo 2^32 a number beyond int32 is as good as the one that it wraps to.
const WRAPPING: ReadonlySet<string> = new Set(["add", "sub", "mul"]);

export const isTensor = (x: unknown): x is Tensor => typeof x === "object" && x !== null && "storage" in x;

export const isOperand = (x: unknown): boolean => typeof x === "number" || isTensor(x);

/** The dtype that x brings into an op with another tensor. */
export const dtypeBeside = (x: TensorLike, other: Tensor): DType =>
  isTensor(x) ? x.dtype : promoteScalar(other.dtype, x);

/** x as a tensor of this dtype. */
export function operand(x: TensorLike, like: Tensor, dtype: DType): Tensor {
  if (isTensor(x)) return x.dtype === dtype ? x : cast(x, dtype);
  return fill(like.device, [], x, dtype);
}

/** What x is, for errors. */
export const kindOf = (x: unknown): string => (isTensor(x) ? "a tensor" : x === null ? "null" : typeof x);

function failOperands(op: string, a: unknown, b: unknown): never {
  throw new DTypeError(
    op,
    `operands must be tensors, at most one of them a number; got ${kindOf(a)} and ${kindOf(b)}.`,
  );
}

/** y = a + b, broadcasting. Whole numbers wrap around modulo 2^32, here and in the next ones. */
export function add(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === "number" && isFloatTensor(a)) return addScalar(a, b);
  if (typeof a === "number" && isFloatTensor(b)) return addScalar(b, a);
  return applyBinary(addPrimitive, a, b);
}

/** y = a - b, broadcasting. */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === "number" && isFloatTensor(a)) return subScalar(a, -b);
  if (typeof a === "number" && isFloatTensor(b)) return subFrom(b, a);
  return applyBinary(subPrimitive, a, b);
}

/** y = a b elementwise, broadcasting. */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === "number" && isFloatTensor(a)) return mulScalar(a, b);
  if (typeof a === "number" && isFloatTensor(b)) return mulScalar(b, a);
  return applyBinary(mulPrimitive, a, b);
}

/** y = a / b elementwise, broadcasting; IEEE: x / 0 is an infinity, 0 / 0 is NaN. Whole numbers give float32. */
export function div(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === "number" && isFloatTensor(a)) return divScalar(a, b);
  return applyBinary(divPrimitive, a, b, "float32");
}

const addInPlacePrimitive: Primitive<null> = primitive({
  name: "addInPlace",
  inputs: ["a", "b"],
  outputs: [],
  mutates: ["a"],
  strided: ["a", "b"],
  infer: ([a, b], _: null) => {
    requireSameDType("addInPlace", [a, b], ["a", "b"]);
    if (!a.view.dense || !sameShape(broadcastSpec("addInPlace", a, b).view.shape, a.shape)) {
      throw new ShapeError(
        "addInPlace",
        `the target must be dense and as wide as b; got ${formatShape(a.shape)}.`,
      );
    }
    return [];
  },
  kernel: (k, [a, b]) => k.binary("add", a, stretch(b, a), a),
});

/** a += b, in a's buffer, which must be dense; for sums that the caller made itself. */
export const addInPlace = (a: Tensor, b: Tensor): void => applyInPlace(addInPlacePrimitive, [a, b], null);

const negPrimitive = primitive({
  name: "neg",
  inputs: ["x"],
  infer: ([x], _: null) => {
    requireNumber("neg", x);
    return x;
  },
  kernel: (k, [x], y) => k.unary("neg", x, y),
  vjp: { x: (g) => neg(g) },
});

/** y = -x. */
export const neg = (x: Tensor): Tensor => apply(negPrimitive, [x], null);

// ---- views

const reshapePrimitive = primitive({
  name: "reshape",
  inputs: ["x"],
  view: (x, { shape }: { shape: Shape; from: Shape }) => x.view.reshape(shape)!,
  vjp: { x: (g, _, { from }) => reshape(g, from) },
});

/**
 * The same elements, row-major, in another shape; one size may be -1. No copy where the layout allows it.
 *
 * @throws ShapeError when the number of elements differs.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  x.assertAlive("reshape");
  const to = inferShape("reshape", shape, x.size, x.shape);
  if (x.view.reshape(to)) return apply(reshapePrimitive, [x], { shape: to, from: x.shape });
  return composite("reshape", () => apply(reshapePrimitive, [contiguous(x)], { shape: to, from: x.shape }));
}

const contiguousPrimitive = primitive({
  name: "contiguous",
  inputs: ["x"],
  strided: ["x"],
  infer: ([x], _: null) => x,
  kernel: (k, [x], y) => k.copy(x, y),
  vjp: { x: (g) => g },
});

/** A copy of x, dense in row-major order, in a buffer of its own. The gradient passes through. */
export const contiguous = (x: Tensor): Tensor => apply(contiguousPrimitive, [x], null);

const permutePrimitive = primitive({
  name: "permute",
  inputs: ["x"],
  view: (x, axes: readonly number[]) => x.view.permute(axes),
  vjp: { x: (g, _, axes) => permute(g, invert(axes)) },
});

const invert = (axes: readonly number[]): number[] => {
  const inverse = new Array<number>(axes.length);
  axes.forEach((axis, i) => (inverse[axis] = i));
  return inverse;
};

/** The axes of x in another order: axis i of the result is axis `axes[i]` of x. A view. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  x.assertAlive("permute");
  if (axes.length !== x.rank) {
    throw new ShapeError(
      "permute",
      `each of the ${String(x.rank)} axes must be named once; got ${formatShape(axes)} for ${formatShape(x.shape)}.`,
    );
  }
  checkAxes("permute", axes, x.rank);
  return apply(
    permutePrimitive,
    [x],
    axes.map((axis) => checkAxis("permute", axis, x.rank)),
  );
}

/** x with two axes swapped, by default the last two. A view. */
export function transpose(x: Tensor, axis0 = -2, axis1 = -1): Tensor {
  x.assertAlive("transpose");
  const i = checkAxis("transpose", axis0, x.rank);
  const j = checkAxis("transpose", axis1, x.rank);
  const axes = x.shape.map((_, axis) => axis);
  axes[i] = j;
  axes[j] = i;
  return apply(permutePrimitive, [x], axes);
}

const expandPrimitive = primitive({
  name: "expand",
  inputs: ["x"],
  view: (x, { shape }: { shape: Shape; from: Shape }) => x.view.expand(shape),
  vjp: { x: (g, _, { from }) => sumTo(g, from) },
});

/** x stretched to a shape that it broadcasts to. A view: the elements are not copied. */
export function expand(x: Tensor, shape: Shape): Tensor {
  x.assertAlive("expand");
  checkShape("expand", shape);
  if (sameShape(x.shape, shape)) return apply(expandPrimitive, [x], { shape: x.shape, from: x.shape });
  if (!broadcastsTo(x.shape, shape)) {
    throw new ShapeError(
      "expand",
      `the shape must broadcast (aligned right, only axes of size 1 stretch); got ${formatShape(x.shape)} to ${formatShape(shape)}.`,
    );
  }
  return apply(expandPrimitive, [x], { shape, from: x.shape });
}

interface SliceAttrs {
  readonly axis: number;
  readonly start: number;
  readonly length: number;
  readonly step: number;
  /** Size of the axis that was cut. */
  readonly size: number;
}

const slicePrimitive = primitive({
  name: "slice",
  inputs: ["x"],
  view: (x, { axis, start, length, step }: SliceAttrs) => x.view.slice(axis, start, length, step),
  vjp: { x: (g, _, attrs) => apply(unslicePrimitive, [g], attrs) },
});

// The adjoint of slice: zeros, with g where the slice was.
const unslicePrimitive: Primitive<SliceAttrs> = primitive({
  name: "unslice",
  inputs: ["x"],
  strided: ["x"],
  infer: ([x], { axis, size }: SliceAttrs) => {
    const shape = x.shape.map((n, i) => (i === axis ? size : n));
    return { view: View.of(shape), dtype: x.dtype };
  },
  kernel: (k, [x], y, { axis, start, length, step }) => {
    k.fill(y, 0);
    k.copy(x, { storage: y.storage, view: y.view.slice(axis, start, length, step) });
  },
  vjp: { x: (g, _, attrs) => apply(slicePrimitive, [g], attrs) },
});

/** Elements start, start + step, ... before `end` along one axis; negative bounds count from the end. A view. */
export function slice(x: Tensor, axis: number, start: number, end = Infinity, step = 1): Tensor {
  x.assertAlive("slice");
  const at = checkAxis("slice", axis, x.rank);
  const whole =
    Number.isInteger(start) && Number.isInteger(step) && (Number.isInteger(end) || end === Infinity);
  if (!whole || step < 1) {
    throw new ShapeError(
      "slice",
      `start, end and step must be whole and step >= 1; got ${[start, end, step].join(", ")}.`,
    );
  }
  const size = x.shape[at];
  const clamp = (i: number): number => Math.min(size, Math.max(0, i < 0 ? i + size : i));
  const first = clamp(start);
  const length = Math.max(0, Math.ceil((clamp(end) - first) / step));
  return apply(slicePrimitive, [x], { axis: at, start: first, length, step, size });
}

// ---- sums

interface RunAttrs {
  /** Axes start .. end of `shape` are summed and dropped. */
  readonly start: number;
  readonly end: number;
  readonly shape: Shape;
}

/** x seen as [outer, n, inner] with n the axes start .. end. */
export const axisForm = (shape: Shape, start: number, end: number): AxisForm => ({
  outer: sizeBetween(shape, 0, start),
  n: sizeBetween(shape, start, end),
  inner: sizeBetween(shape, end, shape.length),
});

function sizeBetween(shape: Shape, start: number, end: number): number {
  let size = 1;
  for (let i = start; i < end; i++) size *= shape[i];
  return size;
}

const withoutAxes = (shape: Shape, start: number, end: number): number[] =>
  shape.slice(0, start).concat(shape.slice(end));

const onesAt = (shape: Shape, start: number, end: number): number[] =>
  shape.map((n, axis) => (axis >= start && axis < end ? 1 : n));

const sumPrimitive = primitive({
  name: "sum",
  inputs: ["x"],
  infer: ([x], { start, end }: RunAttrs) => {
    return { view: View.of(withoutAxes(x.shape, start, end)), dtype: totalDType("sum", x) };
  },
  kernel: (k, [x], y, { start, end, shape }) => k.reduce("sum", x, y, axisForm(shape, start, end)),
  vjp: {
    x: (g, _, { start, end, shape }) => expand(reshape(g, onesAt(shape, start, end)), shape),
  },
});

export interface ReduceOptions {
  /** The axis or axes to reduce; all by default. */
  readonly axis?: number | readonly number[];
  /** Keep reduced axes with size 1. */
  readonly keepDims?: boolean;
}

/**
 * Sum over some axes, or all. Wide axes are added in several partial sums, in an order that does not depend on the
 * number of threads. Whole numbers and bools give int32, which wraps around modulo 2^32.
 */
export function sum(x: Tensor, { axis, keepDims = false }: ReduceOptions = {}): Tensor {
  x.assertAlive("sum");
  if (axis === undefined && !keepDims && x.rank > 0)
    return apply(sumPrimitive, [x], { start: 0, end: x.rank, shape: x.shape });
  const axes = checkAxes("sum", axis === undefined ? x.shape.map((_, i) => i) : [axis].flat(), x.rank);
  const shape = keepDims
    ? x.shape.map((n, i) => (axes.includes(i) ? 1 : n))
    : x.shape.filter((_, i) => !axes.includes(i));
  return sumRuns(x, adjacentRuns(axes), shape);
}

/** Neighbouring axes together: [0, 2, 3] -> [[0, 1], [2, 4]]. */
function adjacentRuns(axes: readonly number[]): [start: number, end: number][] {
  const runs: [number, number][] = [];
  for (const axis of axes) {
    const last = runs.at(-1);
    if (last?.[1] === axis) last[1]++;
    else runs.push([axis, axis + 1]);
  }
  return runs;
}

// Each run of neighbouring axes is one pass; later axes first, so that earlier positions stay valid.
function sumRuns(x: Tensor, runs: readonly (readonly [number, number])[], shape: Shape): Tensor {
  return composite("sum", () => {
    const pass = (y: Tensor, [start, end]: readonly [number, number]): Tensor =>
      apply(sumPrimitive, [y], { start, end, shape: y.shape });
    const y = runs.reduceRight(pass, x);
    return y !== x && sameShape(y.shape, shape) ? y : reshape(y, shape);
  });
}

/** Sums x down to a shape that broadcasts to x's: the adjoint of `expand`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  return sumRuns(x, adjacentRuns(axes), shape);
}

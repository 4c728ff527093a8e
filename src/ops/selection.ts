// Picking slices by a vector of indices, and adding them back.
import { DTypeError, ShapeError } from "../core/errors.ts";
import { checkAxis, formatShape, sameShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, axisForm, contiguous, expand, mul, reshape } from "./algebra.ts";
import {
  checkPosition,
  requireFloat,
  requireIndex,
  requireSameDevice,
  requireSameDType,
  requireWhole,
} from "./checks.ts";
import { tensor } from "./creation.ts";
import { replaceAxis } from "./indexing.ts";
import type { AxisAttrs } from "./indexing.ts";
import { perArity } from "./placement.ts";

const indexSelectPrimitive: Primitive<AxisAttrs> = primitive({
  name: "indexSelect",
  inputs: ["x", "index"],
  infer: ([x, index], { axis }: AxisAttrs) => ({
    view: View.of(replaceAxis(x.shape, axis, index.size)),
    dtype: x.dtype,
  }),
  kernel: (k, [x, index], y, { axis, n, op }) => {
    const form = axisForm(x.view.shape, axis, axis + 1);
    checkPosition(op, index, k.indexSelect(x, index, y, form, index.view.size), n);
  },
  saves: ["index"],
  vjp: { x: (g, { index }, attrs) => apply(indexSumPrimitive, [g, index], attrs) },
});

// The adjoint: zeros of size n along the axis, and each slice of x added where the index says.
const indexSumPrimitive: Primitive<AxisAttrs> = primitive({
  name: "indexAdd",
  inputs: ["x", "index"],
  infer: ([x], { axis, n, op }: AxisAttrs) => {
    requireFloat(op, x);
    return { view: View.of(replaceAxis(x.shape, axis, n)), dtype: x.dtype };
  },
  kernel: (k, [x, index], y, { axis, n, op }) => {
    const form = axisForm(y.view.shape, axis, axis + 1);
    checkPosition(op, index, k.indexAdd(x, index, y, form, index.view.size), n);
  },
  saves: ["index"],
  vjp: { x: (g, { index }, attrs) => apply(indexSelectPrimitive, [g, index], attrs) },
});

function requireIndexVector(op: string, index: Tensor): void {
  index.assertAlive(op);
  requireIndex(op, index);
  if (index.rank === 1) return;
  throw new ShapeError(op, `the index must be a vector; got ${formatShape(index.shape)}.`);
}

/**
 * Slices of x along an axis, in the order of the index: y[i][j][k] = x[i][index[j]][k] for axis 1.
 *
 * Shapes: x [..., n, ...], index int32 [m] -> [..., m, ...]. The gradient adds up where indices repeat.
 *
 * @throws IndexError naming the first index outside 0..n-1.
 */
export const indexSelect = (x: Tensor, axis: number, index: Tensor): Tensor =>
  indexSelectFor("indexSelect", x, axis, index);

/** `indexSelect` on behalf of another op, which its errors name. */
export function indexSelectFor(op: string, x: Tensor, axis: number, index: Tensor): Tensor {
  x.assertAlive(op);
  requireIndexVector(op, index);
  requireSameDevice(op, [x, index]);
  const at = checkAxis(op, axis, x.rank);
  return apply(indexSelectPrimitive, [x, index], { axis: at, n: x.shape[at], op });
}

/** The adjoint of `indexSelect`, on behalf of another op: slices of x added into zeros of size n along the axis. */
export const indexSumFor = (op: string, x: Tensor, axis: number, index: Tensor, n: number): Tensor =>
  apply(indexSumPrimitive, [x, index], { axis, n, op });

/**
 * x with slices of `source`, times `alpha`, added where the index says. Repeated ones add up in a fixed order.
 *
 * Shapes: x [..., n, ...], index int32 [m], source [..., m, ...] -> x's.
 *
 * @throws IndexError naming the first index outside 0..n-1.
 */
export function indexAdd(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor,
  { alpha = 1 }: { readonly alpha?: number } = {},
): Tensor {
  const op = "indexAdd";
  x.assertAlive(op);
  source.assertAlive(op);
  requireIndexVector(op, index);
  requireSameDevice(op, [x, index, source]);
  requireSameDType(op, [x, source], ["x", "source"]);
  const at = checkAxis(op, axis, x.rank);
  const expected = replaceAxis(x.shape, at, index.size);
  if (!sameShape(source.shape, expected)) {
    throw new ShapeError(
      op,
      `the source must have the shape ${formatShape(expected)}; got ${formatShape(source.shape)}.`,
    );
  }
  return composite(op, () => {
    const sums = indexSumFor(op, source, at, index, x.shape[at]);
    return add(x, alpha === 1 ? sums : mul(sums, alpha));
  });
}

// ---- repetition

/**
 * Each element (or slice along an axis) several times in a row: [a, b] -> [a, a, b, b]. Without an axis x is flattened.
 * The count is one number for all, or one for each: an array, or an int32 vector, whose values are read at once.
 *
 * @throws ShapeError where a count is no whole number >= 0, or there is another number of them than elements.
 */
export function repeatInterleave(
  x: Tensor,
  count: number | readonly number[] | Tensor,
  axis?: number,
): Tensor {
  const op = "repeatInterleave";
  x.assertAlive(op);
  const at = axis === undefined ? 0 : checkAxis(op, axis, x.rank);
  const shape = axis === undefined ? [x.size] : x.shape;
  const counts = countsOf(op, count);
  for (const each of counts) requireWhole(op, "count", each, 0);
  if (counts.length === 1) return repeatEach(x, shape, at, counts[0]);
  if (counts.length !== shape[at]) {
    throw new ShapeError(
      op,
      `there must be one count, or one for each of ${String(shape[at])}; got ${String(counts.length)}.`,
    );
  }
  const positions = Int32Array.from(Array.from(counts).flatMap((each, i) => new Array<number>(each).fill(i)));
  return composite(op, () =>
    indexSelectFor(op, reshape(x, shape), at, tensor(positions, { device: x.device })),
  );
}

function countsOf(
  op: string,
  count: number | readonly number[] | Tensor,
): ArrayLike<number> & Iterable<number> {
  if (typeof count === "number") return [count];
  if (Array.isArray(count)) return count as readonly number[];
  const counts = count as Tensor;
  requireIndexVector(op, counts);
  return counts.dataSync();
}

function repeatEach(x: Tensor, shape: Shape, at: number, count: number): Tensor {
  const [lead, rest] = [shape.slice(0, at + 1), shape.slice(at + 1)];
  return composite("repeatInterleave", () => {
    const stretched = expand(reshape(x, [...lead, 1, ...rest]), [...lead, count, ...rest]);
    return reshape(contiguous(stretched), replaceAxis(shape, at, shape[at] * count));
  });
}

// ---- flat positions

const ravelPrimitive = perArity<{ readonly sizes: Shape; readonly op: string }>((names) =>
  primitive({
    name: "ravelIndex",
    inputs: names,
    infer: ([index]) => ({ view: View.of(index.shape), dtype: "int32" as const }),
    kernel: (k, indices, y, { sizes, op }) => {
      const wrong = k.ravelIndex(indices, sizes, y);
      if (wrong < 0) return;
      const which = Math.floor(wrong / y.view.size);
      checkPosition(op, indices[which], wrong % y.view.size, sizes[which], -sizes[which]);
    },
  }),
);

/** int32 positions, in a row-major array of the given sizes, of coordinates of one shape; negative ones count from the end. */
export const ravelIndex = (op: string, indices: readonly Tensor[], sizes: Shape): Tensor =>
  apply(ravelPrimitive(indices.length), indices, { sizes, op });

/**
 * Elements of x, seen as flat, at int32 positions: y has the index's shape. Negative positions count from the end.
 *
 * @throws IndexError naming the first position outside x.
 */
export function take(x: Tensor, index: Tensor): Tensor {
  x.assertAlive("take");
  index.assertAlive("take");
  requireIndex("take", index);
  requireSameDevice("take", [x, index]);
  return composite("take", () => {
    const positions = reshape(ravelIndex("take", [index], [x.size]), [-1]);
    return reshape(indexSelectFor("take", reshape(x, [x.size]), 0, positions), index.shape);
  });
}

// ---- one-hot vectors and masks

const oneHotPrimitive: Primitive<number> = primitive({
  name: "oneHot",
  inputs: ["index"],
  infer: ([index], n: number) => ({ view: View.of([...index.shape, n]), dtype: "int32" }),
  kernel: (k, [index], y, n) => {
    checkPosition("oneHot", index, k.oneHot(index, y, n), n);
  },
});

/**
 * int32 vectors with 1 at the index and 0 elsewhere. No gradient.
 *
 * Shapes: index int32 [...] -> [..., numClasses]. The number of classes must be given: the op reads no values.
 *
 * @throws IndexError naming the first index outside 0..numClasses-1.
 */
export function oneHot(index: Tensor, numClasses: number): Tensor {
  index.assertAlive("oneHot");
  requireIndex("oneHot", index);
  requireWhole("oneHot", "numClasses", numClasses, 1);
  return apply(oneHotPrimitive, [index], numClasses);
}

/** @throws DTypeError unless the tensor holds indices or a mask. */
export function requireIndexOrMask(op: string, index: Tensor): void {
  index.assertAlive(op);
  if (index.dtype === "int32" || index.dtype === "bool") return;
  throw new DTypeError(op, `an index must be int32, or bool for a mask; got ${index.dtype}.`);
}

// Picking elements by index, the adjoint that adds them back, and overwriting them.
import { ShapeError } from "../core/errors.ts";
import { checkAxis, formatShape, sameShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, axisForm, expand, fill, slice } from "./algebra.ts";
import {
  checkPosition,
  requireFloat,
  requireIndex,
  requireSameDevice,
  requireSameDType,
  requireWhole,
  storable,
} from "./checks.ts";
import { catFor, pad } from "./placement.ts";

/** How ops that pick along an axis find it. */
export interface AxisAttrs {
  readonly axis: number;
  /** Size of the indexed axis. */
  readonly n: number;
  /** What the user called, for the error of an index out of range. */
  readonly op: string;
}

/** The shape with another size along one axis. */
export const replaceAxis = (shape: Shape, axis: number, n: number): number[] =>
  shape.map((m, i) => (i === axis ? n : m));

const gatherPrimitive: Primitive<AxisAttrs> = primitive({
  name: "gather",
  inputs: ["x", "index"],
  infer: ([x, index], _: AxisAttrs) => ({ view: index.view, dtype: x.dtype }),
  kernel: (k, [x, index], y, { axis, n, op }) => {
    const form = axisForm(x.view.shape, axis, axis + 1);
    checkPosition(op, index, k.gather(x, index, y, form, index.view.shape[axis]), n);
  },
  saves: ["index"],
  vjp: { x: (g, { index }, attrs) => apply(scatterAddPrimitive, [g, index], attrs) },
});

const scatterAddPrimitive: Primitive<AxisAttrs> = primitive({
  name: "scatterAdd",
  inputs: ["x", "index"],
  infer: ([x], { axis, n }: AxisAttrs) => {
    requireFloat("scatterAdd", x);
    return { view: View.of(replaceAxis(x.shape, axis, n)), dtype: x.dtype };
  },
  kernel: (k, [x, index], y, { axis, n, op }) => {
    const form = axisForm(y.view.shape, axis, axis + 1);
    checkPosition(op, index, k.scatterAdd(x, index, y, form, index.view.shape[axis]), n);
  },
  saves: ["index"],
  vjp: { x: (g, { index }, attrs) => apply(gatherPrimitive, [g, index], attrs) },
});

// As in PyTorch the index may be smaller than x along the other axes: then only the first part of x takes part.
function checkIndex(op: string, x: Tensor, axis: number, index: Tensor): number {
  x.assertAlive(op);
  index.assertAlive(op);
  requireIndex(op, index);
  requireSameDevice(op, [x, index]);
  const at = checkAxis(op, axis, x.rank);
  if (index.rank === x.rank && index.shape.every((n, i) => i === at || n <= x.shape[i])) return at;
  throw new ShapeError(
    op,
    `the index must have x's rank and be no larger except along axis ${String(at)}; got x ${formatShape(x.shape)} and index ${formatShape(index.shape)}.`,
  );
}

/** The first part of x, as large as `shape` along every axis but one. */
const partOf = (x: Tensor, shape: Shape, axis: number): Tensor =>
  shape.reduce((y, n, i) => (i === axis || n === x.shape[i] ? y : slice(y, i, 0, n)), x);

/**
 * y[i][j][k] = x[i][index[i][j][k]][k] for axis 1, and likewise for others: one element of x per element of the index.
 *
 * Shapes: x [..., n, ...], index int32 [..., m, ...] -> [..., m, ...]; along the other axes the index may be smaller than x,
 * whose rest is then left out. The gradient adds up where indices repeat.
 *
 * @throws IndexError naming the first index outside 0..n-1.
 */
export const gather = (x: Tensor, axis: number, index: Tensor): Tensor => gatherFor("gather", x, axis, index);

/** `gather` on behalf of another op, which its errors name. */
export function gatherFor(op: string, x: Tensor, axis: number, index: Tensor): Tensor {
  const at = checkIndex(op, x, axis, index);
  const attrs = { axis: at, n: x.shape[at], op };
  if (sameShape(replaceAxis(index.shape, at, attrs.n), x.shape))
    return apply(gatherPrimitive, [x, index], attrs);
  return composite(op, () => apply(gatherPrimitive, [partOf(x, index.shape, at), index], attrs));
}

/**
 * x with the elements of `source` added where the index says. The index may be smaller than x and source along the other
 * axes. With a number n as source it is the adjoint of `gather`: zeros of size n along the axis, with the elements of x added
 * to them. Sums of repeated indices are made in a fixed order.
 *
 * @throws IndexError naming the first index outside 0..n-1.
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, source: Tensor | number): Tensor {
  const op = "scatterAdd";
  const at = checkIndex(op, x, axis, index);
  if (typeof source !== "number") return addScattered(x, at, index, source);
  requireWhole(op, "n", source, 0);
  if (sameShape(index.shape, x.shape))
    return apply(scatterAddPrimitive, [x, index], { axis: at, n: source, op });
  throw new ShapeError(
    op,
    `x and the index must have one shape; got x ${formatShape(x.shape)} and index ${formatShape(index.shape)}.`,
  );
}

function addScattered(x: Tensor, axis: number, index: Tensor, source: Tensor): Tensor {
  const op = "scatterAdd";
  checkSource(op, x, index, source);
  return composite(op, () => {
    const attrs = { axis, n: x.shape[axis], op };
    const sums = apply(scatterAddPrimitive, [partOf(source, index.shape, -1), index], attrs);
    const missing = x.shape.map((n, i) => n - sums.shape[i]);
    const padding = missing.reverse().flatMap((after) => [0, after]);
    return add(x, padding.some((n) => n > 0) ? pad(sums, padding) : sums);
  });
}

function checkSource(op: string, x: Tensor, index: Tensor, source: Tensor): void {
  source.assertAlive(op);
  requireSameDevice(op, [x, index, source]);
  requireSameDType(op, [x, source], ["x", "source"]);
  if (source.rank === index.rank && index.shape.every((n, i) => n <= source.shape[i])) return;
  throw new ShapeError(
    op,
    `the source must be at least as large as the index; got source ${formatShape(source.shape)} and index ${formatShape(index.shape)}.`,
  );
}

// ---- overwriting

const scatterOrderPrimitive: Primitive<AxisAttrs> = primitive({
  name: "scatter",
  inputs: ["index"],
  infer: ([index], { axis, n }: AxisAttrs) => ({
    view: View.of(replaceAxis(index.shape, axis, n)),
    dtype: "int32",
  }),
  kernel: (k, [index], y, { axis, n, op }) => {
    const form = axisForm(y.view.shape, axis, axis + 1);
    checkPosition(op, index, k.scatterOrder(index, y, form, index.view.shape[axis]), n);
  },
});

/**
 * x with elements overwritten: y = x, then y[i][index[i][j][k]][k] = source[i][j][k] for axis 1, and likewise for others.
 * Where indices repeat the last one wins, and only it has a gradient. A number serves as a source of one value.
 *
 * Shapes: x [..., n, ...], index int32 and source [..., m, ...] -> x's; along the other axes the index may be smaller than x
 * and source.
 *
 * @throws IndexError naming the first index outside 0..n-1.
 */
export function scatter(x: Tensor, axis: number, index: Tensor, source: Tensor | number): Tensor {
  const op = "scatter";
  const at = checkIndex(op, x, axis, index);
  if (typeof source === "number") storable(op, x.dtype, source);
  else checkSource(op, x, index, source);
  return composite(op, () => {
    const order = apply(scatterOrderPrimitive, [index], { axis: at, n: x.shape[at], op });
    const values =
      typeof source === "number"
        ? expand(fill(x.device, [], source, x.dtype), index.shape)
        : partOf(source, index.shape, -1);
    return overwrite(x, at, order, values);
  });
}

// Where the order is smaller than x, the rest of x is put back behind what was overwritten.
function overwrite(x: Tensor, axis: number, order: Tensor, values: Tensor): Tensor {
  const wide = x.shape.findIndex((n, i) => i !== axis && order.shape[i] < n);
  if (wide < 0) return gatherFor("scatter", catFor("scatter", [x, values], axis), axis, order);
  const cut = order.shape[wide];
  const changed = overwrite(slice(x, wide, 0, cut), axis, order, values);
  return catFor("scatter", [changed, slice(x, wide, cut)], wide);
}

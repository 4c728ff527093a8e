// Picking slices by a vector of indices, adding them back, and tables of vectors.
import { DTypeError, ShapeError } from "../core/errors.ts";
import { checkAxis, formatShape, sameShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, axisForm, mul, reshape } from "./algebra.ts";
import {
  checkPosition,
  requireFloat,
  requireIndex,
  requireSameDevice,
  requireSameDType,
  requireWhole,
} from "./checks.ts";
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

// ---- tables

const clearRowPrimitive: Primitive<number> = primitive({
  name: "embedding",
  inputs: ["x"],
  infer: ([x], _: number) => x,
  kernel: (k, [x], y, row) => {
    k.copy(x, y);
    k.fill({ storage: y.storage, view: y.view.slice(0, row, 1, 1) }, 0);
  },
  vjp: { x: (g, _, row) => apply(clearRowPrimitive, [g], row) },
});

// The table itself; its gradient without one row.
const frozenRowPrimitive: Primitive<number> = primitive({
  name: "embedding",
  inputs: ["x"],
  view: (x, _: number) => x.view,
  vjp: { x: (g, _, row) => apply(clearRowPrimitive, [g], row) },
});

/**
 * Rows of a table: y[..., :] = weight[index[...], :].
 *
 * Shapes: index int32 [...], weight [V, D] -> [..., D]. The gradient adds up where indices repeat, in a fixed order; the row
 * `paddingIdx` (negative: from the end) gets none.
 *
 * @throws IndexError naming the first index outside 0..V-1.
 */
export function embedding(
  index: Tensor,
  weight: Tensor,
  { paddingIdx }: { readonly paddingIdx?: number } = {},
): Tensor {
  const op = "embedding";
  index.assertAlive(op);
  weight.assertAlive(op);
  requireIndex(op, index);
  requireSameDevice(op, [index, weight]);
  if (weight.rank !== 2)
    throw new ShapeError(op, `the weight must have the axes [V, D]; got ${formatShape(weight.shape)}.`);
  const [rows, width] = weight.shape;
  const frozen = paddingIdx === undefined || paddingIdx >= 0 ? paddingIdx : paddingIdx + rows;
  if (frozen !== undefined && !(Number.isInteger(frozen) && frozen >= 0 && frozen < rows)) {
    throw new ShapeError(
      op,
      `paddingIdx must be a whole number in ${String(-rows)}..${String(rows - 1)}; got ${String(paddingIdx)}.`,
    );
  }
  return composite(op, () => {
    const table = frozen === undefined ? weight : apply(frozenRowPrimitive, [weight], frozen);
    return reshape(indexSelectFor(op, table, 0, reshape(index, [index.size])), [...index.shape, width]);
  });
}

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

// Picking elements by index, and the adjoint that adds them back.
import { ShapeError } from "../core/errors.ts";
import { checkAxis, formatShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { axisForm } from "./algebra.ts";
import { checkPosition, requireFloat, requireIndex, requireWhole } from "./checks.ts";

interface AxisAttrs {
  readonly axis: number;
  /** Size of the indexed axis. */
  readonly n: number;
  /** What the user called, for the error of an index out of range. */
  readonly op: string;
}

const replaceAxis = (shape: Shape, axis: number, n: number): number[] =>
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

function checkIndex(op: string, x: Tensor, axis: number, index: Tensor): number {
  x.assertAlive(op);
  index.assertAlive(op);
  requireIndex(op, index);
  const at = checkAxis(op, axis, x.rank);
  const fits = index.rank === x.rank && index.shape.every((n, i) => i === at || n === x.shape[i]);
  if (fits) return at;
  throw new ShapeError(
    op,
    `the index must have x's shape except along axis ${String(at)}; got x ${formatShape(x.shape)} and index ${formatShape(index.shape)}.`,
  );
}

/**
 * y[i][j][k] = x[i][index[i][j][k]][k] for axis 1, and likewise for others: one element of x per element of the index.
 *
 * Shapes: x [..., n, ...], index int32 [..., m, ...] -> [..., m, ...]. The gradient adds up where indices repeat.
 *
 * @throws IndexError naming the first index outside 0..n-1.
 */
export const gather = (x: Tensor, axis: number, index: Tensor): Tensor => gatherFor("gather", x, axis, index);

/** `gather` on behalf of another op, which its errors name. */
export function gatherFor(op: string, x: Tensor, axis: number, index: Tensor): Tensor {
  const at = checkIndex(op, x, axis, index);
  return apply(gatherPrimitive, [x, index], { axis: at, n: x.shape[at], op });
}

/**
 * The adjoint of `gather`: zeros of size n along the axis, with each element of x added where the index says. Sums of
 * repeated indices are made in a fixed order.
 *
 * @throws IndexError naming the first index outside 0..n-1.
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, n: number): Tensor {
  const at = checkIndex("scatterAdd", x, axis, index);
  requireWhole("scatterAdd", "n", n, 0);
  if (index.shape[at] === x.shape[at])
    return apply(scatterAddPrimitive, [x, index], { axis: at, n, op: "scatterAdd" });
  throw new ShapeError(
    "scatterAdd",
    `x and the index must have one shape; got x ${formatShape(x.shape)} and index ${formatShape(index.shape)}.`,
  );
}

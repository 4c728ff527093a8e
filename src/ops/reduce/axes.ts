// Which axes a reduction works on, and how any choice of them becomes one run of neighbouring axes.
import { ShapeError } from "../../core/errors.ts";
import { checkAxes, formatShape } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import { View } from "../../core/view.ts";
import { composite } from "../../tensor/scope.ts";
import type { OutputSpec } from "../../tensor/primitive.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { permute, reshape } from "../algebra.ts";
import type { ReduceOptions } from "../algebra.ts";

/** Axes start .. end - 1 are reduced and dropped. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** The axes that a reduction names, ascending; all of them where it names none. */
export const namedAxes = (op: string, x: Tensor, axis: ReduceOptions["axis"]): number[] =>
  axis === undefined ? x.shape.map((_, i) => i) : checkAxes(op, [axis].flat(), x.rank);

export const sizeAlong = (shape: Shape, axes: readonly number[]): number =>
  axes.reduce((n, axis) => n * shape[axis], 1);

export const withOnes = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((n, axis) => (axes.includes(axis) ? 1 : n));

/** Where the run is reduced to size 1. */
export const onesAt = (shape: Shape, { start, end }: Run): number[] =>
  shape.map((n, axis) => (axis >= start && axis < end ? 1 : n));

export const runSpec = (x: Tensor, { start, end }: Run, dtype = x.dtype): OutputSpec => ({
  view: View.of(x.shape.slice(0, start).concat(x.shape.slice(end))),
  dtype,
});

/** A reduction in one pass over all named axes: where they are not neighbours, they are brought together first. */
export function overAxes(
  op: string,
  x: Tensor,
  { axis, keepDims = false }: ReduceOptions,
  pass: (y: Tensor, run: Run) => Tensor,
): Tensor {
  const axes = namedAxes(op, x, axis);
  const [first = 0] = axes;
  const kept = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  const adjacent = axes.every((a, i) => a === first + i);
  return composite(op, () => {
    const y = adjacent
      ? pass(x, { start: first, end: first + axes.length })
      : pass(permute(x, [...kept, ...axes]), { start: kept.length, end: x.rank });
    return keepDims ? reshape(y, withOnes(x.shape, axes)) : y;
  });
}

/** Refuses a reduction without identity over nothing. */
export function requireElements(op: string, x: Tensor, axis: ReduceOptions["axis"]): void {
  const axes = namedAxes(op, x, axis);
  if (sizeAlong(x.shape, axes) > 0) return;
  throw new ShapeError(
    op,
    `the reduced axes must hold at least one element; got ${formatShape(x.shape)} over axes ${formatShape(axes)}.`,
  );
}

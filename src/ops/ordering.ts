// Ops that put elements in order: sorting and what is picked by it, distinct values, histograms.
import type { Order } from "../core/ordering.ts";
import { distinct } from "../core/ordering.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import { checkAxis, formatShape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import { noGrad } from "../tensor/mode.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { axisForm, reshape } from "./algebra.ts";
import { requireFloat, requireNumber, requireWhole } from "./checks.ts";
import { tensor } from "./creation.ts";
import { gatherFor } from "./indexing.ts";
import { requireElements, runSpec } from "./reduce/axes.ts";
import type { Run } from "./reduce/axes.ts";
import { argmax, argmin, shareEvenly } from "./reduce/extrema.ts";
import type { PositionOptions } from "./reduce/extrema.ts";

/** Elements, and int32 positions of them along their axis. */
export type WithIndices = [values: Tensor, indices: Tensor];

// ---- sorting

interface SortAttrs {
  readonly axis: number;
  readonly order: Order;
  /** How many positions are wanted, of those that come first. */
  readonly count: number;
  readonly op: string;
}

const argsortPrimitive: Primitive<SortAttrs> = primitive({
  name: "argsort",
  inputs: ["x"],
  infer: ([x], { axis, count, op }: SortAttrs) => {
    requireNumber(op, x);
    return { view: View.of(x.shape.map((n, i) => (i === axis ? count : n))), dtype: "int32" };
  },
  kernel: (k, [x], index, { axis, order, count }) =>
    k.argsort(x, index, axisForm(x.view.shape, axis, axis + 1), order, count),
});

function orderOf(op: string, x: Tensor, axis: number, descending: boolean, count = x.shape[axis]): Tensor {
  return apply(argsortPrimitive, [x], { axis, order: descending ? "descending" : "ascending", count, op });
}

export interface SortOptions {
  /** Default: the last. */
  readonly axis?: number;
  readonly descending?: boolean;
}

/**
 * The elements in order along an axis, and the positions they had. Equal elements keep their order. NaN counts as
 * largest: last in ascending order, first in descending.
 *
 * Shapes: x [..., n, ...] -> values and int32 indices, both of x's shape. Gradients go back to where the values came from.
 */
export function sort(x: Tensor, { axis = -1, descending = false }: SortOptions = {}): WithIndices {
  x.assertAlive("sort");
  const at = checkAxis("sort", axis, x.rank);
  return scope("sort", () => {
    const indices = orderOf("sort", x, at, descending);
    return [gatherFor("sort", x, at, indices), indices] as WithIndices;
  });
}

/** The positions that put x in order along an axis, int32, as `sort` gives them. No gradient. */
export function argsort(x: Tensor, { axis = -1, descending = false }: SortOptions = {}): Tensor {
  x.assertAlive("argsort");
  return orderOf("argsort", x, checkAxis("argsort", axis, x.rank), descending);
}

export interface TopkOptions {
  /** Default: the last. */
  readonly axis?: number;
  /** The k largest (default) or the k smallest. */
  readonly largest?: boolean;
}

/**
 * The k largest (or smallest) elements along an axis in order, and where they are. The first of equals wins; NaN counts
 * as largest.
 *
 * Shapes: x [..., n, ...] -> values and int32 indices [..., k, ...].
 *
 * @throws ShapeError where k is not a whole number in 0..n.
 */
export function topk(x: Tensor, k: number, { axis = -1, largest = true }: TopkOptions = {}): WithIndices {
  x.assertAlive("topk");
  const at = checkAxis("topk", axis, x.rank);
  if (requireWhole("topk", "k", k, 0) > x.shape[at]) {
    throw new ShapeError(
      "topk",
      `k must not exceed the size of the axis; got k ${String(k)} for ${formatShape(x.shape)} along axis ${String(at)}.`,
    );
  }
  return scope("topk", () => {
    const indices = orderOf("topk", x, at, largest, k);
    return [gatherFor("topk", x, at, indices), indices] as WithIndices;
  });
}

// ---- picking one element along an axis

function pick(op: string, x: Tensor, axis: number, keepDims: boolean, positions: () => Tensor): WithIndices {
  return scope(op, () => {
    const index = positions();
    const along = reshape(
      index,
      x.shape.map((n, i) => (i === axis ? 1 : n)),
    );
    const values = gatherFor(op, x, axis, along);
    return keepDims ? [values, along] : [reshape(values, index.shape), index];
  });
}

/**
 * Largest element along one axis, and its position as int32: the first of equals, or the first NaN. The gradient goes to
 * that element alone; `max` shares it.
 */
export function maxWithIndices(x: Tensor, axis: number, { keepDims = false } = {}): WithIndices {
  x.assertAlive("maxWithIndices");
  const at = checkAxis("maxWithIndices", axis, x.rank);
  requireElements("maxWithIndices", x, at);
  return pick("maxWithIndices", x, at, keepDims, () => argmax(x, { axis: at }));
}

/**
 * Smallest element along one axis, and its position as int32: the first of equals, or the first NaN. The gradient goes to
 * that element alone; `min` shares it.
 */
export function minWithIndices(x: Tensor, axis: number, { keepDims = false } = {}): WithIndices {
  x.assertAlive("minWithIndices");
  const at = checkAxis("minWithIndices", axis, x.rank);
  requireElements("minWithIndices", x, at);
  return pick("minWithIndices", x, at, keepDims, () => argmin(x, { axis: at }));
}

const medianPositionPrimitive: Primitive<number> = primitive({
  name: "medianWithIndices",
  inputs: ["x"],
  infer: ([x], axis: number) => {
    requireNumber("medianWithIndices", x);
    return runSpec(x, { start: axis, end: axis + 1 }, "int32");
  },
  kernel: (k, [x], index, axis) => {
    k.medianPosition(x, index, axisForm(x.view.shape, axis, axis + 1));
  },
});

/**
 * Median along one axis, and its position as int32. Of an even number of elements the lower of the two middle ones; NaN
 * where there is one. The gradient goes to that element alone.
 */
export function medianWithIndices(x: Tensor, axis: number, { keepDims = false } = {}): WithIndices {
  x.assertAlive("medianWithIndices");
  const at = checkAxis("medianWithIndices", axis, x.rank);
  requireElements("medianWithIndices", x, at);
  return pick("medianWithIndices", x, at, keepDims, () => apply(medianPositionPrimitive, [x], at));
}

// A value found among the elements of x, with the gradient that all elements equal to it share.
const sharedPickPrimitive: Primitive<Run> = primitive({
  name: "median",
  inputs: ["x", "found"],
  infer: ([, found], _: Run) => found,
  kernel: (k, [, found], y) => k.copy(found, y),
  saves: ["x", "y"],
  vjp: { x: (g, { x, y }, run) => shareEvenly(g, x, y, run) },
});

/**
 * Median of all elements, or along one axis: of an even number the lower of the two middle ones; NaN where there is one.
 * Along an axis the gradient goes to one element, as in `medianWithIndices`; over all, equal elements share it.
 */
export function median(x: Tensor, { axis, keepDims = false }: PositionOptions = {}): Tensor {
  x.assertAlive("median");
  requireNumber("median", x);
  if (axis !== undefined) checkAxis("median", axis, x.rank);
  requireElements("median", x, axis);
  return composite("median", () => {
    if (axis !== undefined) return medianWithIndices(x, axis, { keepDims })[0];
    const flat = reshape(x, [x.size]);
    const found = noGrad<Tensor>(() => medianWithIndices(flat, 0)[0]);
    const y = apply(sharedPickPrimitive, [flat, found], { start: 0, end: 1 });
    return keepDims
      ? reshape(
          y,
          x.shape.map(() => 1),
        )
      : y;
  });
}

// ---- distinct values and counts

/**
 * Distinct elements. They come in ascending order, with the int32 position of each element of x among them, and how often each
 * occurs. Every NaN counts as distinct. The result's size depends on the values, which are read at once. No gradient.
 *
 * Shapes: x [...] -> values [m], inverse [...], counts [m].
 */
export function uniqueWithCounts(x: Tensor): [values: Tensor, inverse: Tensor, counts: Tensor] {
  x.assertAlive("uniqueWithCounts");
  const data = x.dataSync();
  const found = distinct(data instanceof Uint8Array ? Int32Array.from(data) : data);
  const { device, dtype, shape } = x;
  return [
    tensor(Float64Array.from(found.values), { device, dtype }),
    tensor(found.inverse, { device, dtype: "int32", shape }),
    tensor(Int32Array.from(found.counts), { device, dtype: "int32" }),
  ];
}

/** The distinct elements in ascending order, as `uniqueWithCounts` finds them. No gradient. */
export function unique(x: Tensor): Tensor {
  x.assertAlive("unique");
  return composite("unique", () => uniqueWithCounts(x)[0]);
}

export interface HistogramOptions {
  /** Default 100. */
  readonly bins?: number;
  /** The range; that of the data where both are equal, as by default. */
  readonly min?: number;
  readonly max?: number;
}

interface HistogramAttrs {
  readonly bins: number;
  readonly low: number;
  readonly high: number;
}

const histcPrimitive: Primitive<HistogramAttrs> = primitive({
  name: "histc",
  inputs: ["x"],
  infer: ([x], { bins, low, high }: HistogramAttrs) => {
    requireFloat("histc", x);
    requireWhole("histc", "bins", bins, 1);
    if (Number.isFinite(low) && Number.isFinite(high) && low <= high)
      return { view: View.of([bins]), dtype: x.dtype };
    throw new ValueError(
      "histc",
      `min and max must be finite with min <= max; got ${String(low)} and ${String(high)}.`,
    );
  },
  kernel: (k, [x], y, { low, high }) => {
    if (k.histogram(x, y, low, high)) return;
    throw new ValueError(
      "histc",
      "the data must have a finite range; got NaN or infinities. Name the range with { min, max }.",
    );
  },
});

/**
 * How many elements lie in each of equal bins between min and max, in x's dtype. The last bin includes max; elements
 * outside are not counted. No gradient.
 *
 * Shapes: x [...] -> [bins].
 *
 * @throws ValueError where the range, or that of the data when none is named, is not finite.
 */
export function histc(x: Tensor, options: HistogramOptions = {}): Tensor {
  const { bins = 100, min = 0, max = 0 } = options;
  return apply(histcPrimitive, [x], { bins, low: min, high: max });
}

// Ops that change how elements are arranged in axes, made of the algebra's views.
import { IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { checkAxes, checkAxis, formatShape, inferShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { contiguous, expand, permute, reshape, slice } from "./algebra.ts";
import { requireSameDevice, requireWhole } from "./checks.ts";

/**
 * `reshape` that never copies: the result shares x's buffer.
 *
 * @throws ShapeError where the number of elements differs, and where x's layout would need a copy.
 */
export function view(x: Tensor, shape: Shape): Tensor {
  x.assertAlive("view");
  const to = inferShape("view", shape, x.size, x.shape);
  if (x.view.reshape(to)) return reshape(x, to);
  throw new ShapeError(
    "view",
    `the layout must allow the new shape without a copy; got ${formatShape(x.shape)} with strides ` +
      `${formatShape(x.view.strides)} to ${formatShape(to)}. Use reshape(x, shape).`,
  );
}

/** A copy of x in a buffer of its own, dense in row-major order. The gradient passes through. */
export function clone(x: Tensor): Tensor {
  x.assertAlive("clone");
  return contiguous(x);
}

/** x without its axes of size 1, or without those named; a named axis of another size stays. A view. */
export function squeeze(x: Tensor, axis?: number | readonly number[]): Tensor {
  x.assertAlive("squeeze");
  const axes = axis === undefined ? x.shape.map((_, i) => i) : checkAxes("squeeze", [axis].flat(), x.rank);
  return reshape(
    x,
    x.shape.filter((n, i) => n !== 1 || !axes.includes(i)),
  );
}

/** x with a new axis of size 1 at a position of the result. A view. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  x.assertAlive("unsqueeze");
  const at = checkAxis("unsqueeze", axis, x.rank + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** The axes from `startAxis` to `endAxis` (included) as one; all by default. A view where the layout allows it. */
export function flatten(x: Tensor, startAxis = 0, endAxis = -1): Tensor {
  x.assertAlive("flatten");
  if (x.rank === 0) return reshape(x, [1]);
  const [start, end] = [checkAxis("flatten", startAxis, x.rank), checkAxis("flatten", endAxis, x.rank)];
  if (start > end) {
    throw new ShapeError(
      "flatten",
      `startAxis must not come after endAxis; got ${String(startAxis)} and ${String(endAxis)} for rank ${String(x.rank)}.`,
    );
  }
  const size = x.shape.slice(start, end + 1).reduce((product, n) => product * n, 1);
  return reshape(x, [...x.shape.slice(0, start), size, ...x.shape.slice(end + 1)]);
}

/** One axis cut into several, whose sizes multiply to its own; one of them may be -1. The inverse of `flatten`. */
export function unflatten(x: Tensor, axis: number, sizes: Shape): Tensor {
  x.assertAlive("unflatten");
  const at = checkAxis("unflatten", axis, x.rank);
  const cut = inferShape("unflatten", sizes, x.shape[at], [x.shape[at]]);
  return reshape(x, [...x.shape.slice(0, at), ...cut, ...x.shape.slice(at + 1)]);
}

/** Axes moved to other positions, the others keeping their order. A view. */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  x.assertAlive("movedim");
  const from = [source].flat().map((axis) => checkAxis("movedim", axis, x.rank));
  const to = [destination].flat().map((axis) => checkAxis("movedim", axis, x.rank));
  checkAxes("movedim", from, x.rank);
  checkAxes("movedim", to, x.rank);
  if (from.length !== to.length) {
    throw new ShapeError(
      "movedim",
      `source and destination must be equal in number; got ${formatShape(from)} and ${formatShape(to)}.`,
    );
  }
  const rest = x.shape.map((_, i) => i).filter((i) => !from.includes(i));
  const order = x.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)] : rest.shift()!));
  return permute(x, order);
}

/** One slice of x along an axis, which goes: y = x[:, index, :]. A negative index counts from the end. A view. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  x.assertAlive("select");
  return selectFor("select", x, checkAxis("select", axis, x.rank), index);
}

/** `select` on behalf of another op, the axis checked. */
export function selectFor(op: string, x: Tensor, axis: number, index: number): Tensor {
  const n = x.shape[axis];
  const at = index < 0 ? index + n : index;
  if (!Number.isInteger(index) || at < 0 || at >= n) {
    throw new IndexError(
      op,
      `the index must be a whole number in ${String(-n)}..${String(n - 1)}; got ${String(index)} for axis ` +
        `${String(axis)} of ${formatShape(x.shape)}.`,
    );
  }
  return composite(op, () =>
    reshape(
      slice(x, axis, at, at + 1),
      x.shape.filter((_, i) => i !== axis),
    ),
  );
}

/** All slices of x along an axis, which goes. Views. */
export function unbind(x: Tensor, axis = 0): Tensor[] {
  x.assertAlive("unbind");
  const at = checkAxis("unbind", axis, x.rank);
  return Array.from({ length: x.shape[at] }, (_, i) => selectFor("unbind", x, at, i));
}

/**
 * Pieces of x along an axis: all of one size (the last may be smaller), or of the sizes listed. Views.
 *
 * @throws ShapeError where the listed sizes do not add up to the axis.
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  x.assertAlive("split");
  const at = checkAxis("split", axis, x.rank);
  const n = x.shape[at];
  if (typeof sizes === "number") {
    const size = requireWhole("split", "the size of a piece", sizes, 1);
    return pieces(
      x,
      at,
      Array.from({ length: Math.max(1, Math.ceil(n / size)) }, (_, i) => Math.min(size, n - i * size)),
    );
  }
  sizes.forEach((size) => requireWhole("split", "each size", size, 0));
  if (sizes.reduce((sum, size) => sum + size, 0) !== n) {
    throw new ShapeError(
      "split",
      `sizes must add up to the axis; got ${formatShape(sizes)} for axis ${String(at)} of ${formatShape(x.shape)}.`,
    );
  }
  return pieces(x, at, sizes);
}

function pieces(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
  let start = 0;
  return sizes.map((size) => slice(x, axis, start, (start += size)));
}

/** At most `chunks` pieces of equal size along an axis; the last may be smaller. Views. */
export function chunk(x: Tensor, chunks: number, axis = 0): Tensor[] {
  x.assertAlive("chunk");
  const at = checkAxis("chunk", axis, x.rank);
  requireWhole("chunk", "chunks", chunks, 1);
  if (x.shape[at] === 0) return split(x, new Array<number>(chunks).fill(0), at);
  return split(x, Math.ceil(x.shape[at] / chunks), at);
}

/**
 * Coordinate grids from vectors. Grid k holds vector k along axis k, repeated along the others; "xy" swaps the first two
 * axes. Views.
 *
 * Shapes: [n1], [n2], ... -> each [n1, n2, ...], or [n2, n1, ...] for "xy".
 */
export function meshgrid(
  tensors: readonly Tensor[],
  { indexing = "ij" }: { readonly indexing?: "ij" | "xy" } = {},
): Tensor[] {
  if (!["ij", "xy"].includes(indexing))
    throw new ValueError("meshgrid", `indexing must be "ij" or "xy"; got ${JSON.stringify(indexing)}.`);
  for (const x of tensors) {
    x.assertAlive("meshgrid");
    if (x.rank > 1)
      throw new ShapeError(
        "meshgrid",
        `each tensor must be a vector or a scalar; got ${formatShape(x.shape)}.`,
      );
  }
  requireSameDevice("meshgrid", tensors);
  const axisOf = (k: number): number => (indexing === "xy" && k < 2 && tensors.length > 1 ? 1 - k : k);
  const shape = new Array<number>(tensors.length);
  tensors.forEach((x, k) => (shape[axisOf(k)] = x.size));
  return tensors.map((x, k) =>
    composite("meshgrid", () => {
      const single = shape.map((n, axis) => (axis === axisOf(k) ? n : 1));
      return expand(reshape(x, single), shape);
    }),
  );
}

/**
 * x again and again along each axis; `counts` may name more axes than x has, the new ones in front.
 *
 * Shapes: [a, b], counts [p, q] -> [p a, q b].
 */
export function repeat(x: Tensor, counts: readonly number[]): Tensor {
  x.assertAlive("repeat");
  counts.forEach((count) => requireWhole("repeat", "each count", count, 0));
  if (counts.length < x.rank) {
    throw new ShapeError(
      "repeat",
      `counts must name all axes of x; got ${formatShape(counts)} for ${formatShape(x.shape)}.`,
    );
  }
  const lead = counts.length - x.rank;
  const shape = counts.map((_, i) => (i < lead ? 1 : x.shape[i - lead]));
  return composite("repeat", () => {
    const separate = reshape(
      x,
      shape.flatMap((n) => [1, n]),
    );
    const stretched = expand(
      separate,
      shape.flatMap((n, i) => [counts[i], n]),
    );
    return reshape(
      contiguous(stretched),
      shape.map((n, i) => counts[i] * n),
    );
  });
}

/** `repeat`, where counts may also name fewer axes: the last ones. */
export function tile(x: Tensor, counts: readonly number[]): Tensor {
  x.assertAlive("tile");
  counts.forEach((count) => requireWhole("tile", "each count", count, 0));
  const missing = Math.max(0, x.rank - counts.length);
  return repeat(x, [...new Array<number>(missing).fill(1), ...counts]);
}

// ---- pixels and channels

function requireImages(
  op: string,
  x: Tensor,
  factor: number,
): readonly [lead: number[], c: number, h: number, w: number] {
  x.assertAlive(op);
  requireWhole(op, "the factor", factor, 1);
  if (x.rank < 3)
    throw new ShapeError(op, `x must have the axes [..., C, H, W]; got ${formatShape(x.shape)}.`);
  const [c, h, w] = x.shape.slice(-3);
  return [x.shape.slice(0, -3), c, h, w];
}

/**
 * Channels become pixels: [..., C r^2, H, W] -> [..., C, H r, W r] (Shi et al. 2016).
 *
 * @throws ShapeError where the channels are not a multiple of r^2.
 */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  const [lead, c, h, w] = requireImages("pixelShuffle", x, factor);
  const r = factor;
  const channels = c / (r * r);
  if (!Number.isInteger(channels)) {
    throw new ShapeError(
      "pixelShuffle",
      `the channels must be a multiple of ${String(r * r)}; got ${String(c)} in ${formatShape(x.shape)}.`,
    );
  }
  const n = lead.length;
  return composite("pixelShuffle", () => {
    const cut = reshape(x, [...lead, channels, r, r, h, w]);
    const woven = permute(cut, [...lead.map((_, i) => i), n, n + 3, n + 1, n + 4, n + 2]);
    return reshape(woven, [...lead, channels, h * r, w * r]);
  });
}

/** Pixels become channels, the inverse of `pixelShuffle`: [..., C, H r, W r] -> [..., C r^2, H, W]. */
export function pixelUnshuffle(x: Tensor, factor: number): Tensor {
  const [lead, c, h, w] = requireImages("pixelUnshuffle", x, factor);
  const r = factor;
  if (h % r !== 0 || w % r !== 0) {
    throw new ShapeError(
      "pixelUnshuffle",
      `height and width must be multiples of ${String(r)}; got ${formatShape(x.shape)}.`,
    );
  }
  const n = lead.length;
  return composite("pixelUnshuffle", () => {
    const cut = reshape(x, [...lead, c, h / r, r, w / r, r]);
    const gathered = permute(cut, [...lead.map((_, i) => i), n, n + 2, n + 4, n + 1, n + 3]);
    return reshape(gathered, [...lead, c * r * r, h / r, w / r]);
  });
}

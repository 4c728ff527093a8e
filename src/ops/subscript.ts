// General indexing, x[...] of NumPy and PyTorch: numbers, ranges, new axes, an ellipsis, index arrays and masks together.
import { IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { broadcastShapes, broadcastsTo, formatShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { composite } from "../tensor/scope.ts";
import { Tensor } from "../tensor/tensor.ts";
import { add, expand, fill, permute, reshape, slice } from "./algebra.ts";
import { requireSameDevice, requireSameDType, storable } from "./checks.ts";
import { tensor } from "./creation.ts";
import { scatter } from "./indexing.ts";
import { truePositions } from "./masking.ts";
import { flip } from "./placement.ts";
import { indexSelectFor, indexSumFor, ravelIndex, requireIndexOrMask } from "./selection.ts";

/** Elements start, start + step, ... before `end`; negative bounds count from the end, a negative step walks backward. */
export interface IndexRange {
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
}

/**
 * One subscript: a position (its axis goes), a range (`{}` takes all), `null` for a new axis, `"..."` for all axes not
 * named, an int32 tensor or array of positions, or a bool tensor or array, which stands for as many axes as it has.
 */
export type IndexItem = number | IndexRange | null | "..." | Tensor | readonly number[] | readonly boolean[];

interface Advanced {
  readonly axis: number;
  readonly index: Tensor;
}

/**
 * Part of x, as subscripts say: `index(x, [0, "...", { start: 1, step: 2 }, null, positions])` is PyTorch's
 * `x[0, ..., 1::2, None, positions]`.
 *
 * Without arrays the result is a view (a negative step copies). Index arrays broadcast together, and their common shape
 * stands where the first of them stood if they are neighbours, otherwise in front. Negative positions count from the end.
 * A mask is read on the host, since the size of the result depends on it. Gradients add up where positions repeat.
 *
 * @throws IndexError for a position outside its axis; ShapeError for too many subscripts or arrays that do not broadcast.
 */
export const index = (x: Tensor, items: readonly IndexItem[]): Tensor => indexFor("index", x, items);

function indexFor(op: string, x: Tensor, items: readonly IndexItem[]): Tensor {
  x.assertAlive(op);
  return composite(op, () => {
    const subscripts = complete(
      op,
      x,
      items.map((item) => prepared(op, x, item)),
    );
    const advanced: Advanced[] = [];
    let y = reshape(x, x.shape);
    let axis = 0;
    for (const item of subscripts) {
      if (item === null) y = reshape(y, [...y.shape.slice(0, axis), 1, ...y.shape.slice(axis++)]);
      else if (typeof item === "number") y = selectAt(op, y, axis, item);
      else if (!(item instanceof Tensor)) y = ranged(op, y, axis++, item);
      else for (const one of arraysOf(op, y, axis, item)) advanced.push({ axis: axis++, index: one });
    }
    return advanced.length === 0 ? y : pick(op, y, advanced);
  });
}

export interface IndexPutOptions {
  /** Add to what is there instead of replacing it; repeated positions then add up. Default false. */
  readonly accumulate?: boolean;
}

/**
 * x with the part that the subscripts name overwritten. `indexPut(x, items, values)` is what x becomes by PyTorch's
 * `x[items] = values`; the values are a number or a tensor that broadcasts to the shape of the part. Where positions repeat
 * the last one wins, and only it has a gradient.
 *
 * @throws what `index` throws, and ShapeError where the values do not broadcast.
 */
export function indexPut(
  x: Tensor,
  items: readonly IndexItem[],
  values: Tensor | number,
  { accumulate = false }: IndexPutOptions = {},
): Tensor {
  const op = "indexPut";
  x.assertAlive(op);
  if (typeof values === "number") storable(op, x.dtype, values);
  else {
    values.assertAlive(op);
    requireSameDevice(op, [x, values]);
    requireSameDType(op, [x, values], ["x", "values"]);
  }
  return composite(op, () => {
    // Which elements are meant is found by taking the same part of their numbers.
    const numbers = tensor(
      Int32Array.from({ length: x.size }, (_, i) => i),
      { shape: x.shape, device: x.device },
    );
    const part = indexFor(op, numbers, items);
    const source = typeof values === "number" ? fill(x.device, [], values, x.dtype) : values;
    if (!broadcastsTo(source.shape, part.shape)) {
      throw new ShapeError(
        op,
        `the values must broadcast to the part of x; got ${formatShape(source.shape)} for ${formatShape(part.shape)}.`,
      );
    }
    const [positions, flat] = [part, expand(source, part.shape)].map((one) => reshape(one, [one.size]));
    const put = accumulate
      ? add(reshape(x, [x.size]), indexSumFor(op, flat, 0, positions, x.size))
      : scatter(reshape(x, [x.size]), 0, positions, flat);
    return reshape(put, x.shape);
  });
}

// Arrays become tensors beside x.
function prepared(op: string, x: Tensor, item: IndexItem): Tensor | number | IndexRange | null | "..." {
  if (item instanceof Tensor) {
    requireIndexOrMask(op, item);
    requireSameDevice(op, [x, item]);
    return item;
  }
  if (!Array.isArray(item)) {
    if (item === null || item === "..." || typeof item === "number" || isRange(item)) return item;
    throw new ValueError(
      op,
      `a subscript must be a number, a range, null, "...", an array or a tensor; got ${typeof item}.`,
    );
  }
  const dtype = typeof item.flat(Infinity)[0] === "boolean" ? "bool" : "int32";
  return tensor(item as number[], { dtype, device: x.device });
}

const isRange = (item: unknown): item is IndexRange => typeof item === "object";

/** How many axes of x a subscript stands for. */
function axesOf(item: Tensor | number | IndexRange | null | "..."): number {
  if (item === null || item === "...") return 0;
  return item instanceof Tensor && item.dtype === "bool" ? item.rank : 1;
}

// The ellipsis, written or implied at the end, becomes full ranges.
function complete(
  op: string,
  x: Tensor,
  items: readonly (Tensor | number | IndexRange | null | "...")[],
): (Tensor | number | IndexRange | null)[] {
  const named = items.reduce<number>((sum, item) => sum + axesOf(item), 0);
  const dots = items.filter((item) => item === "...").length;
  if (named > x.rank || dots > 1) {
    throw new ShapeError(
      op,
      `subscripts must name at most the ${String(x.rank)} axes of x and hold one "..."; got ${String(named)} axes named ` +
        `and ${String(dots)} "..." for ${formatShape(x.shape)}.`,
    );
  }
  const rest = Array.from({ length: x.rank - named }, (): IndexRange => ({}));
  const all = dots === 1 ? items : [...items, "..." as const];
  return all.flatMap((item) => (item === "..." ? rest : [item]));
}

function selectAt(op: string, x: Tensor, axis: number, at: number): Tensor {
  const n = x.shape[axis];
  const from = at < 0 ? at + n : at;
  if (!Number.isInteger(at) || from < 0 || from >= n) {
    throw new IndexError(
      op,
      `positions must be whole numbers in ${String(-n)}..${String(n - 1)}; got ${String(at)} for an axis of size ${String(n)}.`,
    );
  }
  const shape = [...x.shape.slice(0, axis), ...x.shape.slice(axis + 1)];
  return reshape(slice(x, axis, from, from + 1), shape);
}

function ranged(op: string, x: Tensor, axis: number, { start, end, step = 1 }: IndexRange): Tensor {
  const bounds = [start ?? 0, end ?? 0, step];
  if (
    !bounds.every((bound) => Number.isInteger(bound) || Math.abs(bound) === Infinity) ||
    step === 0 ||
    !Number.isInteger(step)
  ) {
    throw new ValueError(
      op,
      `bounds must be whole numbers and the step not 0; got start ${String(start)}, end ${String(end)}, step ${String(step)}.`,
    );
  }
  if (step > 0) return slice(x, axis, clampTo(start ?? 0, x.shape[axis]), end === -Infinity ? 0 : end, step);
  // Backward: the same elements forward, then turned round.
  const n = x.shape[axis];
  const clamp = (i: number): number => Math.min(n - 1, Math.max(-1, i < 0 ? i + n : i));
  const first = start === undefined ? n - 1 : clamp(start);
  const last = end === undefined ? -1 : clamp(end);
  const length = Math.max(0, Math.ceil((first - last) / -step));
  if (length === 0) return slice(x, axis, 0, 0);
  const lowest = first + (length - 1) * step;
  return flip(slice(x, axis, lowest, first + 1, -step), axis);
}

const clampTo = (start: number, n: number): number => (start === -Infinity ? 0 : Math.min(start, n));

/** An index array as it is; a mask as one array of positions per axis it covers. */
function arraysOf(op: string, x: Tensor, axis: number, item: Tensor): Tensor[] {
  if (item.dtype === "int32") return [item];
  const covered = x.shape.slice(axis, axis + item.rank);
  if (item.rank === 0 || item.shape.some((n, i) => n !== covered[i])) {
    throw new ShapeError(
      op,
      `a mask must have the shape of the axes it covers; got ${formatShape(item.shape)} for ${formatShape(covered)}.`,
    );
  }
  return truePositions(item).map((positions) => tensor(Int32Array.from(positions), { device: x.device }));
}

function pick(op: string, x: Tensor, advanced: readonly Advanced[]): Tensor {
  const axes = advanced.map(({ axis }) => axis);
  const common = commonShape(op, advanced);
  const neighbours = axes.every((axis, i) => i === 0 || axis === axes[i - 1] + 1);
  const front = neighbours ? axes[0] : 0;
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...rest.slice(0, front), ...axes, ...rest.slice(front)];
  const [before, after] = [rest.slice(0, front), rest.slice(front)].map((some) =>
    some.map((i) => x.shape[i]),
  );
  const sizes = axes.map((axis) => x.shape[axis]);
  const merged = reshape(permute(x, order), [...before, sizeOf(sizes), ...after]);
  const arrays = advanced.map(({ index: one }) => expand(one, common));
  const positions = reshape(ravelIndex(op, arrays, sizes), [sizeOf(common)]);
  return reshape(indexSelectFor(op, merged, front, positions), [...before, ...common, ...after]);
}

function commonShape(op: string, advanced: readonly Advanced[]): Shape {
  const shapes = advanced.map(({ index: one }) => one.shape);
  const common = shapes.reduce<Shape | null>((a, b) => a && broadcastShapes(a, b), []);
  if (common !== null) return common;
  throw new ShapeError(op, `index arrays must broadcast; got ${shapes.map(formatShape).join(", ")}.`);
}

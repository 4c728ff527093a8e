// Shapes as plain number arrays: sizes, axes, broadcasting, and the words in which errors speak of them.
import { ShapeError } from "./errors.ts";

export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2, 3]`, as error messages and `toString` print it. */
export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export function checkShape(op: string, shape: Shape): Shape {
  if (shape.every((n) => Number.isSafeInteger(n) && n >= 0)) return shape;
  throw new ShapeError(op, `sizes must be whole numbers >= 0; got ${formatShape(shape)}.`);
}

/** Resolves a negative axis and refuses one outside the rank. */
export function checkAxis(op: string, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && resolved >= 0 && resolved < rank) return resolved;
  const range = rank === 0 ? "not be given for a scalar" : `lie in ${String(-rank)}..${String(rank - 1)}`;
  throw new ShapeError(op, `axis must ${range}; got ${String(axis)}.`);
}

/** Resolves several axes, refuses repeats, and returns them ascending. */
export function checkAxes(op: string, axes: readonly number[], rank: number): number[] {
  const resolved = axes.map((axis) => checkAxis(op, axis, rank)).sort((a, b) => a - b);
  if (resolved.every((axis, i) => i === 0 || axis !== resolved[i - 1])) return resolved;
  throw new ShapeError(op, `axes must be distinct; got ${formatShape(axes)} for rank ${String(rank)}.`);
}

/** The shape that both broadcast to (NumPy's rule: align right, 1 stretches), or null where they disagree. */
export function broadcastShapes(a: Shape, b: Shape): number[] | null {
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = i <= a.length ? a[a.length - i] : 1;
    const n = i <= b.length ? b[b.length - i] : 1;
    if (m !== n && m !== 1 && n !== 1) return null;
    shape[rank - i] = m === 1 ? n : m;
  }
  return shape;
}

/** Whether `from` stretches to `to` without changing `to`. */
export function broadcastsTo(from: Shape, to: Shape): boolean {
  const shape = broadcastShapes(from, to);
  return shape !== null && sameShape(shape, to);
}

/** Fills in a single -1 of `shape` so that it holds `size` elements. */
export function inferShape(op: string, shape: Shape, size: number, from: Shape): number[] {
  let holes = 0;
  let known = 1;
  let valid = true;
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === -1) holes++;
    else known *= shape[i];
    valid &&= Number.isSafeInteger(shape[i]) && shape[i] >= -1;
  }
  if (!valid || holes > 1) {
    throw new ShapeError(
      op,
      `sizes must be whole numbers >= 0 with at most one -1; got ${formatShape(shape)}.`,
    );
  }
  const hole = size / known;
  if (holes === 0 ? known === size : Number.isInteger(hole))
    return holes === 0 ? shape.slice() : shape.map((n) => (n === -1 ? hole : n));
  throw new ShapeError(
    op,
    `the new shape must hold the same ${String(size)} elements; got ${formatShape(from)} to ${formatShape(shape)}.`,
  );
}

// Views against plain lists of offsets: whatever a view says about its layout must agree with where its elements lie.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { denseStrides, View } from "../../src/core/view.ts";
import { sizeOf } from "../../src/core/shape.ts";

function offsetsOf(view: View): number[] {
  const strides = denseStrides(view.shape);
  return Array.from({ length: view.size }, (_, i) =>
    view.shape.reduce(
      (at, n, axis) => at + (Math.floor(i / strides[axis]) % n) * view.strides[axis],
      view.offset,
    ),
  );
}

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });

/** A view reached from a dense one by a permutation, slices with steps, and an expansion in front. */
const views = fc
  .tuple(shapes, fc.infiniteStream(fc.nat(1000)), fc.boolean())
  .map(([shape, stream, expands]) => {
    const next = (n: number) => (stream.next().value as number) % n;
    let view = View.of(shape);
    const axes = shape.map((_, i) => i);
    for (let i = axes.length - 1; i > 0; i--) {
      const j = next(i + 1);
      [axes[i], axes[j]] = [axes[j], axes[i]];
    }
    if (next(2)) view = view.permute(axes);
    for (let axis = 0; axis < shape.length; axis++) {
      if (next(3) > 0) continue;
      const n = view.shape[axis];
      const start = next(n);
      const step = 1 + next(2);
      view = view.slice(axis, start, Math.ceil((n - start) / step), step);
    }
    return expands ? view.expand([2, ...view.shape]) : view;
  });

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Every shape of up to four axes with this many elements. */
function shapesOfSize(size: number, rank: number): number[][] {
  if (rank === 0) return size === 1 ? [[]] : [];
  const first = range(size + 1).filter((n) => n > 0 && size % n === 0);
  return first.flatMap((n) => shapesOfSize(size / n, rank - 1).map((rest) => [n, ...rest]));
}

describe("View", () => {
  it("calls dense exactly what lies in order without gaps", () => {
    fc.assert(
      fc.property(views, (view) => {
        const inOrder = offsetsOf(view).every((at, i) => at === view.offset + i);
        expect(view.dense).toBe(inOrder);
      }),
      { numRuns: 500 },
    );
  });

  it("reshapes without moving an element, and refuses only where strides cannot say it", () => {
    fc.assert(
      fc.property(views, fc.integer({ min: 0, max: 4 }), fc.nat(), (view, rank, pick) => {
        const targets = shapesOfSize(view.size, rank);
        if (targets.length === 0) return;
        const shape = targets[pick % targets.length];
        const offsets = offsetsOf(view);
        const reshaped = view.reshape(shape);
        if (reshaped) {
          expect(reshaped.shape).toEqual(shape);
          expect(offsetsOf(reshaped)).toEqual(offsets);
        } else {
          expect(stridesFor(shape, offsets)).toBeNull();
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("expands with stride 0 and keeps the elements", () => {
    const view = View.of([3, 1]).expand([2, 3, 4]);
    expect(view.strides).toEqual([0, 1, 0]);
    expect(offsetsOf(view)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  });

  it("keeps the offset inside the buffer when a slice is empty", () => {
    const view = View.of([4]).slice(0, 4, 0, 1);
    expect(view.size).toBe(0);
    expect(view.offset).toBe(0);
    expect(view.dense).toBe(true);
  });

  it.each([[[0]], [[2, 0]], [[0, 3, 2]]])("treats the empty shape %j as dense", (shape) => {
    const view = View.of(shape);
    expect(view.size).toBe(0);
    expect(view.reshape([0, 5])?.shape).toEqual([0, 5]);
  });
});

/** The strides that would lay `shape` over these offsets, if any do: read off from one step along each axis. */
function stridesFor(shape: number[], offsets: number[]): number[] | null {
  const dense = denseStrides(shape);
  const strides = shape.map((n, axis) => (n === 1 ? 0 : offsets[dense[axis]] - offsets[0]));
  const view = new View(shape, strides, offsets[0]);
  return sizeOf(shape) > 0 && offsetsOf(view).every((at, i) => at === offsets[i]) ? strides : null;
}

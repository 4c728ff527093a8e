// How a tensor lies in its buffer: shape, strides and offset, in elements. Views are immutable and shared, so two
// tensors of one shape often hold the very same View, which kernels use as a fast test for "same layout".
import type { Shape } from "./shape.ts";

export function denseStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

export class View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly size: number;
  /** Elements lie in row-major order without gaps, from `offset` on. */
  readonly dense: boolean;
  /** Made when it is first asked for: a weight's is, in every step. */
  turned: View | null = null;

  constructor(shape: Shape, strides: readonly number[], offset: number) {
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    let size = 1;
    let gapless = true;
    for (let i = shape.length - 1; i >= 0; i--) {
      if (shape[i] !== 1 && strides[i] !== size) gapless = false;
      size *= shape[i];
    }
    this.size = size;
    this.dense = gapless || size === 0;
  }

  /** The row-major view of a whole buffer. */
  static of(shape: Shape): View {
    return shape.length === 0 ? SCALAR : new View(shape, denseStrides(shape), 0);
  }

  /** The view that an output of this shape takes: this one where it already is a whole dense buffer. */
  fresh(): View {
    return this.dense && this.offset === 0 ? this : View.of(this.shape);
  }

  /** A matrix with rows and columns exchanged. */
  transposed(): View {
    return (this.turned ??= this.permute(TURN));
  }

  permute(axes: readonly number[]): View {
    const shape = new Array<number>(axes.length);
    const strides = new Array<number>(axes.length);
    for (let i = 0; i < axes.length; i++) {
      shape[i] = this.shape[axes[i]];
      strides[i] = this.strides[axes[i]];
    }
    return new View(shape, strides, this.offset);
  }

  /** Stretches axes of size 1 and adds leading ones, with stride 0. */
  expand(shape: Shape): View {
    const lead = shape.length - this.shape.length;
    const strides = shape.map((n, i) =>
      i < lead || (this.shape[i - lead] === 1 && n !== 1) ? 0 : this.strides[i - lead],
    );
    return new View(shape, strides, this.offset);
  }

  /** Elements start, start + step, ... along one axis. */
  slice(axis: number, start: number, length: number, step: number): View {
    const shape = this.shape.slice();
    const strides = this.strides.slice();
    shape[axis] = length;
    strides[axis] *= step;
    return new View(shape, strides, length === 0 ? this.offset : this.offset + start * this.strides[axis]);
  }

  /** The same elements in another shape without a copy, or null where the layout does not allow it. */
  reshape(shape: Shape): View | null {
    if (this.dense) return new View(shape, denseStrides(shape), this.offset);
    const strides = regroup(this, shape);
    return strides && new View(shape, strides, this.offset);
  }
}

const SCALAR = new View([], [], 0);
const TURN: readonly number[] = [1, 0];

// Walks old and new axes together: each run of old axes that lies evenly may be cut anew into a run of new ones.
function regroup(view: View, shape: Shape): number[] | null {
  const kept = view.shape.map((n, i) => [n, view.strides[i]] as const).filter(([n]) => n !== 1);
  const strides = new Array<number>(shape.length).fill(1);
  let old = 0;
  let axis = 0;
  while (old < kept.length) {
    let [oldSize] = kept[old];
    let last = old;
    let newSize = 1;
    let end = axis;
    while (newSize !== oldSize || end === axis) {
      if (newSize < oldSize || end === axis) newSize *= shape[end++];
      else oldSize *= kept[++last][0];
    }
    for (let i = old; i < last; i++) if (kept[i][1] !== kept[i + 1][0] * kept[i + 1][1]) return null;
    let stride = kept[last][1];
    for (let i = end - 1; i >= axis; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    old = last + 1;
    axis = end;
  }
  return strides;
}

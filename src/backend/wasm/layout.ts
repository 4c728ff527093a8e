// How the axes of several operands fold together: kernels loop over few axes, tensors may have many. Axes of size 1
// vanish, and neighbouring axes that every operand walks evenly become one.
import type { View } from "../../core/view.ts";

/** Folded axes, outermost first; `strides[k]` are those of operand k, in elements. */
export interface Folded {
  readonly sizes: number[];
  readonly strides: number[][];
}

export function fold(views: readonly View[]): Folded {
  const { shape } = views[0];
  const sizes: number[] = [];
  const strides = views.map(() => [] as number[]);
  for (let axis = 0; axis < shape.length; axis++) {
    const n = shape[axis];
    if (n === 1) continue;
    const last = sizes.length - 1;
    const joins = last >= 0 && views.every((view, k) => strides[k][last] === view.strides[axis] * n);
    if (joins) sizes[last] *= n;
    else sizes.push(n);
    views.forEach((view, k) => {
      strides[k][joins ? last : last + 1] = view.strides[axis];
    });
  }
  return { sizes, strides };
}

/** Calls `visit` with each operand's offset, for every position of the outer `count` axes. */
export function forEachOuter(
  folded: Folded,
  count: number,
  visit: (offsets: readonly number[]) => void,
): void {
  const { sizes, strides } = folded;
  const offsets = strides.map(() => 0);
  const position = new Array<number>(count).fill(0);
  for (;;) {
    visit(offsets);
    let axis = count - 1;
    for (; axis >= 0; axis--) {
      position[axis]++;
      for (let k = 0; k < offsets.length; k++) offsets[k] += strides[k][axis];
      if (position[axis] < sizes[axis]) break;
      for (let k = 0; k < offsets.length; k++) offsets[k] -= strides[k][axis] * sizes[axis];
      position[axis] = 0;
    }
    if (axis < 0) return;
  }
}

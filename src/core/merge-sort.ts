// Ordering by comparing: a stable merge sort of positions, for doubles and for short rows.
import type { BufferData } from "./dtype.ts";

const RUN = 16;

/** Work arrays for rows of n elements, made once per call. */
export interface Desk {
  readonly values: Float64Array;
  readonly order: Int32Array;
  readonly spare: Int32Array;
}

export const deskFor = (n: number): Desk => ({
  values: new Float64Array(n),
  order: new Int32Array(n),
  spare: new Int32Array(n),
});

// In descending order values are negated, so that one comparison serves both; returns how many are numbers, which come
// first in `order`, with the positions of NaN behind them.
export function lay(desk: Desk, x: BufferData, at: number, step: number, sign: number): number {
  const { values, order } = desk;
  const n = values.length;
  let numbers = 0;
  for (let k = 0; k < n; k++) {
    const value = x[at + k * step];
    values[k] = sign * value;
    if (!Number.isNaN(value)) order[numbers++] = k;
  }
  let next = numbers;
  for (let k = 0; next < n; k++) if (Number.isNaN(values[k])) order[next++] = k;
  return numbers;
}

// Bottom-up merge sort of order[0 .. count) by value; stable. Short runs are sorted by insertion first.
export function sortPositions({ values, order, spare }: Desk, count: number): void {
  for (let start = 0; start < count; start += RUN) {
    const end = Math.min(count, start + RUN);
    for (let i = start + 1; i < end; i++) {
      const moving = order[i];
      let j = i - 1;
      for (; j >= start && values[order[j]] > values[moving]; j--) order[j + 1] = order[j];
      order[j + 1] = moving;
    }
  }
  let [from, to] = [order, spare];
  for (let width = RUN; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) merge(values, from, to, start, width, count);
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from.subarray(0, count));
}

function merge(
  values: Float64Array,
  from: Int32Array,
  to: Int32Array,
  start: number,
  width: number,
  count: number,
): void {
  const middle = Math.min(count, start + width);
  const end = Math.min(count, middle + width);
  let left = start;
  let right = middle;
  for (let k = start; k < end; k++) {
    const takesLeft = left < middle && (right >= end || values[from[left]] <= values[from[right]]);
    to[k] = from[takesLeft ? left++ : right++];
  }
}

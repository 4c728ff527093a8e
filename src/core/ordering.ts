// Orders of numbers: sorting, medians and histograms, as pure functions on arrays that the backends call on their own
// buffers. NaN counts as larger than every number, and equal numbers keep their order.
import type { BufferData } from "./dtype.ts";

/** An array seen as [outer, n, inner]; the work is done along n. */
export interface Rows {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

export type Order = "ascending" | "descending";

const RUN = 16;

/** Work arrays for rows of n elements, made once per call. */
interface Desk {
  readonly values: Float64Array;
  readonly order: Int32Array;
  readonly spare: Int32Array;
}

const deskFor = (n: number): Desk => ({
  values: new Float64Array(n),
  order: new Int32Array(n),
  spare: new Int32Array(n),
});

// In descending order values are negated, so that one comparison serves both; returns how many are numbers, which come
// first in `order`, with the positions of NaN behind them.
function lay(desk: Desk, x: BufferData, at: number, step: number, sign: number): number {
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
function sortPositions({ values, order, spare }: Desk, count: number): void {
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

function eachRow({ outer, n, inner }: Rows, visit: (first: number, column: number) => void): void {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * n * inner + i, o * inner + i);
}

/** index[outer, k, inner] = position of the element that comes k-th. NaN comes last, or first in descending order. */
export function sortOrder(x: BufferData, index: BufferData, rows: Rows, direction: Order): void {
  const { n, inner } = rows;
  const desk = deskFor(n);
  eachRow(rows, (first) => {
    const numbers = lay(desk, x, first, inner, direction === "descending" ? -1 : 1);
    sortPositions(desk, numbers);
    const lead = direction === "descending" ? n - numbers : 0;
    for (let k = 0; k < numbers; k++) index[first + (lead + k) * inner] = desk.order[k];
    const rest = direction === "descending" ? 0 : numbers;
    for (let k = numbers; k < n; k++) index[first + (rest + k - numbers) * inner] = desk.order[k];
  });
}

/** index[outer, inner] = position of the median: the lower of two middle elements; the first NaN if there is one. */
export function medianPosition(x: BufferData, index: BufferData, rows: Rows): void {
  const { n, inner } = rows;
  const desk = deskFor(n);
  eachRow(rows, (first, column) => {
    const numbers = lay(desk, x, first, inner, 1);
    if (numbers === n) sortPositions(desk, n);
    index[column] = desk.order[numbers === n ? (n - 1) >> 1 : numbers];
  });
}

/**
 * counts[b] = how many elements lie in the b-th of equal bins over [low, high]; the last bin includes high, elements
 * outside and NaN are not counted. Edges are numbers of x's own precision, so that 0.7 lies on the edge 0.7. Where low = high the range is that of the data, and two wide around a single value.
 *
 * @returns false where the data has no finite range.
 */
export function histogram(x: BufferData, counts: BufferData, low: number, high: number): boolean {
  if (low === high) {
    for (let i = 0; i < x.length; i++) {
      if (i === 0 || x[i] < low || Number.isNaN(x[i])) low = x[i];
      if (i === 0 || x[i] > high) high = x[i];
    }
    if (!Number.isFinite(low) || !Number.isFinite(high)) return false;
  }
  if (low === high) {
    low -= 1;
    high += 1;
  }
  const bins = counts.length;
  counts.fill(0);
  const edges = edgesOf(x, low, high, bins);
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (!(value >= low && value <= high)) continue;
    let bin = Math.min(bins - 1, Math.floor(((value - low) * bins) / (high - low)));
    while (bin > 0 && value < edges[bin]) bin--;
    while (bin < bins - 1 && value >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
  return true;
}

// Counted from the nearer end, so that they lie symmetrically.
function edgesOf(x: BufferData, low: number, high: number, bins: number): BufferData {
  const edges = x instanceof Float32Array ? new Float32Array(bins + 1) : new Float64Array(bins + 1);
  const step = (high - low) / bins;
  for (let i = 0; i <= bins; i++) edges[i] = 2 * i <= bins ? low + i * step : high - (bins - i) * step;
  return edges;
}

/** The distinct values in ascending order, where each element went, and how often each occurs. NaN equals nothing. */
export function distinct(x: BufferData): { values: number[]; inverse: Int32Array; counts: number[] } {
  const n = x.length;
  const index = new Int32Array(n);
  sortOrder(x, index, { outer: 1, n, inner: 1 }, "ascending");
  const values: number[] = [];
  const counts: number[] = [];
  const inverse = new Int32Array(n);
  for (const at of index) {
    if (values.length === 0 || x[at] !== values[values.length - 1]) {
      values.push(x[at]);
      counts.push(0);
    }
    counts[counts.length - 1]++;
    inverse[at] = values.length - 1;
  }
  return { values, inverse, counts };
}

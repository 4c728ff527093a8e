// Orders of numbers: sorting, medians and histograms, as pure functions on arrays that the backends call on their own
// buffers. NaN counts as larger than every number, and equal numbers keep their order.
import type { BufferData } from "./dtype.ts";
import { deskFor, lay, sortPositions } from "./merge-sort.ts";
import { keyDesk, layKeys, positionDesk, radixLeast, radixSort, selectKey } from "./radix.ts";
import type { Keyed } from "./radix.ts";

/** An array seen as [outer, n, inner]; the work is done along n. */
export interface Rows {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

export type Order = "ascending" | "descending";

// Shorter rows are merged: counting digits costs a few thousand steps whatever the length.
const SHORT = 256;

/** Puts the first positions of a row that begins at `first` with this step in order; they are valid until the next call. */
type RowOrder = (first: number, step: number) => Int32Array;

function merging(x: BufferData, n: number, direction: Order): RowOrder {
  const desk = deskFor(n);
  const descending = direction === "descending";
  const turned = new Int32Array(descending ? n : 0);
  return (first, step) => {
    const numbers = lay(desk, x, first, step, descending ? -1 : 1);
    sortPositions(desk, numbers);
    if (!descending || numbers === n) return desk.order;
    turned.set(desk.order.subarray(numbers));
    turned.set(desk.order.subarray(0, numbers), n - numbers);
    return turned;
  };
}

function counting(x: Keyed, n: number, direction: Order, count: number): RowOrder {
  const desk = keyDesk(n);
  // Half of the row or more is put in order faster than it is chosen.
  const few = count * 2 < n;
  const positions = positionDesk(few ? count : n);
  return (first, step) => {
    layKeys(x, first, step, desk.keys, direction === "descending");
    if (few) radixLeast(desk, positions.order, count);
    else radixSort(desk, positions, n);
    return positions.order;
  };
}

const isKeyed = (x: BufferData, n: number): x is Keyed => n > SHORT && !(x instanceof Float64Array);

function eachRow({ outer, n, inner }: Rows, visit: (first: number, column: number) => void): void {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * n * inner + i, o * inner + i);
}

/**
 * index[outer, k, inner] = position of the element that comes k-th, for the first `count`. NaN comes last, or first in
 * descending order.
 */
export function sortOrder(
  x: BufferData,
  index: BufferData,
  rows: Rows,
  direction: Order,
  count = rows.n,
): void {
  const { n, inner } = rows;
  if (count === 0) return;
  const orderRow = isKeyed(x, n) ? counting(x, n, direction, count) : merging(x, n, direction);
  eachRow(rows, (first, column) => {
    const order = orderRow(first, inner);
    const start = Math.floor(column / inner) * count * inner + (column % inner);
    for (let k = 0; k < count; k++) index[start + k * inner] = order[k];
  });
}

/** index[outer, inner] = position of the median: the lower of two middle elements; the first NaN if there is one. */
export function medianPosition(x: BufferData, index: BufferData, rows: Rows): void {
  const { n, inner } = rows;
  const medianOf = isKeyed(x, n) ? medianByBits(x, n) : medianByMerging(x, n);
  eachRow(rows, (first, column) => {
    index[column] = medianOf(first, inner);
  });
}

function medianByMerging(x: BufferData, n: number): (first: number, step: number) => number {
  const desk = deskFor(n);
  return (first, step) => {
    const numbers = lay(desk, x, first, step, 1);
    if (numbers === n) sortPositions(desk, n);
    return desk.order[numbers === n ? (n - 1) >> 1 : numbers];
  };
}

function medianByBits(x: Keyed, n: number): (first: number, step: number) => number {
  const desk = keyDesk(n);
  const rank = (n - 1) >> 1;
  return (first, step) => {
    const firstNaN = layKeys(x, first, step, desk.keys, false);
    if (firstNaN >= 0) return firstNaN;
    const { key, smaller } = selectKey(desk, rank);
    let position = -1;
    for (let left = rank - smaller; left >= 0; left--) position = desk.keys.indexOf(key, position + 1);
    return position;
  };
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

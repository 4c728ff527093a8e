// Ordering by bits: float32 and int32 become unsigned keys that compare like the numbers, and digits of the keys are
// counted instead of comparing pairs. For long rows that is many times faster than merging.

/** What has keys of 32 bits. */
export type Keyed = Float32Array | Int32Array;

const DIGIT = 11;
const BUCKETS = 1 << DIGIT;
const SHIFTS: readonly number[] = [0, DIGIT, 2 * DIGIT];
const LARGEST = 0xffffffff;
const INFINITY_BITS = 0x7f800000;

/** Work arrays for rows of n elements, made once per call. */
export interface KeyDesk {
  readonly keys: Uint32Array;
  readonly spareKeys: Uint32Array;
  readonly counts: Int32Array;
}

export const keyDesk = (n: number): KeyDesk => ({
  keys: new Uint32Array(n),
  spareKeys: new Uint32Array(n),
  counts: new Int32Array(SHIFTS.length * BUCKETS),
});

/** Where positions are put in order. */
export interface PositionDesk {
  readonly order: Int32Array;
  readonly spareOrder: Int32Array;
}

export const positionDesk = (n: number): PositionDesk => ({
  order: new Int32Array(n),
  spareOrder: new Int32Array(n),
});

/**
 * keys[k] of the elements x[at + k step]: unsigned numbers in the same order, 0 and -0 alike and every NaN the largest;
 * all turned round where the order is descending. Returns the position of the first NaN, or -1.
 */
export function layKeys(x: Keyed, at: number, step: number, keys: Uint32Array, descending: boolean): number {
  const n = keys.length;
  const flip = descending ? LARGEST : 0;
  const bits = new Int32Array(x.buffer, x.byteOffset, x.length);
  if (x instanceof Int32Array) {
    for (let k = 0; k < n; k++) keys[k] = bits[at + k * step] ^ 0x80000000 ^ flip;
    return -1;
  }
  let firstNaN = -1;
  for (let k = 0; k < n; k++) {
    const b = bits[at + k * step];
    if ((b & 0x7fffffff) > INFINITY_BITS) {
      if (firstNaN < 0) firstNaN = k;
      keys[k] = LARGEST ^ flip;
    } else if (b === -0x80000000) keys[k] = 0x80000000 ^ flip;
    // Negative numbers compare the other way round: all bits turn; of the others the sign bit alone.
    else keys[k] = b ^ ((b >> 31) | 0x80000000) ^ flip;
  }
  return firstNaN;
}

/**
 * Puts `order` [0 .. count) = the positions of keys[0 .. count) in ascending order; equal keys keep theirs. Digits that
 * all keys share are passed over. (Least significant digit first: Knuth, The Art of Computer Programming 3, 5.2.5.)
 */
export function radixSort(desk: KeyDesk, positions: PositionDesk, count: number): void {
  const { counts } = desk;
  let { keys, spareKeys } = desk;
  let { order, spareOrder } = positions;
  counts.fill(0);
  for (let k = 0; k < count; k++) {
    const key = keys[k];
    counts[key & (BUCKETS - 1)]++;
    counts[BUCKETS + ((key >>> DIGIT) & (BUCKETS - 1))]++;
    counts[2 * BUCKETS + (key >>> (2 * DIGIT))]++;
  }
  for (let k = 0; k < count; k++) order[k] = k;
  for (const [pass, shift] of SHIFTS.entries()) {
    const starts = counts.subarray(pass * BUCKETS, (pass + 1) * BUCKETS);
    if (count === 0 || starts[(keys[0] >>> shift) & (BUCKETS - 1)] === count) continue;
    for (let digit = 0, at = 0; digit < BUCKETS; digit++) {
      const size = starts[digit];
      starts[digit] = at;
      at += size;
    }
    for (let k = 0; k < count; k++) {
      const key = keys[k];
      const to = starts[(key >>> shift) & (BUCKETS - 1)]++;
      spareKeys[to] = key;
      spareOrder[to] = order[k];
    }
    [keys, spareKeys] = [spareKeys, keys];
    [order, spareOrder] = [spareOrder, order];
  }
  if (order !== positions.order) positions.order.set(order.subarray(0, count));
}

/** The key that comes at `rank` (from 0) in ascending order, and how many keys are smaller. */
export function selectKey(
  { keys, spareKeys, counts }: KeyDesk,
  rank: number,
): { key: number; smaller: number } {
  const buckets = counts.subarray(0, BUCKETS);
  // Those that may still be the one: all keys at first, then the ones whose leading digits agree.
  let candidates = keys;
  let key = 0;
  let smaller = 0;
  for (const shift of [2 * DIGIT, DIGIT, 0]) {
    buckets.fill(0);
    for (let k = 0; k < candidates.length; k++) buckets[(candidates[k] >>> shift) & (BUCKETS - 1)]++;
    let digit = 0;
    while (smaller + buckets[digit] <= rank) smaller += buckets[digit++];
    key |= digit << shift;
    let kept = 0;
    for (let k = 0; k < candidates.length; k++) {
      const candidate = candidates[k];
      if (((candidate >>> shift) & (BUCKETS - 1)) === digit) spareKeys[kept++] = candidate;
    }
    candidates = spareKeys.subarray(0, kept);
  }
  return { key: key >>> 0, smaller };
}

/** Puts `order` [0 .. count) = the positions of the `count` smallest keys in ascending order; the first of equals wins. */
export function radixLeast(desk: KeyDesk, order: Int32Array, count: number): void {
  const { keys } = desk;
  const { key: last, smaller } = selectKey(desk, count - 1);
  let ties = count - smaller;
  const positions = new Int32Array(count);
  const chosen = keyDesk(count);
  const places = positionDesk(count);
  let found = 0;
  for (let k = 0; k < keys.length && found < count; k++) {
    if (keys[k] > last || (keys[k] === last && ties-- <= 0)) continue;
    chosen.keys[found] = keys[k];
    positions[found++] = k;
  }
  radixSort(chosen, places, count);
  for (let k = 0; k < count; k++) order[k] = positions[places.order[k]];
}

// Whole numbers from the random stream: the same loops for every backend, so that they give the same numbers to the bit.
import type { BufferData } from "./dtype.ts";
import { drawBlock } from "./philox.ts";
import type { RandomState } from "./rng.ts";

/** What one call of `multinomial` draws: `count` of n categories, for each row of weights. */
export interface Draws {
  readonly rows: number;
  readonly n: number;
  readonly count: number;
  readonly replacement: boolean;
}

const TWO_TO_32 = 2 ** 32;

/**
 * Turns random words into whole numbers low .. low + range - 1, in place: `floor(word * range / 2^32)`, which is off from
 * uniform by less than range / 2^32 and, unlike rejection, always takes one word.
 */
export function toIntegers(words: BufferData, low: number, range: number): void {
  for (let i = 0; i < words.length; i++) words[i] = low + Math.floor(((words[i] >>> 0) * range) / TWO_TO_32);
}

/**
 * The numbers 0 .. length - 1 in random order (Fisher-Yates). `draw` fills four random words for a block number; one word
 * decides each exchange.
 */
export function shuffled(length: number, draw: (words: Uint32Array, block: number) => void): Uint32Array {
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  const words = new Uint32Array(4);
  for (let i = length - 1, taken = 0; i > 0; i--, taken++) {
    if ((taken & 3) === 0) draw(words, taken >>> 2);
    const j = Math.floor((words[taken & 3] * (i + 1)) / TWO_TO_32);
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}

/** How many words of the stream `multinomial` takes. */
export const wordsOf = ({ rows, n, count, replacement }: Draws): number => rows * (replacement ? count : n);

/**
 * Categories drawn with probabilities proportional to the weights of each row. With replacement: the inverse of the
 * cumulative sums at a uniform number. Without: the categories whose exponential waiting times -ln(u) / weight are
 * shortest, in that order (Efraimidis and Spirakis 2006), which takes one word per category and no rejection.
 *
 * Returns the first row whose weights are negative, not finite, or leave fewer than `count` choices, or -1.
 */
export function multinomial(
  weights: BufferData,
  picks: BufferData,
  draws: Draws,
  state: RandomState,
): number {
  const { rows, n, count, replacement } = draws;
  const word = wordStream(state);
  for (let row = 0; row < rows; row++) {
    const own = weights.subarray(row * n, (row + 1) * n);
    if (choices(own) < (replacement ? Math.min(1, count) : count)) return row;
    const out = picks.subarray(row * count, (row + 1) * count);
    if (replacement) drawByLot(own, out, (i) => word(row * count + i));
    else drawByRace(own, out, (i) => word(row * n + i));
  }
  return -1;
}

/** How many weights are positive; -1 where one is negative or not finite. */
function choices(weights: BufferData): number {
  let positive = 0;
  for (const weight of weights) {
    if (!(weight >= 0 && weight < Infinity)) return -1;
    if (weight > 0) positive++;
  }
  return positive;
}

function drawByLot(weights: BufferData, out: BufferData, word: (i: number) => number): void {
  const sums = new Float64Array(weights.length);
  let total = 0;
  for (let k = 0; k < weights.length; k++) sums[k] = total += weights[k];
  for (let i = 0; i < out.length; i++) {
    const at = (word(i) / TWO_TO_32) * total;
    // The first sum beyond `at`: a weight of zero adds no room and is never chosen.
    let low = 0;
    let high = weights.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] > at) high = middle;
      else low = middle + 1;
    }
    out[i] = low;
  }
}

function drawByRace(weights: BufferData, out: BufferData, word: (i: number) => number): void {
  const times = Float64Array.from(weights, (weight, k) => -Math.log((word(k) + 1) / TWO_TO_32) / weight);
  // 0 / 0, where the first word there is meets a weight of zero, must come last too.
  for (let k = 0; k < times.length; k++) if (weights[k] === 0) times[k] = Infinity;
  const order = Uint32Array.from(weights, (_, k) => k).sort((a, b) => times[a] - times[b] || a - b);
  for (let i = 0; i < out.length; i++) out[i] = order[i];
}

/** Word number i of a stream; cheapest when asked for in order. */
function wordStream(state: RandomState): (i: number) => number {
  const words = new Uint32Array(4);
  let held = -1;
  return (i) => {
    if (i >>> 2 !== held) drawBlock(words, state, (held = i >>> 2));
    return words[i & 3];
  };
}

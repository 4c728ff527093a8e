// Shuffled orders as pure functions of (seed, epoch), so that the order of any epoch can be had again without replaying
// the ones before it: what makes resuming in the middle of an epoch exact.
import { ValueError } from "../core/errors.ts";
import { philox4x32 } from "../core/philox.ts";

// The last word of the counter keeps these streams apart from one another and from those of random ops (0).
export const SHUFFLE_STREAM = 1;
export const SPLIT_STREAM = 2;

/** @throws ValueError unless the seed is a whole number from 0 to 2^53 - 1. */
export function checkSeed(op: string, seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new ValueError(op, `seed must be a whole number from 0 to 2^53 - 1; got ${String(seed)}.`);
}

/**
 * A permutation of 0 .. length - 1 that depends on seed, epoch and stream alone.
 *
 * Fisher-Yates over Philox words; a word becomes an index by multiplication, `floor(word * n / 2^32)`, which is off from
 * uniform by less than n / 2^32 and, unlike rejection, always takes one word.
 */
export function permutation(
  length: number,
  seed: number,
  epoch: number,
  stream = SHUFFLE_STREAM,
): Uint32Array {
  checkSeed("permutation", seed);
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  const words = new Uint32Array(4);
  const seedLow = seed >>> 0;
  const seedHigh = Math.floor(seed / 2 ** 32);
  for (let i = length - 1, taken = 0; i > 0; i--, taken++) {
    if ((taken & 3) === 0) philox4x32(words, taken >>> 2, 0, epoch >>> 0, stream, seedLow, seedHigh);
    const j = Math.floor((words[taken & 3] * (i + 1)) / 2 ** 32);
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}

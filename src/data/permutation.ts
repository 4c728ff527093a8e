// Shuffled orders as pure functions of (seed, epoch), so that the order of any epoch can be had again without replaying
// the ones before it: what makes resuming in the middle of an epoch exact.
import { ValueError } from "../core/errors.ts";
import { philox4x32 } from "../core/philox.ts";
import { shuffled } from "../core/sampling.ts";

// The last word of the counter keeps these streams apart from one another and from those of random ops (0).
export const SHUFFLE_STREAM = 1;
export const SPLIT_STREAM = 2;
export const AUGMENT_STREAM = 3;
export const MIXUP_STREAM = 4;
export const SAMPLER_STREAM = 5;

/** @throws ValueError unless the seed is a whole number from 0 to 2^53 - 1. */
export function checkSeed(op: string, seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new ValueError(op, `seed must be a whole number from 0 to 2^53 - 1; got ${String(seed)}.`);
}

/** A permutation of 0 .. length - 1 that depends on seed, epoch and stream alone. */
export function permutation(
  length: number,
  seed: number,
  epoch: number,
  stream = SHUFFLE_STREAM,
): Uint32Array {
  checkSeed("permutation", seed);
  const seedHigh = Math.floor(seed / 2 ** 32);
  return shuffled(length, (words, block) => {
    philox4x32(words, block, 0, epoch >>> 0, stream, seed >>> 0, seedHigh);
  });
}

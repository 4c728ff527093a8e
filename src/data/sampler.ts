// Samplers say in which order an epoch visits a dataset.
import { checkSeed, permutation } from "./permutation.ts";

/** The order of each epoch. It must depend on the epoch's number alone, so that any epoch can be had again. */
export interface Sampler {
  /** Samples visited per epoch; not necessarily all, and one may come twice. */
  readonly length: number;
  order(epoch: number): ArrayLike<number>;
}

/** 0, 1, 2, ... in every epoch. */
export class SequentialSampler implements Sampler {
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }

  order(): Uint32Array {
    return Uint32Array.from({ length: this.length }, (_, i) => i);
  }
}

/** Every sample once per epoch, in an order that depends on the seed and the epoch. */
export class RandomSampler implements Sampler {
  readonly length: number;
  readonly #seed: number;

  /** @throws ValueError unless the seed is a whole number from 0 to 2^53 - 1. */
  constructor(length: number, seed = 0) {
    this.length = length;
    this.#seed = checkSeed("RandomSampler", seed);
  }

  order(epoch: number): Uint32Array {
    return permutation(this.length, this.#seed, epoch);
  }
}

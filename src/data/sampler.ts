// Samplers say in which order an epoch visits a dataset.
import { ValueError } from "../core/errors.ts";
import { Draw } from "./draw.ts";
import { checkSeed, permutation, SAMPLER_STREAM } from "./permutation.ts";

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

export interface RandomSamplerOptions {
  /** Whether a sample may come twice in an epoch. Default false. */
  readonly replacement?: boolean;
  /** Samples per epoch. Default: as many as the dataset has; without replacement it can not be more. */
  readonly samples?: number;
}

/**
 * Samples in an order that depends on the seed and the epoch: every one once, or, with `replacement`, each drawn anew
 * with equal chances.
 */
export class RandomSampler implements Sampler {
  readonly length: number;
  readonly #of: number;
  readonly #replacement: boolean;
  readonly #seed: number;

  /** @throws ValueError unless the seed is a whole number from 0 to 2^53 - 1, and `samples` one that can be drawn. */
  constructor(
    length: number,
    seed = 0,
    { replacement = false, samples = length }: RandomSamplerOptions = {},
  ) {
    const most = replacement ? (length > 0 ? Infinity : 0) : length;
    if (!Number.isSafeInteger(samples) || samples < 0 || samples > most) {
      const rule = `samples must be a whole number that a dataset of ${String(length)} can give`;
      throw new ValueError("RandomSampler", `${rule}; got ${String(samples)}.`);
    }
    this.length = samples;
    this.#of = length;
    this.#replacement = replacement;
    this.#seed = checkSeed("RandomSampler", seed);
  }

  order(epoch: number): Uint32Array {
    if (!this.#replacement) return permutation(this.#of, this.#seed, epoch).subarray(0, this.length);
    const draw = new Draw(this.#seed, epoch, 0, SAMPLER_STREAM);
    return Uint32Array.from({ length: this.length }, () => draw.integer(this.#of));
  }
}

export interface WeightedSamplerOptions {
  /** Samples per epoch. Default: as many as there are weights. */
  readonly samples?: number;
  /** Whether a sample may come twice in an epoch. Default true. */
  readonly replacement?: boolean;
  readonly seed?: number;
}

/**
 * Samples drawn in proportion to their weights, anew in each epoch; a weight of 0 never comes.
 *
 * Without replacement the draw is that of Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006.
 */
export class WeightedSampler implements Sampler {
  readonly length: number;
  readonly #weights: Float64Array;
  readonly #replacement: boolean;
  readonly #seed: number;

  /** @throws ValueError for weights below 0 or not finite, or too few above 0 for what is asked. */
  constructor(
    weights: ArrayLike<number>,
    { samples = weights.length, replacement = true, seed = 0 }: WeightedSamplerOptions = {},
  ) {
    this.#weights = Float64Array.from(weights);
    this.#seed = checkSeed("WeightedSampler", seed);
    this.#replacement = replacement;
    this.length = samples;
    const bad = this.#weights.find((weight) => !(weight >= 0 && weight < Infinity));
    if (bad !== undefined) {
      throw new ValueError("WeightedSampler", `weights must be finite and >= 0; got ${String(bad)}.`);
    }
    const positive = this.#weights.filter((weight) => weight > 0).length;
    const most = replacement ? (positive > 0 ? Infinity : 0) : positive;
    if (!Number.isSafeInteger(samples) || samples < 0 || samples > most) {
      const rule = `samples must be a whole number that ${String(positive)} weights above 0 can give`;
      throw new ValueError("WeightedSampler", `${rule}; got ${String(samples)}.`);
    }
  }

  order(epoch: number): Uint32Array {
    const draw = new Draw(this.#seed, epoch, 0, SAMPLER_STREAM);
    return this.#replacement ? this.#withReplacement(draw) : this.#without(draw);
  }

  #withReplacement(draw: Draw): Uint32Array {
    const ends = this.#weights.slice();
    for (let i = 1; i < ends.length; i++) ends[i] += ends[i - 1];
    const total = ends.at(-1) ?? 0;
    return Uint32Array.from({ length: this.length }, () => {
      // Two draws: 32 bits would be too coarse for long lists.
      const at = ((draw.integer(2 ** 21) + draw.uniform()) / 2 ** 21) * total;
      let [low, high] = [0, ends.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle] > at) high = middle;
        else low = middle + 1;
      }
      return low;
    });
  }

  #without(draw: Draw): Uint32Array {
    const keys = this.#weights.map((weight) => -Math.log(1 - draw.uniform()) / weight);
    const candidates = Uint32Array.from(keys, (_, i) => i).filter((i) => this.#weights[i] > 0);
    return candidates.sort((a, b) => keys[a] - keys[b] || a - b).slice(0, this.length);
  }
}

/**
 * Every sample once per epoch, in an order that spreads each class evenly: any run of samples, and so any batch, holds the
 * classes nearly in the proportions of the whole.
 */
export class StratifiedSampler implements Sampler {
  readonly length: number;
  readonly #classes: readonly (readonly number[])[];
  readonly #seed: number;

  /** @param labels The class of each sample: any numbers. */
  constructor(labels: ArrayLike<number>, seed = 0) {
    this.length = labels.length;
    this.#seed = checkSeed("StratifiedSampler", seed);
    const classes = new Map<number, number[]>();
    for (let i = 0; i < labels.length; i++) {
      const members = classes.get(labels[i]);
      if (members) members.push(i);
      else classes.set(labels[i], [i]);
    }
    this.#classes = [...classes.values()];
  }

  order(epoch: number): Uint32Array {
    const places = new Float64Array(this.length);
    this.#classes.forEach((members, c) => {
      const draw = new Draw(this.#seed, epoch, c, SAMPLER_STREAM);
      const shuffled = [...members];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = draw.integer(i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
      }
      // One in each of as many equal stretches of the epoch as the class has members.
      shuffled.forEach((index, k) => (places[index] = (k + draw.uniform()) / shuffled.length));
    });
    return Uint32Array.from(places, (_, i) => i).sort((a, b) => places[a] - places[b] || a - b);
  }
}

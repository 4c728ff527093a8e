// Random numbers for one sample of one epoch: a stream of its own for every (seed, epoch, index), so that a sample is
// changed in the same way whatever was read before it, and a resumed run goes on with the same bits.
import { philox4x32 } from "../core/philox.ts";
import { checkSeed } from "./permutation.ts";

export class Draw {
  readonly #key: readonly [low: number, high: number];
  readonly #counter: readonly [index: number, epoch: number, stream: number];
  readonly #words = new Uint32Array(4);
  #taken = 0;

  constructor(seed: number, epoch: number, index: number, stream: number) {
    checkSeed("Draw", seed);
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32)];
    this.#counter = [index >>> 0, epoch >>> 0, stream];
  }

  /** A number from `low` (included) to `high` (not included): 32 random bits. */
  uniform(low = 0, high = 1): number {
    if ((this.#taken & 3) === 0) philox4x32(this.#words, this.#taken >>> 2, ...this.#counter, ...this.#key);
    return low + (high - low) * (this.#words[this.#taken++ & 3] / 2 ** 32);
  }

  /** A whole number from 0 to `count` - 1. */
  integer(count: number): number {
    return Math.floor(this.uniform(0, count));
  }

  /** Standard normal (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Gamma with a shape above 0 and scale 1 (Marsaglia and Tsang 2000). */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Beta(a, a), from 0 to 1. */
  beta(a: number): number {
    const [x, y] = [this.gamma(a), this.gamma(a)];
    // Both can vanish where a is tiny: then the whole goes to one side.
    return x + y > 0 ? x / (x + y) : this.integer(2);
  }
}

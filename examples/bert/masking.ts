// Windows of a text with some characters hidden: what BERT learns from, and what it is judged by.
import { Draw, hostArray } from "neurite/data";
import type { Dataset, Fields } from "neurite/data";

/** Share of the characters to guess; of these, shares that are hidden, and that are replaced by any other. */
const GUESSED = 0.15;
const HIDDEN = 0.8;
const REPLACED = 0.1;

/** The target where nothing is asked. */
export const IGNORED = -100;
const STREAM = 7;

/**
 * Every window of a text. Inputs have some characters behind the mask token, which is the number of characters, and some
 * replaced; targets are the true characters there and IGNORED elsewhere. Which ones depends on seed, epoch and index.
 */
export class MaskedWindows implements Dataset {
  readonly length: number;
  readonly #codes: Uint16Array;
  readonly #window: number;
  readonly #characters: number;
  readonly #seed: number;

  constructor(codes: Uint16Array, window: number, characters: number, seed: number) {
    this.length = codes.length - window;
    this.#codes = codes;
    this.#window = window;
    this.#characters = characters;
    this.#seed = seed;
  }

  get(index: number, epoch = 0): Fields {
    const draw = new Draw(this.#seed, epoch, index, STREAM);
    const input = Int32Array.from(this.#codes.subarray(index, index + this.#window));
    const target = new Int32Array(this.#window).fill(IGNORED);
    for (let i = 0; i < this.#window; i++) {
      if (draw.uniform() >= GUESSED) continue;
      target[i] = input[i];
      const kind = draw.uniform();
      if (kind < HIDDEN) input[i] = this.#characters;
      else if (kind < HIDDEN + REPLACED) input[i] = draw.integer(this.#characters);
    }
    const shape = [this.#window];
    return [hostArray(input, { shape }), hostArray(target, { shape })];
  }
}

/** Guesses by counting pairs of neighbours in the training text. */
export class Bigrams {
  readonly #counts: Float64Array;
  readonly #size: number;

  constructor(codes: Uint16Array, characters: number) {
    this.#size = characters;
    this.#counts = new Float64Array(characters * characters).fill(1e-3);
    for (let i = 1; i < codes.length; i++) this.#counts[codes[i - 1] * characters + codes[i]]++;
  }

  /** What is likeliest behind `before` and, where given, in front of `after`; a neighbour beyond the characters tells nothing. */
  guess(before: number, after = this.#size): number {
    let [best, most] = [0, -1];
    for (let c = 0; c < this.#size; c++) {
      const left = before < this.#size ? this.#counts[before * this.#size + c] / this.#total(before) : 1;
      const right = after < this.#size ? this.#counts[c * this.#size + after] / this.#total(c) : 1;
      const prior = before < this.#size ? 1 : this.#total(c);
      if (left * right * prior > most) [best, most] = [c, left * right * prior];
    }
    return best;
  }

  readonly #totals = new Map<number, number>();

  #total(character: number): number {
    let total = this.#totals.get(character);
    if (total === undefined) {
      const start = character * this.#size;
      total = this.#counts.subarray(start, start + this.#size).reduce((sum, count) => sum + count, 0);
      this.#totals.set(character, total);
    }
    return total;
  }
}

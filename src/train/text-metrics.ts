// How good a model of text is: the perplexity of what it predicts, and the BLEU of what it writes.
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { HostArray } from "../data/host-array.ts";
import { checkClass } from "./metrics.ts";
import type { Metric } from "./metrics.ts";

export interface PerplexityOptions {
  /** Where the output has its scores: 1 as `crossEntropy` has them ([N, C, T]), -1 for [N, T, C]. Default 1. */
  readonly classAxis?: number;
  /** Targets that do not count, such as padding. Default -100. */
  readonly ignoreIndex?: number;
}

/**
 * The perplexity of logits: `exp` of the mean of `logsumexp(z) - z[target]` over all targets that count; from 1, which is
 * certainty. Output [N, C], [N, C, T] or, with `classAxis: -1`, [N, T, C]; target [N] or [N, T].
 */
export class Perplexity implements Metric {
  readonly #classAxis: number;
  readonly #ignoreIndex: number;
  #sum = 0;
  #count = 0;

  constructor({ classAxis = 1, ignoreIndex = -100 }: PerplexityOptions = {}) {
    this.#classAxis = classAxis;
    this.#ignoreIndex = ignoreIndex;
  }

  /** @throws ShapeError when the output without its class axis is not as the target; IndexError for a target that is no class. */
  update({ data, shape }: HostArray, target: HostArray): void {
    const axis = this.#classAxis < 0 ? shape.length + this.#classAxis : this.#classAxis;
    const rest = shape.filter((_, i) => i !== axis);
    if (rest.length === shape.length || !sameShape(rest, target.shape)) {
      const got = `${formatShape(target.shape)} for an output of ${formatShape(shape)}`;
      const rule = `the target must have the output's shape without class axis ${String(this.#classAxis)}`;
      throw new ShapeError("Perplexity", `${rule}; got ${got}.`);
    }
    const classes = shape[axis];
    const stride = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
    for (let i = 0; i < target.data.length; i++) {
      if (target.data[i] === this.#ignoreIndex) continue;
      const label = checkClass("Perplexity", target.data[i], classes);
      const start = Math.floor(i / stride) * stride * classes + (i % stride);
      let top = -Infinity;
      for (let c = 0; c < classes; c++) top = Math.max(top, data[start + c * stride]);
      let total = 0;
      for (let c = 0; c < classes; c++) total += Math.exp(data[start + c * stride] - top);
      this.#sum += top + Math.log(total) - data[start + label * stride];
      this.#count++;
    }
  }

  /** NaN before the first target that counts. */
  compute(): number {
    return Math.exp(this.#sum / this.#count);
  }

  reset(): void {
    this.#sum = 0;
    this.#count = 0;
  }
}

type Tokens = readonly (string | number)[];

export interface BleuOptions {
  /** Up to which length runs of tokens are compared. Default 4. */
  readonly maxOrder?: number;
  /**
   * Adds one to the matches and totals of runs of two tokens and more (Lin and Och 2004), so that short texts do not fall
   * to zero. Default false.
   */
  readonly smooth?: boolean;
}

/**
 * BLEU of a corpus, from 0 to 1: the geometric mean of the shares of n-grams, n from 1 to `maxOrder`, that some reference
 * of the same text has too, times `exp(1 - r / c)` where the candidates' length c falls short of r, that of the references
 * nearest in length. Every n-gram counts at most as often as one reference has it. Texts come as tokens, words or numbers.
 *
 * Source: Papineni et al., "BLEU: a method for automatic evaluation of machine translation", 2002.
 *
 * @param references For each candidate one or more texts.
 * @throws ValueError when candidates and references differ in number, a candidate has no reference, or `maxOrder` is no
 * whole number above 0.
 */
export function bleu(
  candidates: readonly Tokens[],
  references: readonly (readonly Tokens[])[],
  { maxOrder = 4, smooth = false }: BleuOptions = {},
): number {
  if (candidates.length !== references.length || references.some((some) => some.length === 0)) {
    const got = `${String(candidates.length)} candidates and ${String(references.length)} lists of references`;
    throw new ValueError("bleu", `every candidate must have its references; got ${got}, or an empty one.`);
  }
  if (!Number.isSafeInteger(maxOrder) || maxOrder < 1) {
    throw new ValueError("bleu", `maxOrder must be a whole number above 0; got ${String(maxOrder)}.`);
  }
  let length = 0;
  let referenceLength = 0;
  const matches = new Array<number>(maxOrder).fill(0);
  const totals = new Array<number>(maxOrder).fill(0);
  candidates.forEach((candidate, i) => {
    length += candidate.length;
    referenceLength += nearestLength(candidate.length, references[i]);
    for (let n = 1; n <= maxOrder; n++) {
      const found = ngrams(candidate, n);
      const allowed = references[i].map((reference) => ngrams(reference, n));
      for (const [ngram, count] of found) {
        matches[n - 1] += Math.min(count, Math.max(...allowed.map((counts) => counts.get(ngram) ?? 0)));
      }
      totals[n - 1] += Math.max(0, candidate.length - n + 1);
    }
  });
  let logs = 0;
  for (let n = 0; n < maxOrder; n++) {
    const extra = smooth && n > 0 ? 1 : 0;
    if (matches[n] + extra === 0) return 0;
    logs += Math.log((matches[n] + extra) / (totals[n] + extra)) / maxOrder;
  }
  return Math.exp(logs + Math.min(0, 1 - referenceLength / length));
}

/** The length nearest to a candidate's, the shorter of two equally near. */
const nearestLength = (length: number, references: readonly Tokens[]): number =>
  references
    .map((reference) => reference.length)
    .reduce((best, n) => {
      const [near, nearBest] = [Math.abs(n - length), Math.abs(best - length)];
      return near < nearBest || (near === nearBest && n < best) ? n : best;
    });

function ngrams(tokens: Tokens, n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    const ngram = JSON.stringify(tokens.slice(i, i + n));
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

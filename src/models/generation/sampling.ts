// Which token comes next: scores of all tokens become one choice. Plain arithmetic on the host.
import { ValueError } from "../../core/errors.ts";
import { sortOrder } from "../../core/ordering.ts";

export interface SamplingOptions {
  /** False: always the likeliest token. Default: whether one of the options below is given. */
  readonly sample?: boolean;
  /** Scores are divided by it: below 1 the likely become likelier. Default 1. */
  readonly temperature?: number;
  /** Only the k likeliest tokens. */
  readonly topK?: number;
  /** Only the likeliest tokens that together reach this probability (Holtzman et al. 2020). */
  readonly topP?: number;
  /** Scores of tokens that are in the sequence already are divided by it, or multiplied where negative. Default 1. */
  readonly repetitionPenalty?: number;
}

/** @throws ValueError naming the option that lies outside its domain. */
export function checkSampling(op: string, options: SamplingOptions): void {
  const { temperature = 1, topK = 1, topP = 1, repetitionPenalty = 1 } = options;
  const positive = { temperature, repetitionPenalty };
  for (const [name, value] of Object.entries(positive)) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new ValueError(op, `${name} must be a positive number; got ${String(value)}.`);
  }
  if (!(Number.isInteger(topK) && topK >= 1))
    throw new ValueError(op, `topK must be a whole number >= 1; got ${String(topK)}.`);
  if (!(topP > 0 && topP <= 1))
    throw new ValueError(op, `topP must lie above 0, at most 1; got ${String(topP)}.`);
}

const samples = ({ sample, temperature, topK, topP }: SamplingOptions): boolean =>
  sample ?? [temperature, topK, topP].some((option) => option !== undefined);

/** The scores with those of tokens in `seen` lowered (Keskar et al. 2019). */
export function penalised(scores: ArrayLike<number>, seen: readonly number[], penalty: number): Float64Array {
  const lowered = Float64Array.from(scores);
  if (penalty === 1) return lowered;
  for (const token of new Set(seen)) lowered[token] *= lowered[token] > 0 ? 1 / penalty : penalty;
  return lowered;
}

/** The first of the largest; NaN is it only where there is nothing else. */
export function likeliest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++)
    if (scores[i] > scores[best] || (Number.isNaN(scores[best]) && !Number.isNaN(scores[i]))) best = i;
  return best;
}

/** Places of the `count` largest scores, the first of equals first; NaN counts as less than all. */
function byScore(scores: Float64Array, count: number): number[] {
  const ranks = scores.map((score) => (Number.isNaN(score) ? -Infinity : score));
  // What no penalty has changed fits single precision, whose bits are ordered faster.
  const narrow = Float32Array.from(ranks);
  const isExact = narrow.every((rank, i) => rank === ranks[i]);
  const order = new Int32Array(Math.min(count, ranks.length));
  const row = { outer: 1, n: ranks.length, inner: 1 };
  sortOrder(isExact ? narrow : ranks, order, row, "descending", order.length);
  return Array.from(order);
}

/** e^((score - largest) / temperature): 1 for the largest, be it infinite, and 0 for NaN. */
function weightOf(score: number, largest: number, temperature: number): number {
  if (score === largest) return 1;
  return Number.isNaN(score) ? 0 : Math.exp((score - largest) / temperature);
}

/**
 * One token by its score: the likeliest, or drawn by `uniform` (a number in [0, 1), called once) from those that the options
 * leave. Temperature first, then topK, then topP, as is usual.
 */
export function chooseToken(
  scores: ArrayLike<number>,
  seen: readonly number[],
  options: SamplingOptions,
  uniform: () => number,
): number {
  const { temperature = 1, topK = Infinity, topP = 1, repetitionPenalty = 1 } = options;
  const lowered = penalised(scores, seen, repetitionPenalty);
  if (!samples(options)) return likeliest(lowered);
  // In which order tokens stand matters only to what ends a list of them early.
  const isWhole = topK >= lowered.length && topP === 1;
  const kept = isWhole ? Array.from(lowered.keys()) : byScore(lowered, topK);
  const largest = lowered[isWhole ? likeliest(lowered) : kept[0]];
  const weights = kept.map((token) => weightOf(lowered[token], largest, temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  // The nucleus ends with the token that reaches topP.
  let [count, mass] = [0, 0];
  while (count < kept.length && (count === 0 || mass < topP * total)) mass += weights[count++];
  let left = uniform() * mass;
  let chosen = kept[0];
  // Rounding may leave a little at the end: it falls to the last that can be drawn at all.
  for (let i = 0; i < count && left >= 0; i++) {
    left -= weights[i];
    if (weights[i] > 0) chosen = kept[i];
  }
  return chosen;
}

/** Logarithms of the probabilities. */
export function logProbabilities(scores: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(scores);
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0)) + largest;
  return values.map((value) => value - logSum);
}

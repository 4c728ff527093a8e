// Beam search: the likeliest whole sequences instead of the likeliest next token.
import { Pacer } from "../../data/event-loop.ts";
import { requireFinite, requireWhole } from "../../ops/checks.ts";
import { checkPrompts, Decoding } from "./decoding.ts";
import type { LanguageModel } from "./decoding.ts";
import { checkSampling, logProbabilities, penalised } from "./sampling.ts";

export interface BeamSearchOptions {
  /** Sequences that are followed at once; default 4. */
  readonly beams?: number;
  readonly maxNewTokens: number;
  /** A sequence ends before one of these. */
  readonly stopTokens?: readonly number[];
  /** Scores are divided by length to this power: above 0 longer sequences win more often. Default 1. */
  readonly lengthPenalty?: number;
  readonly repetitionPenalty?: number;
  readonly useCache?: boolean;
}

export interface Beam {
  /** Without the prompt and the stop token. */
  readonly tokens: readonly number[];
  /** The sum of the logarithms of its tokens' probabilities over their number ^ lengthPenalty, a stop token included. */
  readonly score: number;
}

interface Candidate {
  readonly beam: number;
  readonly token: number;
  readonly sum: number;
}

const byScore = (a: Beam, b: Beam): number => b.score - a.score;

/** The best continuations of all beams, twice as many as there are beams: as many may end at once. */
function extensions(scores: readonly Float64Array[], sums: readonly number[], count: number): Candidate[] {
  // Best first. Of equals the earlier beam and token stands first, and stays where there is no more room.
  const best: Candidate[] = [];
  scores.forEach((row, beam) => {
    row.forEach((score, token) => {
      const sum = Number.isNaN(score) ? -Infinity : sums[beam] + score;
      if (best.length === count && sum <= best[count - 1].sum) return;
      let at = best.length;
      while (at > 0 && sum > best[at - 1].sum) at--;
      best.splice(at, 0, { beam, token, sum });
      if (best.length > count) best.pop();
    });
  });
  return best;
}

/**
 * The likeliest continuations of a prompt, best first.
 *
 * At each step every followed sequence is continued by every token, and the `beams` likeliest are followed further. Ends when
 * as many sequences have ended and the best of those followed, at its present length, is no better than any of them. (With a
 * `lengthPenalty` above 0 it might have become so; to follow it to the end would seldom be worth its time.)
 *
 * @throws ShapeError for an empty prompt or sizes below 1; ValueError for penalties outside their domains, or a token that is
 * no whole number.
 */
export async function beamSearch(
  model: LanguageModel,
  prompt: readonly number[],
  options: BeamSearchOptions,
): Promise<Beam[]> {
  const { beams = 4, maxNewTokens, stopTokens = [], lengthPenalty = 1, repetitionPenalty = 1 } = options;
  requireWhole("beamSearch", "beams", beams, 1);
  requireWhole("beamSearch", "maxNewTokens", maxNewTokens, 1);
  requireFinite("beamSearch", "lengthPenalty", lengthPenalty);
  checkSampling("beamSearch", { repetitionPenalty });
  checkPrompts("beamSearch", [prompt]);
  const decoding = new Decoding(model, [prompt], options);
  const scoreOf = (sum: number, length: number): number => sum / Math.max(1, length) ** lengthPenalty;
  const finished: Beam[] = [];
  const pacer = new Pacer();
  let sums = [0];
  try {
    for (let length = 1; length <= maxNewTokens; length++) {
      const scores = await decoding.scores();
      const lowered = scores.map((row, b) =>
        logProbabilities(penalised(row, decoding.rows[b], repetitionPenalty)),
      );
      const going: Candidate[] = [];
      for (const candidate of extensions(lowered, sums, 2 * beams)) {
        const { beam, token, sum } = candidate;
        if (going.length === beams) break;
        if (!stopTokens.includes(token)) going.push(candidate);
        else finished.push({ tokens: decoding.rows[beam].slice(prompt.length), score: scoreOf(sum, length) });
      }
      finished.sort(byScore).splice(beams);
      decoding.reorder(going.map(({ beam }) => beam));
      decoding.append(going.map(({ token }) => token));
      sums = going.map(({ sum }) => sum);
      const best = scoreOf(sums[0] ?? -Infinity, length);
      if (sums.length === 0 || (finished.length === beams && finished[beams - 1].score >= best)) break;
      if (length === maxNewTokens) {
        for (const [b, sum] of sums.entries())
          finished.push({ tokens: decoding.rows[b].slice(prompt.length), score: scoreOf(sum, length) });
      }
      if (pacer.due) await pacer.turn();
    }
    return finished.sort(byScore).slice(0, beams);
  } finally {
    decoding.dispose();
  }
}

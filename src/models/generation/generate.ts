// Tokens from a language model, one after another, as they come.
import { philox4x32 } from "../../core/philox.ts";
import { requireWhole } from "../../ops/checks.ts";
import { Pacer } from "../../data/event-loop.ts";
import { ValueError } from "../../core/errors.ts";
import { checkPrompts, Decoding } from "./decoding.ts";
import type { DecodingOptions, LanguageModel } from "./decoding.ts";
import { checkSampling, chooseToken } from "./sampling.ts";
import type { SamplingOptions } from "./sampling.ts";

export interface GenerateOptions extends SamplingOptions, DecodingOptions {
  /** Default: as many as the context holds besides the longest prompt, at least 1. */
  readonly maxNewTokens?: number;
  /** A sequence ends before one of these. */
  readonly stopTokens?: readonly number[];
  /** Of the drawn tokens; the same seed gives the same. Default 0. */
  readonly seed?: number;
  /** Number of the first sequence: sequence i draws from stream i, whoever shares its batch. Default 0. */
  readonly stream?: number;
}

/** A uniform number for each (seed, stream, step). */
function drawAt(seed: number, stream: number, step: number): number {
  const words = new Uint32Array(4);
  philox4x32(words, step, 0, stream >>> 0, 1, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
  return words[0] / 2 ** 32;
}

/**
 * Continues several prompts at once: yields, per step, each one's next token, or null where it has ended.
 *
 * Prompts of different lengths are filled up; each gives the tokens that it would give alone. Beyond the model's context the
 * oldest tokens are forgotten. Gives the event loop a turn at least every 50 ms; leave the loop to stop. The model should
 * be in evaluation (`model.eval()`), or its dropout is at work.
 *
 * @throws ShapeError for an empty prompt; ValueError for an option outside its domain, or a token that is no whole number;
 * IndexError for a token outside the vocabulary.
 */
export async function* generateBatch(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions = {},
): AsyncGenerator<(number | null)[], void, undefined> {
  checkSampling("generate", options);
  checkPrompts("generate", prompts);
  const { stopTokens = [], seed = 0, stream = 0 } = options;
  if (!Number.isSafeInteger(seed))
    throw new ValueError("generate", `seed must be a whole number within 2^53; got ${String(seed)}.`);
  const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
  const { maxNewTokens = Math.max(1, model.contextLength - longest) } = options;
  requireWhole("generate", "maxNewTokens", maxNewTokens, 0);
  const decoding = new Decoding(model, prompts, options);
  const ended = prompts.map(() => false);
  const pacer = new Pacer();
  try {
    for (let step = 0; step < maxNewTokens; step++) {
      const scores = await decoding.scores();
      const tokens = scores.map((row, b) =>
        chooseToken(row, decoding.rows[b], options, () => drawAt(seed, stream + b, step)),
      );
      tokens.forEach((token, b) => (ended[b] ||= stopTokens.includes(token)));
      if (!ended.includes(false)) return;
      yield tokens.map((token, b) => (ended[b] ? null : token));
      decoding.append(tokens);
      if (pacer.due) await pacer.turn();
    }
  } finally {
    decoding.dispose();
  }
}

/** Continues one prompt: yields its tokens as they come. See `generateBatch`. */
export async function* generate(
  model: LanguageModel,
  prompt: readonly number[],
  options: GenerateOptions = {},
): AsyncGenerator<number, void, undefined> {
  for await (const [token] of generateBatch(model, [prompt], options)) yield token!;
}

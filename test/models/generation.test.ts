// Generation: the same tokens with and without a cache, in a batch and alone, filled up left or right; sampling, penalties,
// beams, stops; and that it streams.
import { describe, expect, it } from "vitest";
import { Generator, memory } from "../../src/index.ts";
import { beamSearch, generate, generateBatch, GPT } from "../../src/models/index.ts";
import type { GenerateOptions, LanguageModel } from "../../src/models/index.ts";
import { chooseToken, logProbabilities } from "../../src/models/generation/sampling.ts";
import { init } from "../../src/nn/index.ts";

const V = 13;

/** A model whose scores are far apart: random weights of size 1. */
function makeModel(contextLength = 24): GPT {
  const generator = new Generator(6);
  const options = { vocabSize: V, contextLength, width: 16, layers: 2, heads: 2, generator };
  const model = new GPT(options).eval();
  for (const parameter of model.parameters()) {
    if (parameter.rank === 2) init.normal(parameter, { std: 0.5, generator });
  }
  return model;
}

async function collect(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<(number | null)[][]> {
  const rows: (number | null)[][] = prompts.map(() => []);
  for await (const tokens of generateBatch(model, prompts, options))
    tokens.forEach((token, b) => rows[b].push(token));
  return rows;
}

async function alone(
  model: LanguageModel,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<number[]> {
  const tokens: number[] = [];
  for await (const token of generate(model, prompt, options)) tokens.push(token);
  return tokens;
}

const prompts = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10], [11, 12]];

const ways: readonly [string, GenerateOptions][] = [
  ["greedy", {}],
  ["sampled", { temperature: 1.5, topK: 8, topP: 0.95, repetitionPenalty: 1.2, seed: 3 }],
];

describe.each(ways)("%s generation", (_, way) => {
  it("gives the same with a cache, without, beyond the context, in batches filled up left or right, and alone", async () => {
    const model = makeModel();
    const before = memory();
    for (const maxNewTokens of [12, 30]) {
      const options = { ...way, maxNewTokens };
      const expected = await collect(model, prompts, { ...options, useCache: false });
      expect(new Set(expected.flat()).size).toBeGreaterThan(3);
      expect(expected.every((row) => row.length === maxNewTokens)).toBe(true);
      for (const padding of ["left", "right"] as const) {
        for (const useCache of [true, false])
          expect(await collect(model, prompts, { ...options, padding, useCache })).toEqual(expected);
      }
      for (const [stream, prompt] of prompts.entries()) {
        for (const useCache of [true, false])
          expect(await alone(model, prompt, { ...options, stream, useCache })).toEqual(expected[stream]);
      }
    }
    expect(memory()).toEqual({
      ...before,
      peakBytes: memory().peakBytes,
      reservedBytes: memory().reservedBytes,
    });
    model.dispose();
  });
});

describe("generation", () => {
  it("ends a sequence before a stop token, and others go on", async () => {
    const model = makeModel();
    const free = await collect(model, prompts, { maxNewTokens: 8 });
    const stop = free[0][3]!;
    const stopped = await collect(model, prompts, { maxNewTokens: 8, stopTokens: [stop] });
    free.forEach((row, b) => {
      const end = row.indexOf(stop);
      const kept = end < 0 ? row : row.slice(0, end);
      expect(stopped[b].filter((token) => token !== null)).toEqual(kept);
    });
    expect(await alone(model, prompts[0], { maxNewTokens: 8, stopTokens: [stop] })).toEqual(
      free[0].slice(0, free[0].indexOf(stop)),
    );
    model.dispose();
  });

  it("streams, lets the event loop turn, and releases its cache when it is left", async () => {
    const model = makeModel(200);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const before = memory().buffers;
    let count = 0;
    // However fast the machine is: a turn comes at the latest after 50 ms, not after some number of tokens.
    for await (const token of generate(model, [1], { maxNewTokens: 20_000 })) {
      expect(token).toBeLessThan(V);
      if (++count >= 120 && turns > 0) break;
    }
    clearInterval(timer);
    expect(memory().buffers).toBe(before);
    expect(turns).toBeGreaterThan(0);
    model.dispose();
  });

  it("draws other tokens from another seed", async () => {
    const model = makeModel();
    const draw = (seed: number): Promise<number[]> =>
      alone(model, [1], { maxNewTokens: 12, temperature: 2, seed });
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
    model.dispose();
  });

  it("refuses empty prompts and options outside their domains", async () => {
    const model = makeModel();
    const refusal = async (prompt: number[], options: GenerateOptions): Promise<string> =>
      alone(model, prompt, options).then(() => "", String);
    expect(await refusal([], {})).toBe(
      "ShapeError: generate: prompts must hold a token each; got one of no tokens among 1. Begin with a start token.",
    );
    expect(await collect(model, [], {}).then(() => "", String)).toBe(
      "ShapeError: generate: prompts must hold a token each; got none. Begin with a start token.",
    );
    expect(await refusal([1, 1.5], {})).toBe("ValueError: generate: tokens must be whole numbers; got 1.5.");
    expect(await refusal([1], { seed: NaN })).toBe(
      "ValueError: generate: seed must be a whole number within 2^53; got NaN.",
    );
    expect(await refusal([1], { topP: 0 })).toBe(
      "ValueError: generate: topP must lie above 0, at most 1; got 0.",
    );
    expect(await refusal([1], { temperature: 0 })).toBe(
      "ValueError: generate: temperature must be a positive number; got 0.",
    );
    expect(await refusal([1], { topK: 0.5 })).toBe(
      "ValueError: generate: topK must be a whole number >= 1; got 0.5.",
    );
    expect(await refusal([V], {})).toContain("IndexError: embedding: indices must lie in 0..12; got 13");
    model.dispose();
  });
});

describe("chooseToken", () => {
  const scores = [1, 3, 2, 0, -1];
  const draws = (options: Parameters<typeof chooseToken>[2], seen: number[] = []): Set<number> =>
    new Set(Array.from({ length: 200 }, (_, i) => chooseToken(scores, seen, options, () => i / 200)));

  it("takes the likeliest without sampling, the first of equals", () => {
    expect(chooseToken(scores, [], {}, () => 0.99)).toBe(1);
    expect(chooseToken([0, 2, 2], [], {}, () => 0)).toBe(1);
    expect(chooseToken([NaN, 2, 1], [], {}, () => 0)).toBe(1);
    // Wherever it stands: all orders of four scores, one of them no number.
    const four = [NaN, 3, 1, 2];
    for (const a of four.keys()) {
      for (const b of four.keys()) {
        for (const c of four.keys()) {
          if (new Set([a, b, c]).size < 3) continue;
          const row = [a, b, c, 6 - a - b - c].map((i) => four[i]);
          expect(
            chooseToken(row, [], {}, () => 0),
            row.join(),
          ).toBe(row.indexOf(3));
          expect(
            chooseToken(row, [], { topK: 1 }, () => 0),
            row.join(),
          ).toBe(row.indexOf(3));
          const drawn = [0, 0.3, 0.6, 0.9, 1].map(
            (u) => row[chooseToken(row, [], { temperature: 1 }, () => u)],
          );
          expect(drawn, row.join()).not.toContain(NaN);
        }
      }
    }
  });

  it("keeps the k likeliest, or those that reach p", () => {
    expect([...draws({ topK: 2 })].sort()).toEqual([1, 2]);
    // Probabilities: 0.086, 0.636, 0.234, 0.032, 0.012.
    expect([...draws({ topP: 0.6 })]).toEqual([1]);
    expect([...draws({ topP: 0.7 })].sort()).toEqual([1, 2]);
    expect([...draws({ sample: true })].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it("puts large vocabularies in order as a plain sort does, equals by their numbers", () => {
    const many = Float32Array.from({ length: 5000 }, (_, i) => Math.round(Math.sin(i * 12.9898) * 1000) / 8);
    for (const repetitionPenalty of [1, 1.1]) {
      const lowered = Array.from(many, (x, i) =>
        i < 99 ? (x > 0 ? x * (1 / repetitionPenalty) : x * repetitionPenalty) : x,
      );
      const order = [...lowered.keys()].sort((a, b) => lowered[b] - lowered[a] || a - b).slice(0, 300);
      const seen = Array.from({ length: 99 }, (_, i) => i);
      // At so high a temperature all kept tokens are equally likely.
      const options = { temperature: 1e9, topK: 300, repetitionPenalty };
      order.forEach((token, i) =>
        expect(chooseToken(many, seen, options, () => (i + 0.5) / 300)).toBe(token),
      );
    }
  });

  it("draws by the probabilities at the temperature", () => {
    const shares = (temperature: number): number[] => {
      const counts = new Array<number>(5).fill(0);
      for (let i = 0; i < 10_000; i++) counts[chooseToken(scores, [], { temperature }, () => i / 10_000)]++;
      return counts.map((count) => count / 10_000);
    };
    for (const temperature of [0.5, 1, 2]) {
      const expected = logProbabilities(scores.map((score) => score / temperature)).map(Math.exp);
      shares(temperature).forEach((share, i) => expect(share).toBeCloseTo(expected[i], 3));
    }
  });

  it("lowers the scores of tokens that were seen, whatever their sign", () => {
    expect(chooseToken(scores, [1], { repetitionPenalty: 2 }, () => 0)).toBe(2);
    expect(chooseToken([-1, -1.5], [0, 0], { repetitionPenalty: 2 }, () => 0)).toBe(1);
  });
});

describe("beamSearch", () => {
  it("finds what exhaustive search finds when it follows enough sequences", async () => {
    const model = makeModel();
    const [length, prompt] = [2, [1, 2]];
    const found = await beamSearch(model, prompt, { beams: V, maxNewTokens: length, lengthPenalty: 0 });
    const rest = await beamSearch(model, prompt, {
      beams: V,
      maxNewTokens: length,
      lengthPenalty: 0,
      useCache: false,
    });
    expect(rest.map(({ tokens }) => tokens)).toEqual(found.map(({ tokens }) => tokens));
    const greedy = await alone(model, prompt, { maxNewTokens: length });
    const narrow = await beamSearch(model, prompt, { beams: 1, maxNewTokens: length });
    expect(narrow[0].tokens).toEqual(greedy);
    expect(found[0].score).toBeGreaterThanOrEqual(narrow[0].score * length - 1e-6);
    // Every continuation of two tokens, by its own probability.
    let best = -Infinity;
    for (let first = 0; first < V; first++) {
      const all = await beamSearch(model, [...prompt, first], { beams: 1, maxNewTokens: 1 });
      const own = (await beamSearch(model, prompt, { beams: V, maxNewTokens: 1 })).find(
        ({ tokens }) => tokens[0] === first,
      )!;
      best = Math.max(best, own.score + all[0].score);
    }
    expect(found[0].score).toBeCloseTo(best, 4);
    model.dispose();
  });

  it("ends sequences at stop tokens and ranks them with the others", async () => {
    const model = makeModel();
    const stopTokens = [0, 1, 2, 3, 4, 5];
    const found = await beamSearch(model, [7], { beams: 3, maxNewTokens: 6, stopTokens });
    expect(found.length).toBeGreaterThan(0);
    expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
    for (const { tokens } of found) expect(tokens.some((token) => stopTokens.includes(token))).toBe(false);
    model.dispose();
  });
});

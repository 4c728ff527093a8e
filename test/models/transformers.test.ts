// BERT, ViT and the sequence-to-sequence transformer: sizes, that they learn, generation under a source, errors.
import { describe, expect, it } from "vitest";
import { crossEntropy, Generator, memory, noGrad, randn, scope, slice, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { beamSearch, BERT, generateBatch, Seq2SeqTransformer, ViT } from "../../src/models/index.ts";
import type { ConditionedDecoder } from "../../src/models/index.ts";
import { init } from "../../src/nn/index.ts";
import { AdamW } from "../../src/optim/index.ts";
import { scoped } from "../scoped.ts";

const ids = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), { shape: [rows.length, rows[0].length] });

const hide = (rows: readonly (readonly boolean[])[]): Tensor =>
  tensor(Uint8Array.from(rows.flat(), Number), { shape: [rows.length, rows[0].length], dtype: "bool" });

function train(parameters: readonly Tensor[], steps: number, loss: () => Tensor): number {
  const optimizer = new AdamW(parameters, { lr: 0.01 });
  let last = Infinity;
  for (let i = 0; i < steps; i++) {
    last = scope(() => {
      const now = loss();
      optimizer.zeroGrad();
      now.backward();
      optimizer.step();
      return now.itemSync();
    });
  }
  optimizer.dispose();
  return last;
}

describe("BERT", () => {
  const make = (positions: "learned" | "rotary" = "learned"): BERT =>
    new BERT({
      positions,
      vocabSize: 12,
      maxLength: 8,
      width: 16,
      layers: 2,
      heads: 2,
      dropout: 0,
      generator: new Generator(1),
    });

  it("has 110 million parameters at BERT base's size", () => {
    const width = 768;
    const layer = 4 * width * width + 2 * 4 * width * width + 4 * width + 5 * width + 4 * width;
    const embeddings = (30522 + 512 + 2) * width + 2 * width;
    const head = width * width + 3 * width + 30522;
    // The same sum for a small model, counted.
    const small = 16;
    const model = make();
    const smallLayer = 12 * small * small + 13 * small;
    expect(layer).toBe(12 * width * width + 13 * width);
    expect(model.parameterCount()).toBe(
      (12 + 8 + 2) * small + 2 * small + 2 * smallLayer + small * small + 3 * small + 12,
    );
    expect((embeddings + 12 * layer + head) / 1e6).toBeCloseTo(110, -1);
    model.dispose();
  });

  it.each(["learned", "rotary"] as const)(
    "with %s positions learns to fill in what is hidden, and does not see padding",
    (positions) => {
      const model = make(positions);
      scoped(() => {
        const rows = [
          [1, 2, 11, 4, 5],
          [6, 7, 11, 9, 10],
          [1, 2, 11, 9, 10],
        ];
        const truth = tensor(new Int32Array([3, 8, 5]));
        const [tokens, padding] = [ids(rows), hide(rows.map((row) => row.map(() => false)))];
        const loss = train(model.parameters(), 100, () =>
          crossEntropy(slice(model.forward(tokens, { padding }), 1, 2, 3).reshape([3, 12]), truth),
        );
        expect(loss).toBeLessThan(0.05);
        const padded = ids(rows.map((row) => [...row, 7, 7]));
        const hidden = hide(rows.map(() => [false, false, false, false, false, true, true]));
        const seen = noGrad(() => slice(model.forward(padded, { padding: hidden }), 1, 0, 5));
        expect(seen).toBeCloseToTensor(
          noGrad(() => model.forward(tokens)),
          { rtol: 1e-4, atol: 1e-5 },
        );
      })();
      model.zeroGrad();
      model.dispose();
    },
  );

  it("names what is wrong with tokens", () => {
    const model = make();
    scoped(() => {
      expect(() => model.forward(ids([[1, 2, 3, 4, 5, 6, 7, 8, 9]]))).toThrow(
        "BERT: tokens must be [B, T], neither of them 0, T at most 8; got [1, 9].",
      );
      expect(() => model.forward(ids([[12]]))).toThrow("embedding: indices must lie in 0..11; got 12");
      expect(() => new BERT({ vocabSize: 5, positions: "waves" as "rotary" })).toThrow(
        'BERT: positions must be "learned" or "rotary"; got "waves".',
      );
    })();
    model.dispose();
  });
});

describe("ViT", () => {
  const make = (): ViT =>
    new ViT({
      ...{ imageSize: 8, patchSize: 4, channels: 1, classes: 3, width: 16, layers: 2, heads: 2, hidden: 32 },
      generator: new Generator(2),
    });

  it("has 86,567,656 parameters at ViT-B/16's size, by its sum for a small one", () => {
    const model = make();
    const count = (
      width: number,
      hidden: number,
      layers: number,
      patch: number,
      tokens: number,
      classes: number,
    ) =>
      patch * width +
      width +
      width +
      tokens * width +
      layers * (4 * width * width + 2 * width * hidden + 4 * width + hidden + 5 * width) +
      2 * width +
      width * classes +
      classes;
    expect(model.parameterCount()).toBe(count(16, 32, 2, 16, 5, 3));
    expect(count(768, 3072, 12, 3 * 256, 197, 1000)).toBe(86_567_656);
    model.dispose();
  });

  it("learns to tell images apart, and sees where patches lie", () => {
    const model = make();
    scoped(() => {
      const images = randn([3, 1, 8, 8], { generator: new Generator(5) });
      const loss = train(model.parameters(), 30, () =>
        crossEntropy(model.forward(images), tensor(new Int32Array([0, 1, 2]))),
      );
      expect(loss).toBeLessThan(0.05);
      const [y, swapped] = noGrad(() => [model.forward(images), model.forward(images.flip(2))]);
      expect(y.dataSync()).not.toEqual(swapped.dataSync());
    })();
    model.zeroGrad();
    model.dispose();
  });

  it("names what is wrong with images", () => {
    expect(() => new ViT({ imageSize: 10, patchSize: 4, classes: 2 })).toThrow(
      "ViT: imageSize must divide into patches; got 10 and 4.",
    );
    const model = make();
    scoped(() => {
      expect(() => model.forward(randn([2, 3, 8, 8]))).toThrow(
        "ViT: images must be [N, 1, 8, 8], N not 0; got [2, 3, 8, 8].",
      );
    })();
    model.dispose();
  });
});

describe("Seq2SeqTransformer", () => {
  // 0 starts a target, 1 ends it; 2 .. 6 are letters. The task: the letters in reverse.
  const sources = [
    [2, 3, 4],
    [5, 6, 2],
    [4, 4, 3],
    [6, 5, 5],
  ];
  const targets = sources.map((row) => [...[...row].reverse(), 1]);

  it("learns, and generates the same with a cache, without, in batches and by beams", async () => {
    const model = new Seq2SeqTransformer({
      ...{ sourceVocabSize: 7, targetVocabSize: 7, maxLength: 8, width: 16, heads: 2, layers: 1, hidden: 32 },
      ...{ dropout: 0, generator: new Generator(3) },
    });
    scoped(() => {
      const [source, start] = [ids(sources), ids(targets.map((row) => [0, ...row.slice(0, -1)]))];
      const expected = ids(targets).reshape([16]);
      const loss = train(model.parameters(), 60, () =>
        crossEntropy(model.forward(source, start).reshape([16, 7]), expected),
      );
      expect(loss).toBeLessThan(0.1);
    })();
    model.zeroGrad();
    model.eval();
    const source = ids(sources);
    const before = memory().buffers;
    const decoder = model.conditionedOn(source);
    // The encoder's result alone, and nothing that would be needed to learn from it.
    expect(memory().buffers).toBe(before + 1);
    for (const useCache of [true, false]) {
      const rows: number[][] = sources.map(() => []);
      const prompts = sources.map(() => [0]);
      for await (const tokens of generateBatch(decoder, prompts, {
        maxNewTokens: 6,
        stopTokens: [1],
        useCache,
      }))
        tokens.forEach((token, b) => token !== null && rows[b].push(token));
      expect(rows).toEqual(targets.map((row) => row.slice(0, -1)));
    }
    decoder.dispose();
    const first = slice(source, 0, 0, 1);
    const single = model.conditionedOn(first);
    const [best] = await beamSearch(single, [0], { beams: 3, maxNewTokens: 6, stopTokens: [1] });
    expect(best.tokens).toEqual(targets[0].slice(0, -1));
    single.dispose();
    first.dispose();
    source.dispose();
    model.dispose();
  });

  it("gives a padded batch what it gives each source alone, whatever the padding holds, cached or not", async () => {
    const generator = new Generator(4);
    const model = new Seq2SeqTransformer({
      ...{
        sourceVocabSize: 7,
        targetVocabSize: 7,
        maxLength: 12,
        width: 16,
        heads: 2,
        layers: 2,
        hidden: 32,
      },
      ...{ dropout: 0, generator },
    }).eval();
    // Weights of size 1/2 put scores far apart.
    for (const weight of model.parameters())
      if (weight.rank === 2) init.normal(weight, { std: 0.5, generator });
    const rows = [[2, 3, 4, 5], [6], [5, 2]];
    const prompts = [[0], [0, 3, 4], [0, 6]];
    const collect = async (
      decoder: ConditionedDecoder,
      some: number[][],
      options: object,
    ): Promise<number[][]> => {
      const found: number[][] = some.map(() => []);
      for await (const tokens of generateBatch(decoder, some, { maxNewTokens: 6, ...options }))
        tokens.forEach((token, b) => found[b].push(token!));
      return found;
    };
    const alone: number[][] = [];
    for (const [b, row] of rows.entries()) {
      const source = ids([row]);
      const decoder = noGrad(() => model.conditionedOn(source));
      alone.push(...(await collect(decoder, [prompts[b]], { useCache: false })));
      for (const one of [decoder, source]) one.dispose();
    }
    expect(new Set(alone.map(String)).size).toBe(3);
    for (const filler of [0, 6]) {
      const source = ids(rows.map((row) => [...row, ...new Array<number>(4 - row.length).fill(filler)]));
      const hidden = hide(rows.map((row) => [0, 1, 2, 3].map((i) => i >= row.length)));
      const decoder = noGrad(() => model.conditionedOn(source, hidden));
      for (const padding of ["left", "right"])
        for (const useCache of [true, false])
          expect(await collect(decoder, prompts, { padding, useCache })).toEqual(alone);
      for (const one of [decoder, source, hidden]) one.dispose();
    }
    model.dispose();
  });
});

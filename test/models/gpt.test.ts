// GPT: its size, parity with GPT-2's definition in PyTorch (scripts/fixtures_attention.py), causality, errors, memory.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { crossEntropy, memory, noGrad, resetPeakMemory, scope, slice, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { GPT } from "../../src/models/index.ts";
import type { GptOptions } from "../../src/models/index.ts";
import { AdamW } from "../../src/optim/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const url = new URL("../fixtures/gpt.json", import.meta.url);
const [fixture] = (
  JSON.parse(readFileSync(url, "utf8")) as {
    cases: {
      options: GptOptions;
      state: Record<string, Packed>;
      tokens: Packed;
      scores: Packed;
      losses: number[];
    }[];
  }
).cases;

const small: GptOptions = { vocabSize: 11, contextLength: 8, width: 8, layers: 2, heads: 2 };
const ids = (rows: readonly (readonly number[])[], device = "wasm"): Tensor =>
  tensor(Int32Array.from(rows.flat()), { shape: [rows.length, rows[0].length], device });

describe("GPT", () => {
  it("has 812,416 parameters at the size of the example, the table of tokens counted once", () => {
    const model = new GPT({ vocabSize: 85, contextLength: 64, width: 128, layers: 4, heads: 4 });
    expect(model.parameterCount()).toBe(812_416);
    const keys = model.namedParameters().map(([key]) => key);
    expect(keys.slice(0, 4)).toEqual(["wte.weight", "wpe.weight", "h.0.ln1.weight", "h.0.ln1.bias"]);
    expect(keys).toContain("h.3.attn.c_attn.weight");
    model.dispose();
  });

  it.each([
    { device: "reference", dtype: "float64", tolerance: 1e-9 },
    { device: "wasm", dtype: "float32", tolerance: 2e-4 },
  ] as const)(
    "scores and trains as GPT-2 does in PyTorch, from its names, on $device",
    scopedEach(({ device, dtype, tolerance }) => {
      const model = new GPT({ ...fixture.options, device, dtype });
      const state = Object.entries(fixture.state).map(
        ([key, { data, shape }]) => [`transformer.${key}`, tensor(data, { shape, device, dtype })] as const,
      );
      const mask = ["transformer.h.0.attn.bias", tensor([1], { device })] as const;
      model.loadGpt2(new Map([...state, mask, ["lm_head.weight", state[0][1]] as const]));
      const tokens = tensor(Int32Array.from(fixture.tokens.data), { shape: fixture.tokens.shape, device });
      const [inputs, targets] = [slice(tokens, 1, 0, 5), slice(tokens, 1, 1).reshape([10])];
      const { data, shape } = fixture.scores;
      expect(model.forward(inputs)).toBeCloseToTensor(tensor(data, { shape, device, dtype }), {
        rtol: tolerance,
        atol: tolerance,
      });
      const optimizer = new AdamW(model.parameters(), { lr: 0.01, betas: [0.9, 0.99], weightDecay: 0.1 });
      const losses = fixture.losses.map(() =>
        scope(() => {
          const loss = crossEntropy(model.forward(inputs).reshape([10, 7]), targets);
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
          return loss.itemSync();
        }),
      );
      expect(losses).toBeCloseToTensor(fixture.losses, { rtol: tolerance });
      model.dispose();
      optimizer.dispose();
    }),
  );

  it(
    "lets no later token change an earlier score",
    scoped(() => {
      const model = new GPT(small);
      const rows = (last: number): number[][] => [
        [1, 2, 3, 4, last],
        [5, 6, 7, 8, last],
      ];
      const scores = (last: number): Tensor => noGrad(() => model.forward(ids(rows(last))));
      const [a, b] = [scores(0), scores(10)];
      expect(slice(a, 1, 0, 4).dataSync()).toEqual(slice(b, 1, 0, 4).dataSync());
      expect(slice(a, 1, 4).dataSync()).not.toEqual(slice(b, 1, 4).dataSync());
      model.dispose();
    }),
  );

  it(
    "gives the same scores token by token with a cache as all at once",
    scoped(() => {
      const model = new GPT(small).eval();
      const tokens = ids([
        [1, 2, 3, 4, 5, 6],
        [9, 8, 7, 6, 5, 4],
      ]);
      const whole = noGrad(() => model.forward(tokens));
      const cache = model.makeCache();
      for (const [start, end] of [
        [0, 3],
        [3, 4],
        [4, 6],
      ]) {
        const part = noGrad(() => model.forward(slice(tokens, 1, start, end), { cache }));
        expect(part).toBeCloseToTensor(slice(whole, 1, start, end), { rtol: 1e-5, atol: 1e-6 });
      }
      for (const one of cache) one.dispose();
      model.dispose();
    }),
  );

  it(
    "holds at its forward pass's peak what the graph needs, and of one block what it does not",
    scoped(() => {
      const spare = (layers: number): number => {
        const model = new GPT({ vocabSize: 11, contextLength: 8, width: 16, layers, heads: 2 });
        const tokens = ids(Array.from({ length: 4 }, () => [1, 2, 3, 4, 5, 6, 7, 8]));
        resetPeakMemory();
        model.forward(tokens);
        const { bytes, peakBytes } = memory();
        model.dispose();
        return peakBytes - bytes;
      };
      const [two, six] = [spare(2), spare(6)];
      expect(two).toBeGreaterThan(0);
      expect(six).toBe(two);
    }),
  );

  it("names what is wrong with tokens, and leaves nothing behind", () => {
    const model = new GPT(small);
    const refused = (rows: number[][]): string =>
      scope(() => {
        try {
          model.forward(ids(rows));
          return "";
        } catch (error) {
          return String(error);
        }
      });
    const before = memory();
    expect(refused([[1, 11]])).toBe(
      "IndexError: embedding: indices must lie in 0..10; got 11 at position 1 of 2.",
    );
    expect(refused([[1, 2, 3, 4, 5, 6, 7, 8, 9]])).toBe(
      "ShapeError: GPT: a sequence must fit the context of 8 tokens; got 9. Keep the last ones only.",
    );
    expect(refused([[]])).toBe("ShapeError: GPT: tokens must be [B, T], neither of them 0; got [1, 0].");
    expect(() => new GPT({ ...small, heads: 3 })).toThrow("GPT: width must divide into heads; got 8 and 3.");
    expect(memory()).toEqual({ ...before, peakBytes: memory().peakBytes });
    model.dispose();
  });
});

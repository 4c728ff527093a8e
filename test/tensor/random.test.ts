// Random tensors: the same bits everywhere, the right distribution, and a state that can be saved.
import { describe, expect, it } from "vitest";
import { Generator, manualSeed, rand, randn } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { philox4x32 } from "../../src/core/philox.ts";
import { scoped } from "../scoped.ts";

const moments = (values: ArrayLike<number>): { mean: number; variance: number; fourth: number } => {
  const list = Array.from(values);
  const average = (f: (x: number) => number): number => list.reduce((sum, x) => sum + f(x), 0) / list.length;
  const mean = average((x) => x);
  return { mean, variance: average((x) => (x - mean) ** 2), fourth: average((x) => (x - mean) ** 4) };
};

describe("rand and randn", () => {
  it.each([1, 3, 4, 5, 16, 17, 1000])(
    "give %i elements with the same bits on every device, normals to rounding",
    (n) =>
      scoped(() => {
        const draw = (fn: typeof rand, device: string): Tensor =>
          fn([n], { device, generator: new Generator(42n << 40n) });
        expect(Array.from(draw(rand, "wasm").dataSync())).toEqual(
          Array.from(draw(rand, "reference").dataSync()),
        );
        expect(draw(randn, "wasm")).toBeCloseToTensor(draw(randn, "reference"), { rtol: 2e-6, atol: 1e-6 });
      })(),
  );

  it(
    "draw from Philox: key the seed, counter the block",
    scoped(() => {
      const words = new Uint32Array(4);
      philox4x32(words, 0, 0, 0, 0, 7, 1);
      const x = rand([4], { generator: new Generator((1n << 32n) + 7n) });
      expect(Array.from(x.dataSync())).toEqual(Array.from(words, (word) => (word >>> 8) * 2 ** -24));
    }),
  );

  it(
    "carry from the counter's low half to its high one, on every device",
    scoped(() => {
      const seed = new Generator(3);
      const at = (device: string): number[] => {
        seed.restore({ seed: "3", counter: String(2n ** 32n - 2n) });
        return Array.from(rand([17], { device, generator: seed }).dataSync());
      };
      expect(at("wasm")).toEqual(at("reference"));
      expect(seed.state().counter).toBe(String(2n ** 32n + 3n));
    }),
  );

  it(
    "have the moments they should",
    scoped(() => {
      const n = 100_000;
      const generator = new Generator(1);
      const uniform = moments(rand([n], { generator }).dataSync());
      expect(uniform.mean).toBeCloseTo(0.5, 2);
      expect(uniform.variance).toBeCloseTo(1 / 12, 2);
      const normal = moments(randn([n], { generator }).dataSync());
      expect(Math.abs(normal.mean)).toBeLessThan(0.015);
      expect(normal.variance).toBeCloseTo(1, 1);
      expect(normal.fourth).toBeCloseTo(3, 0);
    }),
  );

  it(
    "start again from the same seed and go on where they were",
    scoped(() => {
      const values = (): number[] => Array.from(rand([5]).dataSync());
      manualSeed(9);
      const [first, second] = [values(), values()];
      expect(second).not.toEqual(first);
      const generator = manualSeed(9);
      expect(values()).toEqual(first);
      const state = generator.state();
      expect(values()).toEqual(second);
      generator.restore(state);
      expect(values()).toEqual(second);
    }),
  );

  it(
    "give float64 on the reference device only, from the same bits",
    scoped(() => {
      const draw = (dtype: "float32" | "float64"): number[] =>
        Array.from(rand([9], { dtype, device: "reference", generator: new Generator(5) }).dataSync());
      expect(draw("float64")).toEqual(draw("float32"));
      expect(() => rand([1], { dtype: "int32" })).toThrow(/^rand: dtype must be float32/);
      expect(() => rand([-1])).toThrow("rand: sizes must be whole numbers >= 0; got [-1].");
    }),
  );
});

describe("Generator", () => {
  it("keeps 64 bits of seed and counter", () => {
    const generator = new Generator((1n << 64n) - 1n);
    expect(generator.state()).toEqual({ seed: "18446744073709551615", counter: "0" });
    generator.reserve(9);
    expect(generator.state().counter).toBe("3");
  });

  it("refuses seeds and states that are none", () => {
    expect(() => new Generator(0.5)).toThrow(
      "manualSeed: the seed must be a whole number within 2^53; got 0.5. Use a bigint.",
    );
    const generator = new Generator(1);
    for (const counter of ["-1", "x", "", "18446744073709551616"]) {
      expect(() => generator.restore({ seed: "1", counter })).toThrow(
        `random state: seed and counter must be unsigned 64-bit decimals; got ${JSON.stringify(counter)}.`,
      );
    }
    expect(generator.state()).toEqual({ seed: "1", counter: "0" });
  });
});

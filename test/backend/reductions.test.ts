// Reductions of a whole tensor, which are cut into pieces for threads: the same values, however many threads there are.
import { describe, expect, it } from "vitest";
import { max, min, prod, scope, sum, tensor } from "../../src/index.ts";

const SIZES = [65_535, 65_536, 100_001, 262_144];

const values = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(1.3 * i * i));

describe("reductions of a whole tensor", () => {
  it.each(SIZES)("of %i elements", (n) => {
    scope(() => {
      const data = values(n);
      const x = tensor(data);
      const total = data.reduce((a, b) => a + b, 0);
      expect(Math.abs(sum(x).itemSync() - total)).toBeLessThan(2e-3);
      expect(max(x).itemSync()).toBe(data.reduce((a, b) => Math.max(a, b)));
      expect(min(x).itemSync()).toBe(data.reduce((a, b) => Math.min(a, b)));
      const factors = tensor(data.map((value) => 1 + value * 1e-5));
      const product = data.reduce((a, b) => a * Math.fround(1 + b * 1e-5), 1);
      expect(Math.abs(prod(factors).itemSync() - product)).toBeLessThan(2e-8 * n);
    });
  });

  it("finds a NaN in any piece", () => {
    for (const at of [0, 40_000, 99_999]) {
      const data = values(100_000);
      data[at] = NaN;
      scope(() => {
        const x = tensor(data);
        expect([sum(x), max(x), min(x)].map((y) => y.itemSync())).toEqual([NaN, NaN, NaN]);
      });
    }
  });
});

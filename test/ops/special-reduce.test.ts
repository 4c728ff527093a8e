// Reductions and orders at the edges: ties, NaN, infinities, nothing at all. Expected numbers are PyTorch 2.13's.
import { describe, expect, it } from "vitest";
import * as n8 from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped } from "../scoped.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe.each(["wasm", "reference"])("on %s", (device) => {
  const make = (values: number[], shape = [values.length]): Tensor =>
    n8.tensor(values, { shape, device }).setRequiresGrad(true);
  const list = (x: Tensor): number[] => Array.from(x.dataSync());
  const gradient = (x: Tensor, f: (x: Tensor) => Tensor): number[] => list(n8.grad(f(x), [x])[0]);

  it(
    "shares the gradient of an extreme value among equals, over all axes at once",
    scoped(() => {
      const x = make([1, 2, 2, 2, 0, 0], [2, 3]);
      const third = Math.fround(1 / 3);
      expect(gradient(x, (y) => n8.max(y))).toEqual([0, third, third, third, 0, 0]);
      expect(gradient(x, (y) => n8.min(y))).toEqual([0, 0, 0, 0, 0.5, 0.5]);
      expect(gradient(make([1, 2, 2]), (y) => n8.median(y))).toEqual([0, 0.5, 0.5]);
      const infinite = make([-inf, inf, inf]);
      expect(gradient(infinite, (y) => n8.max(y))).toEqual([0, 0.5, 0.5]);
    }),
  );

  it(
    "takes NaN for the largest and for the smallest element",
    scoped(() => {
      const x = make([1, nan, -inf, 3]);
      expect([n8.max(x).itemSync(), n8.min(x).itemSync()]).toEqual([nan, nan]);
      expect([n8.argmax(x).itemSync(), n8.argmin(x).itemSync()]).toEqual([1, 1]);
      expect(n8.maxWithIndices(x, 0).map((y) => y.itemSync())).toEqual([nan, 1]);
      expect(n8.medianWithIndices(x, 0).map((y) => y.itemSync())).toEqual([nan, 1]);
      expect(n8.median(x).itemSync()).toBe(nan);
    }),
  );

  it(
    "sorts NaN last, descending first",
    scoped(() => {
      const x = make([1, nan, -1, 3, nan]);
      expect(n8.sort(x).map(list)).toEqual([
        [-1, 1, 3, nan, nan],
        [2, 0, 3, 1, 4],
      ]);
      expect(n8.sort(x, { descending: true }).map(list)).toEqual([
        [nan, nan, 3, 1, -1],
        [1, 4, 3, 0, 2],
      ]);
      expect(list(n8.topk(x, 2)[1])).toEqual([1, 4]);
      expect(list(n8.topk(x, 2, { largest: false })[1])).toEqual([2, 0]);
    }),
  );

  it(
    "keeps the order of equals in rows longer than a run",
    scoped(() => {
      const n = 1000;
      const values = Array.from({ length: n }, (_, i) => (i * 7919) % 13);
      const order = Array.from(values.keys());
      const up = order.toSorted((i, j) => values[i] - values[j]);
      const down = order.toSorted((i, j) => values[j] - values[i]);
      expect(list(n8.argsort(make(values)))).toEqual(up);
      expect(list(n8.argsort(make(values), { descending: true }))).toEqual(down);
    }),
  );

  it(
    "knows what nothing amounts to",
    scoped(() => {
      const x = make([]);
      expect(n8.prod(x).itemSync()).toBe(1);
      expect(n8.any(x).itemSync()).toBe(0);
      expect(n8.all(x).itemSync()).toBe(1);
      expect(n8.norm(x).itemSync()).toBe(0);
      expect(n8.variance(make([3])).itemSync()).toBe(nan);
      expect(n8.unique(x).shape).toEqual([0]);
      expect(n8.any(make([nan])).itemSync()).toBe(1);
    }),
  );

  it(
    "has gradient 0 where a root has none",
    scoped(() => {
      expect(gradient(make([0, 0]), (x) => n8.norm(x))).toEqual([0, 0]);
      expect(gradient(make([0, 0]), (x) => n8.norm(x, { p: 3 }))).toEqual([0, 0]);
      expect(gradient(make([2, 2]), (x) => n8.std(x))).toEqual([0, 0]);
      expect(n8.norm(make([3, -4])).itemSync()).toBe(5);
      expect(n8.norm(make([3, nan])).itemSync()).toBe(nan);
      expect(n8.norm(make([3, -inf])).itemSync()).toBe(inf);
    }),
  );

  it(
    "adds up exponentials that would overflow, and infinite ones",
    scoped(() => {
      const x = make([1000, 1000, -1000, -1000, -inf, -inf, inf, 1], [4, 2]);
      const y = n8.logsumexp(x, { axis: 1 });
      expect(list(n8.slice(y, 0, 2))).toEqual([-inf, inf]);
      const [large, small] = list(y);
      expect(large).toBeCloseTo(1000 + Math.LN2, 3);
      expect(small).toBeCloseTo(-1000 + Math.LN2, 3);
    }),
  );

  it(
    "counts in bins",
    scoped(() => {
      expect(list(n8.histc(make([1, 2, 3, 4, 5]), { bins: 3 }))).toEqual([2, 1, 2]);
      expect(list(n8.histc(make([2, 2]), { bins: 3 }))).toEqual([0, 2, 0]);
      expect(list(n8.histc(make([nan, -1, 0, 1, 2]), { bins: 2, min: 0, max: 1 }))).toEqual([1, 1]);
      expect(n8.uniqueWithCounts(make([1, nan, nan, 0, 1])).map(list)).toEqual([
        [0, 1, nan, nan],
        [1, 2, 3, 0, 1],
        [1, 2, 1, 1],
      ]);
    }),
  );

  it(
    "takes the gradient of a product past its zeros",
    scoped(() => {
      expect(gradient(make([2, 0, 3]), (x) => n8.prod(x))).toEqual([0, 6, 0]);
      expect(gradient(make([0, 0, 3]), (x) => n8.prod(x))).toEqual([0, 0, 0]);
      expect(gradient(make([2, 0, 3, 4]), (x) => n8.sum(n8.cumprod(x, 0)))).toEqual([1, 32, 0, 0]);
    }),
  );
});

// Ops at the edges of what they are defined for: numbers that a dtype cannot hold, distances of 0, windows of zeros, shapes
// that broadcast along the very axis in question. Expected numbers are PyTorch 2.13's, unless a comment says otherwise.
import { describe, expect, it } from "vitest";
import * as n8 from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { liveCounts } from "../leaks.ts";
import { scoped } from "../scoped.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const list = (x: Tensor): number[] => Array.from(x.dataSync());

describe.each(["wasm", "reference"])("on %s", (device) => {
  const make = (values: n8.NestedNumbers): Tensor => n8.tensor(values, { device, requiresGrad: true });
  const plain = (values: n8.NestedNumbers, dtype?: n8.DType): Tensor =>
    n8.tensor(values, { device, ...(dtype && { dtype }) });
  const gradients = (f: (...xs: Tensor[]) => Tensor, ...xs: Tensor[]): number[][] =>
    n8.grad(n8.sum(f(...xs)), xs).map(list);

  it(
    "refuses numbers that int32 would wrap around",
    scoped(() => {
      const x = plain([5], "int32");
      const mask = plain([true]);
      const calls: [string, () => unknown][] = [
        ["tensor", () => plain([2 ** 31], "int32")],
        ["tensor", () => plain([nan], "int32")],
        ["full", () => n8.full([2], -(2 ** 31) - 1, { dtype: "int32", device })],
        ["arange", () => n8.arange(2 ** 31 - 1, 2 ** 31 + 1, { device })],
        ["minimum", () => n8.clamp(x, { max: 2 ** 31 })],
        ["gt", () => n8.gt(x, 3e9)],
        ["where", () => n8.where(mask, x, 3e9)],
        ["maskedFill", () => n8.maskedFill(x, mask, 3e9)],
        ["pad", () => n8.pad(x, [1, 1], { value: 3e9 })],
        ["scatter", () => n8.scatter(x, 0, plain([0], "int32"), 3e9)],
        ["indexPut", () => n8.indexPut(x, [0], 3e9)],
      ];
      for (const [op, call] of calls)
        expect(call, op).toThrow(
          new RegExp(`^${op}: int32 values must lie in -2147483648..2147483647; got `),
        );
      expect(list(plain([-(2 ** 31), 2 ** 31 - 1, -0.5], "int32"))).toEqual([-(2 ** 31), 2 ** 31 - 1, 0]);
      expect(list(n8.add(x, 2 ** 31))).toEqual([5 - 2 ** 31]);
    }),
  );

  it(
    "keeps bool at 0 and 1, whatever number fills it",
    scoped(() => {
      const x = plain([true, false]);
      const ones = plain([true, true, false]);
      expect(n8.equal(n8.cast(n8.pad(x, [1, 0], { value: 2 }), "int32"), n8.cast(ones, "int32"))).toBe(true);
      expect(list(n8.eq(n8.pad(x, [1, 0], { value: 0.5 }), ones))).toEqual([1, 1, 1]);
      expect(list(n8.cast(n8.maskedFill(x, plain([true, true]), 2), "int32"))).toEqual([1, 1]);
    }),
  );

  it("allocates nothing for a whole-number leaf that asks for a gradient", () => {
    const before = liveCounts();
    const options = { device, dtype: "int32", requiresGrad: true } as const;
    for (const call of [
      () => n8.tensor([1], options),
      () => n8.full([1], 1, options),
      () => n8.empty([1], options),
      () => n8.arange(3, options),
    ])
      expect(call).toThrow("requiresGrad: the dtype must be floating to have a gradient; got int32.");
    expect(liveCounts()).toEqual(before);
  });

  it(
    "where refuses what is neither tensor nor number",
    scoped(() => {
      const condition = plain([true]);
      const wrong = undefined as unknown as number;
      expect(() => n8.where(condition, wrong, plain([1]))).toThrow(
        "where: both choices must be tensors or numbers; got undefined and a tensor.",
      );
    }),
  );

  it(
    "a mean of equal elements is that element, and their deviation 0",
    scoped(() => {
      for (const count of [41, 47, 55, 1000]) {
        const x = n8.ones([count], { device });
        expect([n8.mean(x).itemSync(), n8.std(x).itemSync(), n8.variance(x).itemSync()]).toEqual([1, 0, 0]);
      }
      expect(list(n8.avgPool2d(n8.ones([1, 1, 7, 7], { device }), 7))).toEqual([1]);
      const partial = n8.avgPool2d(n8.ones([1, 1, 7, 7], { device }), 7, {
        padding: 3,
        stride: 3,
        countIncludePad: false,
      });
      expect(list(partial)).toEqual(new Array<number>(9).fill(1));
    }),
  );

  it(
    "norms of negative order are 0 beside a 0; order 0 counts NaN",
    scoped(() => {
      const x = make([0, 1]);
      expect(n8.norm(x, { p: -1 }).itemSync()).toBe(0);
      expect(gradients((y) => n8.norm(y, { p: -1 }), x)[0].map(Math.abs)).toEqual([0, 0]);
      expect(n8.norm(plain([2, 2]), { p: -1 }).itemSync()).toBe(1);
      expect(n8.norm(plain([nan, 1, 0]), { p: 0 }).itemSync()).toBe(2);
    }),
  );

  it(
    "pairwiseDistance takes any order, and has gradient 0 at distance 0",
    scoped(() => {
      const far = n8.pairwiseDistance(plain([[1, 5]]), plain([[0, 0]]), { p: inf, eps: 0 });
      expect(list(far)).toEqual([5]);
      for (const p of [1, 1.5, 2, 3]) {
        const distance = (a: Tensor, b: Tensor): Tensor => n8.pairwiseDistance(a, b, { p, eps: 0 });
        expect(
          gradients(distance, make([[1, 2]]), make([[1, 2]]))
            .flat()
            .map(Math.abs),
        ).toEqual([0, 0, 0, 0]);
      }
    }),
  );

  it(
    "cosineSimilarity measures vectors that broadcast along the axis in full",
    scoped(() => {
      const a = n8.reshape(n8.arange(12, { dtype: "float32", device }), [4, 3]);
      const expected = [0.8018, 0.8538, 0.8887];
      for (const shape of [[1, 3], [3], [4, 3]]) {
        const b = n8.ones(shape, { device });
        expect(n8.cosineSimilarity(a, b, { axis: 0 })).toBeCloseToTensor(expected, { atol: 5e-5 });
        expect(n8.cosineSimilarity(b, a, { axis: 0 })).toBeCloseToTensor(expected, { atol: 5e-5 });
      }
    }),
  );

  it(
    "addmm ignores what beta 0 cancels",
    scoped(() => {
      const [a, b] = [make([[2]]), make([[3]])];
      const c = make([[nan]]);
      const product = (x: Tensor, y: Tensor, z: Tensor): Tensor => n8.addmm(x, y, z, { beta: 0 });
      expect(list(product(c, a, b))).toEqual([6]);
      expect(gradients(product, c, a, b)).toEqual([[0], [3], [2]]);
    }),
  );

  it(
    "gradients at points without a derivative",
    scoped(() => {
      expect(
        gradients(n8.atan2, make([0]), make([0]))
          .flat()
          .map(Math.abs),
      ).toEqual([0, 0]);
      expect(gradients(n8.remainder, make([1]), make([0.1]))).toEqual([[1], [-9]]);
      const pool = (x: Tensor): Tensor => n8.lpPool1d(n8.reshape(x, [1, 1, 4]), 2, 2);
      const [pooled] = gradients(pool, make([0, 0, 1, 2]));
      expect(pooled.slice(0, 2)).toEqual([0, 0]);
      expect(pooled[2]).toBeCloseTo(0.4472136, 6);
      expect(gradients((x) => n8.max(x), make([nan, 1]))).toEqual([[1, 0]]);
    }),
  );

  it(
    "histc puts a number on an edge of its own precision into the bin above",
    scoped(() => {
      const counts = n8.histc(plain([0.7, 0.3, 0.1, 0.6]), { bins: 10, min: 0, max: 1 });
      expect(list(counts)).toEqual([0, 1, 0, 1, 0, 0, 1, 1, 0, 0]);
    }),
  );

  it(
    "cuts nothing into as many pieces as asked for",
    scoped(() => {
      expect(n8.chunk(n8.zeros([0, 2], { device }), 3).map(({ shape }) => shape)).toEqual([
        [0, 2],
        [0, 2],
        [0, 2],
      ]);
    }),
  );

  it(
    "reads nested booleans as a mask, and an end below all as none",
    scoped(() => {
      expect(n8.index(plain([1, 2]), [{ end: -inf }]).shape).toEqual([0]);
      const mask = [
        [true, false],
        [false, true],
      ] as unknown as boolean[];
      const x = plain([
        [1, 2],
        [3, 4],
      ]);
      expect(list(n8.index(x, [mask]))).toEqual([1, 4]);
    }),
  );

  it(
    "casts what int32 cannot hold to the nearest end",
    scoped(() => {
      const x = plain([inf, -inf, nan, 3e9, -3e9, -1.9]);
      const ends = [2 ** 31 - 1, -(2 ** 31), 0, 2 ** 31 - 1, -(2 ** 31), -1];
      expect(list(n8.cast(x, "int32"))).toEqual(ends);
    }),
  );

  it(
    "ops made of others name themselves where devices differ",
    scoped(() => {
      const x = plain([1]);
      const far = n8.tensor([1], { device: device === "wasm" ? "reference" : "wasm" });
      expect(() => n8.prelu(x, far)).toThrow(/^prelu: inputs must lie on one device/);
      expect(() => n8.lerp(x, far, 0.5)).toThrow(/^lerp: inputs must lie on one device/);
      expect(() => n8.lerp(x, x, far)).toThrow(/^lerp: inputs must lie on one device/);
    }),
  );

  it(
    "ops that share a record with others name themselves for a released input",
    scoped(() => {
      const x = n8.zeros([1, 1, 2, 2], { device });
      x.dispose();
      const calls: Record<string, () => unknown> = {
        celu: () => n8.celu(x),
        hardtanh: () => n8.hardtanh(x),
        relu6: () => n8.relu6(x),
        square: () => n8.square(x),
        maxPool2dWithIndices: () => n8.maxPool2dWithIndices(x, 1),
        zerosLike: () => n8.zerosLike(x),
        onesLike: () => n8.onesLike(x),
        fullLike: () => n8.fullLike(x, 1),
        emptyLike: () => n8.emptyLike(x),
        randLike: () => n8.randLike(x),
        randintLike: () => n8.randintLike(x, 0, 2),
      };
      for (const [op, call] of Object.entries(calls))
        expect(call).toThrow(new RegExp(`^${op}: its inputs must be alive`));
      expect(() => n8.clamp(plain([1]))).toThrow(/^clamp: min, max or both must be numbers/);
    }),
  );

  it(
    "joining many tensors makes few primitives",
    scoped(() => {
      const x = make([1]);
      const joined = [3, 4, 5, 8, 1000].map((count) => n8.cat(new Array<Tensor>(count).fill(x)));
      const records = joined.map((y) => y.node!.primitive);
      expect(records[0]).toBe(records[1]);
      expect(records[2]).toBe(records[3]);
      expect(joined.map((y) => list(n8.grad(n8.sum(y), x))[0])).toEqual([3, 4, 5, 8, 1000]);
    }),
  );

  it(
    "elu's derivatives keep their digits far to the left, and stay finite far to the right",
    scoped(() => {
      const points = [-80, -20, -10, -1e-3, 0, 1, 200];
      const x = make(points);
      const slopes = (scale: number, b: number): number[] =>
        points.map((p) => (p <= 0 ? scale * Math.exp(b * p) : 1));
      const close = { rtol: 5e-6 };
      expect(gradients((a) => n8.elu(a, 1.5), x)[0]).toBeCloseToTensor(slopes(1.5, 1), close);
      expect(gradients((a) => n8.celu(a, 2), x)[0]).toBeCloseToTensor(slopes(1, 0.5), close);
      const first = n8.grad(n8.sum(n8.elu(x, 1.5)), x, { createGraph: true });
      const second = points.map((p) => (p <= 0 ? 1.5 * Math.exp(p) : 0));
      expect(list(n8.grad(n8.sum(first), x))).toBeCloseToTensor(second, close);
    }),
  );

  it(
    "celu refuses alpha 0",
    scoped(() => {
      expect(() => n8.celu(plain([1]), 0)).toThrow("celu: alpha must not be 0; got 0.");
    }),
  );

  it(
    "allclose broadcasts, also views",
    scoped(() => {
      const x = plain([
        [1, 2],
        [1, 2],
      ]);
      expect(n8.allclose(x, plain([1, 2]))).toBe(true);
      expect(n8.allclose(n8.transpose(x), plain([1, 2]))).toBe(false);
      expect(n8.allclose(plain([inf, nan]), plain([inf, nan]), { equalNan: true })).toBe(true);
      expect(n8.allclose(plain([inf]), plain([-inf]))).toBe(false);
    }),
  );
});

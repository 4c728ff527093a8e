// What moves elements must not change them: every bit, every dtype, every rank; views share their buffers.
import { describe, expect, it } from "vitest";
import * as neurite from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

const { cat, embedding, flip, grad, index, maskedFill, memory, pad, scatter, scope, sum, tensor, tril } =
  neurite;

const SPECIAL = [NaN, Infinity, -Infinity, -0, 0, 1e-40, 3.4e38, -1];

describe.each(["wasm", "reference"])("on %s", (device) => {
  const x = (): Tensor => tensor(SPECIAL, { device });
  const bits = tensor([1, 0, 1, 0, 1, 0, 1, 0], { device: "reference" }).dataSync();
  const mask = (): Tensor => tensor(Uint8Array.from(bits), { dtype: "bool", device });

  it(
    "passes NaN, infinities, signed zeros and denormals through",
    scoped(() => {
      const expected = SPECIAL.map((v) => Math.fround(v));
      const same = (y: Tensor, order: readonly number[]): void =>
        expect([...y.dataSync()]).toEqual(order.map((i) => expected[i]));
      const all = [0, 1, 2, 3, 4, 5, 6, 7];
      same(neurite.clone(x()), all);
      same(flip(x()), [...all].reverse());
      same(neurite.roll(x(), 2), [6, 7, 0, 1, 2, 3, 4, 5]);
      same(cat([x(), x()]), [...all, ...all]);
      same(neurite.repeat(x(), [2]), [...all, ...all]);
      same(index(x(), [{ step: -2 }]), [7, 5, 3, 1]);
      same(index(x(), [[0, 3, -8]]), [0, 3, 0]);
      same(neurite.maskedSelect(x(), mask()), [0, 2, 4, 6]);
      same(pad(x(), [1, 1], { mode: "circular" }), [7, ...all, 0]);
    }),
  );

  it(
    "writes over NaN and infinities, and stops their gradients",
    scoped(() => {
      const y = maskedFill(x().setRequiresGrad(true), mask(), 0.5);
      expect([...y.dataSync()]).toEqual([0.5, Infinity, 0.5, -0, 0.5, Math.fround(1e-40), 0.5, -1]);
      const lower = tril(tensor([NaN, NaN, Infinity, NaN], { shape: [2, 2], device }));
      expect(lower.tolistSync()).toEqual([
        [NaN, 0],
        [Infinity, NaN],
      ]);
      const leaf = x().setRequiresGrad(true);
      const [g] = grad(maskedFill(leaf, mask(), 0), [leaf], {
        gradOutput: tensor(new Float32Array(8).fill(NaN), { device }),
      });
      expect([...g.dataSync()]).toEqual([0, NaN, 0, NaN, 0, NaN, 0, NaN]);
    }),
  );

  it.each(["int32", "bool"] as const)(
    "moves %s too",
    scopedEach((dtype) => {
      const one = tensor([1, 0, 1], { device, dtype });
      const dtypes = [
        cat([one, one]),
        flip(one),
        pad(one, [1, 0], { value: 1 }),
        neurite.indexSelect(one, 0, tensor([2, 0], { device, dtype: "int32" })),
        scatter(one, 0, tensor([1], { device, dtype: "int32" }), 1),
        maskedFill(one, tensor([true, true, false], { device }), 0),
        neurite.diag(one),
        neurite.stack([one, one]),
      ];
      expect(dtypes.map((y) => y.dtype)).toEqual(dtypes.map(() => dtype));
      expect(dtypes[2].tolistSync()).toEqual([1, 1, 0, 1]);
      expect(dtypes[4].tolistSync()).toEqual([1, 1, 1]);
      expect(dtypes[5].tolistSync()).toEqual([0, 0, 1]);
    }),
  );

  it(
    "promotes what it joins, and keeps the gradient of the floating part",
    scoped(() => {
      const a = tensor([0.5], { device, requiresGrad: true });
      const y = cat([a, tensor([2], { device, dtype: "int32" }), tensor([true], { device })]);
      expect(y.tolistSync()).toEqual([0.5, 2, 1]);
      expect(grad(sum(y), [a])[0].tolistSync()).toEqual([1]);
    }),
  );

  it.each([0, 1, 2, 3, 4, 5, 6])(
    "takes rank %i",
    scopedEach((rank) => {
      const shape = Array.from({ length: rank }, (_, axis) => (axis % 2 === 0 ? 2 : 3));
      const size = shape.reduce((product, n) => product * n, 1);
      const y = tensor(
        Array.from({ length: size }, (_, i) => i),
        { shape, device },
      );
      const whole = [...y.dataSync()];
      expect([...flip(flip(y)).dataSync()]).toEqual(whole);
      expect([...flip(y).dataSync()]).toEqual([...whole].reverse());
      const around = shape.flatMap(() => [1, 2]);
      const inside = index(
        pad(y, around),
        shape.map(() => ({ start: 1, end: -2 })),
      );
      expect([...inside.dataSync()]).toEqual(whole);
      const rolled = neurite.roll(
        neurite.roll(
          y,
          shape.map((_, axis) => axis + 1),
          shape.map((_, axis) => axis),
        ),
        shape.map((_, axis) => -axis - 1),
        shape.map((_, axis) => axis),
      );
      expect([...rolled.dataSync()]).toEqual(whole);
      expect([...index(y, ["...", null]).dataSync()]).toEqual(whole);
      if (rank === 0) return;
      const last = shape.map((n) => n - 1);
      expect(index(y, last).itemSync()).toBe(size - 1);
      expect(
        index(
          y,
          last.map((at) => [at, 0]),
        ).tolistSync(),
      ).toEqual([size - 1, 0]);
      expect([...cat(neurite.unbind(neurite.unsqueeze(y, 0)), 0).dataSync()]).toEqual(whole);
    }),
  );

  it(
    "copies nothing for views",
    scoped(() => {
      const y = neurite.zeros([2, 3, 4], { device });
      const views = [
        neurite.view(y, [6, 4]),
        neurite.unsqueeze(y, 1),
        neurite.flatten(y, 1),
        neurite.select(y, 1, 2),
        ...neurite.split(y, 2, 2),
        ...neurite.meshgrid([neurite.select(neurite.select(y, 0, 0), 0, 0)]),
        neurite.diagonal(y, { axis1: 1, axis2: 2 }),
        index(y, [0, "...", { start: 1, step: 2 }, null]),
      ];
      for (const one of views) expect(one.storage).toBe(y.storage);
    }),
  );
});

describe("embedding", () => {
  it(
    "gives the padding row no gradient, of any order, and returns it all the same",
    scoped(() => {
      const weight = tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2], requiresGrad: true });
      const words = tensor([1, 0, 1, 2], { dtype: "int32" });
      const y = embedding(words, weight, { paddingIdx: 1 });
      expect(y.tolistSync()).toEqual([
        [3, 4],
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      const cubes = sum(neurite.mul(neurite.mul(y, y), y));
      const [first] = grad(cubes, [weight], { createGraph: true });
      expect([...first.dataSync()]).toEqual([3, 12, 0, 0, 75, 108]);
      const [second] = grad(sum(first), [weight]);
      expect([...second.dataSync()]).toEqual([6, 12, 0, 0, 30, 36]);
    }),
  );
});

describe("scatter", () => {
  it(
    "gives only the last of repeated sources a gradient",
    scoped(() => {
      const x = tensor([10, 20, 30], { requiresGrad: true });
      const source = tensor([1, 2, 3], { requiresGrad: true });
      const y = scatter(x, 0, tensor([1, 2, 1], { dtype: "int32" }), source);
      expect(y.tolistSync()).toEqual([10, 3, 2]);
      const [gx, gs] = grad(sum(neurite.mul(y, y)), [x, source]);
      expect(gx.tolistSync()).toEqual([20, 0, 0]);
      expect(gs.tolistSync()).toEqual([0, 4, 6]);
    }),
  );
});

describe("memory", () => {
  it(
    "is what it was after forward and backward of each op",
    scoped(() => {
      const at = tensor([[0, 2, 1]], { dtype: "int32" });
      const calls: ((x: Tensor) => Tensor)[] = [
        (x) => cat([x, x], 1),
        (x) => neurite.stack([x, x]),
        (x) => pad(x, [1, 2], { mode: "reflect" }),
        (x) => neurite.tile(x, [2, 2]),
        (x) => index(x, [[0, 1], { step: -1 }]),
        (x) => index(x, [{}, [true, false, true]]),
        (x) => scatter(x, 0, at, 1),
        (x) => tril(x),
        (x) => neurite.unfold(neurite.reshape(x, [1, 3, 3]), 2),
        (x) => neurite.interpolate(neurite.reshape(x, [1, 1, 3, 3]), { size: 5, mode: "bicubic" }),
      ];
      for (const call of calls) {
        const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], { shape: [3, 3], requiresGrad: true });
        const run = (): void => {
          scope(() => {
            grad(sum(call(x)), [x]);
          });
        };
        run();
        const before = memory();
        for (let i = 0; i < 5; i++) run();
        const after = memory();
        expect([after.tensors, after.buffers, after.bytes], call.toString()).toEqual([
          before.tensors,
          before.buffers,
          before.bytes,
        ]);
      }
    }),
  );
});

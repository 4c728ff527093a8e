// Datasets, splits, samplers and the loader: what comes in which order, and that any batch can be had by number.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { ArrayDataset, mapDataset, randomSplit, readBatch, split, Subset } from "../../src/data/dataset.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { Pacer, TURN_MS, macrotask } from "../../src/data/event-loop.ts";
import { collate, hostArray } from "../../src/data/host-array.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { permutation, SHUFFLE_STREAM, SPLIT_STREAM } from "../../src/data/permutation.ts";
import { RandomSampler, SequentialSampler } from "../../src/data/sampler.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const squares = (length: number): Dataset => ({
  length,
  get: (i) => [hostArray(i), hostArray(i * i, { dtype: "int32" })],
});

const images = new ArrayDataset(
  { data: Uint8Array.from({ length: 24 }, (_, i) => i), shape: [6, 2, 2], dtype: "float32" },
  { data: Int32Array.of(0, 1, 2, 3, 4, 5) },
);

/** Targets of one epoch, by reading its batches. */
const epochOf = (loader: DataLoader, epoch: number, from = 0): number[][] =>
  [...loader.epoch(epoch, from)].map(target);

/** The values of a batch's second field; the batch is released. */
function target(fields: readonly Tensor[]): number[] {
  const values = [...fields[1].dataSync()];
  for (const field of fields) field.dispose();
  return values;
}

describe("datasets", () => {
  it("reads one sample and several", () => {
    expect(images.length).toBe(6);
    expect(images.get(1)).toEqual([
      { data: Uint8Array.of(4, 5, 6, 7), shape: [2, 2], dtype: "float32" },
      { data: Int32Array.of(1), shape: [], dtype: "int32" },
    ]);
    const [x, y] = images.batch([5, 0]);
    expect(x).toEqual({
      data: Uint8Array.of(20, 21, 22, 23, 0, 1, 2, 3),
      shape: [2, 2, 2],
      dtype: "float32",
    });
    expect(y).toEqual({ data: Int32Array.of(5, 0), shape: [2], dtype: "int32" });
  });

  it("collates what a dataset gives one by one", () => {
    expect(readBatch(squares(9), [2, 3])).toEqual([
      { data: Float64Array.of(2, 3), shape: [2], dtype: "float32" },
      { data: Int32Array.of(4, 9), shape: [2], dtype: "int32" },
    ]);
    const ragged = [[hostArray(new Float32Array(2))], [hostArray(new Float32Array(3))]];
    expect(() => collate(ragged)).toThrow(
      "collate: samples must have the same fields and shapes; got [2] and [3] (sample 1).",
    );
    expect(() => collate([])).toThrow(ShapeError);
  });

  it("maps whole batches as they are read", () => {
    const halves = mapDataset(images, ([x, y]) => [
      hostArray(
        Float32Array.from(x.data, (v) => v / 2),
        { shape: x.shape },
      ),
      y,
    ]);
    expect(halves.length).toBe(6);
    expect(halves.get(1)[0]).toEqual({
      data: Float32Array.of(2, 2.5, 3, 3.5),
      shape: [2, 2],
      dtype: "float32",
    });
    expect(readBatch(halves, [0, 1])[0].shape).toEqual([2, 2, 2]);
  });

  it("splits in order or at random, without losing or repeating a sample", () => {
    const labels = (part: Subset) => [
      ...readBatch(
        part,
        Array.from({ length: part.length }, (_, i) => i),
      )[1].data,
    ];
    expect(split(images, [4, 2]).map(labels)).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
    const parts = randomSplit(images, [3, 2, 1], 7).map(labels);
    expect(parts.map((part) => part.length)).toEqual([3, 2, 1]);
    expect(parts.flat().sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(randomSplit(images, [3, 2, 1], 7).map(labels)).toEqual(parts);
    expect(new Subset(new Subset(images, [5, 3, 1]), [2]).get(0)[1].data[0]).toBe(1);
  });

  it.each([
    [
      "fields of different lengths",
      () => new ArrayDataset({ data: new Float32Array(2) }, { data: new Int32Array(3) }),
      ShapeError,
    ],
    ["no field", () => new ArrayDataset(), ShapeError],
    [
      "a shape that does not fit",
      () => new ArrayDataset({ data: new Float32Array(5), shape: [2, 2] }),
      ShapeError,
    ],
    ["an index past the end", () => images.batch([6]), IndexError],
    ["a negative index", () => images.get(-1), IndexError],
    ["a subset index past the end", () => new Subset(images, [6]), IndexError],
    ["reading past a subset", () => new Subset(images, [1]).get(1), IndexError],
    ["lengths that do not add up", () => split(images, [4, 1]), ValueError],
    ["a negative length", () => randomSplit(images, [7, -1]), ValueError],
    ["a fractional seed", () => randomSplit(images, [6], 0.5), ValueError],
    ["a negative seed", () => new RandomSampler(6, -1), ValueError],
    ["more samples than there are", () => new RandomSampler(6, 0, { samples: 7 }), ValueError],
    ["samples of nothing", () => new RandomSampler(0, 0, { replacement: true, samples: 1 }), ValueError],
    ["batch size 0", () => new DataLoader(images, { batchSize: 0 }), ValueError],
    [
      "shuffle beside a sampler",
      () => new DataLoader(images, { shuffle: true, sampler: new SequentialSampler(6) }),
      ValueError,
    ],
    ["a batch past the end", () => new DataLoader(images).batch(0, 6), IndexError],
  ])("refuses %s", (_what, action, type) => {
    expect(action).toThrow(type);
  });
});

describe("permutation", () => {
  it("holds every index once, for any length, seed and epoch", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.maxSafeNat(), fc.nat(1000), (length, seed, epoch) => {
        const order = permutation(length, seed, epoch);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
      }),
    );
  });

  it("depends on seed, epoch and stream, and on nothing else", () => {
    const orders = [
      permutation(50, 1, 0),
      permutation(50, 2, 0),
      permutation(50, 1 + 2 ** 32, 0),
      permutation(50, 1, 1),
      permutation(50, 1, 0, SPLIT_STREAM),
    ].map(String);
    expect(new Set(orders).size).toBe(5);
    expect(String(permutation(50, 1, 0, SHUFFLE_STREAM))).toBe(orders[0]);
  });

  it("keeps its orders from release to release", () => {
    expect([...permutation(10, 42, 3)]).toEqual([0, 4, 9, 3, 6, 2, 1, 8, 7, 5]);
  });

  it("puts each index at each place equally often", () => {
    const counts = Array.from({ length: 5 }, () => new Array<number>(5).fill(0));
    const runs = 20_000;
    for (let epoch = 0; epoch < runs; epoch++)
      permutation(5, 9, epoch).forEach((value, place) => counts[place][value]++);
    // Five standard deviations of a binomial count.
    const bound = 5 * Math.sqrt(runs * 0.2 * 0.8);
    for (const count of counts.flat()) expect(Math.abs(count - runs / 5)).toBeLessThan(bound);
  });
});

describe("RandomSampler", () => {
  it("visits a part of the samples once each, or draws with replacement", () => {
    const part = Array.from(new RandomSampler(100, 3, { samples: 40 }).order(0));
    expect(new Set(part).size).toBe(40);
    const drawn = new RandomSampler(100, 3, { replacement: true, samples: 1000 });
    const order = Array.from(drawn.order(2));
    expect(order.every((i) => Number.isInteger(i) && i >= 0 && i < 100)).toBe(true);
    expect(new Set(order).size).toBeGreaterThan(95);
    expect(order).toEqual(Array.from(drawn.order(2)));
    expect(order).not.toEqual(Array.from(drawn.order(3)));
  });
});

describe("DataLoader", () => {
  it("cuts an epoch into batches, the last one short or dropped", () => {
    const loader = new DataLoader(images, { batchSize: 4 });
    expect([loader.length, loader.samples]).toEqual([2, 6]);
    expect(epochOf(loader, 0)).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
    const whole = new DataLoader(images, { batchSize: 4, dropLast: true });
    expect([whole.length, whole.samples]).toEqual([1, 4]);
    expect(epochOf(whole, 0)).toEqual([[0, 1, 2, 3]]);
    expect(new DataLoader(split(images, [0, 6])[0]).length).toBe(0);
  });

  it("uploads each field with its shape and dtype", () => {
    const [x, y] = new DataLoader(images, { batchSize: 2 }).batch(0, 1);
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[2, 2, 2], "float32", [2], "int32"]);
    expect([...x.dataSync()]).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    x.dispose();
    y.dispose();
  });

  it("visits every sample once per shuffled epoch, and each epoch in another order", () => {
    const loader = new DataLoader(squares(40), { batchSize: 7, shuffle: true, seed: 5 });
    const epochs = [0, 1, 2].map((epoch) => epochOf(loader, epoch).flat());
    for (const epoch of epochs)
      expect([...epoch].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i * i));
    expect(new Set(epochs.map(String)).size).toBe(3);
  });

  it("gives any batch of any epoch by number, in any order", () => {
    const all = [0, 1, 2].map((epoch) =>
      epochOf(new DataLoader(images, { shuffle: true, batchSize: 2 }), epoch),
    );
    const fresh = new DataLoader(images, { shuffle: true, batchSize: 2 });
    expect(target(fresh.batch(2, 1))).toEqual(all[2][1]);
    expect(epochOf(fresh, 1, 2)).toEqual(all[1].slice(2));
    expect(target(fresh.batch(0, 0))).toEqual(all[0][0]);
  });

  it("walks the next epoch with every loop, synchronous or not", async () => {
    const loader = new DataLoader(images, { shuffle: true, batchSize: 3 });
    const expected = [0, 1].map((epoch) => epochOf(loader, epoch));
    expect([...loader].map(target)).toEqual(expected[0]);
    const second: number[][] = [];
    for await (const fields of loader) second.push(target(fields));
    expect(second).toEqual(expected[1]);
  });

  it("takes a sampler of the user's", () => {
    const backwards = { length: 3, order: (epoch: number) => [5 - epoch, 4 - epoch, 3 - epoch] };
    const loader = new DataLoader(images, { sampler: backwards, batchSize: 2 });
    expect(epochOf(loader, 1)).toEqual([[4, 3], [2]]);
  });

  it("leaves its tensors to the scope that is open", () => {
    const loader = new DataLoader(images);
    const [x] = scope(() => {
      const fields = loader.batch(0, 0);
      return [fields[1]];
    });
    expect(x.isDisposed).toBe(false);
    x.dispose();
    let inner = x;
    scope(() => {
      [inner] = loader.batch(0, 0);
    });
    expect(inner.isDisposed).toBe(true);
  });

  it("lets timers through at least every 50 ms", async () => {
    const slow: Dataset = {
      length: 80,
      get: (i) => {
        const start = performance.now();
        while (performance.now() - start < 5);
        return [hostArray(i)];
      },
    };
    let last = performance.now();
    let longest = 0;
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    for await (const [x] of new DataLoader(slow)) x.dispose();
    clearInterval(timer);
    expect(longest).toBeGreaterThan(0);
    // 400 ms without a turn; the bound leaves room for a busy machine.
    expect(longest).toBeLessThan(TURN_MS * 4);
  });
});

describe("event loop", () => {
  it("a macrotask lets timers run, which a resolved promise does not", async () => {
    let ran = false;
    setTimeout(() => (ran = true), 0);
    const start = performance.now();
    while (performance.now() - start < 3) await Promise.resolve();
    expect(ran).toBe(false);
    await macrotask();
    await macrotask();
    expect(ran).toBe(true);
  });

  it("is due only after a while", async () => {
    const pacer = new Pacer();
    expect(pacer.due).toBe(false);
    await new Promise((done) => setTimeout(done, TURN_MS / 2 + 5));
    expect(pacer.due).toBe(true);
    await pacer.turn();
    expect(pacer.due).toBe(false);
  });
});

// Samplers, transforms and augmentation: what they do to known images, that they are functions of (seed, epoch, index),
// and that they spread as they should.
import { describe, expect, it } from "vitest";
import { IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { augment, mixup } from "../../src/data/augment.ts";
import { ArrayDataset, ConcatDataset, filterDataset, readBatch, Subset } from "../../src/data/dataset.ts";
import { Draw } from "../../src/data/draw.ts";
import { hostArray } from "../../src/data/host-array.ts";
import type { HostArray } from "../../src/data/host-array.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { StratifiedSampler, WeightedSampler } from "../../src/data/sampler.ts";
import * as transforms from "../../src/data/transform.ts";
import type { Transform } from "../../src/data/transform.ts";

const image = (...rows: number[][]): HostArray =>
  hostArray(Float32Array.from(rows.flat()), { shape: [1, rows.length, rows[0].length] });
const rowsOf = ({ data, shape }: HostArray): number[][] =>
  Array.from({ length: shape[0] * shape[1] }, (_, i) => [...data.subarray(i * shape[2], (i + 1) * shape[2])]);
const draw = (index = 0, epoch = 0, seed = 1): Draw => new Draw(seed, epoch, index, 9);
const square = image([1, 2, 3], [4, 5, 6], [7, 8, 9]);

describe("Draw", () => {
  it("depends on seed, epoch, index and stream alone", () => {
    const take = (d: Draw): number[] => Array.from({ length: 9 }, () => d.uniform());
    expect(take(draw(3, 2))).toEqual(take(draw(3, 2)));
    const all = [draw(), draw(1), draw(0, 1), draw(0, 0, 2), new Draw(1, 0, 0, 8)].map((d) => take(d).join());
    expect(new Set(all).size).toBe(5);
  });

  it("has the moments of its distributions", () => {
    const d = draw();
    const n = 20_000;
    const moments = (next: () => number): [number, number] => {
      const values = Array.from({ length: n }, next);
      const mean = values.reduce((sum, x) => sum + x, 0) / n;
      return [mean, values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n];
    };
    for (const [next, mean, variance] of [
      [() => d.uniform(-1, 3), 1, 16 / 12],
      [() => d.integer(5), 2, 2],
      [() => d.normal(), 0, 1],
      [() => d.gamma(2.5), 2.5, 2.5],
      [() => d.gamma(0.5), 0.5, 0.5],
      [() => d.beta(0.2), 0.5, 1 / 5.6],
      [() => d.beta(3), 0.5, 1 / 28],
    ] as const) {
      const [m, v] = moments(next);
      expect(Math.abs(m - mean)).toBeLessThan(0.06);
      expect(Math.abs(v / variance - 1)).toBeLessThan(0.08);
    }
    expect([0, 1, 0.5]).toContain(draw().beta(1e-300));
  });
});

describe("transforms", () => {
  it("crop the middle, or a part at a random place", () => {
    expect(rowsOf(transforms.centerCrop(1)(square, draw()))).toEqual([[5]]);
    expect(rowsOf(transforms.centerCrop([1, 5])(square, draw()))).toEqual([[0, 4, 5, 6, 0]]);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) seen.add(rowsOf(transforms.randomCrop(2)(square, draw(i))).join());
    expect([...seen].sort()).toEqual(["1,2,4,5", "2,3,5,6", "4,5,7,8", "5,6,8,9"]);
    const padded = transforms.randomCrop(5, { padding: 1, fill: -1 })(square, draw());
    expect(rowsOf(padded)[1]).toEqual([-1, 1, 2, 3, -1]);
    expect(() => transforms.randomCrop(6, { padding: 1 })(square, draw())).toThrow(
      "randomCrop: the image, with padding 1, must hold [6, 6]; got [1, 3, 3].",
    );
  });

  it("mirror about half of the images", () => {
    expect(rowsOf(transforms.randomHorizontalFlip(1)(square, draw()))[0]).toEqual([3, 2, 1]);
    let flipped = 0;
    for (let i = 0; i < 400; i++)
      if (transforms.randomHorizontalFlip()(square, draw(i)) !== square) flipped++;
    expect(Math.abs(flipped - 200)).toBeLessThan(40);
    expect(square.data[0]).toBe(1);
    expect(() => transforms.randomHorizontalFlip(2)).toThrow(ValueError);
  });

  it("normalise each channel", () => {
    const two = hostArray(Uint8Array.of(10, 20, 30, 40), { shape: [2, 1, 2] });
    const out = transforms.normalize([10, 0], [10, 20])(two, draw());
    expect([out.dtype, ...out.data]).toEqual(["float32", 0, 1, 1.5, 2]);
    expect([...transforms.normalize(10, 5)(two, draw()).data]).toEqual([0, 2, 4, 6]);
    expect(() => transforms.normalize([1], [1])(two, draw())).toThrow(ShapeError);
  });

  it("cut squares out, also at the rim", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const out = rowsOf(transforms.cutout({ size: 2, fill: 0 })(square, draw(i)));
      seen.add(String(out.flat().filter((x) => x === 0).length));
    }
    expect([...seen].sort()).toEqual(["1", "2", "4"]);
    expect(square.data[4]).toBe(5);
  });

  it("turn, move, scale and shear", () => {
    const of = (map: transforms.AffineMap): number[][] => rowsOf(transforms.affine(square, map));
    expect(of({})).toEqual(rowsOf(square));
    // A quarter turn clockwise: the left column becomes the top row.
    expect(of({ degrees: 90 })).toEqual([
      [7, 4, 1],
      [8, 5, 2],
      [9, 6, 3],
    ]);
    expect(of({ translate: [1, 0], fill: -1 })).toEqual([
      [-1, 1, 2],
      [-1, 4, 5],
      [-1, 7, 8],
    ]);
    expect(of({ scale: 2 })).toEqual([
      [3, 3.5, 4],
      [4.5, 5, 5.5],
      [6, 6.5, 7],
    ]);
    // Rows move against each other, the middle one stays.
    const sheared = of({ shear: 45 });
    expect(sheared[1].map((x) => Math.round(x * 1e9) / 1e9)).toEqual([4, 5, 6]);
    expect(sheared[0].map((x) => Math.round(x * 1e9) / 1e9)).toEqual([2, 3, 0]);
    expect(() => of({ scale: 0 })).toThrow(ValueError);
    const bytes = hostArray(Uint8Array.of(0, 255), { shape: [1, 1, 2] });
    expect([...transforms.affine(bytes, { scale: 2 }).data]).toEqual([64, 191]);
    const nothing = transforms.randomAffine({})(square, draw());
    expect(rowsOf(nothing)).toEqual(rowsOf(square));
    expect(() => transforms.affine(hostArray(new Float32Array(2)), {})).toThrow(ShapeError);
  });
});

const images = new ArrayDataset(
  { data: Float32Array.from({ length: 10 * 9 }, (_, i) => i), shape: [10, 1, 3, 3] },
  { data: Int32Array.from({ length: 10 }, (_, i) => i % 3) },
);
const all: Transform[] = [
  transforms.randomCrop(3, { padding: 2 }),
  transforms.randomHorizontalFlip(),
  transforms.randomAffine({ degrees: 30, translate: [0.3, 0.3], scale: [0.8, 1.2], shear: 10 }),
  transforms.cutout({ size: 1 }),
];

describe("augment", () => {
  it("makes of a sample what seed, epoch and index say, whatever was read before", () => {
    const dataset = augment(images, all, { seed: 4 });
    const sample = [...dataset.get(7, 3)[0].data];
    dataset.get(1, 3);
    const batch = readBatch(dataset, [2, 7], 3);
    expect(batch.map(({ shape }) => shape)).toEqual([[2, 1, 3, 3], [2]]);
    expect([...batch[0].data.subarray(9)]).toEqual(sample);
    expect([...batch[1].data]).toEqual([2, 1]);
    expect([...dataset.get(7, 4)[0].data]).not.toEqual(sample);
    expect([...augment(images, all, { seed: 5 }).get(7, 3)[0].data]).not.toEqual(sample);
    expect(() => augment(images, all, { field: 2 }).get(0)).toThrow(IndexError);
  });

  it("is told the epoch by loaders, through other datasets too", () => {
    const dataset = new Subset(
      new ConcatDataset(augment(images, all), augment(images, all, { seed: 1 })),
      [19, 3],
    );
    const read = (loader: DataLoader, epoch: number): number[] => {
      const tensors = loader.batch(epoch, 0);
      const values = [...tensors[0].dataSync()];
      for (const x of tensors) x.dispose();
      return values;
    };
    const loader = new DataLoader(dataset, { batchSize: 2 });
    const [first, second] = [read(loader, 0), read(loader, 1)];
    expect(first).not.toEqual(second);
    expect(read(new DataLoader(dataset, { batchSize: 2 }), 1)).toEqual(second);
  });
});

describe("mixup", () => {
  it("mixes inputs and targets by the same share", () => {
    const constant = new ArrayDataset(
      { data: Float32Array.of(0, 1, 2), shape: [3, 1] },
      { data: Int32Array.of(0, 1, 2) },
    );
    const dataset = mixup(constant, { classes: 3, alpha: 1, seed: 2 });
    let mixed = 0;
    for (let epoch = 0; epoch < 30; epoch++) {
      const [x, y] = readBatch(dataset, [0, 1, 2], epoch);
      expect([x.shape, y.shape, y.dtype]).toEqual([[3, 1], [3, 3], "float32"]);
      for (let i = 0; i < 3; i++) {
        const target = [...y.data.subarray(3 * i, 3 * i + 3)];
        expect(target.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
        expect(x.data[i]).toBeCloseTo(target[1] + 2 * target[2], 6);
        if (Math.max(...target) < 0.99) mixed++;
      }
    }
    expect(mixed).toBeGreaterThan(30);
    expect(dataset.get(1, 5)).toEqual(dataset.get(1, 5));
    expect(() => mixup(constant, { classes: 2 }).get(2)).toThrow(IndexError);
    expect(() => mixup(constant, { classes: 3, alpha: 0 })).toThrow(ValueError);
    expect(() => mixup(constant, { classes: 0 })).toThrow(ValueError);
  });
});

describe("ConcatDataset and filterDataset", () => {
  it("join and choose samples", () => {
    const both = new ConcatDataset(images, images);
    expect([both.length, ...both.get(13)[0].data.subarray(0, 2)]).toEqual([20, 27, 28]);
    expect(() => both.get(20)).toThrow(IndexError);
    const ones = filterDataset(both, ([, label]) => label.data[0] === 1);
    expect([...readBatch(ones, [0, 1, 2, 3])[1].data]).toEqual([1, 1, 1, 1]);
    expect(ones.length).toBe(6);
  });
});

describe("WeightedSampler", () => {
  it("draws in proportion, anew each epoch, the same for the same epoch", () => {
    const sampler = new WeightedSampler([1, 0, 3, 6], { samples: 10_000, seed: 3 });
    const counts = [0, 0, 0, 0];
    for (const i of sampler.order(0)) counts[i]++;
    expect(counts[1]).toBe(0);
    [0.1, 0, 0.3, 0.6].forEach((p, i) => expect(Math.abs(counts[i] / 10_000 - p)).toBeLessThan(0.02));
    expect(sampler.order(5)).toEqual(sampler.order(5));
    expect(sampler.order(5)).not.toEqual(sampler.order(6));
  });

  it("draws without replacement, the heavy first", () => {
    const sampler = new WeightedSampler([1, 0, 1, 8], { samples: 2, replacement: false });
    let heavy = 0;
    for (let epoch = 0; epoch < 1000; epoch++) {
      const order = [...sampler.order(epoch)];
      expect(new Set(order).size).toBe(2);
      expect(order).not.toContain(1);
      if (order[0] === 3) heavy++;
    }
    expect(Math.abs(heavy - 800)).toBeLessThan(50);
  });

  it("refuses what it cannot give", () => {
    expect(() => new WeightedSampler([1, -1])).toThrow(
      "WeightedSampler: weights must be finite and >= 0; got -1.",
    );
    expect(() => new WeightedSampler([1, NaN])).toThrow(ValueError);
    expect(() => new WeightedSampler([0, 0])).toThrow(ValueError);
    expect(() => new WeightedSampler([1, 0], { replacement: false })).toThrow(ValueError);
    expect(new WeightedSampler([]).order(0).length).toBe(0);
  });
});

describe("StratifiedSampler", () => {
  it("visits each sample once, every class spread evenly", () => {
    const labels = Array.from({ length: 120 }, (_, i) => (i < 60 ? 0 : i < 100 ? 7 : -1));
    const sampler = new StratifiedSampler(labels, 2);
    const order = [...sampler.order(0)];
    expect([...order].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
    for (let at = 0; at < 120; at += 12) {
      const batch = order.slice(at, at + 12).map((i) => labels[i]);
      const count = (label: number): number => batch.filter((other) => other === label).length;
      expect(Math.abs(count(0) - 6)).toBeLessThanOrEqual(2);
      expect(Math.abs(count(7) - 4)).toBeLessThanOrEqual(2);
      expect(Math.abs(count(-1) - 2)).toBeLessThanOrEqual(2);
    }
    expect(sampler.order(0)).toEqual(sampler.order(0));
    expect(sampler.order(0)).not.toEqual(sampler.order(1));
  });
});

// What datasets, batches and transforms make of what does not fit: it is refused, and never read past its end.
import { describe, expect, it } from "vitest";
import { augment, mixup } from "../../src/data/augment.ts";
import { ArrayDataset } from "../../src/data/dataset.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { collate, hostArray } from "../../src/data/host-array.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { centerCrop } from "../../src/data/transform.ts";
import type { Draw } from "../../src/data/draw.ts";
import { liveCounts } from "../leaks.ts";

const floats = (...values: number[]): Float32Array => Float32Array.from(values);

describe("batches", () => {
  it("a field whose shape is larger than its data is refused, not read past its end", () => {
    const wrong: Dataset = {
      length: 1,
      get: () => [{ data: floats(1, 2, 3), shape: [4], dtype: "float32" }],
      batch: () => [{ data: floats(1, 2, 3), shape: [1, 4], dtype: "float32" }],
    };
    expect(() => new DataLoader(wrong).batch(0, 0)).toThrow(
      "DataLoader: a field's shape must hold as many elements as its data; got [1, 4] for 3 elements.",
    );
  });

  it("a field that cannot be uploaded leaves nothing of the others", () => {
    const before = liveCounts();
    const fields = new ArrayDataset({ data: floats(1) }, { data: Float64Array.of(1) });
    expect(() => new DataLoader(fields, { device: "wasm" }).batch(0, 0)).toThrow(
      "DataLoader: dtype must be one of",
    );
    expect(liveCounts()).toEqual(before);
  });

  it("collates arrays of several kinds without cutting off fractions", () => {
    const bytes = hostArray(Uint8Array.of(1), { dtype: "float32" });
    expect(collate([[bytes], [hostArray(floats(0.5))]])[0].data).toEqual(Float64Array.of(1, 0.5));
    expect(() => collate([[hostArray(Int32Array.of(1))], [hostArray(floats(0.5))]])).toThrow(
      "collate: samples must have the same dtypes; got int32 and float32 (sample 1).",
    );
  });
});

describe("augmentation", () => {
  const images = new ArrayDataset({ data: floats(1, 2, 3, 4), shape: [1, 1, 2, 2] });

  it("refuses a field that counts from the end", () => {
    expect(() => augment(images, [(image) => image], { field: -1 }).get(0)).toThrow(
      "augment: field must be one of the sample's; got -1 of 1.",
    );
  });

  it("refuses targets that are no whole numbers", () => {
    const mixed = mixup(new ArrayDataset({ data: floats(1, 2) }, { data: floats(0.5, 1) }), { classes: 2 });
    expect(() => mixed.get(0)).toThrow("mixup: targets must be one class in 0..1; got 0.5.");
  });

  it("crops like torchvision where the margins are uneven", () => {
    const noDraw = null as unknown as Draw;
    const row = (n: number) =>
      hostArray(
        Float32Array.from({ length: n }, (_, i) => i + 1),
        { shape: [1, 1, n] },
      );
    expect([...centerCrop([1, 3])(row(4), noDraw).data]).toEqual([1, 2, 3]);
    expect([...centerCrop([1, 3])(row(6), noDraw).data]).toEqual([3, 4, 5]);
    expect([...centerCrop([1, 5])(row(2), noDraw).data]).toEqual([0, 1, 2, 0, 0]);
  });
});

// Dropout and the running statistics of BatchNorm: what changes between training and evaluation, and what does not leak.
import { describe, expect, it } from "vitest";
import { alphaDropout, dropout, dropout2d, Generator, memory, ones, randn, tensor } from "../../src/index.ts";
import { AlphaDropout, BatchNorm1d, Dropout, Dropout2d } from "../../src/nn/index.ts";
import { scoped } from "../scoped.ts";

describe("dropout", () => {
  it(
    "gives the same bits on every device, for the same state of the stream",
    scoped(() => {
      const at = (device: string): number[] =>
        Array.from(
          dropout(ones([5, 33], { device }), { p: 0.3, generator: new Generator(5) }).dataSync(),
          Math.fround,
        );
      expect(at("wasm")).toEqual(at("reference"));
    }),
  );

  it(
    "zeroes about p of the elements and keeps the expectation",
    scoped(() => {
      const y = dropout(ones([100, 100]), { p: 0.2, generator: new Generator(3) }).dataSync();
      const zeros = y.filter((value) => value === 0).length;
      expect(Math.abs(zeros / 10_000 - 0.2)).toBeLessThan(0.015);
      expect(new Set(y)).toEqual(new Set([0, Math.fround(1.25)]));
    }),
  );

  it(
    "dropout2d zeroes whole channels",
    scoped(() => {
      const y = dropout2d(ones([4, 8, 2, 3]), { generator: new Generator(3) }).dataSync();
      for (let plane = 0; plane < 32; plane++)
        expect(new Set(y.slice(plane * 6, plane * 6 + 6)).size, `plane ${plane}`).toBe(1);
      expect(new Set(y)).toEqual(new Set([0, 2]));
    }),
  );

  it(
    "alphaDropout keeps mean and variance",
    scoped(() => {
      const x = randn([200, 200], { generator: new Generator(1) });
      const y = Array.from(alphaDropout(x, { p: 0.3, generator: new Generator(2) }).dataSync());
      const mean = y.reduce((a, b) => a + b, 0) / y.length;
      const variance = y.reduce((a, b) => a + (b - mean) ** 2, 0) / y.length;
      expect(Math.abs(mean)).toBeLessThan(0.02);
      expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    }),
  );

  it.each([Dropout, Dropout2d, AlphaDropout])("in evaluation is nothing", (Layer) => {
    const x = ones([2, 3, 4]);
    const layer = new Layer(0.9);
    layer.eval();
    expect(layer.forward(x)).toBe(x);
    x.dispose();
  });

  it.each([Dropout, Dropout2d, AlphaDropout])("with p = 0 is nothing, and draws no numbers", (Layer) => {
    const x = ones([2, 3, 4]);
    const generator = new Generator(1);
    const before = generator.state();
    expect(new Layer(0, { generator }).forward(x)).toBe(x);
    expect(generator.state()).toEqual(before);
    x.dispose();
  });

  it("refuses a probability beyond 0..1", () => {
    expect(() => new Dropout(-0.1)).toThrow("Dropout: p must lie in 0..1; got -0.1.");
  });
});

describe("BatchNorm", () => {
  it(
    "averages over all batches with momentum null, and then evaluates by that average",
    scoped(() => {
      const layer = new BatchNorm1d(1, { momentum: null, affine: false, eps: 0 });
      for (const values of [
        [0, 2],
        [4, 8],
      ])
        layer.forward(tensor(values, { shape: [2, 1] }));
      expect(layer.runningMean!).toBeCloseToTensor([3.5]);
      expect(layer.runningVar!).toBeCloseToTensor([5]);
      expect(layer.numBatchesTracked!.itemSync()).toBe(2);
      layer.eval();
      expect(layer.forward(tensor([3.5, 8.5], { shape: [2, 1] }))).toBeCloseToTensor([0, Math.sqrt(5)], {
        rtol: 1e-6,
        atol: 1e-6,
      });
      layer.dispose();
    }),
  );

  it("holds memory flat, step after step", () => {
    const layer = new BatchNorm1d(4);
    const step = (): void => {
      const x = ones([3, 4]);
      layer.forward(x).dispose();
      x.dispose();
    };
    step();
    const { tensors, buffers } = memory();
    for (let i = 0; i < 50; i++) step();
    expect(memory()).toMatchObject({ tensors, buffers });
    layer.dispose();
  });

  it(
    "refuses inputs of other ranks",
    scoped(() => {
      const layer = new BatchNorm1d(4);
      expect(() => layer.forward(ones([2, 4, 3, 3]))).toThrow(
        "BatchNorm1d: x must have 2 or 3 axes; got [2, 4, 3, 3].",
      );
      layer.dispose();
    }),
  );
});

// Optimizers and what belongs to them at the edges: steps that cannot be made whole, evaluations that take their time.
import { describe, expect, it } from "vitest";
import { tensor, zeros } from "../../src/index.ts";
import { parameter } from "../../src/nn/index.ts";
import {
  clipGradNorm,
  CyclicLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SGD,
  WeightAverage,
} from "../../src/optim/index.ts";

describe("optimizers", () => {
  it("a gradient of another shape leaves all parameters as they were", () => {
    const [p, q] = [parameter(tensor([1])), parameter(tensor([1]))];
    p.grad = tensor([1]);
    q.grad = tensor([1, 2]);
    const optimizer = new SGD([p, q], { lr: 1 });
    expect(() => optimizer.step()).toThrow("SGD: a gradient must have its parameter's shape, [1]; got [2].");
    expect([p.itemSync(), optimizer.steps]).toEqual([1, 0]);
    for (const x of [p, q]) x.dispose();
  });

  it("gradients of two dtypes are clipped by one norm", () => {
    const options = { device: "reference", requiresGrad: true };
    const [p, q] = [tensor([0], options), tensor([0], { ...options, dtype: "float64" })];
    for (const [normType, norm] of [
      [2, 5],
      [1, 7],
      [Infinity, 4],
    ] as const) {
      p.grad = tensor([3], { device: "reference" });
      q.grad = tensor([4], { device: "reference", dtype: "float64" });
      const before = clipGradNorm([p, q], norm / 2, { normType });
      expect([before.dtype, before.itemSync()]).toEqual(["float64", norm]);
      expect([p.grad.itemSync(), q.grad.itemSync()]).toBeCloseToTensor([1.5, 2], { atol: 1e-5 });
      for (const x of [before, p.grad, q.grad]) x.dispose();
    }
    for (const x of [p, q]) x.dispose();
  });

  it("averaged weights stay lent until a promise is settled", async () => {
    const p = parameter(tensor([1]));
    const average = new WeightAverage([p], { decay: 0.5 });
    p.grad = tensor([-2]);
    const optimizer = new SGD([p], { lr: 1 });
    optimizer.step();
    average.update();
    const seen = await average.withAverages(async () => {
      await new Promise((done) => setTimeout(done, 1));
      return p.itemSync();
    });
    expect([seen, p.itemSync()]).toEqual([2, 3]);
    const refused = average.withAverages(() => Promise.reject(new Error("no")));
    await expect(refused).rejects.toThrow("no");
    expect(p.itemSync()).toBe(3);
    average.dispose();
    p.dispose();
  });
});

describe("schedulers", () => {
  const make = () => {
    const p = parameter(zeros([1]));
    return { p, optimizer: new SGD([p], { lr: 1, momentum: 0.9 }) };
  };

  it("a rise of one step is no division by zero", () => {
    const { p, optimizer } = make();
    const scheduler = new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10, pctStart: 0.1 });
    expect(optimizer.lr).toBe(1);
    scheduler.step();
    expect(optimizer.lr).toBeGreaterThan(0.9);
    expect(optimizer.lr).toBeLessThan(1);
    p.dispose();
  });

  it("refuse words that they do not know", () => {
    const { p, optimizer } = make();
    const word = "cosine" as "cos";
    expect(() => new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 4, annealStrategy: word })).toThrow(
      'OneCycleLR: annealStrategy must be one of "cos", "linear"; got "cosine".',
    );
    expect(() => new ReduceLROnPlateau(optimizer, { mode: "least" as "min" })).toThrow(
      'ReduceLROnPlateau: mode must be one of "min", "max"; got "least".',
    );
    expect(
      () => new CyclicLR(optimizer, { baseLr: 0, maxLr: 1, mode: "triangular3" as "triangular2" }),
    ).toThrow('CyclicLR: mode must be one of "triangular", "triangular2", "expRange"; got "triangular3".');
    p.dispose();
  });

  it("options that are undefined leave the defaults", () => {
    const { p, optimizer } = make();
    const scheduler = new ReduceLROnPlateau(optimizer, { patience: undefined, factor: undefined });
    for (const metric of [1, 2, 3]) scheduler.step(metric);
    expect(optimizer.lr).toBe(1);
    p.dispose();
  });
});

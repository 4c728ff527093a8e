// Metrics, schedules, early stopping and the state of a run: the parts of training that need no model.
import { describe, expect, it } from "vitest";
import { FormatError, IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { ArrayDataset } from "../../src/data/dataset.ts";
import { hostArray } from "../../src/data/host-array.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { EarlyStop } from "../../src/train/early-stop.ts";
import { Accuracy, ConfusionMatrix, predictedClasses } from "../../src/train/metrics.ts";
import { cosineSchedule, stepSchedule } from "../../src/train/schedule.ts";
import { checkResumable, startingState } from "../../src/train/state.ts";

const scores = (...rows: number[][]) =>
  hostArray(Float32Array.from(rows.flat()), { shape: [rows.length, rows[0].length] });
const classes = (...values: number[]) => hostArray(Int32Array.from(values));

describe("metrics", () => {
  it("predicts the largest score, the first of equal ones", () => {
    expect([...predictedClasses(scores([0, 2, 1], [5, 5, 5], [-3, -2, -1]))]).toEqual([1, 0, 2]);
    expect(() => predictedClasses(classes(1))).toThrow(ShapeError);
    expect(() => predictedClasses(hostArray(new Float32Array(0), { shape: [2, 0] }))).toThrow(ShapeError);
  });

  it("gathers accuracy over batches of any size, and forgets on reset", () => {
    const accuracy = new Accuracy();
    expect(accuracy.compute()).toBeNaN();
    accuracy.update(scores([0, 1], [1, 0], [1, 0]), classes(1, 0, 1));
    accuracy.update(scores([0, 1]), classes(1));
    expect(accuracy.compute()).toBe(0.75);
    accuracy.reset();
    accuracy.update(scores([0, 1]), classes(0));
    expect(accuracy.compute()).toBe(0);
    expect(() => accuracy.update(scores([0, 1]), classes(0, 1))).toThrow(
      "Accuracy: the target must be one class per row, shape [N]; got [2] for an output of [1, 2].",
    );
  });

  it("counts what was taken for what", () => {
    const confusion = new ConfusionMatrix(3);
    confusion.update(scores([1, 0, 0], [0, 0, 1], [0, 1, 0]), classes(0, 1, 1));
    expect(confusion.compute()).toEqual([
      [1, 0, 0],
      [0, 1, 1],
      [0, 0, 0],
    ]);
    expect(() => confusion.update(scores([1, 0, 0]), classes(3))).toThrow(IndexError);
    expect(() => confusion.update(scores([1, 0, 0]), classes(-1))).toThrow(IndexError);
    expect(() => confusion.update(scores([1, 0]), classes(0))).toThrow(ShapeError);
    expect(() => new ConfusionMatrix(0)).toThrow(ValueError);
    confusion.reset();
    expect(confusion.compute().flat()).toEqual(new Array(9).fill(0));
  });
});

describe("schedules", () => {
  it("warms up, and falls along a cosine to the floor", () => {
    const rate = cosineSchedule(0.1, { floor: 0.01, warmup: 2 });
    const at = (step: number) => rate({ step, steps: 12, epoch: 0 });
    expect([at(0), at(1), at(2)]).toEqual([0.05, 0.1, 0.1]);
    expect(at(7)).toBeCloseTo(0.055, 12);
    expect(at(12)).toBeCloseTo(0.01, 12);
  });

  it("steps down by a factor", () => {
    const rate = stepSchedule(1, { epochs: 3, factor: 0.5 });
    expect([0, 2, 3, 6].map((epoch) => rate({ step: 0, steps: 1, epoch }))).toEqual([1, 1, 0.5, 0.25]);
  });
});

describe("early stop", () => {
  const stopsAt = (stop: EarlyStop, name: string, values: number[]): number =>
    values.findIndex((value, i) => stop.update({ epoch: i + 1, loss: 0, learningRate: 0, [name]: value }));

  it("ends after as many epochs without improvement as patience says", () => {
    expect(stopsAt(new EarlyStop({ patience: 2 }, true), "valLoss", [3, 2, 2.5, 1.9, 2, 1.9, 1])).toBe(5);
    expect(stopsAt(new EarlyStop({ patience: 1 }, false), "loss", [3, 2, 1])).toBe(-1);
    expect(
      stopsAt(new EarlyStop({ patience: 1, monitor: "valAccuracy" }, true), "valAccuracy", [0.5, 0.6, 0.6]),
    ).toBe(2);
    expect(stopsAt(new EarlyStop({ patience: 1, minDelta: 0.5 }, true), "valLoss", [3, 2, 1.6])).toBe(2);
    expect(
      stopsAt(new EarlyStop({ patience: 1, monitor: "loss", mode: "max" }, true), "loss", [1, 2, 3, 2]),
    ).toBe(3);
    // NaN is never an improvement.
    expect(stopsAt(new EarlyStop({ patience: 1 }, true), "valLoss", [1, NaN])).toBe(1);
  });

  it("remembers where it stands", () => {
    const first = new EarlyStop({ patience: 2 }, true);
    expect(stopsAt(first, "valLoss", [1, 2])).toBe(-1);
    expect(first.state).toEqual({ best: 1, bestEpoch: 1, waited: 1 });
    const second = new EarlyStop({ patience: 2 }, true);
    second.state = first.state;
    expect(stopsAt(second, "valLoss", [1.5])).toBe(0);
  });

  it("refuses what makes no sense", () => {
    expect(() => new EarlyStop({ patience: 0 }, true)).toThrow(ValueError);
    expect(() => new EarlyStop({ patience: 1, minDelta: -1 }, true)).toThrow(ValueError);
    expect(() => stopsAt(new EarlyStop({ patience: 1, monitor: "acc" }, true), "valLoss", [1])).toThrow(
      'fit: earlyStop.monitor must be one of epoch, loss, learningRate, valLoss; got "acc".',
    );
  });
});

describe("the state of a run", () => {
  const dataset = new ArrayDataset({ data: new Float32Array(10) }, { data: new Int32Array(10) });
  const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 3 });
  const state = {
    ...startingState(loader),
    epoch: 2,
    history: [{ epoch: 1, loss: 0.5, learningRate: 0.1, valLoss: NaN }],
    earlyStop: { best: 0.5, bestEpoch: 1, waited: 1 },
  };
  const stored = (changes: Record<string, unknown> = {}): unknown =>
    JSON.parse(JSON.stringify({ ...state, ...changes }));

  it("survives JSON, NaN included", () => {
    expect(checkResumable("fit", "f", stored(), loader)).toEqual(state);
  });

  it.each([
    ["nothing", undefined],
    ["a number", 3],
    ["no epoch", stored({ epoch: undefined })],
    ["a negative batch", stored({ batch: -1 })],
    ["a fractional step", stored({ step: 0.5 })],
    ["a batch past the epoch's end", stored({ batch: 4 })],
    ["no history", stored({ history: null })],
    ["a loss that is text", stored({ lossSum: "1" })],
    ["early stop that is none", stored({ earlyStop: { best: "x" } })],
    ["no word on whether it stopped", stored({ stopped: undefined })],
    ["proportions that are no numbers", stored({ proportions: [1, "2"] })],
    ["no data", stored({ data: undefined })],
    ["other data", stored({ data: { ...state.data, samples: 11 } })],
  ])("refuses %s", (_what, bad) => {
    expect(() => checkResumable("fit", "f.safetensors", bad, loader)).toThrow(FormatError);
    expect(() => checkResumable("fit", "f.safetensors", bad, loader)).toThrow(
      /^fit: f\.safetensors: .*; got .+\.$/,
    );
  });

  it("notices another order of the same data", () => {
    const other = new DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 4 });
    expect(() => checkResumable("fit", "f", stored(), other)).toThrow(
      /the data must be that of the run to resume/,
    );
  });
});

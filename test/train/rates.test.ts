// How `fit` sets learning rates: by a schedule, and by the schedulers of optimizers.
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DataLoader } from "../../src/data/index.ts";
import { crossEntropy, FormatError, manualSeed, randn, ValueError } from "../../src/index.ts";
import { parameter } from "../../src/nn/index.ts";
import type { Module } from "../../src/nn/index.ts";
import {
  Adam,
  CosineAnnealingLR,
  ExponentialLR,
  LinearLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
  SGD,
} from "../../src/optim/index.ts";
import { Accuracy, cosineSchedule, fit } from "../../src/train/index.ts";
import type { EpochRecord, FitOptions } from "../../src/train/index.ts";
import { own } from "../disposables.ts";
import { abortAfter, batchesOf, failure, Noisy, perceptron, quadrants, weights } from "./quadrants.ts";

let directory = "";
let path = "";

beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-rates-"));
  path = join(directory, "run.safetensors");
});

afterEach(() => fs.rm(directory, { recursive: true, force: true }));

describe("a schedule", () => {
  /** The second group starts at a tenth of the first one's rate. */
  const grouped = (model: Module, lr = 0.01): Adam => {
    const [first, ...rest] = model.parameters();
    return own(new Adam([{ params: [first] }, { params: rest, lr: lr / 10 }], { lr }));
  };

  it("keeps the proportions of the groups' rates, also where it is gone on with", async () => {
    const rates: number[][] = [];
    const run = async (steps: number, optimizer: Adam, model: Noisy, resume: boolean): Promise<void> => {
      const note = { onBatchEnd: () => void rates.push(optimizer.groups.map(({ lr }) => lr)) };
      const { signal, callbacks } = abortAfter(steps);
      await fit(model, {
        ...{ trainData: batchesOf(), loss: crossEntropy, optimizer, epochs: 3, checkpoint: { path }, resume },
        ...{ schedule: cosineSchedule(0.02), signal, callbacks: [...callbacks!, note] },
      });
    };
    manualSeed(3);
    const model = own(new Noisy());
    const optimizer = grouped(model);
    await run(5, optimizer, model, false);
    await run(9, optimizer, model, true);
    const other = own(new Noisy());
    await run(21, grouped(other), other, true);
    const schedule = cosineSchedule(0.02);
    expect(rates).toEqual(
      Array.from({ length: 21 }, (_, step) => {
        const rate = schedule({ step, steps: 21, epoch: Math.floor(step / 7) });
        return [rate, rate * 0.1];
      }),
    );
  });
});

it("refuses a schedule that gives no rate, before the step", async () => {
  const model = perceptron();
  const before = weights(model);
  const optimizer = own(new SGD(model.parameters(), { lr: 0.1 }));
  const schedule = (): number => NaN;
  const options = { trainData: batchesOf(), loss: crossEntropy, optimizer, epochs: 1, schedule };
  expect((await failure(fit(model, options))).message).toBe("fit: schedule must give a rate >= 0; got NaN.");
  expect(weights(model)).toEqual(before);
});

describe("a scheduler", () => {
  type Make = (optimizer: Adam) => FitOptions["scheduler"];
  const onceAnEpoch: Make = (optimizer) => new ExponentialLR(optimizer, { gamma: 0.5 });
  const kinds: [string, Make][] = [
    ["every epoch", onceAnEpoch],
    [
      "every batch",
      (optimizer) => ({
        scheduler: new OneCycleLR(optimizer, { maxLr: 0.05, totalSteps: 21 }),
        every: "batch",
      }),
    ],
    [
      "of the metric",
      (optimizer) => ({
        scheduler: new ReduceLROnPlateau(optimizer, { mode: "max", patience: 0, threshold: 10 }),
        monitor: "valAccuracy",
      }),
    ],
    [
      "after another",
      (optimizer) =>
        new SequentialLR(optimizer, {
          schedulers: [
            new LinearLR(optimizer, { startFactor: 0.1, totalIters: 2 }),
            new CosineAnnealingLR(optimizer, { tMax: 3 }),
          ],
          milestones: [1],
        }),
    ],
  ];

  /** `program` with a scheduler of its own. */
  async function scheduled(
    make: Make,
    options: Partial<FitOptions> = {},
  ): Promise<{ bits: number[]; history: readonly EpochRecord[]; rates: number[] }> {
    manualSeed(3);
    const model = own(new Noisy());
    const optimizer = own(new Adam(model.parameters(), { lr: 0.01 }));
    const rates: number[] = [];
    const result = await fit(model, {
      trainData: batchesOf(),
      validationData: new DataLoader(quadrants(30), { batchSize: 8 }),
      metrics: { accuracy: new Accuracy() },
      loss: crossEntropy,
      optimizer,
      scheduler: make(optimizer),
      epochs: 3,
      ...options,
      callbacks: [
        { onBatchEnd: ({ learningRate }) => void rates.push(learningRate) },
        ...(options.callbacks ?? []),
      ],
    });
    return { bits: weights(model), history: result.history, rates };
  }

  it("is stepped after every epoch unless asked otherwise, and the record has the rate of its epoch", async () => {
    const { rates, history } = await scheduled(onceAnEpoch);
    expect(rates).toEqual(
      [...Array<number>(7).fill(0.01), ...Array<number>(7).fill(0.005)].concat(Array<number>(7).fill(0.0025)),
    );
    expect(history.map(({ learningRate }) => learningRate)).toEqual([0.01, 0.005, 0.0025]);
  });

  it("is stepped after every batch where asked, and gets the metric where it needs one", async () => {
    const { rates } = await scheduled(kinds[1][1]);
    expect(new Set(rates).size).toBe(21);
    const { rates: reduced } = await scheduled(kinds[2][1]);
    // The first epoch sets the best accuracy, none beats it by ten times.
    expect([...new Set(reduced)].map((rate) => Number(rate.toPrecision(6)))).toEqual([0.01, 0.001]);
  });

  it.each(kinds)("%s goes on from a checkpoint with the same bits", async (_name, make) => {
    const straight = await scheduled(make);
    for (const step of [3, 14]) {
      await scheduled(make, { ...abortAfter(step), checkpoint: { path } });
      const resumed = await scheduled(make, { checkpoint: { path }, resume: true });
      expect(resumed.bits).toEqual(straight.bits);
      expect(resumed.history).toEqual(straight.history);
      expect(resumed.rates).toEqual(straight.rates.slice(step));
    }
  });

  it("must be the checkpoint's", async () => {
    await scheduled(onceAnEpoch, { checkpoint: { path } });
    const wrong = await failure(scheduled(kinds[2][1], { resume: path }));
    expect(wrong).toBeInstanceOf(FormatError);
    expect(wrong.message).toMatch(/the scheduler must be of the same kind \(bad, baseLrs/);
    const none = await failure(scheduled(() => undefined, { resume: path }));
    expect(none.message).toMatch(/the checkpoint's scheduler must be given to go on; got none\.$/);
    await scheduled(() => undefined, { checkpoint: { path } });
    const absent = await failure(scheduled(onceAnEpoch, { resume: path }));
    expect(absent.message).toMatch(/the checkpoint must hold a scheduler's state; got none\.$/);
  });

  it.each<[string, (optimizer: Adam) => Partial<FitOptions>, RegExp]>([
    [
      "of another optimizer",
      () => {
        const other = own(new SGD([own(parameter(randn([2])))]));
        return { scheduler: new ExponentialLR(other, { gamma: 0.5 }) };
      },
      /^fit: scheduler must steer fit's optimizer; got that of another SGD\.$/,
    ],
    [
      "beside a schedule",
      (optimizer) => ({ scheduler: onceAnEpoch(optimizer), schedule: cosineSchedule(1) }),
      /^fit: the learning rate must be set by one of schedule and scheduler; got both\.$/,
    ],
    [
      "that needs a metric, each batch",
      (optimizer) => ({ scheduler: { scheduler: new ReduceLROnPlateau(optimizer), every: "batch" } }),
      /^fit: scheduler\.every must be "epoch" for a scheduler that needs a metric; got "batch"\.$/,
    ],
    [
      "that watches an unknown figure",
      (optimizer) => ({ scheduler: { scheduler: new ReduceLROnPlateau(optimizer), monitor: "speed" } }),
      /^fit: scheduler\.monitor must be one of epoch, loss, .*; got "speed"\.$/,
    ],
  ])("%s is refused", async (_name, wrong, message) => {
    const model = perceptron();
    const optimizer = own(new Adam(model.parameters()));
    const options = { trainData: batchesOf(), loss: crossEntropy, optimizer, epochs: 1, ...wrong(optimizer) };
    const error = await failure(fit(model, options));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(message);
  });
});

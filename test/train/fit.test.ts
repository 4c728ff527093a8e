// The training loop: that it learns, what it reports, and that stopping and going on changes no bit.
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ArrayDataset, DataLoader, hostArray, mapDataset } from "../../src/data/index.ts";
import { crossEntropy, FormatError, manualSeed, memory, mul, ValueError } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { FileError } from "../../src/io/index.ts";
import { LeNet5 } from "../../src/models/index.ts";
import { Adam, SGD } from "../../src/optim/index.ts";
import { Accuracy, ConfusionMatrix, evaluate, fit } from "../../src/train/index.ts";
import type { BatchEvent, Callback, FitOptions } from "../../src/train/index.ts";
import { own } from "../disposables.ts";
import { abortAfter, batchesOf, failure, perceptron, program, quadrants, weights } from "./quadrants.ts";

let directory = "";
let path = "";

beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-fit-"));
  path = join(directory, "run.safetensors");
});

afterEach(() => fs.rm(directory, { recursive: true, force: true }));

describe("fit", () => {
  it("learns, and keeps a history", async () => {
    manualSeed(1);
    const model = perceptron();
    const data = batchesOf(256, 32);
    const { history, outcome, epoch, step } = await fit(model, {
      trainData: data,
      validationData: new DataLoader(quadrants(256), { batchSize: 50 }),
      metrics: { accuracy: new Accuracy() },
      loss: crossEntropy,
      optimizer: own(new Adam(model.parameters(), { lr: 0.03 })),
      epochs: 20,
    });
    expect({ outcome, epoch, step }).toEqual({ outcome: "finished", epoch: 20, step: 160 });
    expect(history.map((record) => record.epoch)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(Object.keys(history[0])).toEqual(["epoch", "loss", "learningRate", "valLoss", "valAccuracy"]);
    expect(history[19].valAccuracy).toBeGreaterThan(0.95);
    expect(history[19].loss).toBeLessThan(history[0].loss / 3);
  });

  it("weighs the loss by the samples of each batch", async () => {
    manualSeed(1);
    const model = perceptron();
    const optimizer = own(new SGD(model.parameters(), { lr: 0 }));
    const whole = new DataLoader(quadrants(64), { batchSize: 64 });
    const { history } = await fit(model, {
      trainData: batchesOf(),
      validationData: whole,
      loss: crossEntropy,
      optimizer,
      epochs: 1,
    });
    // Nothing is learned at rate 0, so the loss over seven uneven batches must be that of all samples at once.
    expect(history[0].loss).toBeCloseTo(history[0].valLoss, 6);
  });

  it("tells callbacks what happens, in order, and waits for them", async () => {
    const events: string[] = [];
    const callback: Callback = {
      onFitStart: ({ epochs, batches, steps, step }) =>
        void events.push(`start ${[epochs, batches, steps, step].join()}`),
      onBatchEnd: async ({ epoch, batch, step, samples, learningRate }) => {
        await new Promise((done) => setTimeout(done, 1));
        events.push(`batch ${[epoch, batch, step, samples, learningRate].join()}`);
      },
      onValidationStart: ({ epoch }) => void events.push(`validation ${String(epoch)}`),
      onEpochEnd: ({ epoch }) => void events.push(`epoch ${String(epoch)}`),
      onCheckpoint: () => void events.push("checkpoint"),
      onFitEnd: ({ outcome }) => void events.push(outcome),
    };
    await program({
      epochs: 2,
      trainData: batchesOf(15),
      callbacks: [callback],
      checkpoint: { path },
      schedule: ({ epoch }) => 2 ** -epoch,
    });
    expect(events).toEqual([
      "start 2,2,4,0",
      "batch 1,1,1,10,1",
      "batch 1,2,2,5,1",
      "validation 1",
      "epoch 1",
      "checkpoint",
      "batch 2,1,3,10,0.5",
      "batch 2,2,4,5,0.5",
      "validation 2",
      "epoch 2",
      "checkpoint",
      "finished",
    ]);
  });

  it("keeps memory flat from step to step, and evaluation leaves nothing", async () => {
    const seen: string[] = [];
    const onBatchEnd = () => {
      const { tensors, buffers, bytes } = memory();
      seen.push([tensors, buffers, bytes].join());
    };
    await program({ trainData: batchesOf(60), callbacks: [{ onBatchEnd }] });
    // The first step makes the optimizer's state; from then on nothing may change.
    expect(new Set(seen.slice(1)).size).toBe(1);
  });

  it("leaves memory where it was after each step of LeNet-5", async () => {
    manualSeed(1);
    const model = own(new LeNet5());
    const images = Float32Array.from({ length: 24 * 32 * 32 }, (_, i) => Math.sin(i));
    const labels = Int32Array.from({ length: 24 }, (_, i) => i % 10);
    const data = new ArrayDataset({ data: images, shape: [24, 1, 32, 32] }, { data: labels });
    const seen: string[] = [];
    const onBatchEnd = () => {
      const { tensors, buffers, bytes } = memory();
      seen.push([tensors, buffers, bytes].join());
    };
    await fit(model, {
      trainData: new DataLoader(data, { batchSize: 6 }),
      loss: crossEntropy,
      optimizer: own(new Adam(model.parameters())),
      epochs: 2,
      callbacks: [{ onBatchEnd }],
    });
    expect(seen.length).toBe(8);
    expect(new Set(seen.slice(1)).size).toBe(1);
  });

  it("gives the same bits twice, and others for another seed", async () => {
    const first = await program();
    const second = await program();
    expect(weights(second.model)).toEqual(weights(first.model));
    expect(second.history).toEqual(first.history);
    const other = await program({
      trainData: new DataLoader(quadrants(64), { batchSize: 10, shuffle: true, seed: 2 }),
    });
    expect(weights(other.model)).not.toEqual(weights(first.model));
  });

  it("clips the norm of a step's gradients", async () => {
    const model = perceptron();
    const before = weights(model);
    const optimizer = own(new SGD(model.parameters(), { lr: 1 }));
    await fit(model, {
      trainData: batchesOf(10),
      loss: crossEntropy,
      optimizer,
      epochs: 1,
      clipGradNorm: 0.01,
    });
    const moved = Math.hypot(...weights(model).map((weight, i) => weight - before[i]));
    expect(moved).toBeGreaterThan(0.0099);
    expect(moved).toBeLessThan(0.0101);
  });

  it("puts modules back into the mode they had", async () => {
    manualSeed(1);
    const model = perceptron();
    model.layers[1].eval();
    const modes = () => model.modules().map((module) => module.training);
    const optimizer = own(new SGD(model.parameters()));
    await fit(model, { trainData: batchesOf(), loss: crossEntropy, optimizer, epochs: 1 });
    expect(modes()).toEqual([true, true, false, true]);
    await evaluate(model, batchesOf());
    expect(modes()).toEqual([true, true, false, true]);
  });
});

describe("stopping", () => {
  it("ends after the batch at which the signal comes", async () => {
    const { outcome, history } = await program(abortAfter(10));
    expect(outcome).toBe("aborted");
    expect(history.length).toBe(1);
  });

  it("never begins when the signal has come before", async () => {
    const { outcome } = await program({ signal: AbortSignal.abort(), checkpoint: { path } });
    expect(outcome).toBe("aborted");
    expect(await fs.readdir(directory)).toEqual(["run.safetensors"]);
  });

  it("lets a timer stop it, since the event loop gets its turns", async () => {
    const controller = new AbortController();
    const start = performance.now();
    setTimeout(() => controller.abort(), 60);
    const { outcome } = await program({ epochs: 1000, signal: controller.signal });
    expect(outcome).toBe("aborted");
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("stops early, and a resumed run knows it", async () => {
    const earlyStop = { patience: 2, monitor: "valLoss", minDelta: 10 };
    const first = await program({ epochs: 9, earlyStop, checkpoint: { path } });
    expect([first.outcome, first.history.length]).toEqual(["stoppedEarly", 3]);
    const again = await program({ epochs: 9, earlyStop, checkpoint: { path }, resume: true });
    expect([again.outcome, again.history.length]).toEqual(["stoppedEarly", 3]);
    expect(weights(again.model)).toEqual(weights(first.model));
  });
});

describe("resuming", () => {
  it.each([
    ["the first batch", 1],
    ["mid-epoch", 10],
    ["the last batch of an epoch", 14],
    ["the last batch of all", 21],
  ])("after an abort at %s ends with the same bits", async (_where, step) => {
    const straight = await program();
    const aborted = await program({ ...abortAfter(step), checkpoint: { path } });
    expect(aborted.outcome).toBe("aborted");
    manualSeed(1234);
    const resumed = await program({ checkpoint: { path }, resume: true });
    expect(weights(resumed.model)).toEqual(weights(straight.model));
    expect(resumed.history).toEqual(straight.history);
  });

  it("from a checkpoint of a fixed number of steps ends with the same bits", async () => {
    const straight = await program();
    const crash = new Error("crash");
    const onBatchEnd = ({ step }: BatchEvent) => {
      if (step === 12) throw crash;
    };
    const crashed = program({
      checkpoint: { path, everySteps: 5, everyEpochs: 100 },
      callbacks: [{ onBatchEnd }],
    });
    expect(await failure(crashed)).toBe(crash);
    const steps: number[] = [];
    const resumed = await program({
      resume: path,
      callbacks: [{ onFitStart: ({ step }) => void steps.push(step) }],
    });
    expect(steps).toEqual([10]);
    expect(weights(resumed.model)).toEqual(weights(straight.model));
  });

  it("a finished run does nothing more, and more epochs go on from it", async () => {
    await program({ checkpoint: { path }, schedule: undefined });
    const again = await program({ checkpoint: { path }, schedule: undefined, resume: true });
    expect([again.outcome, again.history.length]).toEqual(["finished", 3]);
    const longer = await program({ checkpoint: { path }, schedule: undefined, resume: true, epochs: 5 });
    expect(weights(longer.model)).toEqual(weights((await program({ schedule: undefined, epochs: 5 })).model));
  });

  it("refuses other data, another model and a file that is not there, and changes nothing", async () => {
    await program({ checkpoint: { path } });
    const otherData = await failure(program({ resume: path, trainData: batchesOf(65) }));
    expect(otherData).toBeInstanceOf(FormatError);
    expect(otherData.message).toMatch(/^fit: .*the data must be that of the run to resume/);
    const model = perceptron();
    const before = weights(model);
    const optimizer = own(new Adam(model.parameters()));
    const options = { trainData: batchesOf(), loss: crossEntropy, optimizer, epochs: 3 };
    expect(await failure(fit(model, { ...options, resume: path }))).toBeInstanceOf(FormatError);
    expect(await failure(fit(model, { ...options, resume: `${path}.no` }))).toBeInstanceOf(FileError);
    expect(weights(model)).toEqual(before);
  });
});

describe("errors", () => {
  it("says where the loss stopped being finite", async () => {
    const bad = mapDataset(quadrants(64), ([x, y]) => [
      hostArray(
        Float32Array.from(x.data, () => NaN),
        { shape: x.shape },
      ),
      y,
    ]);
    const error = await failure(
      program({ trainData: new DataLoader(bad, { batchSize: 10 }), checkpoint: { path } }),
    );
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(
      /^fit: the loss must be finite; got NaN in epoch 1, batch 1 \(step 1\)\. Lower the learning rate/,
    );
    expect(await fs.readdir(directory)).toEqual([]);
  });

  it("finds such a loss before the optimizer's step: weights and optimizer are those of the batch before", async () => {
    let calls = 0;
    const loss = (output: Tensor, target: Tensor): Tensor =>
      mul(crossEntropy(output, target), ++calls === 4 ? Infinity : 1);
    manualSeed(3);
    const model = perceptron();
    const optimizer = own(new Adam(model.parameters(), { lr: 0.01 }));
    const steps: number[][] = [];
    const onBatchEnd = () => void steps.push(weights(model));
    const options = { trainData: batchesOf(), loss, optimizer, epochs: 1, callbacks: [{ onBatchEnd }] };
    const error = await failure(fit(model, options));
    expect(error.message).toMatch(/got Infinity in epoch 1, batch 4 \(step 4\)/);
    expect(steps.length).toBe(3);
    expect(weights(model)).toEqual(steps[2]);
    expect(optimizer.steps).toBe(3);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  it.each<[string, Partial<FitOptions>, RegExp]>([
    ["no epochs", { epochs: 0 }, /epochs must be a whole number above 0; got 0/],
    ["half an epoch", { epochs: 1.5 }, /epochs must be a whole number above 0; got 1\.5/],
    [
      "no data",
      { trainData: new DataLoader(quadrants(0)) },
      /trainData must hold at least one batch; got none/,
    ],
    [
      "no validation data",
      { validationData: new DataLoader(quadrants(0)) },
      /validationData must hold at least one/,
    ],
    [
      "a checkpoint every 0 steps",
      { checkpoint: { path: "x", everySteps: 0 } },
      /everySteps must be a whole number above 0/,
    ],
    ["a resume from nowhere", { resume: true }, /resume: true must come with checkpoint\.path/],
    [
      "one field",
      { trainData: new DataLoader(new ArrayDataset({ data: new Float32Array(4) })) },
      /input and, last, the target; got 1 field/,
    ],
    ["patience 0", { earlyStop: { patience: 0 } }, /earlyStop\.patience must be/],
    [
      "a figure that is not there",
      { earlyStop: { patience: 1, monitor: "f1" } },
      /monitor must be one of .*; got "f1"/,
    ],
  ])("refuses %s", async (_what, options, expected) => {
    const error = await failure(program(options));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(expected);
  });
});

describe("evaluate", () => {
  it("averages the loss over samples and gathers any metric", async () => {
    manualSeed(5);
    const model = perceptron();
    const metrics = { accuracy: new Accuracy(), confusion: new ConfusionMatrix(2) };
    const whole = await evaluate(model, new DataLoader(quadrants(50), { batchSize: 50 }), {
      loss: crossEntropy,
      metrics,
    });
    const sizes: number[] = [];
    const onBatch = (output: { shape: readonly number[] }) => void sizes.push(output.shape[0]);
    const parts = await evaluate(model, new DataLoader(quadrants(50), { batchSize: 7 }), {
      loss: crossEntropy,
      metrics,
      onBatch,
    });
    expect(sizes).toEqual([7, 7, 7, 7, 7, 7, 7, 1]);
    expect(parts.samples).toBe(50);
    expect(parts.loss).toBeCloseTo(whole.loss, 6);
    expect(parts.metrics).toEqual(whole.metrics);
    const { confusion, accuracy } = whole.metrics;
    expect((confusion[0][0] + confusion[1][1]) / 50).toBe(accuracy);
    expect((await evaluate(model, batchesOf())).loss).toBeNaN();
  });

  it("ends with the reason of its signal", async () => {
    const model = perceptron();
    const reason = new Error("enough");
    expect(await failure(evaluate(model, batchesOf(), { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });
});

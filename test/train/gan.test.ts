// The GAN trainer: that the generator learns the data, that the two sides are kept apart, and that stopping and going on
// changes no bit.
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ArrayDataset, DataLoader } from "../../src/data/index.ts";
import { FormatError, manualSeed, memory, scope, ShapeError, tensor, ValueError } from "../../src/index.ts";
import { loadCheckpoint } from "../../src/io/index.ts";
import {
  BatchNorm1d,
  hingeLoss,
  LeakyReLU,
  Linear,
  nonSaturatingLoss,
  ReLU,
  Sequential,
  spectralNorm,
  wassersteinLoss,
} from "../../src/nn/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { fit, GanTrainer, jsonlLog } from "../../src/train/index.ts";
import { ganStep } from "../../src/train/gan-step.ts";
import type { GanBatchEvent, GanFitOptions, GanOptions } from "../../src/train/index.ts";
import { own } from "../disposables.ts";

let directory = "";
let path = "";

beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-gan-"));
  path = join(directory, "run.safetensors");
});

afterEach(() => fs.rm(directory, { recursive: true, force: true }));

/** Points on a ring around (1, -2), with a label that a GAN has no use for. */
function ring(count: number): ArrayDataset {
  const points = Float32Array.from({ length: 2 * count }, (_, i) => {
    const angle = Math.floor(i / 2) * 2.399963;
    return i % 2 === 0 ? 1 + 0.5 * Math.cos(angle) : -2 + 0.5 * Math.sin(angle);
  });
  return new ArrayDataset({ data: points, shape: [count, 2] }, { data: new Int32Array(count) });
}

const ringOf = (count = 64, batchSize = 10): DataLoader =>
  new DataLoader(ring(count), { batchSize, shuffle: true, seed: 1 });

interface Sides {
  readonly generator: Sequential;
  readonly discriminator: Sequential;
  readonly trainer: GanTrainer;
}

/** Seeds and makes both sides, with batch statistics and power iterations among their state. */
function sides(options: Partial<GanOptions> = {}, lr = 2e-3): Sides {
  manualSeed(3);
  const generator = own(
    new Sequential(new Linear(4, 16), new BatchNorm1d(16), new ReLU(), new Linear(16, 2)),
  );
  const discriminator = own(
    new Sequential(spectralNorm(new Linear(2, 16)), new LeakyReLU(0.2), new Linear(16, 1)),
  );
  const betas = [0.5, 0.9] as const;
  const trainer = own(
    new GanTrainer({
      generator,
      discriminator,
      generatorOptimizer: own(new Adam(generator.parameters(), { lr, betas })),
      discriminatorOptimizer: own(new Adam(discriminator.parameters(), { lr, betas })),
      latent: 4,
      samples: 5,
      ...options,
    }),
  );
  return { generator, discriminator, trainer };
}

const weights = (model: Module): number[] =>
  [...model.stateDict().values()].flatMap((x) => [...x.dataSync()]);

const abortAfter = (steps: number): Partial<GanFitOptions> => {
  const controller = new AbortController();
  const onBatchEnd = ({ step }: GanBatchEvent) => {
    if (step === steps) controller.abort();
  };
  return { signal: controller.signal, callbacks: [{ onBatchEnd }] };
};

const failure = async (action: Promise<unknown>): Promise<Error> =>
  (await action.then(
    () => new Error("did not fail"),
    (error: unknown) => error,
  )) as Error;

const PENALISED = { loss: wassersteinLoss, nCritic: 3, gradientPenalty: 10 };

describe("GanTrainer", () => {
  it("brings the generator's samples to where the data is", async () => {
    const { trainer } = sides({ samples: 200, loss: nonSaturatingLoss }, 5e-3);
    const centre = (): number[] => scope(() => Array.from(trainer.sample().mean({ axis: 0 }).dataSync()));
    const [x, y] = centre();
    expect(Math.hypot(x - 1, y + 2)).toBeGreaterThan(1.5);
    const { outcome, step } = await trainer.fit({ trainData: ringOf(512, 64), epochs: 40 });
    expect({ outcome, step }).toEqual({ outcome: "finished", step: 320 });
    const [a, b] = centre();
    expect(Math.hypot(a - 1, b + 2)).toBeLessThan(0.75);
  });

  it("moves the generator in its turn only, and reports all figures", async () => {
    const { trainer, generator, discriminator } = sides(PENALISED);
    const seen: GanBatchEvent[] = [];
    const moved: string[] = [];
    let last = [weights(generator).slice(0, 64), weights(discriminator)];
    const onBatchEnd = (event: GanBatchEvent): void => {
      seen.push(event);
      const now = [weights(generator).slice(0, 64), weights(discriminator)];
      moved.push(now.map((values, i) => (values.some((v, j) => v !== last[i][j]) ? "GD"[i] : "-")).join(""));
      last = now;
    };
    const log = join(directory, "log.jsonl");
    const { history } = await trainer.fit({
      trainData: ringOf(),
      epochs: 2,
      callbacks: [{ onBatchEnd }, jsonlLog(log)],
    });
    expect(moved.join(" ")).toBe("-D -D GD -D -D GD -D -D GD -D -D GD -D -D");
    expect(seen.map(({ generatorLoss }) => generatorLoss !== null)).toEqual(
      moved.map((sign) => sign === "GD"),
    );
    const { epoch, batch, batches, steps, samples, learningRate } = seen[6];
    expect({ epoch, batch, batches, steps, samples, learningRate }).toEqual({
      ...{ epoch: 1, batch: 7, batches: 7, steps: 14, samples: 4, learningRate: 2e-3 },
    });
    expect(Object.keys(history[0])).toEqual(["epoch", "loss", "learningRate", "generatorLoss", "penalty"]);
    const mean = seen.slice(0, 7).reduce((sum, { loss, samples }) => sum + loss * samples, 0) / 64;
    expect(history[0].loss).toBeCloseTo(mean, 12);
    expect(
      (await fs.readFile(log, "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toEqual(history);
  });

  it("leaves the discriminator's gradients to its own step, and thaws only what it froze", () => {
    const real = own(tensor([1, -2, 1.5, -2, 1, -1.5, 0.5, -2], { shape: [4, 2] }));
    const latent = own(
      tensor(
        Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)),
        { shape: [4, 4] },
      ),
    );
    const gradients = [false, true].map((generatorsTurn) => {
      const { generator, discriminator } = sides();
      const [frozen, free] = discriminator.layers.filter((layer) => layer instanceof Linear);
      frozen.requiresGrad(false);
      const game = {
        generator,
        discriminator,
        generatorOptimizer: own(new Adam(generator.parameters())),
        discriminatorOptimizer: own(new Adam(free.parameters())),
        loss: hingeLoss,
        gradientPenalty: 0,
      };
      const losses = scope(() => ganStep(game, real, latent, generatorsTurn));
      for (const loss of [losses.discriminator, losses.generator]) loss?.dispose();
      expect(generator.parameters().every(({ grad }) => (grad !== null) === generatorsTurn)).toBe(true);
      expect(frozen.parameters().every((p) => !p.requiresGrad && p.grad === null)).toBe(true);
      expect(free.parameters().every((p) => p.requiresGrad)).toBe(true);
      return free.parameters().map(({ grad }) => [...grad!.dataSync()]);
    });
    expect(gradients[1]).toEqual(gradients[0]);
  });

  it.each([
    ["each step", {}],
    ["a critic's steps and a penalty", PENALISED],
  ])("stopped and resumed within an epoch ends with the same bits: %s", async (_name, options) => {
    const whole = sides(options);
    const trainData = (): DataLoader => ringOf();
    const expected = await whole.trainer.fit({ trainData: trainData(), epochs: 3 });

    const first = sides(options);
    const stopped = await first.trainer.fit({
      trainData: trainData(),
      epochs: 3,
      checkpoint: { path },
      ...abortAfter(11),
    });
    expect([stopped.outcome, stopped.epoch, stopped.batch]).toEqual(["aborted", 1, 4]);

    const second = sides({ ...options, sampleSeed: 77 });
    manualSeed(99);
    const resumed = await second.trainer.fit({ trainData: trainData(), epochs: 3, resume: path });
    expect(weights(second.generator)).toEqual(weights(whole.generator));
    expect(weights(second.discriminator)).toEqual(weights(whole.discriminator));
    expect(second.trainer.fixedLatent).toBeCloseToTensor(whole.trainer.fixedLatent);
    expect(resumed.history).toEqual(expected.history);
  });

  it("keeps memory flat from step to step", async () => {
    for (const options of [{}, PENALISED]) {
      const { trainer } = sides(options);
      const seen: string[] = [];
      const onBatchEnd = ({ step }: GanBatchEvent) => {
        const { tensors, buffers, bytes } = memory();
        if (step > 3) seen.push([tensors, buffers, bytes].join());
      };
      await trainer.fit({ trainData: ringOf(60), epochs: 2, callbacks: [{ onBatchEnd }] });
      expect(new Set(seen).size).toBe(1);
    }
  });

  it("shows the fixed latent vectors in evaluation mode, unrecorded, without changing anything", () => {
    const { trainer, generator } = sides();
    const before = weights(generator);
    generator.train();
    scope(() => {
      const [a, b] = [trainer.sample(), trainer.sample()];
      expect(a.shape).toEqual([5, 2]);
      expect(a).toBeCloseToTensor(b);
      expect(a.requiresGrad).toBe(false);
      expect(trainer.sample(tensor([[1, 2, 3, 4]])).shape).toEqual([1, 2]);
    });
    expect(weights(generator)).toEqual(before);
    expect(generator.training).toBe(true);
  });

  it("gives the event loop its turns and stops at the signal", async () => {
    const { trainer } = sides();
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 30);
    const { outcome, step } = await trainer.fit({
      trainData: ringOf(),
      epochs: 100_000,
      signal: controller.signal,
    });
    expect(outcome).toBe("aborted");
    expect(step).toBeGreaterThan(0);
  });

  it("refuses what makes no sense, by name", async () => {
    const { generator, discriminator, trainer } = sides();
    const shared = own(new Adam(generator.parameters()));
    const parts = { generator, discriminator, generatorOptimizer: shared, discriminatorOptimizer: shared };
    expect(() => new GanTrainer({ ...parts, latent: 4 })).toThrow(
      new ValueError("GanTrainer", "the two optimizers must have no parameter in common; got 6 in both."),
    );
    const other = { ...parts, discriminatorOptimizer: own(new Adam(discriminator.parameters())) };
    expect(() => new GanTrainer({ ...other, latent: 4, gradientPenalty: -1 })).toThrow(
      /^GanTrainer: gradientPenalty must be a weight of at least 0; got -1\.$/,
    );
    expect(() => new GanTrainer({ ...other, latent: 4, nCritic: 0 })).toThrow(/^GanTrainer: nCritic must/);
    expect((await failure(trainer.fit({ trainData: ringOf(), epochs: 0 }))).message).toMatch(
      /^GanTrainer: epochs must/,
    );
    const wrong = new ArrayDataset({ data: new Float32Array(6), shape: [2, 3] });
    expect(await failure(trainer.fit({ trainData: new DataLoader(wrong), epochs: 1 }))).toBeInstanceOf(
      ShapeError,
    );
  });

  it("refuses a loss that is not finite, naming whose", async () => {
    const { trainer } = sides({ loss: hingeLoss });
    const data = new ArrayDataset({ data: new Float32Array(8).fill(NaN), shape: [4, 2] });
    const error = await failure(
      trainer.fit({ trainData: new DataLoader(data, { batchSize: 4 }), epochs: 1 }),
    );
    expect(error.message).toMatch(
      /^GanTrainer: the discriminator's loss must be finite; got NaN in epoch 1, batch 1 \(step 1\)\./,
    );
  });

  it("refuses checkpoints of other runs, and changes nothing", async () => {
    const { trainer, generator, discriminator } = sides();
    await trainer.fit({ trainData: ringOf(), epochs: 1, checkpoint: { path } });
    const before = [weights(generator), weights(discriminator)];
    const errors = [
      await failure(trainer.fit({ trainData: ringOf(50), epochs: 2, resume: path })),
      await failure(loadCheckpoint(path, { model: generator })),
      await failure(
        fit(generator, {
          trainData: ringOf(),
          epochs: 1,
          loss: (y) => y.mean(),
          optimizer: own(new Adam(generator.parameters())),
          resume: path,
        }),
      ),
    ];
    for (const error of errors) expect(error).toBeInstanceOf(FormatError);
    expect(errors[0].message).toMatch(/^GanTrainer: /);
    const { history } = await trainer.fit({ trainData: ringOf(), epochs: 1, resume: path });
    expect(history.length).toBe(1);
    expect([weights(generator), weights(discriminator)]).toEqual(before);
  });
});

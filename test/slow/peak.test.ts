// The most memory that a training step takes: within 1.5 times parameters, optimizer, gradients and what the graph must
// save. GPT's is in attention.test.ts.
import { expect, it } from "vitest";
import { crossEntropy, manualSeed, memory, randn, resetPeakMemory, scope, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import {
  CharLSTM,
  DcganDiscriminator,
  DcganGenerator,
  WganCritic,
  WganGenerator,
} from "../../src/models/index.ts";
import { nonSaturatingLoss, ReLU, Tanh, wassersteinLoss } from "../../src/nn/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { ganStep } from "../../src/train/gan-step.ts";
import { own } from "../disposables.ts";

const FLOAT = 4;

/** What stays between two steps, and the most that one takes beside it. */
function measure(step: () => void): { readonly rest: number; readonly peak: number } {
  for (let i = 0; i < 3; i++) step();
  const rest = memory().bytes;
  resetPeakMemory();
  step();
  expect(memory().bytes).toBe(rest);
  return { rest, peak: memory().peakBytes - rest };
}

/** Parameters, gradients and Adam's two moments. */
const held = (...models: readonly Module[]): number =>
  4 * FLOAT * models.reduce((sum, model) => sum + model.parameterCount(), 0);

it("a step of an LSTM peaks within 1.5 times what it must hold", () => {
  manualSeed(1);
  const [B, T, V, E, H] = [16, 48, 40, 32, 64];
  const model = own(new CharLSTM(V, { embedding: E, hidden: H }));
  const optimizer = own(new Adam(model.parameters(), { lr: 1e-3 }));
  const ids = (start: number, shape: readonly number[]): Tensor =>
    own(
      tensor(
        Int32Array.from({ length: B * T }, (_, i) => (start + i * 7) % V),
        { shape },
      ),
    );
  const [x, targets] = [ids(0, [B, T]), ids(7, [B * T])];
  const { rest, peak } = measure(() =>
    scope(() => {
      optimizer.zeroGrad();
      crossEntropy(model.forward(x).reshape([B * T, V]), targets).backward();
      optimizer.step();
    }),
  );
  // Per step and sequence: what the layer reads, its four gates, cells and outputs, and the scores with their logarithms.
  const saved = B * T * (E + 4 * H + H + H + 2 * V) * FLOAT;
  console.log(`LSTM: ${((rest + peak) / (held(model) + saved)).toFixed(2)}`);
  expect(peak).toBeGreaterThan(saved / 2);
  expect(rest + peak).toBeLessThan(1.5 * (held(model) + saved));
  optimizer.zeroGrad();
});

/** What a network's layers read in one forward and must keep: all but rectifiers, which know their gradient by their results. */
function bytesRead(model: Module, run: () => void): number {
  let bytes = 0;
  const leaves = model
    .modules()
    .filter((layer) => layer.children().length === 0 && !(layer instanceof ReLU || layer instanceof Tanh));
  const off = leaves.map((layer) =>
    layer.registerForwardHook((_layer, inputs) => {
      for (const x of inputs as Tensor[]) bytes += x.size * FLOAT;
    }),
  );
  scope(run);
  for (const remove of off) remove();
  return bytes;
}

const options = { width: 8, latent: 16, imageSize: 32 };
const BATCH = 16;
const kinds = [
  {
    name: "DCGAN",
    sides: () => [new DcganGenerator(options), new DcganDiscriminator(options)] as const,
    settings: { loss: nonSaturatingLoss, gradientPenalty: 0 },
    // The real images' and the generated ones'.
    discriminatorGraphs: 2,
  },
  {
    name: "WGAN-GP",
    sides: () => [new WganGenerator(options), new WganCritic(options)] as const,
    settings: { loss: wassersteinLoss, gradientPenalty: 10 },
    // Beside them the points' between, and their gradients, which are differentiated again.
    discriminatorGraphs: 4,
  },
];

it.each(kinds)(
  "a step of a $name peaks within 1.5 times what it must hold",
  ({ name, sides, settings, discriminatorGraphs }) => {
    manualSeed(1);
    const [generator, discriminator] = sides();
    for (const model of [generator, discriminator]) own(model);
    const adam = (model: Module): Adam => own(new Adam(model.parameters(), { lr: 2e-4 }));
    const game = {
      generator,
      discriminator,
      generatorOptimizer: adam(generator),
      discriminatorOptimizer: adam(discriminator),
      ...settings,
    };
    const [real, latent] = [own(randn([BATCH, 1, 32, 32])), own(randn([BATCH, 16]))];
    const { rest, peak } = measure(() => {
      const losses = scope(() => ganStep(game, real, latent, true));
      for (const loss of Object.values(losses) as (Tensor | null)[]) loss?.dispose();
    });
    const images = BATCH * 1024 * FLOAT;
    const saved =
      bytesRead(generator, () => void generator.forward(latent)) +
      images +
      discriminatorGraphs * bytesRead(discriminator, () => void discriminator.forward(real));
    const needed = held(generator, discriminator) + saved;
    console.log(`${name}: ${((rest + peak) / needed).toFixed(2)}`);
    expect(peak).toBeGreaterThan(saved / 2);
    expect(rest + peak).toBeLessThan(1.5 * needed);
    for (const model of [generator, discriminator]) model.zeroGrad();
  },
);

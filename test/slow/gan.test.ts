// Memory over a thousand steps of both kinds of GAN, without and with second derivatives in each step.
import { expect, it } from "vitest";
import { ArrayDataset, DataLoader } from "../../src/data/index.ts";
import { manualSeed, memory } from "../../src/index.ts";
import { DcganDiscriminator, DcganGenerator, WganCritic, WganGenerator } from "../../src/models/index.ts";
import { nonSaturatingLoss, wassersteinLoss } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { GanTrainer } from "../../src/train/index.ts";
import { own } from "../disposables.ts";

const STEPS = 1000;
const options = { width: 4, latent: 8, imageSize: 16 };
const kinds = [
  {
    name: "DCGAN",
    sides: () => ({ generator: new DcganGenerator(options), discriminator: new DcganDiscriminator(options) }),
    settings: { loss: nonSaturatingLoss },
  },
  {
    name: "WGAN-GP",
    sides: () => ({ generator: new WganGenerator(options), discriminator: new WganCritic(options) }),
    settings: { loss: wassersteinLoss, gradientPenalty: 10, nCritic: 5 },
  },
];

it.each(kinds)("memory stays flat over 1,000 steps of $name", async ({ sides, settings }) => {
  manualSeed(1);
  const { generator, discriminator } = sides();
  const [g, d] = [own(generator), own(discriminator)];
  const trainer = own(
    new GanTrainer({
      generator: g,
      discriminator: d,
      generatorOptimizer: own(new Adam(g.parameters(), { lr: 2e-4, betas: [0.5, 0.999] })),
      discriminatorOptimizer: own(new Adam(d.parameters(), { lr: 2e-4, betas: [0.5, 0.999] })),
      latent: options.latent,
      ...settings,
    }),
  );
  const images = Float32Array.from({ length: 80 * 256 }, (_, i) => Math.sin(i));
  const trainData = new DataLoader(new ArrayDataset({ data: images, shape: [80, 1, 16, 16] }), {
    batchSize: 8,
  });
  const seen: { counts: string; peak: number; reserved: number }[] = [];
  const onBatchEnd = ({ step }: { readonly step: number }): void => {
    const { tensors, buffers, bytes, peakBytes, reservedBytes } = memory();
    // All state is made in the first turns of both sides.
    if (step > 10)
      seen.push({ counts: [tensors, buffers, bytes].join(), peak: peakBytes, reserved: reservedBytes });
  };
  await trainer.fit({ trainData, epochs: STEPS / trainData.length, callbacks: [{ onBatchEnd }] });
  expect(seen.length).toBe(STEPS - 10);
  expect(new Set(seen.map(({ counts }) => counts)).size).toBe(1);
  expect(seen.at(-1)!.peak).toBe(seen[0].peak);
  expect(seen.at(-1)!.reserved).toBe(seen[0].reserved);
});

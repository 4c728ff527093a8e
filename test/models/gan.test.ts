// DCGAN and the Wasserstein networks: sizes, shapes, PyTorch's keys, and ten steps of each against PyTorch
// (scripts/fixtures_gan.py).
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { detach, noGrad, randn, scope, ShapeError, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { DcganDiscriminator, DcganGenerator, WganCritic, WganGenerator } from "../../src/models/index.ts";
import { gradientPenalty, nonSaturatingLoss, wassersteinLoss } from "../../src/nn/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { ganStep } from "../../src/train/gan-step.ts";
import { own } from "../disposables.ts";
import { scoped, scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: number[];
  readonly data: number[];
}

type Packs = Readonly<Record<string, Packed>>;
type Both = Readonly<Record<"generator" | "discriminator", Packs>>;

interface Steps {
  readonly real: Packed;
  readonly z: Packed;
  readonly before: Both;
  readonly losses: readonly (readonly number[])[];
  readonly after: Both;
}

const { dcgan, wgan } = JSON.parse(
  readFileSync(new URL("../fixtures/gan.json", import.meta.url), "utf8"),
) as {
  /** Losses of discriminator and generator; the state after the first step. */
  readonly dcgan: Steps;
  /** The critic's loss, its penalty, and every other time the generator's loss; the state after the last step. */
  readonly wgan: Steps & { readonly mix: Packed };
};

/** Loads PyTorch's state; its counters of batches are left out of the fixture. */
function load(model: Module, packs: Packs, prefix: string, make: (packed: Packed) => Tensor): void {
  const state = Object.entries(packs).map(([key, x]) => [prefix + key, make(x)] as const);
  const { missing, unexpected } = model.loadStateDict(new Map(state), { strict: false });
  expect([missing.filter((key) => !key.endsWith("num_batches_tracked")), unexpected]).toEqual([[], []]);
}

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-9, atol: 1e-10 },
  // Adam's first step is lr times the gradient's sign: gradients near 0 may differ in it by a share of lr.
  { device: "wasm", dtype: "float32", rtol: 1e-5, atol: 2e-6 },
] as const;

describe("DCGAN", () => {
  it(
    "maps vectors to images in -1..1 and images to scores, with the keys of PyTorch's tutorial",
    scoped(() => {
      const generator = own(new DcganGenerator({ width: 4, latent: 10 }));
      const discriminator = own(new DcganDiscriminator({ width: 4 }));
      const images = noGrad<Tensor>(() => generator.forward(randn([3, 10])));
      expect(images.shape).toEqual([3, 1, 32, 32]);
      expect(Math.max(...images.dataSync().map(Math.abs))).toBeLessThanOrEqual(1);
      expect(noGrad<Tensor>(() => discriminator.forward(images)).shape).toEqual([3]);
      expect(generator.namedParameters().map(([key, { shape }]) => `${key} [${shape.join(", ")}]`)).toEqual([
        ...["main.0.weight [10, 16, 4, 4]", "main.1.weight [16]", "main.1.bias [16]"],
        ...["main.3.weight [16, 8, 4, 4]", "main.4.weight [8]", "main.4.bias [8]"],
        ...[
          "main.6.weight [8, 4, 4, 4]",
          "main.7.weight [4]",
          "main.7.bias [4]",
          "main.9.weight [4, 1, 4, 4]",
        ],
      ]);
      expect(discriminator.namedParameters().map(([key]) => key)).toEqual([
        ...["main.0.weight", "main.2.weight", "main.3.weight", "main.3.bias"],
        ...["main.5.weight", "main.6.weight", "main.6.bias", "main.8.weight"],
      ]);
      const large = own(new DcganGenerator({ width: 2, latent: 3, imageSize: 64, channels: 3 }));
      expect(noGrad<Tensor>(() => large.forward(randn([1, 3]))).shape).toEqual([1, 3, 64, 64]);
    }),
  );

  it.each(placements)(
    "takes PyTorch's ten steps on $device",
    scopedEach(({ device, dtype, rtol, atol }) => {
      const make = ({ data, shape }: Packed): Tensor => tensor(data, { device, dtype }).reshape(shape);
      const options = { width: 2, latent: 3, imageSize: 8, device, dtype };
      const generator = own(new DcganGenerator(options));
      const discriminator = own(new DcganDiscriminator(options));
      const models = { generator, discriminator };
      const sides = ["generator", "discriminator"] as const;
      for (const side of sides) load(models[side], dcgan.before[side], "main.", make);
      const adam = (model: Module): Adam =>
        own(new Adam(model.parameters(), { lr: 2e-4, betas: [0.5, 0.999] }));
      const game = {
        ...models,
        generatorOptimizer: adam(generator),
        discriminatorOptimizer: adam(discriminator),
        loss: nonSaturatingLoss,
        gradientPenalty: 0,
      };
      dcgan.losses.forEach(([d, g], step) => {
        const losses = scope(() => ganStep(game, make(dcgan.real), make(dcgan.z), true));
        expect(losses.discriminator).toBeCloseToTensor([d], { rtol });
        expect(losses.generator).toBeCloseToTensor([g], { rtol });
        for (const loss of [losses.discriminator, losses.generator]) loss?.dispose();
        if (step > 0) return;
        for (const side of sides) {
          const state = models[side].stateDict();
          for (const [key, x] of Object.entries(dcgan.after[side]))
            expect(state.get(`main.${key}`), `${side} ${key}`).toBeCloseToTensor(x.data, { rtol, atol });
        }
      });
    }),
  );

  it("refuses sizes that do not halve to 4, and latent vectors of another rank", () => {
    expect(() => new DcganGenerator({ imageSize: 28 })).toThrow(
      new ShapeError("DcganGenerator", "imageSize must be a power of two from 8; got 28."),
    );
    scope(() => {
      const generator = own(new DcganGenerator({ width: 1, latent: 3, imageSize: 8 }));
      expect(() => generator.forward(randn([2, 3, 1, 1]))).toThrow(
        /^DcganGenerator: latent vectors must be \[N, 3\]; got \[2, 3, 1, 1\]\.$/,
      );
      expect(() => generator.forward(randn([2, 4]))).toThrow(ShapeError);
    });
  });
});

describe("the Wasserstein networks", () => {
  it(
    "map vectors to images and images to scores, each image on its own",
    scoped(() => {
      const generator = own(new WganGenerator({ width: 2, latent: 5, imageSize: 16, channels: 3 }));
      const critic = own(new WganCritic({ width: 2, imageSize: 16, channels: 3 }));
      const images = noGrad<Tensor>(() => generator.forward(randn([4, 5])));
      expect(images.shape).toEqual([4, 3, 16, 16]);
      const scores = noGrad<Tensor>(() => critic.forward(images));
      expect(scores.shape).toEqual([4]);
      const alone = noGrad<Tensor>(() => critic.forward(images.slice(0, 2, 3)));
      expect(alone).toBeCloseToTensor(scores.slice(0, 2, 3), { atol: 1e-6 });
      expect(critic.toString()).not.toContain("BatchNorm");
      expect(() => generator.forward(randn([5]))).toThrow(ShapeError);
    }),
  );

  it.each(placements)(
    "take PyTorch's ten steps, penalties included, on $device",
    scopedEach(({ device, dtype, rtol }) => {
      const make = ({ data, shape }: Packed): Tensor => tensor(data, { device, dtype }).reshape(shape);
      const options = { width: 2, latent: 3, imageSize: 16, device, dtype };
      const generator = own(new WganGenerator(options));
      const critic = own(new WganCritic(options));
      load(generator, wgan.before.generator, "", make);
      load(critic, wgan.before.discriminator, "", make);
      const adam = (model: Module): Adam =>
        own(new Adam(model.parameters(), { lr: 5e-4, betas: [0.5, 0.9] }));
      const [generatorOptimizer, criticOptimizer] = [adam(generator), adam(critic)];
      const [real, z, mixes] = [wgan.real, wgan.z, wgan.mix].map(make);
      wgan.losses.forEach(([d, p, g], step) => {
        // Behind the first step stands Adam's, of gradients near 0 too: see above.
        const drift = dtype === "float64" || step === 0 ? rtol : 1e-3;
        const close = { rtol: drift, atol: drift };
        scope(() => {
          const fake = generator.forward(z);
          const still = detach(fake);
          const mix = mixes.select(0, step);
          const penalty = gradientPenalty((x) => critic.forward(x), real, still, { mix });
          const loss = wassersteinLoss.discriminator(critic.forward(real), critic.forward(still));
          expect(loss).toBeCloseToTensor([d], close);
          expect(penalty).toBeCloseToTensor([p], close);
          criticOptimizer.zeroGrad();
          loss.add(penalty.mul(10)).backward();
          criticOptimizer.step();
          if (g === undefined) return;
          generatorOptimizer.zeroGrad();
          const answer = wassersteinLoss.generator(critic.forward(fake));
          expect(answer).toBeCloseToTensor([g], close);
          answer.backward();
          generatorOptimizer.step();
        });
      });
      for (const model of [generator, critic]) model.zeroGrad();
      if (dtype !== "float64") return;
      const sides = [
        [generator, wgan.after.generator],
        [critic, wgan.after.discriminator],
      ] as const;
      for (const [model, packs] of sides) {
        const state = model.stateDict();
        for (const [key, x] of Object.entries(packs))
          expect(state.get(key), key).toBeCloseToTensor(x.data, { rtol: 1e-7, atol: 1e-8 });
      }
    }),
  );
});

// DCGAN and the Wasserstein networks: sizes, shapes, PyTorch's keys, and one step of a DCGAN against PyTorch
// (scripts/fixtures_gan.py).
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { noGrad, randn, scope, ShapeError, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { DcganDiscriminator, DcganGenerator, WganCritic, WganGenerator } from "../../src/models/index.ts";
import { nonSaturatingLoss } from "../../src/nn/index.ts";
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

const { dcgan } = JSON.parse(readFileSync(new URL("../fixtures/gan.json", import.meta.url), "utf8")) as {
  dcgan: {
    readonly real: Packed;
    readonly z: Packed;
    readonly before: Both;
    readonly discriminator: number;
    readonly generator: number;
    readonly after: Both;
  };
};

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
    "takes PyTorch's first step on $device",
    scopedEach(({ device, dtype, rtol, atol }) => {
      const make = ({ data, shape }: Packed): Tensor => tensor(data, { device, dtype }).reshape(shape);
      const options = { width: 2, latent: 3, imageSize: 8, device, dtype };
      const generator = own(new DcganGenerator(options));
      const discriminator = own(new DcganDiscriminator(options));
      const models = { generator, discriminator };
      for (const side of ["generator", "discriminator"] as const) {
        const prefix = (key: string): string => `main.${key}`;
        const state = Object.entries(dcgan.before[side]).map(([key, x]) => [prefix(key), make(x)] as const);
        const { missing, unexpected } = models[side].loadStateDict(new Map(state), { strict: false });
        expect([missing.filter((key) => !key.endsWith("num_batches_tracked")), unexpected]).toEqual([[], []]);
      }
      const adam = (model: DcganGenerator | DcganDiscriminator): Adam =>
        own(new Adam(model.parameters(), { lr: 2e-4, betas: [0.5, 0.999] }));
      const game = {
        ...models,
        generatorOptimizer: adam(generator),
        discriminatorOptimizer: adam(discriminator),
        loss: nonSaturatingLoss,
        gradientPenalty: 0,
      };
      const losses = ganStep(game, make(dcgan.real), make(dcgan.z), true);
      expect(losses.discriminator).toBeCloseToTensor([dcgan.discriminator], { rtol });
      expect(losses.generator).toBeCloseToTensor([dcgan.generator], { rtol });
      for (const side of ["generator", "discriminator"] as const) {
        const state = models[side].stateDict();
        for (const [key, x] of Object.entries(dcgan.after[side]))
          expect(state.get(`main.${key}`), `${side} ${key}`).toBeCloseToTensor(x.data, { rtol, atol });
      }
      for (const loss of [losses.discriminator, losses.generator]) loss?.dispose();
    }),
  );

  it("refuses sizes that do not halve to 4, and latent vectors of another rank", () => {
    expect(() => new DcganGenerator({ imageSize: 28 })).toThrow(
      new ShapeError("DcganGenerator", "imageSize must be a power of two from 8; got 28."),
    );
    scope(() => {
      const generator = own(new DcganGenerator({ width: 1, latent: 3, imageSize: 8 }));
      expect(() => generator.forward(randn([2, 3, 1, 1]))).toThrow(
        /^DcganGenerator: latent vectors must have the shape \[N, latent\]; got \[2, 3, 1, 1\]\.$/,
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
});

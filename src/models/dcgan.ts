// DCGAN: a generator that doubles the image at each layer, and a discriminator that halves it. Both are chains of one kind
// of block; state-dict keys are those of PyTorch's tutorial, "main.0.weight" and so on.
import { ShapeError } from "../core/errors.ts";
import { reshape } from "../ops/algebra.ts";
import { requireWhole } from "../ops/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { LeakyReLU, ReLU, Tanh } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import type { TensorModule } from "../nn/container.ts";
import { Conv2d, ConvTranspose2d } from "../nn/conv.ts";
import { whereOf } from "../nn/init.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { init } from "../nn/index.ts";
import { Module } from "../nn/module.ts";
import { BatchNorm2d } from "../nn/norm.ts";
import { requireImages, requireLatent } from "./images.ts";

export interface DcganOptions extends ParameterOptions {
  /** Numbers in a latent vector; default 64. */
  readonly latent?: number;
  /** Channels at the layer next to the image, doubled at each layer away from it; default 32. */
  readonly width?: number;
  /** Side of the square image, a power of two from 8; default 32. */
  readonly imageSize?: number;
  /** Channels of the image; default 1. */
  readonly channels?: number;
}

/** Doubles the side: [N, a, H, W] -> [N, b, 2H, 2W], then batch normalisation and a rectifier. */
export const doublingBlock = (a: number, b: number, options: ParameterOptions = {}): TensorModule[] => [
  new ConvTranspose2d(a, b, 4, { stride: 2, padding: 1, bias: false, ...options }),
  new BatchNorm2d(b, options),
  new ReLU(),
];

/** Halves the side: [N, a, H, W] -> [N, b, H/2, W/2], then batch normalisation and a leaky rectifier. */
export const halvingBlock = (a: number, b: number, options: ParameterOptions = {}): TensorModule[] => [
  new Conv2d(a, b, 4, { stride: 2, padding: 1, bias: false, ...options }),
  new BatchNorm2d(b, options),
  new LeakyReLU(0.2),
];

/** The options with their defaults, and how often the side doubles from 4 x 4. */
export function dcganSizes(
  op: string,
  options: DcganOptions,
): Required<Omit<DcganOptions, keyof ParameterOptions>> & {
  readonly doublings: number;
} {
  const { latent = 64, width = 32, imageSize = 32, channels = 1 } = options;
  requireWhole(op, "latent", latent, 1);
  requireWhole(op, "width", width, 1);
  requireWhole(op, "channels", channels, 1);
  const doublings = Math.log2(imageSize / 4);
  if (Number.isInteger(doublings) && doublings >= 1) return { latent, width, imageSize, channels, doublings };
  throw new ShapeError(op, `imageSize must be a power of two from 8; got ${String(imageSize)}.`);
}

/** DCGAN's first values: weights of convolutions normal (0, 0.02), gains of normalisations normal (1, 0.02). */
export function dcganInit(module: Module, { generator }: ParameterOptions = {}): void {
  const stream = generator && { generator };
  module.apply((layer) => {
    if (layer instanceof Conv2d || layer instanceof ConvTranspose2d)
      init.normal(layer.weight, { std: 0.02, ...stream });
    else if (layer instanceof BatchNorm2d) init.normal(layer.weight!, { mean: 1, std: 0.02, ...stream });
  });
}

/**
 * Latent vectors [N, latent] -> images [N, channels, imageSize, imageSize] in -1..1.
 *
 * Source: Radford, Metz & Chintala 2015, "Unsupervised representation learning with deep convolutional generative
 * adversarial networks".
 */
export class DcganGenerator extends Module {
  readonly latent: number;
  readonly main: Sequential;

  constructor(options: DcganOptions = {}) {
    super();
    const { latent, width, channels, doublings } = dcganSizes("DcganGenerator", options);
    this.latent = latent;
    const where = whereOf(options);
    const layers: TensorModule[] = [];
    let planes = width * 2 ** (doublings - 1);
    layers.push(new ConvTranspose2d(latent, planes, 4, { bias: false, ...where })); // [N, latent, 1, 1] -> [N, 4w, 4, 4]
    layers.push(new BatchNorm2d(planes, where), new ReLU());
    for (; planes > width; planes /= 2) layers.push(...doublingBlock(planes, planes / 2, where)); // -> 8 -> 16
    layers.push(new ConvTranspose2d(width, channels, 4, { stride: 2, padding: 1, bias: false, ...where })); // -> 32
    layers.push(new Tanh());
    this.main = new Sequential(...layers);
    dcganInit(this, where);
  }

  override get moduleName(): string {
    return "DcganGenerator";
  }

  override forward(z: Tensor): Tensor {
    requireLatent("DcganGenerator", z, this.latent);
    return this.main.forward(reshape(z, [...z.shape, 1, 1]));
  }
}

/** Images [N, channels, imageSize, imageSize] -> scores [N], without a sigmoid. */
export class DcganDiscriminator extends Module {
  readonly channels: number;
  readonly imageSize: number;
  readonly main: Sequential;

  constructor(options: DcganOptions = {}) {
    super();
    const { width, channels, imageSize, doublings } = dcganSizes("DcganDiscriminator", options);
    this.channels = channels;
    this.imageSize = imageSize;
    const where = whereOf(options);
    const layers: TensorModule[] = [];
    layers.push(new Conv2d(channels, width, 4, { stride: 2, padding: 1, bias: false, ...where })); // 32 -> 16
    layers.push(new LeakyReLU(0.2));
    const widest = width * 2 ** (doublings - 1);
    for (let planes = width; planes < widest; planes *= 2)
      layers.push(...halvingBlock(planes, planes * 2, where)); // -> 8 -> 4
    layers.push(new Conv2d(widest, 1, 4, { bias: false, ...where })); // [N, 4w, 4, 4] -> [N, 1, 1, 1]
    this.main = new Sequential(...layers);
    dcganInit(this, where);
  }

  override get moduleName(): string {
    return "DcganDiscriminator";
  }

  override forward(x: Tensor): Tensor {
    requireImages("DcganDiscriminator", x, this.channels, this.imageSize);
    return reshape(this.main.forward(x), [x.shape[0]]);
  }
}

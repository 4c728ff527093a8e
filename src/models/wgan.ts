// The networks for a Wasserstein GAN with gradient penalty: DCGAN's shapes with what the penalty needs, a critic that scores
// each image on its own. Layer normalisation stands where DCGAN has batch normalisation.
import { reshape } from "../ops/algebra.ts";
import { relu, tanh } from "../ops/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { LeakyReLU } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import type { TensorModule } from "../nn/container.ts";
import { Conv2d, ConvTranspose2d } from "../nn/conv.ts";
import { whereOf } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { BatchNorm1d, LayerNorm } from "../nn/norm.ts";
import { dcganSizes, doublingBlock } from "./dcgan.ts";
import type { DcganOptions } from "./dcgan.ts";
import { requireImages, requireLatent } from "./images.ts";

export type WganOptions = DcganOptions;

/**
 * Latent vectors [N, latent] -> images [N, channels, imageSize, imageSize] in -1..1.
 *
 * Source: Gulrajani et al. 2017, "Improved training of Wasserstein GANs".
 */
export class WganGenerator extends Module {
  readonly latent: number;
  readonly planes: number;
  readonly fc: Linear;
  readonly norm: BatchNorm1d;
  readonly up: Sequential;
  readonly image: ConvTranspose2d;

  constructor(options: WganOptions = {}) {
    super();
    const { latent, width, channels, doublings } = dcganSizes("WganGenerator", options);
    this.latent = latent;
    const where = whereOf(options);
    this.planes = width * 2 ** (doublings - 1);
    this.fc = new Linear(latent, this.planes * 16, { bias: false, ...where });
    this.norm = new BatchNorm1d(this.planes * 16, where);
    const blocks: TensorModule[] = [];
    for (let planes = this.planes; planes > width; planes /= 2)
      blocks.push(...doublingBlock(planes, planes / 2, where));
    this.up = new Sequential(...blocks);
    this.image = new ConvTranspose2d(width, channels, 4, { stride: 2, padding: 1, ...where });
  }

  override get moduleName(): string {
    return "WganGenerator";
  }

  override forward(z: Tensor): Tensor {
    requireLatent("WganGenerator", z, this.latent);
    const seed = relu(this.norm.forward(this.fc.forward(z))); // [N, latent] -> [N, 4w * 16]
    const small = reshape(seed, [z.shape[0], this.planes, 4, 4]); // -> [N, 4w, 4, 4]
    const large = this.up.forward(small); // -> [N, 2w, 8, 8] -> [N, w, 16, 16]
    return tanh(this.image.forward(large)); // -> [N, channels, 32, 32]
  }
}

/** Images [N, channels, imageSize, imageSize] -> scores [N], any real numbers. */
export class WganCritic extends Module {
  readonly channels: number;
  readonly imageSize: number;
  readonly main: Sequential;

  constructor(options: WganOptions = {}) {
    super();
    const { width, imageSize, channels, doublings } = dcganSizes("WganCritic", options);
    this.channels = channels;
    this.imageSize = imageSize;
    const where = whereOf(options);
    const halving = { stride: 2, padding: 1, ...where };
    const layers: TensorModule[] = [new Conv2d(channels, width, 4, halving), new LeakyReLU(0.2)]; // 32 -> [N, w, 16, 16]
    let planes = width;
    for (let side = imageSize / 4; side >= 4; side /= 2) {
      layers.push(new Conv2d(planes, planes * 2, 4, halving)); // -> [N, 2w, 8, 8] -> [N, 4w, 4, 4]
      planes *= 2;
      layers.push(new LayerNorm([planes, side, side], where), new LeakyReLU(0.2));
    }
    layers.push(new Conv2d(width * 2 ** (doublings - 1), 1, 4, where)); // -> [N, 1, 1, 1]
    this.main = new Sequential(...layers);
  }

  override get moduleName(): string {
    return "WganCritic";
  }

  override forward(x: Tensor): Tensor {
    requireImages("WganCritic", x, this.channels, this.imageSize);
    return reshape(this.main.forward(x), [x.shape[0]]);
  }
}

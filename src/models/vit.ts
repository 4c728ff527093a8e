// The vision transformer: an image as a sequence of patches.
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { add, expand, reshape, slice, transpose } from "../ops/algebra.ts";
import { cat } from "../ops/placement.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireHeads } from "../nn/attention/heads.ts";
import { Conv2d } from "../nn/conv.ts";
import { Dropout } from "../nn/dropout.ts";
import { constantParameter, whereOf } from "../nn/init.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { normal } from "../nn/init/fill.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import { TransformerEncoder, TransformerEncoderLayer } from "../nn/transformer/encoder.ts";
import { requireSizes } from "./sizes.ts";

export interface ViTOptions extends ParameterOptions {
  /** Side of the square images, and of the square patches that divide it; default 224 and 16. */
  readonly imageSize?: number;
  readonly patchSize?: number;
  readonly channels?: number;
  readonly classes: number;
  /** Default 768. */
  readonly width?: number;
  /** Default 12 each. */
  readonly layers?: number;
  readonly heads?: number;
  /** Width of the hidden layers; default 4 times the width. */
  readonly hidden?: number;
  readonly dropout?: number;
}

/**
 * Images [N, channels, imageSize, imageSize] -> scores [N, classes].
 *
 * Source: Dosovitskiy et al. 2021, "An image is worth 16x16 words".
 */
export class ViT extends Module {
  readonly imageSize: number;
  readonly channels: number;
  readonly convProj: Conv2d;
  classToken: Tensor;
  posEmbedding: Tensor;
  readonly drop: Dropout;
  readonly encoder: TransformerEncoder;
  readonly head: Linear;

  constructor(options: ViTOptions) {
    super();
    const { imageSize = 224, patchSize = 16, channels = 3, classes, width = 768 } = options;
    const { layers = 12, heads = 12, hidden = 4 * width, dropout = 0 } = options;
    requireSizes("ViT", { imageSize, patchSize, channels, classes, layers }, dropout);
    if (imageSize % patchSize !== 0) {
      throw new ShapeError(
        "ViT",
        `imageSize must divide into patches; got ${String(imageSize)} and ${String(patchSize)}.`,
      );
    }
    requireHeads("ViT", width, heads);
    requireSizes("ViT", { hidden });
    const where = whereOf(options);
    const drawn = (shape: readonly number[]): Tensor =>
      normal(constantParameter(shape, 0, where), {
        std: 0.02,
        ...(where.generator && { generator: where.generator }),
      });
    this.imageSize = imageSize;
    this.channels = channels;
    this.convProj = new Conv2d(channels, width, patchSize, { stride: patchSize, ...where });
    this.classToken = drawn([1, 1, width]);
    this.posEmbedding = drawn([1, (imageSize / patchSize) ** 2 + 1, width]);
    this.drop = new Dropout(dropout);
    const settings = { dimFeedforward: hidden, dropout, normFirst: true, batchFirst: true };
    this.encoder = new TransformerEncoder(
      () => new TransformerEncoderLayer(width, heads, { ...settings, activation: "gelu", ...where }),
      layers,
      new LayerNorm(width, where),
    );
    this.head = new Linear(width, classes, where);
  }

  override get moduleName(): string {
    return "ViT";
  }

  override forward(x: Tensor): Tensor {
    return scope("ViT", () => {
      const seen = this.encoder.forward(this.embed(x)); // [N, 1 + P, C]
      return this.head.forward(reshape(slice(seen, 1, 0, 1), [x.shape[0], -1])); // the first token: [N, C] -> [N, classes]
    });
  }

  /** The sequence that the encoder gets: a token for the whole image, then one for each patch, row by row. */
  embed(x: Tensor): Tensor {
    x.assertAlive("ViT");
    const [batch] = x.shape;
    const { imageSize, channels } = this;
    const isImage =
      x.rank === 4 && x.shape[1] === channels && x.shape[2] === imageSize && x.shape[3] === imageSize;
    if (!isImage || batch === 0) {
      const layout = `[N, ${[channels, imageSize, imageSize].join(", ")}]`;
      throw new ShapeError("ViT", `images must be ${layout}, N not 0; got ${formatShape(x.shape)}.`);
    }
    return scope("ViT", () => {
      const maps = this.convProj.forward(x); // [N, C, rows, columns], a patch each
      const patches = transpose(reshape(maps, [batch, maps.shape[1], -1]), 1, 2); // [N, P, C]
      const first = expand(this.classToken, [batch, 1, patches.shape[2]]); // [N, 1, C]
      return this.drop.forward(add(cat([first, patches], 1), this.posEmbedding)); // [N, 1 + P, C]
    });
  }
}

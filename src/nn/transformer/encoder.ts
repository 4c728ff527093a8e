// The encoder of a transformer: every token sees every other.
import { requireWhole } from "../../ops/checks.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { KeyValueCache } from "../attention/cache.ts";
import { Dropout } from "../dropout.ts";
import { Module } from "../module.ts";
import type { LayerNorm } from "../norm.ts";
import { TransformerLayer } from "./layer.ts";
import type { TransformerLayerOptions } from "./layer.ts";

export interface EncodeOptions {
  /** Shape [T, T] or [B H, T, T]. Bool, true where a token must not see another, or what is added to the scores. */
  readonly mask?: Tensor | null;
  /** Shape [B, T]. True where there is padding. */
  readonly keyPaddingMask?: Tensor | null;
  /** Each token sees only itself and those before it. */
  readonly isCausal?: boolean;
}

/**
 * Self-attention, then a feed-forward network, each added to its input and normalised.
 *
 * Shapes: x [T, B, E], with `batchFirst` [B, T, E] -> x's. Keys are PyTorch's: self_attn, linear1, linear2, norm1, norm2.
 *
 * Source: Vaswani et al. 2017; normFirst: Xiong et al. 2020.
 */
export class TransformerEncoderLayer extends TransformerLayer {
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;

  constructor(dModel: number, nHead: number, options: TransformerLayerOptions = {}) {
    super("TransformerEncoderLayer", dModel, nHead, options);
    this.norm1 = this.makeNorm(dModel, options);
    this.norm2 = this.makeNorm(dModel, options);
    this.dropout1 = new Dropout(options.dropout ?? 0.1);
    this.dropout2 = new Dropout(options.dropout ?? 0.1);
  }

  override get moduleName(): string {
    return "TransformerEncoderLayer";
  }

  override forward(
    x: Tensor,
    { mask, keyPaddingMask, isCausal }: EncodeOptions = {},
    cache?: KeyValueCache,
  ): Tensor {
    x.assertAlive("TransformerEncoderLayer");
    return scope("TransformerEncoderLayer", () => {
      const options = {
        ...{ attnMask: mask ?? null, keyPaddingMask: keyPaddingMask ?? null, isCausal: isCausal ?? false },
        ...(cache && { cache }),
      };
      const attended = this.join(
        x,
        this.norm1,
        this.dropout1,
        (y) => this.selfAttn.forward(y, y, y, options)[0],
      );
      return this.join(attended, this.norm2, this.dropout2, (y) => this.feedForward(y));
    });
  }
}

/** Encoder layers one after another, then an optional norm. Keys: layers.0, layers.1, ..., norm. */
export class TransformerEncoder extends Module {
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: LayerNorm | null;

  /** `makeLayer` is called once for each layer, so that each draws its own initial weights. */
  constructor(makeLayer: () => TransformerEncoderLayer, numLayers: number, norm: LayerNorm | null = null) {
    super();
    requireWhole("TransformerEncoder", "numLayers", numLayers, 1);
    this.layers = Array.from({ length: numLayers }, makeLayer);
    this.norm = norm;
  }

  override get moduleName(): string {
    return "TransformerEncoder";
  }

  override forward(x: Tensor, options: EncodeOptions = {}): Tensor {
    return scope("TransformerEncoder", () => {
      const y = this.layers.reduce((z, layer) => layer.forward(z, options), x);
      return this.norm?.forward(y) ?? y;
    });
  }
}

// The decoder of a transformer: each token sees those before it, and all of what the encoder made.
import { requireWhole } from "../../ops/checks.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { KeyValueCache } from "../attention/cache.ts";
import type { MultiheadAttention } from "../attention/multihead.ts";
import { Dropout } from "../dropout.ts";
import { Module } from "../module.ts";
import type { LayerNorm } from "../norm.ts";
import { TransformerLayer } from "./layer.ts";
import type { TransformerLayerOptions } from "./layer.ts";

export interface DecodeOptions {
  /** Masks as in `EncodeOptions`, for the self-attention and for the attention to the memory. */
  readonly tgtMask?: Tensor | null;
  readonly memoryMask?: Tensor | null;
  readonly tgtKeyPaddingMask?: Tensor | null;
  readonly memoryKeyPaddingMask?: Tensor | null;
  readonly tgtIsCausal?: boolean;
  readonly memoryIsCausal?: boolean;
}

/**
 * Self-attention, attention to the memory, then a feed-forward network, each added to its input and normalised.
 *
 * Shapes: tgt [T, B, E], memory [S, B, E], with `batchFirst` [B, ...] -> tgt's. Keys are PyTorch's: self_attn,
 * multihead_attn, linear1, linear2, norm1, norm2, norm3.
 *
 * Source: Vaswani et al. 2017.
 */
export class TransformerDecoderLayer extends TransformerLayer {
  readonly multiheadAttn: MultiheadAttention;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;

  constructor(dModel: number, nHead: number, options: TransformerLayerOptions = {}) {
    super("TransformerDecoderLayer", dModel, nHead, options);
    this.multiheadAttn = this.makeAttention(dModel, nHead, options);
    this.norm1 = this.makeNorm(dModel, options);
    this.norm2 = this.makeNorm(dModel, options);
    this.norm3 = this.makeNorm(dModel, options);
    const drop = (): Dropout => new Dropout(options.dropout ?? 0.1);
    this.dropout1 = drop();
    this.dropout2 = drop();
    this.dropout3 = drop();
  }

  override get moduleName(): string {
    return "TransformerDecoderLayer";
  }

  /** With a cache, tgt holds the tokens behind those seen. */
  override forward(tgt: Tensor, memory: Tensor, options: DecodeOptions = {}, cache?: KeyValueCache): Tensor {
    tgt.assertAlive("TransformerDecoderLayer");
    memory.assertAlive("TransformerDecoderLayer");
    const own = {
      ...{ attnMask: options.tgtMask ?? null, keyPaddingMask: options.tgtKeyPaddingMask ?? null },
      isCausal: options.tgtIsCausal ?? false,
      ...(cache && { cache }),
    };
    const across = {
      ...{ attnMask: options.memoryMask ?? null, keyPaddingMask: options.memoryKeyPaddingMask ?? null },
      isCausal: options.memoryIsCausal ?? false,
    };
    return scope("TransformerDecoderLayer", () => {
      const a = this.join(tgt, this.norm1, this.dropout1, (y) => this.selfAttn.forward(y, y, y, own)[0]);
      const b = this.join(
        a,
        this.norm2,
        this.dropout2,
        (y) => this.multiheadAttn.forward(y, memory, memory, across)[0],
      );
      return this.join(b, this.norm3, this.dropout3, (y) => this.feedForward(y));
    });
  }
}

/** Decoder layers one after another, then an optional norm. Keys: layers.0, layers.1, ..., norm. */
export class TransformerDecoder extends Module {
  readonly layers: readonly TransformerDecoderLayer[];
  readonly norm: LayerNorm | null;

  /** `makeLayer` is called once for each layer, so that each draws its own initial weights. */
  constructor(makeLayer: () => TransformerDecoderLayer, numLayers: number, norm: LayerNorm | null = null) {
    super();
    requireWhole("TransformerDecoder", "numLayers", numLayers, 1);
    this.layers = Array.from({ length: numLayers }, makeLayer);
    this.norm = norm;
  }

  override get moduleName(): string {
    return "TransformerDecoder";
  }

  /** `caches`: one per layer, for generation. */
  override forward(
    tgt: Tensor,
    memory: Tensor,
    options: DecodeOptions = {},
    caches?: readonly KeyValueCache[],
  ): Tensor {
    return scope("TransformerDecoder", () => {
      const y = this.layers.reduce((z, layer, i) => layer.forward(z, memory, options, caches?.[i]), tgt);
      return this.norm?.forward(y) ?? y;
    });
  }
}

// Encoder and decoder together, as in the paper and in PyTorch.
import { requireWhole } from "../../ops/checks.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { requireHeads } from "../attention/heads.ts";
import { whereOf } from "../init.ts";
import { xavierUniform } from "../init/fill.ts";
import { Module } from "../module.ts";
import { LayerNorm } from "../norm.ts";
import { TransformerDecoder, TransformerDecoderLayer } from "./decoder.ts";
import type { DecodeOptions } from "./decoder.ts";
import { TransformerEncoder, TransformerEncoderLayer } from "./encoder.ts";
import type { TransformerLayerOptions } from "./layer.ts";

export interface TransformerOptions extends TransformerLayerOptions {
  /** Default 6 each. */
  readonly numEncoderLayers?: number;
  readonly numDecoderLayers?: number;
}

export interface TransformerForwardOptions extends DecodeOptions {
  readonly srcMask?: Tensor | null;
  readonly srcKeyPaddingMask?: Tensor | null;
  readonly srcIsCausal?: boolean;
}

/**
 * An encoder and a decoder, each with a norm at its end.
 *
 * Shapes: src [S, B, E], tgt [T, B, E], with `batchFirst` [B, ...] -> tgt's. Embeddings and the last projection are the
 * caller's. Matrices start Xavier-uniform.
 *
 * Source: Vaswani et al. 2017.
 */
export class Transformer extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(dModel = 512, nHead = 8, options: TransformerOptions = {}) {
    super();
    const { numEncoderLayers = 6, numDecoderLayers = 6, layerNormEps = 1e-5, bias = true } = options;
    requireHeads("Transformer", dModel, nHead, ["dModel", "nHead"]);
    requireWhole("Transformer", "numEncoderLayers", numEncoderLayers, 1);
    requireWhole("Transformer", "numDecoderLayers", numDecoderLayers, 1);
    const where = whereOf(options);
    const norm = (): LayerNorm => new LayerNorm(dModel, { eps: layerNormEps, bias, ...where });
    this.encoder = new TransformerEncoder(
      () => new TransformerEncoderLayer(dModel, nHead, options),
      numEncoderLayers,
      norm(),
    );
    this.decoder = new TransformerDecoder(
      () => new TransformerDecoderLayer(dModel, nHead, options),
      numDecoderLayers,
      norm(),
    );
    for (const parameter of this.parameters()) if (parameter.rank > 1) xavierUniform(parameter, where);
  }

  override get moduleName(): string {
    return "Transformer";
  }

  override forward(src: Tensor, tgt: Tensor, options: TransformerForwardOptions = {}): Tensor {
    const { srcMask = null, srcKeyPaddingMask = null, srcIsCausal = false } = options;
    return scope("Transformer", () => {
      const memory = this.encoder.forward(src, {
        ...{ mask: srcMask, keyPaddingMask: srcKeyPaddingMask, isCausal: srcIsCausal },
      });
      return this.decoder.forward(tgt, memory, options);
    });
  }
}

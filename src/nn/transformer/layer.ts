// What the layers of encoders and decoders share: options, the feed-forward part, and how a part joins the stream.
import { ValueError } from "../../core/errors.ts";
import { add, mul, slice } from "../../ops/algebra.ts";
import { requireWhole } from "../../ops/checks.ts";
import { gelu, relu, silu } from "../../ops/elementwise.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { RotaryEmbedding } from "../attention/positions.ts";
import { MultiheadAttention } from "../attention/multihead.ts";
import { Dropout } from "../dropout.ts";
import { whereOf } from "../init.ts";
import type { ParameterOptions } from "../init.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import { LayerNorm } from "../norm.ts";

export type TransformerActivation = "relu" | "gelu" | "swiglu" | ((x: Tensor) => Tensor);

export interface TransformerLayerOptions extends ParameterOptions {
  /** Width of the hidden layer; default 2048. */
  readonly dimFeedforward?: number;
  /** Of attention weights, of the hidden layer and of what each part adds; default 0.1. */
  readonly dropout?: number;
  /** Default "relu". "swiglu" (Shazeer 2020) doubles the rows of linear1: gates first, then values. */
  readonly activation?: TransformerActivation;
  readonly layerNormEps?: number;
  /** Inputs are [B, T, E] instead of [T, B, E]; default false. */
  readonly batchFirst?: boolean;
  /** Normalises before each part instead of after it; default false. */
  readonly normFirst?: boolean;
  readonly bias?: boolean;
  /** Heads of keys and values of the self-attention; default as many as heads. */
  readonly keyHeads?: number;
  /** Rotary positions in the self-attention; the width is that of a head. */
  readonly rotary?: RotaryEmbedding;
}

type Activate = (x: Tensor) => Tensor;

const activations: Readonly<Record<string, Activate>> = { relu, gelu: (x) => gelu(x) };

function gated(x: Tensor): Tensor {
  const half = x.shape[x.rank - 1] / 2;
  return mul(silu(slice(x, -1, 0, half)), slice(x, -1, half));
}

function activationOf(op: string, activation: TransformerActivation): Activate {
  if (typeof activation === "function") return activation;
  if (activation === "swiglu") return gated;
  if (Object.hasOwn(activations, activation)) return activations[activation];
  throw new ValueError(
    op,
    `activation must be relu, gelu, swiglu or a function; got ${activation as string}.`,
  );
}

/** Self-attention and a feed-forward network; what comes between is the subclasses'. */
export abstract class TransformerLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly normFirst: boolean;
  readonly activation: Activate;

  constructor(op: string, dModel: number, nHead: number, options: TransformerLayerOptions) {
    super();
    requireWhole(op, "dModel", dModel, 1);
    const { dimFeedforward = 2048, activation = "relu", normFirst = false, keyHeads, rotary } = options;
    const { bias = true } = options;
    const where = whereOf(options);
    const hidden = requireWhole(op, "dimFeedforward", dimFeedforward, 1);
    this.activation = activationOf(op, activation);
    this.normFirst = normFirst;
    const shared = { ...(keyHeads !== undefined && { keyHeads }), ...(rotary && { rotary }) };
    this.selfAttn = this.makeAttention(dModel, nHead, options, shared);
    this.linear1 = new Linear(dModel, activation === "swiglu" ? 2 * hidden : hidden, { bias, ...where });
    this.dropout = new Dropout(options.dropout ?? 0.1);
    this.linear2 = new Linear(hidden, dModel, { bias, ...where });
  }

  protected makeAttention(
    dModel: number,
    nHead: number,
    options: TransformerLayerOptions,
    more: { readonly keyHeads?: number; readonly rotary?: RotaryEmbedding } = {},
  ): MultiheadAttention {
    const { dropout = 0.1, batchFirst = false, bias = true } = options;
    return new MultiheadAttention(dModel, nHead, { dropout, batchFirst, bias, ...more, ...whereOf(options) });
  }

  protected makeNorm(dModel: number, options: TransformerLayerOptions): LayerNorm {
    const { layerNormEps = 1e-5, bias = true } = options;
    return new LayerNorm(dModel, { eps: layerNormEps, bias, ...whereOf(options) });
  }

  /** x + part(norm(x)), or norm(x + part(x)). */
  protected join(x: Tensor, norm: LayerNorm, dropout: Dropout, part: (x: Tensor) => Tensor): Tensor {
    if (this.normFirst) return add(x, dropout.forward(part(norm.forward(x))));
    return norm.forward(add(x, dropout.forward(part(x))));
  }

  protected feedForward(x: Tensor): Tensor {
    return this.linear2.forward(this.dropout.forward(this.activation(this.linear1.forward(x))));
  }

  protected override describe(): string {
    return `normFirst=${String(this.normFirst)}`;
  }
}

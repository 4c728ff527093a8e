// GPT: a decoder-only transformer that predicts the next token. The form is GPT-2's.
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { add, reshape, slice, transpose } from "../ops/algebra.ts";
import { partsOfProjection, scaledDotProductAttention, selfAttention } from "../ops/attention/attention.ts";
import { tensor } from "../ops/creation.ts";
import { gelu } from "../ops/elementwise.ts";
import { linear } from "../ops/linalg/matmul.ts";
import { composite, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { KeyValueCache } from "../nn/attention/cache.ts";
import { requireHeads } from "../nn/attention/heads.ts";
import { combineMasks } from "../nn/attention/masks.ts";
import { Dropout } from "../nn/dropout.ts";
import { Embedding } from "../nn/embedding.ts";
import { whereOf } from "../nn/init.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { normal, zeros } from "../nn/init/fill.ts";
import { LayerNorm } from "../nn/norm.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import type { LoadReport } from "../nn/module.ts";
import { requireSizes } from "./sizes.ts";

export interface GptOptions extends ParameterOptions {
  readonly vocabSize: number;
  /** The longest sequence; default 1024. */
  readonly contextLength?: number;
  /** Default 768. */
  readonly width?: number;
  /** Blocks; default 12. */
  readonly layers?: number;
  /** Attention heads; default 12. */
  readonly heads?: number;
  /** Of embeddings, attention weights and what blocks add; default 0. */
  readonly dropout?: number;
}

/** What generation hands from step to step, and what it says about its tokens. */
export interface GptForwardOptions {
  /** One per block, as `makeCache` makes them: the tokens are then those behind the ones seen. */
  readonly cache?: readonly KeyValueCache[];
  /** bool [B, all tokens so far]: true where there is padding, which nobody sees. */
  readonly padding?: Tensor | null;
  /** Where each token stands, [B][T]; default: in order, behind the cache. */
  readonly places?: readonly (readonly number[])[];
}

class CausalSelfAttention extends Module {
  readonly heads: number;
  readonly dropout: number;
  readonly cAttn: Linear;
  readonly cProj: Linear;

  constructor(width: number, heads: number, dropout: number, options: ParameterOptions) {
    super();
    this.heads = heads;
    this.dropout = dropout;
    this.cAttn = new Linear(width, 3 * width, options);
    this.cProj = new Linear(width, width, options);
  }

  override get moduleName(): string {
    return "CausalSelfAttention";
  }

  override forward(x: Tensor, padding: Tensor | null, cache: KeyValueCache | null): Tensor {
    const { heads } = this;
    const [batch, length, width] = x.shape;
    const dropout = this.training ? this.dropout : 0;
    const parts = this.cAttn.forward(x); // [B, T, C] -> [B, T, 3 C]: queries, keys, values
    const before = cache?.length ?? 0;
    const sizes = { batch, heads, queries: length, keys: before + length };
    const mask = combineMasks("GPT", { keyPaddingMask: padding }, sizes, x); // null or [B, 1, 1, S]
    const options = { mask, causal: true, queryOffset: before, dropout };
    if (cache === null) return this.cProj.forward(selfAttention("GPT", parts, { ...options, heads })); // -> [B, T, C]
    const inHeads = reshape(parts, [batch, length, 3 * heads, width / heads]);
    const [q, k, v] = partsOfProjection(inHeads, heads, heads); // each [B, H, T, C / H]
    const { keys, values } = cache.append(k, v); // [B, H, S, C / H], S all tokens so far
    const y = scaledDotProductAttention(q, keys, values, options); // [B, H, T, C / H]
    return this.cProj.forward(reshape(transpose(y, 1, 2), [batch, length, width])); // -> [B, T, C]
  }
}

class FeedForward extends Module {
  readonly cFc: Linear;
  readonly cProj: Linear;

  constructor(width: number, options: ParameterOptions) {
    super();
    this.cFc = new Linear(width, 4 * width, options);
    this.cProj = new Linear(4 * width, width, options);
  }

  override get moduleName(): string {
    return "FeedForward";
  }

  override forward(x: Tensor): Tensor {
    return this.cProj.forward(gelu(this.cFc.forward(x), { approximate: "tanh" })); // [B, T, C] -> [B, T, 4 C] -> [B, T, C]
  }
}

/** x + attention(norm(x)), then x + feed-forward(norm(x)). */
class GptBlock extends Module {
  readonly ln1: LayerNorm;
  readonly attn: CausalSelfAttention;
  readonly ln2: LayerNorm;
  readonly mlp: FeedForward;
  readonly drop: Dropout;

  constructor(width: number, heads: number, dropout: number, options: ParameterOptions) {
    super();
    this.ln1 = new LayerNorm(width, options);
    this.attn = new CausalSelfAttention(width, heads, dropout, options);
    this.ln2 = new LayerNorm(width, options);
    this.mlp = new FeedForward(width, options);
    this.drop = new Dropout(dropout);
  }

  override get moduleName(): string {
    return "GptBlock";
  }

  override forward(x: Tensor, padding: Tensor | null, cache: KeyValueCache | null): Tensor {
    // What the backward does not need goes at the end of each block, not of the model.
    return composite("GptBlock", () => {
      const a = add(x, this.drop.forward(this.attn.forward(this.ln1.forward(x), padding, cache))); // [B, T, C]
      return add(a, this.drop.forward(this.mlp.forward(this.ln2.forward(a)))); // [B, T, C]
    });
  }
}

/**
 * Tokens int32 [B, T] -> scores of the next token [B, T, vocabSize]. The table of tokens is the last layer's weight too.
 *
 * Sources: Radford et al. 2019, "Language models are unsupervised multitask learners"; Press & Wolf 2017 (tied weights).
 *
 * @throws IndexError for a token outside the vocabulary; ShapeError for a sequence that is empty or longer than the context.
 */
export class GPT extends Module {
  readonly contextLength: number;
  readonly heads: number;
  readonly wte: Embedding;
  readonly wpe: Embedding;
  readonly drop: Dropout;
  readonly h: readonly GptBlock[];
  readonly lnF: LayerNorm;

  constructor(options: GptOptions) {
    super();
    const { vocabSize, contextLength = 1024, width = 768, layers = 12, heads = 12, dropout = 0 } = options;
    requireSizes("GPT", { vocabSize, contextLength, layers }, dropout);
    requireHeads("GPT", width, heads);
    const where = whereOf(options);
    this.contextLength = contextLength;
    this.heads = heads;
    this.wte = new Embedding(vocabSize, width, where);
    this.wpe = new Embedding(contextLength, width, where);
    this.drop = new Dropout(dropout);
    this.h = Array.from({ length: layers }, () => new GptBlock(width, heads, dropout, where));
    this.lnF = new LayerNorm(width, where);
    this.#initialise(layers, where);
  }

  // Normal with deviation 0.02; what is added to the residual stream less, as there are 2 additions per block.
  #initialise(layers: number, { generator }: ParameterOptions): void {
    const draw = (x: Tensor, std: number): void =>
      void normal(x, { mean: 0, std, ...(generator && { generator }) });
    this.apply((module) => {
      if (module instanceof Embedding) draw(module.weight, 0.02);
      if (!(module instanceof Linear)) return;
      draw(module.weight, 0.02);
      zeros(module.bias!);
    });
    for (const { attn, mlp } of this.h) {
      for (const { weight } of [attn.cProj, mlp.cProj]) draw(weight, 0.02 / Math.sqrt(2 * layers));
    }
  }

  override get moduleName(): string {
    return "GPT";
  }

  override forward(tokens: Tensor, options: GptForwardOptions = {}): Tensor {
    this.#check(tokens, options);
    return scope("GPT", () => {
      const { cache, padding = null } = options;
      let x = this.drop.forward(this.#embed(tokens, options)); // [B, T] -> [B, T, C]
      this.h.forEach((block, i) => {
        x = block.forward(x, padding, cache?.[i] ?? null); // [B, T, C]
      });
      return linear(this.lnF.forward(x), this.wte.weight); // [B, T, C] -> [B, T, V]
    });
  }

  #embed(tokens: Tensor, { cache, places }: GptForwardOptions): Tensor {
    const [batch, length] = tokens.shape;
    const words = this.wte.forward(tokens); // [B, T, C]
    if (places === undefined) {
      const first = cache?.[0].length ?? 0;
      return add(words, slice(this.wpe.weight, 0, first, first + length)); // + [T, C]
    }
    const at = tensor(Int32Array.from(places.flat()), { shape: [batch, length], device: tokens.device });
    return add(words, this.wpe.forward(at)); // + [B, T, C]
  }

  #check(tokens: Tensor, { cache }: GptForwardOptions): void {
    tokens.assertAlive("GPT");
    if (tokens.rank !== 2 || tokens.size === 0) {
      throw new ShapeError(
        "GPT",
        `tokens must be [B, T], neither of them 0; got ${formatShape(tokens.shape)}.`,
      );
    }
    const before = cache?.[0]?.length ?? 0;
    const end = before + tokens.shape[1];
    if (end <= this.contextLength) return;
    const seen = before === 0 ? "" : ` behind ${String(before)} in the cache`;
    throw new ShapeError(
      "GPT",
      `a sequence must fit the context of ${String(this.contextLength)} tokens; got ${String(tokens.shape[1])}${seen}. ` +
        "Keep the last ones only.",
    );
  }

  /** Caches for generation, one per block; dispose() each when done. */
  makeCache(): KeyValueCache[] {
    return this.h.map(() => new KeyValueCache(this.contextLength));
  }

  /**
   * Loads weights under GPT-2's names (`h.0.attn.c_attn.weight`, with or without `transformer.` before them), whose four
   * matrices per block lie [in, out], transposed; masks and a tied `lm_head.weight` among them are skipped.
   *
   * @throws FormatError, ShapeError as `loadStateDict`.
   */
  loadGpt2(state: ReadonlyMap<string, Tensor>): LoadReport {
    return scope("loadGpt2", () => {
      const renamed = new Map<string, Tensor>();
      for (const [key, value] of state) {
        const name = key.replace(/^transformer\./, "");
        if (/\.attn\.(masked_)?bias$/.test(name) || name === "lm_head.weight") continue;
        const isMatrix = /\.(c_attn|c_proj|c_fc)\.weight$/.test(name);
        renamed.set(name.replace(/\.ln_([12])\./, ".ln$1."), isMatrix ? transpose(value, 0, 1) : value);
      }
      return this.loadStateDict(renamed);
    });
  }

  protected override describe(): string {
    return `contextLength=${String(this.contextLength)}, heads=${String(this.heads)}`;
  }
}

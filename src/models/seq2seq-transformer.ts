// A transformer from one sequence of tokens to another: translation and its like.
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { expand, mul } from "../ops/algebra.ts";
import { noGrad } from "../tensor/mode.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { KeyValueCache } from "../nn/attention/cache.ts";
import { requireHeads } from "../nn/attention/heads.ts";
import { SinusoidalPositions } from "../nn/attention/positions.ts";
import type { Places } from "../nn/attention/positions.ts";
import { Dropout } from "../nn/dropout.ts";
import { Embedding } from "../nn/embedding.ts";
import { whereOf } from "../nn/init.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { normal } from "../nn/init/fill.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { Transformer } from "../nn/transformer/transformer.ts";
import type { LanguageModel } from "./generation/decoding.ts";
import { requireSizes } from "./sizes.ts";

export interface Seq2SeqTransformerOptions extends ParameterOptions {
  readonly sourceVocabSize: number;
  readonly targetVocabSize: number;
  /** The longest sequence on either side; default 512. */
  readonly maxLength?: number;
  /** Default 512. */
  readonly width?: number;
  /** Default 8. */
  readonly heads?: number;
  /** Of encoder and decoder each; default 6. */
  readonly layers?: number;
  /** Width of the hidden layers; default 4 times the width. */
  readonly hidden?: number;
  /** Default 0.1. */
  readonly dropout?: number;
}

/**
 * source int32 [B, S], target int32 [B, T] -> scores of each target token's successor [B, T, targetVocabSize].
 *
 * Source: Vaswani et al. 2017; norms before each part, as Xiong et al. 2020.
 *
 * @throws IndexError for a token outside its vocabulary; ShapeError for a sequence that is empty or too long.
 */
export class Seq2SeqTransformer extends Module {
  readonly maxLength: number;
  readonly width: number;
  readonly sourceEmbedding: Embedding;
  readonly targetEmbedding: Embedding;
  readonly positions: SinusoidalPositions;
  readonly drop: Dropout;
  readonly transformer: Transformer;
  readonly head: Linear;

  constructor(options: Seq2SeqTransformerOptions) {
    super();
    const { sourceVocabSize, targetVocabSize, maxLength = 512, width = 512, heads = 8, layers = 6 } = options;
    const { hidden = 4 * width, dropout = 0.1 } = options;
    requireHeads("Seq2SeqTransformer", width, heads);
    const counts = { sourceVocabSize, targetVocabSize, maxLength, layers, hidden };
    requireSizes("Seq2SeqTransformer", counts, dropout);
    const where = whereOf(options);
    this.maxLength = maxLength;
    this.width = width;
    this.positions = new SinusoidalPositions(width);
    this.sourceEmbedding = new Embedding(sourceVocabSize, width, where);
    this.targetEmbedding = new Embedding(targetVocabSize, width, where);
    // Scaled up by sqrt(width) below, they then have the size of the positions.
    const std = width ** -0.5;
    for (const { weight } of [this.sourceEmbedding, this.targetEmbedding])
      normal(weight, { std, ...(where.generator && { generator: where.generator }) });
    this.drop = new Dropout(dropout);
    this.transformer = new Transformer(width, heads, {
      ...{ numEncoderLayers: layers, numDecoderLayers: layers, dimFeedforward: hidden, dropout },
      ...{ batchFirst: true, normFirst: true, ...where },
    });
    this.head = new Linear(width, targetVocabSize, where);
  }

  override get moduleName(): string {
    return "Seq2SeqTransformer";
  }

  /** Paddings are bool [B, S] and [B, T], true where there is none to be seen. */
  override forward(
    source: Tensor,
    target: Tensor,
    options: { readonly sourcePadding?: Tensor | null; readonly targetPadding?: Tensor | null } = {},
  ): Tensor {
    const { sourcePadding = null, targetPadding = null } = options;
    return scope("Seq2SeqTransformer", () => {
      const memory = this.encode(source, sourcePadding); // [B, S] -> [B, S, C]
      return this.decode(target, memory, { padding: targetPadding, memoryPadding: sourcePadding }); // [B, T] -> [B, T, V]
    });
  }

  encode(source: Tensor, padding: Tensor | null = null): Tensor {
    this.#check("source", source, 0);
    return scope("Seq2SeqTransformer", () => {
      const x = this.#embed(source, this.sourceEmbedding, 0); // [B, S, C]
      return this.transformer.encoder.forward(x, { keyPaddingMask: padding }); // [B, S, C]
    });
  }

  decode(
    target: Tensor,
    memory: Tensor,
    options: {
      readonly padding?: Tensor | null;
      readonly memoryPadding?: Tensor | null;
      readonly cache?: readonly KeyValueCache[];
      readonly places?: Places;
    } = {},
  ): Tensor {
    const { padding = null, memoryPadding = null, cache, places } = options;
    const before = cache?.[0].length ?? 0;
    this.#check("target", target, before);
    return scope("Seq2SeqTransformer", () => {
      const x = this.#embed(target, this.targetEmbedding, places ?? before); // [B, T, C]
      const masks = { tgtKeyPaddingMask: padding, memoryKeyPaddingMask: memoryPadding, tgtIsCausal: true };
      const y = this.transformer.decoder.forward(x, memory, masks, cache); // [B, T, C]
      return this.head.forward(y); // [B, T, V]
    });
  }

  #embed(tokens: Tensor, table: Embedding, places: Places): Tensor {
    const x = mul(table.forward(tokens), Math.sqrt(this.width)); // [B, T, C]
    return this.drop.forward(this.positions.forward(x, places)); // [B, T, C]
  }

  /** The decoder as a language model under a given source, for `generate` and `beamSearch`; dispose() it. */
  conditionedOn(source: Tensor, padding: Tensor | null = null): ConditionedDecoder {
    // Unrecorded: what generates learns nothing, and the encoder's graph would live as long as the decoder.
    const memory = noGrad<Tensor>(() => this.encode(source, padding));
    return new ConditionedDecoder(this, memory, padding);
  }

  #check(name: string, tokens: Tensor, before: number): void {
    tokens.assertAlive("Seq2SeqTransformer");
    if (tokens.rank === 2 && tokens.size > 0 && before + tokens.shape[1] <= this.maxLength) return;
    throw new ShapeError(
      "Seq2SeqTransformer",
      `${name} must be [B, T], neither of them 0, at most ${String(this.maxLength)} tokens in all; got ${formatShape(tokens.shape)}.`,
    );
  }
}

/** A decoder with the encoder's result at hand. Row b of a batch is under row b of the source, or all under a single one. */
export class ConditionedDecoder implements LanguageModel {
  readonly contextLength: number;
  readonly #model: Seq2SeqTransformer;
  readonly #memory: Tensor;
  readonly #padding: Tensor | null;

  constructor(model: Seq2SeqTransformer, memory: Tensor, padding: Tensor | null) {
    this.contextLength = model.maxLength;
    this.#model = model;
    this.#memory = memory;
    this.#padding = padding;
  }

  forward(tokens: Tensor, options: Parameters<LanguageModel["forward"]>[1]): Tensor {
    const [batch] = tokens.shape;
    const forAll = (x: Tensor): Tensor =>
      x.shape[0] === batch ? x : expand(x, [batch, ...x.shape.slice(1)]);
    return scope("Seq2SeqTransformer", () =>
      this.#model.decode(tokens, forAll(this.#memory), {
        ...options,
        memoryPadding: this.#padding && forAll(this.#padding),
      }),
    );
  }

  makeCache(): KeyValueCache[] {
    return this.#model.transformer.decoder.layers.map(() => new KeyValueCache(this.contextLength));
  }

  parameters(): Tensor[] {
    return this.#model.parameters();
  }

  /** Releases the encoder's result; the model stays. */
  dispose(): void {
    this.#memory.dispose();
  }
}

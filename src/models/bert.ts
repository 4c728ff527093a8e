// BERT: an encoder that fills in tokens hidden from it.
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { add, slice } from "../ops/algebra.ts";
import { gelu } from "../ops/elementwise.ts";
import { linear } from "../ops/linalg/matmul.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireHeads } from "../nn/attention/heads.ts";
import { RotaryEmbedding } from "../nn/attention/positions.ts";
import { Dropout } from "../nn/dropout.ts";
import { Embedding } from "../nn/embedding.ts";
import { constantParameter, whereOf } from "../nn/init.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { normal, zeros } from "../nn/init/fill.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import { TransformerEncoder, TransformerEncoderLayer } from "../nn/transformer/encoder.ts";
import { requireSizes } from "./sizes.ts";

export interface BertOptions extends ParameterOptions {
  readonly vocabSize: number;
  /** The longest sequence; default 512. */
  readonly maxLength?: number;
  /**
   * How places are told: "learned" vectors added to the tokens', as in the paper, or "rotary", by distance within attention,
   * with which a small model learns to look at neighbours in a tenth of the steps. Default "learned".
   */
  readonly positions?: "learned" | "rotary";
  /** Kinds of segments that tokens may belong to; default 2. */
  readonly segments?: number;
  /** Default 768. */
  readonly width?: number;
  /** Default 12 each. */
  readonly layers?: number;
  readonly heads?: number;
  /** Width of the hidden layers; default 4 times the width. */
  readonly hidden?: number;
  /** Default 0.1. */
  readonly dropout?: number;
}

export interface BertForwardOptions {
  /** bool [B, T]: true where there is padding. */
  readonly padding?: Tensor | null;
  /** int32 [B, T]: each token's segment; default 0. */
  readonly segments?: Tensor | null;
}

/**
 * Tokens int32 [B, T], some of them hidden behind a mask token -> scores of what stands there, [B, T, vocabSize]. The table of
 * tokens is the last layer's weight too.
 *
 * Sources: Devlin et al. 2019; rotary positions: Su et al. 2021.
 *
 * @throws IndexError for a token outside the vocabulary; ShapeError for a sequence that is empty or too long.
 */
export class BERT extends Module {
  readonly maxLength: number;
  readonly wordEmbeddings: Embedding;
  readonly positionEmbeddings: Embedding | null;
  readonly tokenTypeEmbeddings: Embedding;
  readonly embeddingNorm: LayerNorm;
  readonly drop: Dropout;
  readonly encoder: TransformerEncoder;
  readonly transform: Linear;
  readonly transformNorm: LayerNorm;
  bias: Tensor;

  constructor(options: BertOptions) {
    super();
    const { vocabSize, maxLength = 512, segments = 2, width = 768, layers = 12, heads = 12 } = options;
    const { hidden = 4 * width, dropout = 0.1 } = options;
    const { positions = "learned" } = options;
    requireHeads("BERT", width, heads);
    requireSizes("BERT", { vocabSize, maxLength, segments, layers, hidden }, dropout);
    if (positions !== "learned" && positions !== "rotary") {
      const got = JSON.stringify(positions);
      throw new ValueError("BERT", `positions must be "learned" or "rotary"; got ${got}.`);
    }
    const where = whereOf(options);
    this.maxLength = maxLength;
    this.wordEmbeddings = new Embedding(vocabSize, width, where);
    const isRotary = positions === "rotary";
    this.positionEmbeddings = isRotary ? null : new Embedding(maxLength, width, where);
    this.tokenTypeEmbeddings = new Embedding(segments, width, where);
    this.embeddingNorm = new LayerNorm(width, where);
    this.drop = new Dropout(dropout);
    const rotary = isRotary ? { rotary: new RotaryEmbedding(width / heads) } : {};
    const settings = { dimFeedforward: hidden, dropout, batchFirst: true, ...rotary, ...where };
    this.encoder = new TransformerEncoder(
      () => new TransformerEncoderLayer(width, heads, { ...settings, activation: "gelu" }),
      layers,
    );
    this.transform = new Linear(width, width, where);
    this.transformNorm = new LayerNorm(width, where);
    this.bias = constantParameter([vocabSize], 0, where);
    this.#initialise(width, where);
  }

  // Normal with the paper's deviation of 0.02 at its width of 768; narrower networks need more for scores as far apart.
  #initialise(width: number, { generator }: ParameterOptions): void {
    const std = 0.02 * Math.sqrt(768 / width);
    for (const [key, parameter] of this.namedParameters()) {
      if (parameter.rank === 2) normal(parameter, { std, ...(generator && { generator }) });
      else if (key.endsWith("bias")) zeros(parameter);
    }
  }

  override get moduleName(): string {
    return "BERT";
  }

  override forward(tokens: Tensor, options: BertForwardOptions = {}): Tensor {
    return scope("BERT", () => this.scores(this.encode(tokens, options)));
  }

  /** [B, T] -> what the encoder makes of each token in its surroundings, [B, T, C]. */
  encode(tokens: Tensor, { padding = null, segments = null }: BertForwardOptions = {}): Tensor {
    this.#check(tokens, segments);
    return scope("BERT", () => {
      const words = this.wordEmbeddings.forward(tokens); // [B, T, C]
      const placed = this.positionEmbeddings
        ? add(words, slice(this.positionEmbeddings.weight, 0, 0, tokens.shape[1])) // + [T, C]
        : words;
      const kinds = segments
        ? this.tokenTypeEmbeddings.forward(segments) // [B, T, C]
        : slice(this.tokenTypeEmbeddings.weight, 0, 0, 1); // [1, C]
      const x = this.drop.forward(this.embeddingNorm.forward(add(placed, kinds))); // [B, T, C]
      return this.encoder.forward(x, { keyPaddingMask: padding }); // [B, T, C]
    });
  }

  /** Scores of the vocabulary, [..., C] -> [..., V], for all tokens or only the hidden ones. */
  scores(encoded: Tensor): Tensor {
    return scope("BERT", () => {
      const x = this.transformNorm.forward(gelu(this.transform.forward(encoded))); // [..., C]
      return linear(x, this.wordEmbeddings.weight, this.bias); // [..., V]
    });
  }

  #check(tokens: Tensor, segments: Tensor | null): void {
    tokens.assertAlive("BERT");
    segments?.assertAlive("BERT");
    const fits = tokens.rank === 2 && tokens.size > 0 && tokens.shape[1] <= this.maxLength;
    if (fits && segments !== null && !sameShape(segments.shape, tokens.shape)) {
      const got = `${formatShape(segments.shape)} and ${formatShape(tokens.shape)}`;
      throw new ShapeError("BERT", `segments must be one for each token; got ${got}.`);
    }
    if (fits) return;
    throw new ShapeError(
      "BERT",
      `tokens must be [B, T], neither of them 0, T at most ${String(this.maxLength)}; got ${formatShape(tokens.shape)}.`,
    );
  }
}

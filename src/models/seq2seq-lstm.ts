// Sequence to sequence with attention: one network reads, another writes, and looks back at what was read.
import { ShapeError } from "../core/errors.ts";
import { Embedding } from "../nn/embedding.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LSTM } from "../nn/recurrent.ts";
import { isTensor, reshape, transpose } from "../ops/algebra.ts";
import { tensor } from "../ops/creation.ts";
import { arange } from "../ops/ranges.ts";
import { ge, tanh } from "../ops/elementwise.ts";
import { maskedFill } from "../ops/masking.ts";
import { matmul } from "../ops/linalg/matmul.ts";
import { cat } from "../ops/placement.ts";
import { softmax } from "../ops/softmax.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireTokens } from "./tokens.ts";
import { requireSizes } from "./sizes.ts";

export interface Seq2SeqLstmOptions extends ParameterOptions {
  /** Default 32. */
  readonly embedding?: number;
  /** Of the decoder, and of both directions of the encoder together; even. Default 128. */
  readonly hidden?: number;
}

/** What the encoder leaves for the decoder. */
export interface EncodedSource {
  /** [B, S, H]. */
  readonly memory: Tensor;
  /** Where the source has ended: bool [B, 1, S]. */
  readonly padding: Tensor;
  /** The decoder's first state. */
  readonly state: DecoderState;
}

export type DecoderState = readonly [h: Tensor, c: Tensor];

export interface Decoded {
  /** Scores of the next tokens [B, T, V]. */
  readonly scores: Tensor;
  /** How much each written token looks at each read one: [B, T, S], rows sum to 1. */
  readonly attention: Tensor;
  readonly state: DecoderState;
}

/**
 * Source tokens [B, S] with their lengths, and target tokens [B, T] -> scores of the tokens after them [B, T, V].
 *
 * The encoder reads in both directions; the decoder starts from a map of its last cells. Attention is Luong's general
 * form, softmax(d W m), behind the decoder's recurrence, so that in training all steps run at once.
 *
 * Source: Sutskever et al. 2014; Bahdanau et al. 2015; Luong et al. 2015, "Effective approaches to attention-based
 * neural machine translation".
 *
 * @throws IndexError for a token outside its vocabulary or a length outside 1..S; ShapeError for an empty sequence.
 */
export class Seq2SeqLstm extends Module {
  readonly sourceEmbedding: Embedding;
  readonly targetEmbedding: Embedding;
  readonly encoder: LSTM;
  readonly bridge: Linear;
  readonly decoder: LSTM;
  readonly attention: Linear;
  readonly combine: Linear;
  readonly head: Linear;

  constructor(sourceVocabulary: number, targetVocabulary: number, options: Seq2SeqLstmOptions = {}) {
    super();
    const { embedding = 32, hidden = 128, ...where } = options;
    requireSizes("Seq2SeqLstm", { sourceVocabulary, targetVocabulary, embedding, hidden });
    if (hidden % 2 !== 0) throw new ShapeError("Seq2SeqLstm", `hidden must be even; got ${String(hidden)}.`);
    this.sourceEmbedding = new Embedding(sourceVocabulary, embedding, where);
    this.targetEmbedding = new Embedding(targetVocabulary, embedding, where);
    this.encoder = new LSTM(embedding, hidden / 2, { bidirectional: true, ...where });
    this.bridge = new Linear(hidden, hidden, where);
    this.decoder = new LSTM(embedding, hidden, where);
    this.attention = new Linear(hidden, hidden, { bias: false, ...where });
    this.combine = new Linear(2 * hidden, hidden, { bias: false, ...where });
    this.head = new Linear(hidden, targetVocabulary, where);
  }

  override get moduleName(): string {
    return "Seq2SeqLstm";
  }

  override forward(source: Tensor, lengths: readonly number[] | Tensor, target: Tensor): Tensor {
    return scope<Tensor>("Seq2SeqLstm", () => this.decode(target, this.encode(source, lengths)).scores);
  }

  /** Reads the source, once. */
  encode(source: Tensor, lengths: readonly number[] | Tensor): EncodedSource {
    requireTokens("Seq2SeqLstm", "source", source);
    return scope<EncodedSource>("Seq2SeqLstm", () => {
      const [batch, steps] = source.shape;
      const x = this.sourceEmbedding.forward(transpose(source, 0, 1)); // [B, S] -> [S, B, E]
      const [y, [, c]] = this.encoder.forward(x, null, { lengths }); // -> [S, B, H], cells [2, B, H / 2]
      const cells = reshape(transpose(c, 0, 1), [batch, -1]); // both directions side by side: [B, H]
      const start = reshape(this.bridge.forward(cells), [1, batch, -1]);
      const positions = arange(steps, { dtype: "int32", device: source.device });
      const ends = isTensor(lengths) ? lengths : tensor(lengths, { dtype: "int32", device: source.device });
      return {
        memory: transpose(y, 0, 1),
        padding: ge(reshape(positions, [1, 1, steps]), reshape(ends, [batch, 1, 1])),
        state: [tanh(start), start],
      };
    });
  }

  /** Writes all given target tokens at once, or goes on by some. */
  decode(target: Tensor, { memory, padding, state }: EncodedSource): Decoded {
    requireTokens("Seq2SeqLstm", "target", target);
    if (target.shape[0] !== memory.shape[0]) {
      const got = `${String(memory.shape[0])} and ${String(target.shape[0])}`;
      throw new ShapeError("Seq2SeqLstm", `there must be a target for each source; got ${got}.`);
    }
    return scope<Decoded>("Seq2SeqLstm", () => {
      const x = this.targetEmbedding.forward(transpose(target, 0, 1)); // [B, T] -> [T, B, E]
      const [y, last] = this.decoder.forward(x, state); // -> [T, B, H]
      const written = transpose(y, 0, 1); // [B, T, H]
      const scores = matmul(this.attention.forward(written), transpose(memory)); // -> [B, T, S]
      const attention = softmax(maskedFill(scores, padding, -Infinity));
      const context = matmul(attention, memory); // [B, T, H]
      const both = tanh(this.combine.forward(cat([context, written], -1))); // [B, T, 2 H] -> [B, T, H]
      return { scores: this.head.forward(both), attention, state: last };
    });
  }
}

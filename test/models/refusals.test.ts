// What models and transformer layers refuse, by class and in words; and that a refusal leaves nothing behind.
import { describe, expect, it } from "vitest";
import { memory, randn, scope, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import * as models from "../../src/models/index.ts";
import * as nn from "../../src/nn/index.ts";
import { own } from "../disposables.ts";

const ids = (...rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), { shape: [rows.length, rows[0].length] });
const bools = (...shape: number[]): Tensor =>
  tensor(new Uint8Array(shape.reduce((product, n) => product * n, 1)), { shape, dtype: "bool" });

const small = { width: 4, heads: 2, layers: 1, hidden: 6, dropout: 0 };
const charLstm = () => own(new models.CharLSTM(5, { embedding: 3, hidden: 4 }));
const forecaster = () => own(new models.LstmForecaster(2, 3, { hidden: 4 }));
const seq2seq = () => own(new models.Seq2SeqLstm(6, 5, { embedding: 3, hidden: 4 }));
const bert = () => own(new models.BERT({ ...small, vocabSize: 7, maxLength: 5 }));
const gpt = () => own(new models.GPT({ vocabSize: 7, contextLength: 5, width: 4, heads: 2, layers: 1 }));
const transformer = () =>
  own(new models.Seq2SeqTransformer({ ...small, sourceVocabSize: 6, targetVocabSize: 5, maxLength: 4 }));
const encoder = () =>
  own(new nn.TransformerEncoder(() => new nn.TransformerEncoderLayer(4, 2, { batchFirst: true }), 1));
const decoder = () =>
  own(new nn.TransformerDecoder(() => new nn.TransformerDecoderLayer(4, 2, { batchFirst: true }), 1));

interface Refusal<M> {
  readonly name: string;
  readonly make: () => M;
  readonly call: (model: M) => unknown;
  /** With the error's class in front. */
  readonly message: string;
}

const refusal = <M>(
  name: string,
  make: () => M,
  call: (model: M) => unknown,
  message: string,
): Refusal<unknown> => ({ name, make, call, message }) as Refusal<unknown>;

const outside = (most: number, got: number, place: string): string =>
  `IndexError: embedding: indices must lie in 0..${String(most)}; got ${String(got)} at position ${place}.`;
const masks = "MultiheadAttention: attnMask must be";

const size = { width: 4, latent: 3, imageSize: 16 };

const refusals = [
  // Images of another size.
  refusal(
    "LeNet5, image",
    () => own(new models.LeNet5()),
    (m) => m.forward(randn([2, 1, 28, 28])),
    "ShapeError: LeNet5: images must be [N, 1, 32, 32]; got [2, 1, 28, 28].",
  ),
  refusal(
    "DcganDiscriminator, image",
    () => own(new models.DcganDiscriminator(size)),
    (m) => m.forward(randn([2, 1, 32, 32])),
    "ShapeError: DcganDiscriminator: images must be [N, 1, 16, 16]; got [2, 1, 32, 32].",
  ),
  refusal(
    "DcganGenerator, latent",
    () => own(new models.DcganGenerator(size)),
    (m) => m.forward(randn([2, 4])),
    "ShapeError: DcganGenerator: latent vectors must be [N, 3]; got [2, 4].",
  ),
  refusal(
    "WganCritic, image",
    () => own(new models.WganCritic(size)),
    (m) => m.forward(randn([2, 3, 16, 16])),
    "ShapeError: WganCritic: images must be [N, 1, 16, 16]; got [2, 3, 16, 16].",
  ),
  refusal(
    "WganGenerator, latent",
    () => own(new models.WganGenerator(size)),
    (m) => m.forward(randn([3])),
    "ShapeError: WganGenerator: latent vectors must be [N, 3]; got [3].",
  ),
  // Tokens out of range.
  refusal("CharLSTM, token", charLstm, (m) => m.forward(ids([1, 5])), outside(4, 5, "1 of 2")),
  refusal("CharLSTM, token below", charLstm, (m) => m.forward(ids([-1])), outside(4, -1, "0 of 1")),
  refusal(
    "Seq2SeqLstm, source's token",
    seq2seq,
    (m) => m.forward(ids([1, 6]), [2], ids([1])),
    outside(5, 6, "1 of 2"),
  ),
  refusal(
    "Seq2SeqLstm, target's token",
    seq2seq,
    (m) => m.forward(ids([1]), [1], ids([5])),
    outside(4, 5, "0 of 1"),
  ),
  refusal(
    "BERT, segment",
    bert,
    (m) => m.forward(ids([1, 2]), { segments: ids([0, 2]) }),
    outside(1, 2, "1 of 2"),
  ),
  refusal(
    "Seq2SeqTransformer, source's token",
    transformer,
    (m) => m.forward(ids([6]), ids([1])),
    outside(5, 6, "0 of 1"),
  ),
  refusal(
    "Seq2SeqTransformer, target's token",
    transformer,
    (m) => m.forward(ids([1]), ids([5])),
    outside(4, 5, "0 of 1"),
  ),
  // Sequences longer than the positions, or than what was read.
  refusal(
    "Seq2SeqTransformer, long source",
    transformer,
    (m) => m.forward(ids([1, 1, 1, 1, 1]), ids([1])),
    "ShapeError: Seq2SeqTransformer: source must be [B, T], neither of them 0, at most 4 tokens in all; got [1, 5].",
  ),
  refusal(
    "Seq2SeqTransformer, long target",
    transformer,
    (m) => m.forward(ids([1]), ids([1, 1, 1, 1, 1])),
    "ShapeError: Seq2SeqTransformer: target must be [B, T], neither of them 0, at most 4 tokens in all; got [1, 5].",
  ),
  refusal(
    "Seq2SeqLstm, length",
    seq2seq,
    (m) => m.forward(ids([1, 2]), [3], ids([1])),
    "IndexError: LSTM: lengths must lie in 1..2; got 3 at position 0.",
  ),
  // Empty sequences, and shapes.
  refusal(
    "CharLSTM, empty",
    charLstm,
    (m) => m.forward(ids([])),
    "ShapeError: CharLSTM: tokens must be [B, T], neither of them 0; got [1, 0].",
  ),
  refusal(
    "CharLSTM, rank",
    charLstm,
    (m) => m.forward(tensor([1, 2], { dtype: "int32" })),
    "ShapeError: CharLSTM: tokens must be [B, T], neither of them 0; got [2].",
  ),
  refusal(
    "LstmForecaster, empty",
    forecaster,
    (m) => m.forward(randn([2, 0, 2])),
    "ShapeError: LstmForecaster: windows must be [B, T, 2], none of them 0; got [2, 0, 2].",
  ),
  refusal(
    "LstmForecaster, features",
    forecaster,
    (m) => m.forward(randn([2, 3, 5])),
    "ShapeError: LstmForecaster: windows must be [B, T, 2], none of them 0; got [2, 3, 5].",
  ),
  refusal(
    "Seq2SeqLstm, empty source",
    seq2seq,
    (m) => m.forward(ids([]), [0], ids([1])),
    "ShapeError: Seq2SeqLstm: source must be [B, T], neither of them 0; got [1, 0].",
  ),
  refusal(
    "Seq2SeqLstm, empty target",
    seq2seq,
    (m) => m.forward(ids([1]), [1], ids([])),
    "ShapeError: Seq2SeqLstm: target must be [B, T], neither of them 0; got [1, 0].",
  ),
  refusal(
    "Seq2SeqLstm, another number of targets",
    seq2seq,
    (m) => m.forward(ids([1]), [1], ids([1], [2])),
    "ShapeError: Seq2SeqLstm: there must be a target for each source; got 1 and 2.",
  ),
  refusal(
    "BERT, empty",
    bert,
    (m) => m.forward(ids([])),
    "ShapeError: BERT: tokens must be [B, T], neither of them 0, T at most 5; got [1, 0].",
  ),
  refusal(
    "BERT, segments' shape",
    bert,
    (m) => m.forward(ids([1, 2]), { segments: ids([0]) }),
    "ShapeError: BERT: segments must be one for each token; got [1, 1] and [1, 2].",
  ),
  refusal(
    "Seq2SeqTransformer, empty source",
    transformer,
    (m) => m.forward(ids([]), ids([1])),
    "ShapeError: Seq2SeqTransformer: source must be [B, T], neither of them 0, at most 4 tokens in all; got [1, 0].",
  ),
  // Masks.
  refusal(
    "GPT, padding",
    gpt,
    (m) => m.forward(ids([1, 2]), { padding: bools(1, 3) }),
    "ShapeError: GPT: keyPaddingMask must be [1, 2]; got [1, 3].",
  ),
  refusal(
    "BERT, padding",
    bert,
    (m) => m.forward(ids([1, 2]), { padding: bools(1, 3) }),
    "ShapeError: MultiheadAttention: keyPaddingMask must be [1, 2]; got [1, 3].",
  ),
  refusal(
    "Seq2SeqTransformer, padding",
    transformer,
    (m) => m.forward(ids([1, 2]), ids([1]), { sourcePadding: bools(1, 3) }),
    "ShapeError: MultiheadAttention: keyPaddingMask must be [1, 2]; got [1, 3].",
  ),
  refusal(
    "TransformerEncoder, mask",
    encoder,
    (m) => m.forward(randn([2, 3, 4]), { mask: bools(2, 3) }),
    `ShapeError: ${masks} [3, 3] or [4, 3, 3] or [2, 2, 3, 3]; got [2, 3].`,
  ),
  refusal(
    "TransformerDecoder, memory's mask",
    decoder,
    (m) => m.forward(randn([2, 3, 4]), randn([2, 2, 4]), { memoryMask: bools(3, 3) }),
    `ShapeError: ${masks} [3, 2] or [4, 3, 2] or [2, 2, 3, 2]; got [3, 3].`,
  ),
  refusal(
    "TransformerDecoder, mask of integers",
    decoder,
    (m) => m.forward(randn([2, 3, 4]), randn([2, 2, 4]), { tgtMask: tensor([1], { dtype: "int32" }) }),
    `DTypeError: ${masks} bool (true: hidden) or float32 (added); got int32.`,
  ),
];

describe("forward refuses", () => {
  it.each(refusals)("$name", ({ make, call, message }) => {
    const model = make();
    scope(() => {
      let [error, left] = [null as unknown, 0];
      const before = memory();
      scope(() => {
        try {
          call(model);
        } catch (caught) {
          error = caught;
        }
        left = memory().buffers - before.buffers;
      });
      expect(String(error).slice(0, message.length)).toBe(message);
      // The call's own inputs, three at most.
      expect(left).toBeLessThanOrEqual(3);
      expect(memory().buffers).toBe(before.buffers);
    });
  });
});

describe("constructors refuse", () => {
  const bert = { vocabSize: 7, width: 5, heads: 2 };
  const cases: [string, () => unknown, string][] = [
    ["BERT", () => new models.BERT(bert), "BERT: width must divide into heads; got 5 and 2."],
    [
      "BERT with rotary positions",
      () => new models.BERT({ ...bert, positions: "rotary" }),
      "BERT: width must divide into heads; got 5 and 2.",
    ],
    [
      "ViT",
      () => new models.ViT({ imageSize: 4, patchSize: 2, classes: 2, width: 5, heads: 2 }),
      "ViT: width must divide into heads; got 5 and 2.",
    ],
    [
      "Seq2SeqTransformer",
      () => new models.Seq2SeqTransformer({ sourceVocabSize: 6, targetVocabSize: 5, width: 6, heads: 4 }),
      "Seq2SeqTransformer: width must divide into heads; got 6 and 4.",
    ],
    [
      "Transformer",
      () => new nn.Transformer(5, 2),
      "Transformer: dModel must divide into nHead; got 5 and 2.",
    ],
    [
      "Transformer, layers",
      () => new nn.Transformer(4, 2, { numDecoderLayers: 0 }),
      "Transformer: numDecoderLayers must be a whole number >= 1; got 0.",
    ],
    [
      "Seq2SeqTransformer, odd width",
      () => new models.Seq2SeqTransformer({ sourceVocabSize: 6, targetVocabSize: 5, width: 5, heads: 1 }),
      "SinusoidalPositions: width must be even; got 5.",
    ],
    [
      "Seq2SeqLstm",
      () => new models.Seq2SeqLstm(6, 5, { hidden: 5 }),
      "Seq2SeqLstm: hidden must be even; got 5.",
    ],
  ];
  const whole = (op: string, name: string): string => `${op}: ${name} must be a whole number >= 1; got 0.`;
  const vit = { imageSize: 4, patchSize: 2, width: 4, heads: 2, layers: 1 };
  const sizes: [string, () => unknown, string][] = [
    ["GPT, context", () => new models.GPT({ vocabSize: 7, contextLength: 0 }), whole("GPT", "contextLength")],
    [
      "GPT, dropout",
      () => new models.GPT({ vocabSize: 7, dropout: 2 }),
      "GPT: dropout must lie in 0..1; got 2.",
    ],
    [
      "BERT, layers",
      () => new models.BERT({ vocabSize: 7, width: 4, heads: 2, layers: 0 }),
      whole("BERT", "layers"),
    ],
    ["ViT, classes", () => new models.ViT({ ...vit, classes: 0 }), whole("ViT", "classes")],
    [
      "Seq2SeqTransformer, vocabulary",
      () => new models.Seq2SeqTransformer({ sourceVocabSize: 6, targetVocabSize: 0 }),
      whole("Seq2SeqTransformer", "targetVocabSize"),
    ],
    ["Seq2SeqLstm, vocabulary", () => new models.Seq2SeqLstm(6, 0), whole("Seq2SeqLstm", "targetVocabulary")],
    ["CharLSTM, layers", () => new models.CharLSTM(5, { layers: 0 }), whole("CharLSTM", "layers")],
    ["LstmForecaster, horizon", () => new models.LstmForecaster(5, 0), whole("LstmForecaster", "horizon")],
  ];
  it.each([...cases, ...sizes])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

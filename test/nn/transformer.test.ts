// Transformer layers where PyTorch has no numbers to give: what a causal mask hides, gated hidden layers, and the very
// values of rotary positions.
import { describe, expect, it } from "vitest";
import { Generator, mul, randn, sigmoid, slice, tensor } from "../../src/index.ts";
import type { Shape, Tensor } from "../../src/index.ts";
import { Seq2SeqTransformer } from "../../src/models/index.ts";
import {
  alibiBias,
  MultiheadAttention,
  RotaryEmbedding,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "../../src/nn/index.ts";
import { own } from "../disposables.ts";
import { scoped, scopedEach } from "../scoped.ts";

const draw = (shape: Shape, seed: number): Tensor => randn(shape, { generator: new Generator(seed) });
const options = { batchFirst: true, dropout: 0, dimFeedforward: 12 } as const;

describe("a causal mask", () => {
  const [B, T, C, CHANGED] = [2, 9, 8, 6];

  /** x [B, T, C] with other numbers from the changed token on. */
  const changed = (x: Tensor): Tensor =>
    tensor(
      Array.from(x.dataSync(), (value, i) => (Math.floor(i / C) % T < CHANGED ? value : 5 - value)),
      { shape: x.shape },
    );

  const rotary = (): RotaryEmbedding => new RotaryEmbedding(4);
  const memory = (): Tensor => draw([B, 5, C], 7);
  const ways: [string, () => (x: Tensor) => Tensor][] = [
    [
      "MultiheadAttention, of a sequence with itself",
      () => {
        const layer = own(new MultiheadAttention(C, 2, { batchFirst: true }));
        return (x) => layer.forward(x, x, x, { isCausal: true })[0];
      },
    ],
    [
      "MultiheadAttention, rotary, with weights",
      () => {
        const layer = own(new MultiheadAttention(C, 2, { batchFirst: true, rotary: rotary() }));
        return (x) => layer.forward(x, x, x, { isCausal: true, needWeights: true })[0];
      },
    ],
    [
      "MultiheadAttention, with ALiBi",
      () => {
        const layer = own(new MultiheadAttention(C, 2, { batchFirst: true }));
        const attnMask = own(alibiBias(2, T).repeat([B, 1, 1]));
        return (x) => layer.forward(x, x, x, { isCausal: true, attnMask })[0];
      },
    ],
    [
      "TransformerEncoder",
      () => {
        const layer = own(new TransformerEncoder(() => new TransformerEncoderLayer(C, 2, options), 2));
        return (x) => layer.forward(x, { isCausal: true });
      },
    ],
    [
      "TransformerDecoderLayer",
      () => {
        const layer = own(new TransformerDecoderLayer(C, 2, { ...options, normFirst: true }));
        return (x) => layer.forward(x, memory(), { tgtIsCausal: true });
      },
    ],
  ];

  it.each(ways)(
    "lets no later token change an earlier output: %s",
    scopedEach((_, make) => {
      const run = make();
      const x = draw([B, T, C], 1);
      const [before, after] = [run(x), run(changed(x))];
      const early = (y: Tensor): ArrayLike<number> => slice(y, 1, 0, CHANGED).dataSync();
      const late = (y: Tensor): ArrayLike<number> => slice(y, 1, CHANGED).dataSync();
      expect(early(after)).toEqual(early(before));
      expect(late(after)).not.toEqual(late(before));
    }),
  );

  it(
    "lets no later token change an earlier score: Seq2SeqTransformer",
    scoped(() => {
      const sizes = { sourceVocabSize: 9, targetVocabSize: 9, width: 8, heads: 2, layers: 2, hidden: 12 };
      const model = own(new Seq2SeqTransformer({ ...sizes, dropout: 0 }));
      const ids = (...row: number[]): Tensor => tensor(row, { shape: [1, row.length], dtype: "int32" });
      const scores = (last: number): Tensor => model.forward(ids(3, 4, 5), ids(0, 1, 2, last));
      const [a, b] = [scores(3), scores(8)];
      expect(slice(a, 1, 0, 3).dataSync()).toEqual(slice(b, 1, 0, 3).dataSync());
      expect(slice(a, 1, 3).dataSync()).not.toEqual(slice(b, 1, 3).dataSync());
    }),
  );
});

it(
  "a gated hidden layer is W2 (silu(a) b), with a and b the halves of W1 x",
  scoped(() => {
    const layer = own(
      new TransformerEncoderLayer(8, 2, { ...options, normFirst: true, activation: "swiglu" }),
    );
    const x = draw([1, 3, 8], 2);
    const attended = x.add(layer.selfAttn.forward(layer.norm1.forward(x))[0]);
    const hidden = layer.linear1.forward(layer.norm2.forward(attended));
    const [a, b] = [slice(hidden, -1, 0, 12), slice(hidden, -1, 12)];
    const expected = attended.add(layer.linear2.forward(mul(mul(a, sigmoid(a)), b)));
    expect(layer.forward(x)).toBeCloseToTensor(expected, { rtol: 1e-5, atol: 1e-6 });
  }),
);

it(
  "rotary positions turn the pairs (x_i, x_(i + E/2)) by place times base^(-2i / E)",
  scoped(() => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], { shape: [2, 4] });
    const turn = ([a, b, c, d]: readonly number[], place: number): number[] => {
      const [fast, slow] = [place, place / 100];
      return [
        a * Math.cos(fast) - c * Math.sin(fast),
        b * Math.cos(slow) - d * Math.sin(slow),
        c * Math.cos(fast) + a * Math.sin(fast),
        d * Math.cos(slow) + b * Math.sin(slow),
      ];
    };
    const expected = [...turn([1, 2, 3, 4], 5), ...turn([5, 6, 7, 8], 6)];
    expect(new RotaryEmbedding(4).forward(x, 5)).toBeCloseToTensor(expected, { rtol: 1e-5, atol: 1e-5 });
  }),
);

// Attention layers where PyTorch has no numbers to give: positions, shared heads, the cache, masks, errors.
import { describe, expect, it } from "vitest";
import {
  Generator,
  gradgradcheck,
  memory,
  noGrad,
  permute,
  randn,
  repeatInterleave,
  reshape,
  scaledDotProductAttention,
  slice,
  sum,
  mul,
  tensor,
} from "../../src/index.ts";
import type { Shape, Tensor } from "../../src/index.ts";
import {
  alibiBias,
  gradcheckModule,
  KeyValueCache,
  MultiheadAttention,
  RotaryEmbedding,
  SinusoidalPositions,
  sinusoidalPositions,
  TransformerEncoderLayer,
} from "../../src/nn/index.ts";
import { scoped } from "../scoped.ts";

const draw = (shape: Shape, seed: number): Tensor => randn(shape, { generator: new Generator(seed) });
const CLOSE = { rtol: 1e-5, atol: 2e-6 };

describe("positions", () => {
  it(
    "sinusoidal ones are the paper's",
    scoped(() => {
      const table = sinusoidalPositions(3, 4).dataSync();
      const expected = [0, 1, 2].flatMap((t) => [
        ...[Math.sin(t), Math.cos(t)],
        ...[Math.sin(t / 100), Math.cos(t / 100)],
      ]);
      expect(table).toBeCloseToTensor(expected, { atol: 1e-6 });
      const x = draw([2, 3, 4], 1);
      const layer = new SinusoidalPositions(4);
      expect(layer.forward(x)).toBeCloseToTensor(x.add(sinusoidalPositions(3, 4)), CLOSE);
      const moved = layer.forward(x, [
        [5, 6, 7],
        [0, 1, 2],
      ]);
      const rows = [sinusoidalPositions(3, 4, { offset: 5 }), sinusoidalPositions(3, 4)];
      rows.forEach((row, b) =>
        expect(slice(moved, 0, b, b + 1)).toBeCloseToTensor(slice(x, 0, b, b + 1).add(row), CLOSE),
      );
    }),
  );

  it(
    "rotary ones make products depend on distances alone, and keep lengths",
    scoped(() => {
      const rotary = new RotaryEmbedding(6);
      const [q, k] = [draw([1, 1, 1, 6], 2), draw([1, 1, 1, 6], 3)];
      const at = (i: number, j: number): number =>
        sum(mul(rotary.forward(q, i), rotary.forward(k, j))).itemSync();
      expect(at(7, 4)).toBeCloseTo(at(103, 100), 4);
      expect(at(7, 4)).not.toBeCloseTo(at(7, 5), 2);
      expect(at(0, 0)).toBeCloseTo(sum(mul(q, k)).itemSync(), 5);
      const rows = rotary.forward(draw([2, 3, 4, 6], 4), [
        [0, 1, 2, 3],
        [9, 10, 11, 12],
      ]);
      const alone = rotary.forward(slice(draw([2, 3, 4, 6], 4), 0, 1, 2), 9);
      expect(slice(rows, 0, 1, 2)).toBeCloseToTensor(alone, CLOSE);
    }),
  );

  it(
    "ALiBi's fall with distance, by the slopes of the paper",
    scoped(() => {
      const bias = alibiBias(8, 1, 4);
      expect([...slice(bias, 2, 0, 1).dataSync()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => -3 * 2 ** -i));
      expect([...slice(alibiBias(3, 2, 2), 0, 2).dataSync()].slice(0, 2)).toEqual([-0, -0.25]);
    }),
  );

  it(
    "rotary ones may differ between sequences without heads",
    scoped(() => {
      const rotary = new RotaryEmbedding(4);
      const x = draw([2, 3, 4], 1);
      const places = [
        [5, 6, 7],
        [0, 1, 2],
      ];
      const turned = rotary.forward(x, places);
      expect(turned.shape).toEqual([2, 3, 4]);
      places.forEach((row, b) =>
        expect(slice(turned, 0, b, b + 1)).toBeCloseToTensor(
          rotary.forward(slice(x, 0, b, b + 1), row),
          CLOSE,
        ),
      );
      expect(() => rotary.forward(draw([2, 4], 1), [0, 1, 2, 3])).toThrow(
        "RotaryEmbedding: places must be one for each of 2 tokens; got 4.",
      );
      expect(() =>
        rotary.forward(x, [
          [0, 1, 2, 3],
          [0, 1],
        ]),
      ).toThrow("RotaryEmbedding: places must be rows of one for each of 3 tokens; got rows of 4, 2.");
    }),
  );

  it("distance biases leave nothing behind once they are released", () => {
    alibiBias(2, 3).dispose();
  });

  it("refuse what does not fit", () => {
    expect(() => new RotaryEmbedding(3)).toThrow("RotaryEmbedding: width must be even; got 3.");
    scoped(() => {
      expect(() => new RotaryEmbedding(4).forward(draw([2, 5], 1))).toThrow(
        "RotaryEmbedding: x must be [..., T, 4]; got [2, 5].",
      );
      expect(() => new RotaryEmbedding(4).forward(draw([2, 4], 1), [1, 2, 3])).toThrow(
        "RotaryEmbedding: places must be one for each of 2 tokens; got 3.",
      );
    })();
  });
});

describe("MultiheadAttention", () => {
  it(
    "with fewer heads of keys is one whose heads of keys are repeated",
    scoped(() => {
      const layer = new MultiheadAttention(8, 4, { keyHeads: 2, batchFirst: true });
      expect(layer.inProjWeight!.shape).toEqual([16, 8]);
      const x = draw([2, 5, 8], 1);
      const [y] = layer.forward(x, x, x, { isCausal: true });
      const projected = reshape(
        x.matmul(layer.inProjWeight!.transpose()).add(layer.inProjBias!),
        [2, 5, 8, 2],
      );
      const heads = (from: number, to: number): Tensor =>
        permute(slice(projected, 2, from, to), [0, 2, 1, 3]);
      const twice = (t: Tensor): Tensor => repeatInterleave(t, 2, 1);
      const plain = scaledDotProductAttention(heads(0, 4), twice(heads(4, 6)), twice(heads(6, 8)), {
        causal: true,
      });
      expect(y).toBeCloseToTensor(
        layer.outProj.forward(reshape(permute(plain, [0, 2, 1, 3]), [2, 5, 8])),
        CLOSE,
      );
      layer.dispose();
    }),
  );

  it.each([1, 2])(
    "token by token with a cache gives what all at once gives, rotary, %i heads of keys",
    (keyHeads) => {
      const rotary = new RotaryEmbedding(4);
      const layer = new MultiheadAttention(8, 2, { batchFirst: true, rotary, keyHeads }).eval();
      const cache = new KeyValueCache(7);
      scoped(() => {
        const x = draw([3, 7, 8], 5);
        const whole = noGrad(() => layer.forward(x, x, x, { isCausal: true })[0]);
        for (let t = 0; t < 7; t++) {
          const now = slice(x, 1, t, t + 1);
          const y = noGrad(() => layer.forward(now, now, now, { isCausal: true, cache })[0]);
          expect(y).toBeCloseToTensor(slice(whole, 1, t, t + 1), CLOSE);
        }
        const more = draw([3, 1, 8], 1);
        expect(() => noGrad(() => layer.forward(more, more, more, { cache })[0])).toThrow(
          "KeyValueCache: at most 7 tokens fit; got 1 more beside 7.",
        );
        cache.truncate(2);
        expect(() =>
          noGrad(() => layer.forward(slice(more, 0, 0, 2), undefined, undefined, { cache })[0]),
        ).toThrow("KeyValueCache: batch, heads and width must stay as in the first step");
        // Rows exchanged: the third sequence goes on as the first.
        cache.truncate();
        noGrad(() => layer.forward(x, x, x, { isCausal: true, cache }));
        cache.truncate(6);
        cache.reorder(tensor(new Int32Array([2, 0])));
        const last = slice(x, 1, 6, 7);
        const rows = tensor(new Int32Array([2, 0]));
        const exchanged = last.indexSelect(0, rows);
        const y = noGrad(() => layer.forward(exchanged, exchanged, exchanged, { isCausal: true, cache })[0]);
        expect(y).toBeCloseToTensor(slice(whole, 1, 6, 7).indexSelect(0, rows), CLOSE);
      })();
      cache.dispose();
      layer.dispose();
    },
  );

  it(
    "hides what either mask hides, of whatever kind",
    scoped(() => {
      const layer = new MultiheadAttention(4, 2, { batchFirst: true }).eval();
      const x = draw([2, 3, 4], 3);
      const bools = (values: number[], shape: Shape): Tensor =>
        tensor(Uint8Array.from(values), { shape, dtype: "bool" });
      const padding = bools([0, 0, 0, 0, 0, 1], [2, 3]);
      const later = bools([0, 1, 1, 0, 0, 1, 0, 0, 0], [3, 3]);
      const added = tensor([0, -Infinity, -Infinity, 0, 0, -Infinity, 0, 0, 0], { shape: [3, 3] });
      const attend = (options: object): Tensor => layer.forward(x, x, x, options)[0];
      const expected = attend({ keyPaddingMask: padding, isCausal: true });
      expect(attend({ keyPaddingMask: padding, attnMask: later })).toBeCloseToTensor(expected, CLOSE);
      expect(attend({ keyPaddingMask: padding, attnMask: added })).toBeCloseToTensor(expected, CLOSE);
      const [withWeights, weights] = layer.forward(x, x, x, {
        keyPaddingMask: padding,
        isCausal: true,
        needWeights: true,
      });
      expect(withWeights).toBeCloseToTensor(expected, CLOSE);
      expect(sum(weights!, { axis: -1 })).toBeCloseToTensor(new Float32Array(6).fill(1), CLOSE);
      layer.dispose();
    }),
  );

  it(
    "drops weights in training only, the same for the same stream",
    scoped(() => {
      const layer = new MultiheadAttention(8, 2, { dropout: 0.5, batchFirst: true });
      const x = draw([2, 6, 8], 1);
      const [a] = layer.forward(x);
      const [b] = layer.forward(x);
      expect(a.dataSync()).not.toEqual(b.dataSync());
      layer.eval();
      expect(layer.forward(x)[0].dataSync()).toEqual(layer.forward(x)[0].dataSync());
      layer.dispose();
    }),
  );

  it("has the right derivatives in float64, first and second", () => {
    const where = { device: "reference", dtype: "float64" } as const;
    const layer = new TransformerEncoderLayer(4, 2, {
      ...{ dimFeedforward: 4, dropout: 0, batchFirst: true, activation: "swiglu", normFirst: true },
      ...{ keyHeads: 1, rotary: new RotaryEmbedding(2), ...where },
    });
    scoped(() => {
      const x = randn([1, 3, 4], { generator: new Generator(1), ...where }).setRequiresGrad(true);
      expect(gradcheckModule(layer, [x])).toBe(true);
      // By all its weights the second would take minutes; the op's row has them.
      expect(gradgradcheck((input: Tensor) => layer.forward(input, { isCausal: true }), [x])).toBe(true);
    })();
    layer.dispose();
  });

  it(
    "caches only what fits together",
    scoped(() => {
      const cache = new KeyValueCache(4);
      const before = memory().buffers;
      const [k, v, gone] = [draw([1, 2, 1, 3], 1), draw([1, 2, 1, 5], 2), draw([1, 2, 1, 3], 3)];
      gone.dispose();
      const refused = (a: Tensor, b: Tensor, message: string): void => {
        expect(() => cache.append(a, b)).toThrow(message);
      };
      const alike = "KeyValueCache: k and v must be [B, heads, T, E], alike in all but E; got";
      refused(k, draw([1, 2, 2, 5], 3), `${alike} [1, 2, 1, 3] and [1, 2, 2, 5].`);
      refused(draw([2, 3], 1), draw([2, 3], 1), `${alike} [2, 3] and [2, 3].`);
      refused(gone, v, "KeyValueCache: its inputs must be alive");
      refused(k, v.cast("int32"), "KeyValueCache: k and v must be float32; got int32.");
      expect(memory().buffers - before).toBeLessThanOrEqual(6);
      cache.append(k, v);
      refused(k.cast("int32"), v.cast("int32"), "KeyValueCache: k and v must be float32; got int32.");
      expect(cache.length).toBe(1);
      cache.dispose();
    }),
  );

  it(
    "hides keys of one sequence without its axis",
    scoped(() => {
      const layer = new MultiheadAttention(4, 2, { batchFirst: true });
      const x = draw([3, 4], 1);
      const keyPaddingMask = tensor(new Uint8Array([0, 0, 1]), { shape: [3], dtype: "bool" });
      const [y] = layer.forward(x, x, x, { keyPaddingMask });
      const [expected] = layer.forward(x, slice(x, 0, 0, 2));
      expect(y).toBeCloseToTensor(expected, CLOSE);
      layer.dispose();
    }),
  );

  it("names what does not fit, and leaves nothing behind", () => {
    expect(() => new MultiheadAttention(8, 4, { kdim: 0 })).toThrow(
      "MultiheadAttention: kdim must be a whole number >= 1; got 0.",
    );
    expect(() => new MultiheadAttention(6, 4)).toThrow(
      "MultiheadAttention: embedDim must divide into numHeads; got 6 and 4.",
    );
    expect(() => new MultiheadAttention(8, 4, { keyHeads: 3 })).toThrow(
      "MultiheadAttention: numHeads must be a multiple of keyHeads; got 4 and 3.",
    );
    const layer = new MultiheadAttention(4, 2, { batchFirst: true });
    scoped(() => {
      const [x, wide, empty] = [draw([2, 3, 4], 1), draw([2, 3, 5], 1), draw([2, 0, 4], 1)];
      const mask = tensor([1, 2, 3], { dtype: "int32" });
      const long = tensor(new Uint8Array(8), { shape: [2, 4], dtype: "bool" });
      const before = memory();
      expect(() => layer.forward(wide)).toThrow(
        "MultiheadAttention: query, key and value must be [B, T, width] or [T, width] with widths 4, 4, 4; " +
          "got [2, 3, 5], [2, 3, 5], [2, 3, 5].",
      );
      expect(() => layer.forward(empty)).toThrow(
        "MultiheadAttention: no axis of query, key and value may be empty; got [2, 0, 4], [2, 0, 4], [2, 0, 4].",
      );
      expect(() => layer.forward(x, x, x, { attnMask: mask })).toThrow(
        "MultiheadAttention: attnMask must be bool (true: hidden) or float32 (added); got int32.",
      );
      expect(() => layer.forward(x, x, x, { keyPaddingMask: long })).toThrow(
        "MultiheadAttention: keyPaddingMask must be [2, 3]; got [2, 4].",
      );
      expect(memory()).toEqual({ ...before, peakBytes: memory().peakBytes });
    })();
    layer.dispose();
  });
});

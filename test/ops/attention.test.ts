// Attention beyond its row: sizes of several blocks, hidden rows, dropout's bits, later tokens, the layout of the result.
import { afterEach, describe, expect, it } from "vitest";
import { lookupDevice } from "../../src/backend/device.ts";
import {
  Generator,
  grad,
  noGrad,
  ones,
  randn,
  reshape,
  scaledDotProductAttention,
  slice,
  tensor,
  transpose,
} from "../../src/index.ts";
import type { AttentionOptions, Shape, Tensor } from "../../src/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

const fused = lookupDevice("test", "wasm").kernels.fused as Record<string, unknown>;
const kernels = { ...fused };

afterEach(() => {
  Object.assign(fused, kernels);
});

const draw = (shape: Shape, seed: number): Tensor => randn(shape, { generator: new Generator(seed) });

interface Call {
  readonly name: string;
  readonly q: Shape;
  readonly k: Shape;
  readonly v?: Shape;
  readonly mask?: () => Tensor;
  readonly options?: () => AttentionOptions;
}

const padding = (batch: number, keys: number, length: (row: number) => number): Tensor =>
  tensor(
    Uint8Array.from({ length: batch * keys }, (_, i) => Number(i % keys < length(Math.floor(i / keys)))),
    { shape: [batch, 1, 1, keys], dtype: "bool" },
  );

// Blocks are of 64 queries and 96 keys.
const calls: readonly Call[] = [
  { name: "several blocks", q: [1, 2, 131, 20], k: [1, 2, 205, 20], v: [1, 2, 205, 13] },
  { name: "causal", q: [2, 2, 150, 8], k: [2, 2, 150, 8], options: () => ({ causal: true }) },
  {
    name: "causal behind a cache",
    q: [1, 2, 70, 8],
    k: [1, 2, 170, 8],
    options: () => ({ causal: true, queryOffset: 100 }),
  },
  {
    name: "causal, more queries than keys",
    q: [1, 1, 130, 8],
    k: [1, 1, 40, 8],
    options: () => ({ causal: true }),
  },
  {
    name: "shared heads, key padding, causal",
    q: [3, 6, 67, 16],
    k: [3, 2, 101, 16],
    mask: () => padding(3, 101, (row) => [101, 40, 0][row]),
    options: () => ({ enableGqa: true, causal: true, queryOffset: 34 }),
  },
  { name: "added mask", q: [2, 2, 65, 9], k: [2, 2, 97, 9], mask: () => draw([2, 1, 65, 97], 4) },
  {
    name: "dropout",
    q: [2, 2, 70, 8],
    k: [2, 2, 103, 8],
    options: () => ({ dropout: 0.3, causal: true, generator: new Generator(9) }),
  },
];

interface Outcome {
  readonly y: Tensor;
  readonly grads: readonly Tensor[];
}

function run({ q, k, v, mask, options }: Call, decompose: boolean): Outcome {
  const inputs = [draw(q, 1), draw(k, 2), draw(v ?? k, 3)];
  for (const x of inputs) x.setRequiresGrad(true);
  const [a, b, c] = inputs;
  for (const key of ["attention", "attentionGrad"]) fused[key] = decompose ? "decompose" : kernels[key];
  const y = scaledDotProductAttention(a, b, c, { ...options?.(), ...(mask && { mask: mask() }) });
  return { y, grads: grad(y, inputs, { gradOutput: draw(y.shape, 7) }) };
}

describe("attention by tiles", () => {
  it.each(calls)(
    "$name: output and gradients are those of the plain ops",
    scopedEach((call: Call) => {
      const [tiled, plain] = [run(call, false), run(call, true)];
      expect(tiled.y).toBeCloseToTensor(plain.y, { rtol: 1e-5, atol: 3e-6 });
      tiled.grads.forEach((g, i) => expect(g).toBeCloseToTensor(plain.grads[i], { rtol: 2e-5, atol: 2e-5 }));
    }),
  );

  it(
    "gives zeros, and no gradient, where a query sees nothing, whatever lies there",
    scoped(() => {
      const q = draw([1, 1, 3, 4], 1).setRequiresGrad(true);
      const k = tensor([Infinity, 1, 2, 3, NaN, 0, 1, 2], { shape: [1, 1, 2, 4] });
      const v = ones([1, 1, 2, 4]);
      const mask = tensor(new Uint8Array([0, 0]), { shape: [1, 2], dtype: "bool" });
      const y = scaledDotProductAttention(q, k, v, { mask });
      expect(y).toBeCloseToTensor(new Float32Array(12));
      expect(grad(y, q, { gradOutput: ones(y.shape) }).shape).toEqual(q.shape);
    }),
  );

  it(
    "passes NaN on to the queries that see it",
    scoped(() => {
      const x = ones([3, 1]);
      const k = tensor([1, NaN, 3], { shape: [3, 1] });
      const z = scaledDotProductAttention(x, k, x, { causal: true }).dataSync();
      expect([...z].map(Number.isNaN)).toEqual([false, true, true]);
    }),
  );

  it(
    "survives scores of any size",
    scoped(() => {
      const q = tensor([1e4, -1e4], { shape: [2, 1] });
      const k = tensor([1e4, 1, -1e4], { shape: [3, 1] });
      const v = tensor([1, 2, 3], { shape: [3, 1] });
      expect(scaledDotProductAttention(q, k, v)).toBeCloseToTensor([1, 3]);
    }),
  );

  it.each([false, true])(
    "has the right gradients where all scores of a query are far from 0, causal %s",
    scopedEach((causal) => {
      const found = [true, false].map((byKernel) => {
        Object.assign(fused, byKernel ? kernels : { attention: "decompose", attentionGrad: "decompose" });
        const [q, k, v] = [1, 2, 3].map((seed) => draw([1, 2, 70, 5], seed).setRequiresGrad(true));
        const rows = Float32Array.from({ length: 70 }, (_, i) => [-1e9, 0, 3e7, -300][i % 4]);
        const mask = tensor(rows, { shape: [70, 1] });
        const y = scaledDotProductAttention(q, k, v, { mask, causal });
        return grad(y, [q, k, v], { gradOutput: draw([1, 2, 70, 5], 4) });
      });
      found[0].forEach((g, i) => expect(g).toBeCloseToTensor(found[1][i], { rtol: 1e-4, atol: 1e-4 }));
    }),
  );

  it(
    "hides later tokens: changing one changes nothing before it",
    scoped(() => {
      const at = (changed: boolean): ArrayLike<number>[] => {
        const [q, k, v] = [1, 2, 3].map((seed) => {
          const values = draw([1, 2, 130, 8], seed).dataSync().slice() as Float32Array;
          if (changed) for (let h = 0; h < 2; h++) values.fill(99, (h * 130 + 100) * 8, (h * 130 + 130) * 8);
          return tensor(values, { shape: [1, 2, 130, 8] });
        });
        const y = scaledDotProductAttention(q, k, v, { causal: true });
        return [slice(y, 2, 0, 100).dataSync(), slice(y, 2, 100).dataSync()];
      };
      const [before, after] = [at(false), at(true)];
      expect(after[0]).toEqual(before[0]);
      expect(after[1]).not.toEqual(before[1]);
    }),
  );

  it(
    "puts positions before heads in memory, so that merging the heads copies nothing",
    scoped(() => {
      const [q, k, v] = [1, 2, 3].map((seed) => draw([2, 3, 5, 4], seed));
      const y = scaledDotProductAttention(q, k, v);
      const merged = reshape(transpose(y, 1, 2), [2, 5, 12]);
      expect(merged.storage).toBe(y.storage);
      expect(merged.view.dense).toBe(true);
    }),
  );

  it(
    "draws the same dropout for a weight wherever its tile lies",
    scoped(() => {
      // With q = 0 all weights are 1 / S: the output shows which values were kept.
      const [T, S] = [70, 100];
      const zeros = tensor(new Float32Array(S), { shape: [S, 1] });
      const basis = tensor(
        Float32Array.from({ length: S * S }, (_, i) => Number(i % S === Math.floor(i / S))),
        { shape: [S, S] },
      );
      const options = (): AttentionOptions => ({ dropout: 0.5, generator: new Generator(3) });
      const whole = noGrad(() => scaledDotProductAttention(slice(zeros, 0, 0, T), zeros, basis, options()));
      const values = whole.dataSync() as Float32Array;
      const kept = values.filter((value) => value > 0);
      expect(kept.every((value) => Math.abs(value - 2 / S) < 1e-6)).toBe(true);
      expect(kept.length / values.length).toBeCloseTo(0.5, 1);
      fused.attention = "decompose";
      const plain = noGrad(() => scaledDotProductAttention(slice(zeros, 0, 0, T), zeros, basis, options()));
      expect((plain.dataSync() as Float32Array).map(Math.sign)).toEqual(values.map(Math.sign));
    }),
  );
});

// Complete forms of decompositions, and samples of categories: what rows cannot say.
import { describe, expect, it } from "vitest";
import * as n8 from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

const devices = ["reference", "wasm"] as const;
const TIGHT = { rtol: 1e-5, atol: 1e-5 };

const matrix = (device: string, m: number, n: number): Tensor =>
  n8.tensor(
    Float32Array.from({ length: 2 * m * n }, (_, i) => Math.sin(i * 7.3 + 1)),
    { shape: [2, m, n], device },
  );

const unitary = (q: Tensor): void => {
  const n = q.shape[q.rank - 1];
  const one = n8.expand(n8.eye(n, { device: q.device }), [...q.shape.slice(0, -2), n, n]);
  expect(n8.matmul(n8.transpose(q), q)).toBeCloseToTensor(one, TIGHT);
};

describe.each(devices)("on %s", (device) => {
  it.each([
    [5, 3],
    [3, 5],
    [4, 4],
    [3, 1],
  ])(
    "qr and svd of %s x %s are complete and orthogonal",
    scopedEach((m, n) => {
      const a = matrix(device, m, n);
      const [q, r] = n8.qr(a, { mode: "complete" });
      expect([q.shape, r.shape]).toEqual([
        [2, m, m],
        [2, m, n],
      ]);
      unitary(q);
      expect(n8.matmul(q, r)).toBeCloseToTensor(a, TIGHT);
      const reduced = n8.qr(a);
      expect(n8.slice(q, -1, 0, Math.min(m, n))).toBeCloseToTensor(reduced[0], TIGHT);
      const [empty, upper] = n8.qr(a, { mode: "r" });
      expect(empty.shape).toEqual([0]);
      expect(upper).toBeCloseToTensor(reduced[1]);
      const [u, s, vh] = n8.svd(a, { fullMatrices: true });
      expect([u.shape, vh.shape]).toEqual([
        [2, m, m],
        [2, n, n],
      ]);
      unitary(u);
      unitary(vh);
      const k = Math.min(m, n);
      const scaled = n8.mul(n8.slice(u, -1, 0, k), n8.reshape(s, [2, 1, k]));
      expect(n8.matmul(scaled, n8.slice(vh, -2, 0, k))).toBeCloseToTensor(a, TIGHT);
    }),
  );

  it(
    "the vectors of complete forms refuse to be differentiated",
    scopedEach(() => {
      const a = matrix(device, 4, 2).setRequiresGrad(true);
      expect(() => n8.grad(n8.sum(n8.qr(a, { mode: "complete" })[0]), a)).toThrow(
        'qr: mode "complete" must not be differentiated where there are more rows than columns; got a [2, 4, 2]. ' +
          'Use mode "reduced".',
      );
      expect(() => n8.grad(n8.sum(n8.svd(a, { fullMatrices: true })[0]), a)).toThrow(
        "svd: u and vh must not be differentiated in the full form; got a gradient of u. Leave fullMatrices out.",
      );
    }),
  );

  it(
    "gumbelSoftmax draws categories by their probabilities, one-hot where asked, with the soft gradient",
    scopedEach(() => {
      const logits = n8.tensor([0, 1, 2], { device });
      const many = n8.expand(logits, [4000, 3]).setRequiresGrad(false);
      const hard = n8.gumbelSoftmax(many, { hard: true, generator: new n8.Generator(5) });
      const shares = n8.mean(hard, { axis: 0 });
      expect(shares).toBeCloseToTensor(n8.softmax(logits), { atol: 0.03 });
      expect(n8.sum(hard, { axis: 1 })).toBeCloseToTensor(n8.ones([4000], { device }), { atol: 1e-6 });
      const x = n8.tensor([[0.5, -1, 2]], { device, requiresGrad: true });
      const weigh = n8.tensor([[1, 2, 3]], { device });
      const gradient = (isHard: boolean): Tensor =>
        n8.grad(
          n8.sum(n8.mul(n8.gumbelSoftmax(x, { hard: isHard, generator: new n8.Generator(1) }), weigh)),
          x,
        );
      expect(gradient(true)).toBeCloseToTensor(gradient(false), { atol: 1e-6 });
      const cold = n8.gumbelSoftmax(n8.rand([1000, 50], { device }), { tau: 1e-3 });
      expect(cold.dataSync().every(Number.isFinite)).toBe(true);
    }),
  );
});

it(
  "embedding with maxNorm changes the rows that were looked up, and no others",
  scoped(() => {
    const weight = n8.tensor([3, 4, 0.3, 0.4, 6, 8], { shape: [3, 2], requiresGrad: true });
    const index = n8.tensor([0, 1, 0], { dtype: "int32" });
    const y = n8.embedding(index, weight, { maxNorm: 1 });
    expect(weight).toBeCloseToTensor([0.6, 0.8, 0.3, 0.4, 6, 8], { atol: 1e-6 });
    expect(y).toBeCloseToTensor([0.6, 0.8, 0.3, 0.4, 0.6, 0.8], { atol: 1e-6 });
    expect(n8.grad(n8.sum(y), weight)).toBeCloseToTensor([2, 2, 1, 1, 0, 0]);
  }),
);

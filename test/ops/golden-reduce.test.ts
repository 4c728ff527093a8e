// Reductions, orders and linear algebra against numbers from PyTorch (scripts/fixtures_reduce.py), on both devices.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as n8 from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Packed>>;
  readonly cotangent: Packed;
  readonly output: Packed;
  readonly grads: Readonly<Record<string, Packed>>;
}

const { cases } = JSON.parse(
  readFileSync(new URL("../fixtures/reduce-linalg.json", import.meta.url), "utf8"),
) as { cases: Case[] };

const symmetric = (x: Tensor): Tensor => n8.add(x, n8.transpose(x));

const calls: Readonly<Record<string, (x: Tensor, b: Tensor) => Tensor>> = {
  "max, ties": (x) => n8.max(x),
  "max along an axis, ties": (x) => n8.max(x, { axis: 1 }),
  "maxWithIndices, ties": (x) => n8.maxWithIndices(x, 1)[0],
  "median, ties": (x) => n8.median(x),
  "median along an axis": (x) => n8.median(x, { axis: 1 }),
  "prod, zeros": (x) => n8.prod(x, { axis: 1 }),
  "cumprod, zeros": (x) => n8.cumprod(x, 1),
  cumsum: (x) => n8.cumsum(x, 0),
  variance: (x) => n8.variance(x, { axis: 1 }),
  "variance of the population": (x) => n8.variance(x, { correction: 0 }),
  std: (x) => n8.std(x, { axis: 0 }),
  norm: (x) => n8.norm(x),
  "norm, p = 3": (x) => n8.norm(x, { p: 3, axis: 1 }),
  "norm, p = 1, zeros": (x) => n8.norm(x, { p: 1, axis: 1 }),
  "norm, p = 0.5, zeros": (x) => n8.norm(x, { p: 0.5, axis: 1 }),
  "norm, p = Infinity, ties": (x) => n8.norm(x, { p: Infinity }),
  logsumexp: (x) => n8.logsumexp(x),
  sort: (x) => n8.sort(x, { descending: true })[0],
  topk: (x) => n8.topk(x, 2, { axis: 0 })[0],
  einsum: (x, b) => n8.einsum("ij,kj->ki", x, b),
  "einsum, diagonal": (x) => n8.einsum("ii->i", x),
  cdist: (x, b) => n8.cdist(x, b),
  "cdist, p = 1": (x, b) => n8.cdist(x, b, { p: 1 }),
  det: (x) => n8.det(x),
  slogdet: (x) => n8.slogdet(x)[1],
  inverse: (x) => n8.inverse(x),
  solve: (x, b) => n8.solve(x, b),
  solveTriangular: (x, b) => n8.solveTriangular(x, b, { upper: true }),
  cholesky: (x) => n8.cholesky(n8.matmul(x, n8.transpose(x))),
  "qr, q": (x) => n8.qr(x)[0],
  "qr, r": (x) => n8.qr(x)[1],
  "svd, values": (x) => n8.svd(x)[1],
  "svd, rotation": (x) => {
    const [u, , vh] = n8.svd(x);
    return n8.matmul(u, vh);
  },
  "eigh, values": (x) => n8.eigh(symmetric(x))[0],
  "eigh, squares of vectors": (x) => n8.square(n8.eigh(symmetric(x))[1]),
};

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-9, atol: 1e-9 },
  // Matrices here are well-conditioned: a few digits of float32 go to sums, not more.
  { device: "wasm", dtype: "float32", rtol: 5e-5, atol: 5e-5 },
] as const;

describe.each(placements)("on $device", ({ device, dtype, rtol, atol }) => {
  const make = ({ shape, data }: Packed): Tensor => n8.tensor(data, { shape, device, dtype });

  it.each(cases.map((one) => [one.name, one] as const))(
    "%s",
    scopedEach((name, { inputs, cotangent, output, grads }) => {
      const leaves = Object.values(inputs).map((packed) => make(packed).setRequiresGrad(true));
      const y = calls[name](leaves[0], leaves[1]);
      expect(y.shape).toEqual(output.shape);
      expect(y).toBeCloseToTensor(output.data, { rtol, atol });
      const found = n8.grad(y, leaves, { gradOutput: make(cotangent) });
      Object.keys(inputs).forEach((key, i) => {
        expect(found[i]).toBeCloseToTensor(grads[key].data, { rtol, atol });
      });
    }),
  );
});

// Linear algebra at the edges: singular matrices, coinciding values, nothing at all.
import { describe, expect, it } from "vitest";
import * as n8 from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped } from "../scoped.ts";

describe.each(["wasm", "reference"])("on %s", (device) => {
  const make = (values: number[], shape: number[]): Tensor =>
    n8.tensor(values, { shape, device }).setRequiresGrad(true);
  const list = (x: Tensor): number[] => Array.from(x.dataSync());
  const gradient = (x: Tensor, f: (x: Tensor) => Tensor): number[] => list(n8.grad(f(x), [x])[0]);
  const expectNear = (actual: number[], expected: number[]): void => {
    expect(actual).toHaveLength(expected.length);
    expected.forEach((x, i) => {
      expect(actual[i]).toBeCloseTo(x, 5);
    });
  };

  it(
    "gives the cofactors as the gradient of a determinant that is 0",
    scoped(() => {
      const a = make([1, 2, 2, 4], [2, 2]);
      expect(n8.det(a).itemSync()).toBe(0);
      expectNear(gradient(a, n8.det), [4, -2, -2, 1]);
      expectNear(
        gradient(make([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]), n8.det),
        [-3, 6, -3, 6, -12, 6, -3, 6, -3],
      );
      expectNear(gradient(make([0, 0, 0, 0], [2, 2]), n8.det), [0, 0, 0, 0]);
    }),
  );

  it(
    "knows the determinant of singular and of empty matrices",
    scoped(() => {
      const [sign, log] = n8.slogdet(make([1, 2, 2, 4], [2, 2]));
      expect([sign.itemSync(), log.itemSync()]).toEqual([0, -Infinity]);
      expect(n8.det(make([], [0, 0])).itemSync()).toBe(1);
      expect(n8.inverse(make([], [0, 0])).shape).toEqual([0, 0]);
      expect(n8.solve(make([], [0, 2, 2]), make([1, 2], [2])).shape).toEqual([0, 2]);
      expect(n8.eigh(make([], [0, 3, 3]))[1].shape).toEqual([0, 3, 3]);
    }),
  );

  it(
    "refuses the gradient of a logarithm of 0, naming the op",
    scoped(() => {
      const a = make([1, 2, 2, 4], [2, 2]);
      expect(() => n8.grad(n8.slogdet(a)[1], [a])).toThrow(
        "slogdet: the matrix must be invertible; got one that is not.",
      );
    }),
  );

  it(
    "has gradients through singular values and eigenvalues that coincide",
    scoped(() => {
      const a = make([2, 0, 0, 2], [2, 2]);
      expectNear(
        gradient(a, (x) => n8.sum(n8.svd(x)[1])),
        [1, 0, 0, 1],
      );
      expectNear(
        gradient(a, (x) => n8.sum(n8.eigh(x)[0])),
        [1, 0, 0, 1],
      );
    }),
  );

  it(
    "reads one triangle only where it says so",
    scoped(() => {
      expectNear(list(n8.cholesky(make([4, 99, 2, 5], [2, 2]))), [2, 0, 1, 2]);
      expectNear(list(n8.eigh(make([2, 99, 1, 2], [2, 2]))[0]), [1, 3]);
      const b = make([2, 3], [2, 1]);
      expectNear(list(n8.solveTriangular(make([2, 99, 1, 1], [2, 2]), b)), [1, 2]);
      expectNear(list(n8.solveTriangular(make([2, 1, 99, 3], [2, 2]), b, { upper: true })), [0.5, 1]);
    }),
  );

  it(
    "follows LAPACK in the signs of qr",
    scoped(() => {
      const [q, r] = n8.qr(make([3, 1, 4, 2], [2, 2]));
      expectNear(list(q), [-0.6, -0.8, -0.8, 0.6]);
      expectNear(list(r), [-5, -2.2, 0, 0.4]);
    }),
  );

  it(
    "has distance 0 with gradient 0",
    scoped(() => {
      const a = make([1, 2, 4, 6], [2, 2]);
      expectNear(list(n8.cdist(a, a)), [0, 5, 5, 0]);
      expectNear(
        gradient(a, (x) => n8.sum(n8.cdist(x, x))),
        [-1.2, -1.6, 1.2, 1.6],
      );
    }),
  );
});

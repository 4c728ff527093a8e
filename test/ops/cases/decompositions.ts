// Rows of the decompositions. Inputs are made well-conditioned inside the calls, whatever values come: a strong diagonal
// for systems, symmetric matrices with eigenvalues far apart for spectra. Signs of vectors cancel in what is compared.
import * as n8 from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import type { Bad, Row } from "../row.ts";
import { badDType } from "./bad.ts";

const SOLVED = { rtol: 2e-5, atol: 2e-5 };

const diagonal = (x: Tensor, values: readonly number[]): Tensor => {
  const [rows, columns] = x.shape.slice(-2);
  const flat = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) flat[i * columns + i] = values[i];
  return n8.tensor(flat, { shape: [rows, columns], device: x.device, dtype: x.dtype });
};

/** The calls make tensors of their own, which end with them. */
const tidy =
  (f: (...inputs: Tensor[]) => Tensor) =>
  (...inputs: Tensor[]): Tensor =>
    n8.scope<Tensor>(() => f(...inputs));

/** A matrix that no addition of our inputs makes singular. */
const strong = (x: Tensor): Tensor => n8.add(x, diagonal(x, [12, 13, 14, 15]));
const apart = (x: Tensor): Tensor => n8.add(x, diagonal(x, [10, 30, 60, 100]));
const symmetric = (x: Tensor): Tensor => n8.add(x, n8.transpose(x));
const positive = (x: Tensor): Tensor => n8.add(n8.matmul(x, n8.transpose(x)), diagonal(x, [2, 3, 4, 5]));

const badSquare = (op: string, call: (x: Tensor) => unknown, name = "a"): Bad => ({
  inputs: [{ shape: [2, 3] }],
  call,
  error: "ShapeError",
  message: `${op}: ${name} must be a square matrix [..., n, n]; got [2, 3].`,
});

const badMatrix = (
  op: string,
  values: readonly number[],
  must: string,
  call: (x: Tensor) => unknown,
): Bad => ({
  inputs: [{ shape: [2, 2], values }],
  call,
  error: "LinearAlgebraError",
  message: `${op}: the matrix must be ${must}; got one that is not.`,
});

const SINGULAR = [1, 2, 2, 4];

export const decompositionRows: readonly Row[] = [
  {
    op: "solve",
    tolerance: SOLVED,
    order: 2,
    samples: (n) => [
      {
        name: "matrix",
        inputs: [{ shape: [3, 3] }, { shape: [3, n] }],
        call: tidy((a, b) => n8.solve(strong(a), b)),
      },
      {
        name: "vector",
        inputs: [{ shape: [3, 3] }, { shape: [3] }],
        call: tidy((a, b) => n8.solve(strong(a), b)),
      },
      {
        name: "batch",
        inputs: [{ shape: [n, 2, 2] }, { shape: [2, 3] }],
        call: tidy((a, b) => n8.solve(strong(a), b)),
      },
      {
        name: "batch of vectors",
        inputs: [{ shape: [n, 2, 2] }, { shape: [n, 2] }],
        call: tidy((a, b) => n8.solve(strong(a), b)),
      },
    ],
    bad: [
      badSquare("solve", (a) => n8.solve(a, a)),
      badDType("solve", (a) => n8.solve(a, a), [2, 2]),
      badMatrix("solve", SINGULAR, "invertible", (a) => n8.solve(a, a)),
      {
        inputs: [{ shape: [2, 2] }, { shape: [3, 1] }],
        call: (a, b) => n8.solve(a, b),
        error: "ShapeError",
        message:
          "solve: b must have as many rows as a, and leading axes that broadcast; got a [2, 2] and b [3, 1].",
      },
      {
        inputs: [{ shape: [3, 2, 2], values: [1, 0, 0, 1, 1, 2, 2, 4, 1, 0, 0, 1] }, { shape: [2, 2] }],
        call: (a, b) => n8.solve(a, b),
        error: "LinearAlgebraError",
        message: "solve: the matrix must be invertible; got one that is not, number 1 of the batch of 3.",
      },
    ],
  },
  {
    op: "solveTriangular",
    tolerance: SOLVED,
    order: 2,
    samples: (n) => [
      {
        name: "lower",
        inputs: [{ shape: [3, 3] }, { shape: [3, n] }],
        call: tidy((a, b) => n8.solveTriangular(strong(a), b)),
      },
      {
        name: "upper, batch",
        inputs: [{ shape: [n, 3, 3] }, { shape: [3, 2] }],
        call: tidy((a, b) => n8.solveTriangular(strong(a), b, { upper: true })),
      },
      {
        name: "unitriangular",
        inputs: [{ shape: [2, 2] }, { shape: [2, n] }],
        call: tidy((a, b) => n8.solveTriangular(a, b, { unitriangular: true })),
      },
      {
        name: "from the right",
        inputs: [{ shape: [3, 3] }, { shape: [n, 3] }],
        call: tidy((a, b) => n8.solveTriangular(strong(a), b, { left: false, upper: true })),
      },
    ],
    bad: [
      badSquare("solveTriangular", (a) => n8.solveTriangular(a, a)),
      badMatrix("solveTriangular", [0, 1, 1, 1], "invertible", (a) => n8.solveTriangular(a, a)),
    ],
  },
  {
    op: "inverse",
    tolerance: SOLVED,
    order: 2,
    samples: (n) => [
      { name: "matrix", inputs: [{ shape: [4, 4] }], call: tidy((a) => n8.inverse(n8.mul(strong(a), 0.1))) },
      { name: "batch", inputs: [{ shape: [n, 2, 2] }], call: tidy((a) => n8.inverse(strong(a))) },
    ],
    bad: [
      badSquare("inverse", (a) => n8.inverse(a)),
      badMatrix("inverse", SINGULAR, "invertible", (a) => n8.inverse(a)),
    ],
  },
  {
    op: "det",
    tolerance: { rtol: 1e-5, atol: 1e-4 },
    order: 2,
    samples: (n) => [
      { name: "matrix", inputs: [{ shape: [3, 3] }], call: tidy((a) => n8.det(n8.mul(strong(a), 0.1))) },
      { name: "batch", inputs: [{ shape: [n, 2, 2] }], call: tidy((a) => n8.det(n8.mul(strong(a), 0.1))) },
      { name: "negative", inputs: [{ shape: [2, 2], values: [1, 2, 3, 4] }], call: n8.det },
    ],
    bad: [badSquare("det", (a) => n8.det(a))],
  },
  {
    op: "slogdet",
    tolerance: SOLVED,
    order: 2,
    samples: (n) => [
      { name: "logarithm", inputs: [{ shape: [n, 3, 3] }], call: tidy((a) => n8.slogdet(strong(a))[1]) },
      {
        name: "sign",
        inputs: [{ shape: [2, 2], values: [1, 2, 3, 4] }],
        call: tidy((a) => n8.slogdet(a)[0]),
      },
    ],
    bad: [badSquare("slogdet", (a) => n8.slogdet(a))],
  },
  {
    op: "cholesky",
    tolerance: SOLVED,
    order: 2,
    samples: (n) => [
      { name: "lower", inputs: [{ shape: [3, 3] }], call: tidy((a) => n8.cholesky(positive(a))) },
      {
        name: "upper, batch",
        inputs: [{ shape: [n, 2, 2] }],
        call: tidy((a) => n8.cholesky(positive(a), { upper: true })),
      },
    ],
    bad: [
      badSquare("cholesky", (a) => n8.cholesky(a)),
      badMatrix("cholesky", [1, 2, 2, 1], "positive definite", (a) => n8.cholesky(a)),
    ],
  },
  {
    op: "qr",
    tolerance: SOLVED,
    order: 2,
    samples: (n) => [
      { name: "q", inputs: [{ shape: [3, 3] }], call: tidy((a) => n8.qr(strong(a))[0]) },
      { name: "r, batch", inputs: [{ shape: [n, 2, 2] }], call: tidy((a) => n8.qr(strong(a))[1]) },
      { name: "q, tall", inputs: [{ shape: [4, 2] }], call: tidy((a) => n8.qr(strong(a))[0]) },
      { name: "r, wide", inputs: [{ shape: [2, 4] }], call: tidy((a) => n8.qr(strong(a))[1]) },
      { name: "both", inputs: [{ shape: [4, 3] }], call: tidy((a) => n8.add(...sums(n8.qr(strong(a))))) },
      { name: "r alone", inputs: [{ shape: [4, 3] }], call: tidy((a) => n8.qr(strong(a), { mode: "r" })[1]) },
      {
        name: "complete, wide",
        inputs: [{ shape: [2, 4] }],
        call: tidy((a) => n8.qr(strong(a), { mode: "complete" })[0]),
      },
    ],
    bad: [
      {
        inputs: [{ shape: [2, 2] }],
        call: (a) => n8.qr(a, { mode: "full" as "r" }),
        error: "ValueError",
        message: 'qr: mode must be "reduced", "complete" or "r"; got "full".',
      },
      {
        inputs: [{ shape: [2] }],
        call: (a) => n8.qr(a),
        error: "ShapeError",
        message: "qr: a must be a matrix [..., m, n]; got [2].",
      },
    ],
  },
  {
    op: "svd",
    tolerance: { rtol: 5e-5, atol: 1e-4 },
    order: 2,
    samples: (n) => [
      { name: "values", inputs: [{ shape: [n, 2, 3] }], call: tidy((a) => n8.svd(apart(a))[1]) },
      { name: "u", inputs: [{ shape: [3, 3] }], call: tidy((a) => n8.square(n8.svd(apart(a))[0])) },
      { name: "u, tall", inputs: [{ shape: [4, 2] }], call: tidy((a) => n8.square(n8.svd(apart(a))[0])) },
      { name: "vh, wide", inputs: [{ shape: [2, 4] }], call: tidy((a) => n8.square(n8.svd(apart(a))[2])) },
      { name: "u and vh", inputs: [{ shape: [3, 3] }], call: tidy((a) => rotationOf(apart(a))) },
      {
        name: "values of the full form",
        inputs: [{ shape: [n, 2, 3] }],
        call: tidy((a) => n8.svd(apart(a), { fullMatrices: true })[1]),
      },
    ],
    bad: [
      badMatrix("svd", [1, NaN, 0, 1], "finite", (a) => n8.svd(a)),
      {
        inputs: [{ shape: [2] }],
        call: (a) => n8.svd(a),
        error: "ShapeError",
        message: "svd: a must be a matrix [..., m, n]; got [2].",
      },
    ],
  },
  {
    op: "eigh",
    tolerance: { rtol: 5e-5, atol: 1e-4 },
    order: 2,
    samples: (n) => [
      { name: "values", inputs: [{ shape: [n, 2, 2] }], call: tidy((a) => n8.eigh(symmetric(apart(a)))[0]) },
      {
        name: "vectors",
        inputs: [{ shape: [3, 3] }],
        call: tidy((a) => n8.square(n8.eigh(symmetric(apart(a)))[1])),
      },
    ],
    bad: [
      badSquare("eigh", (a) => n8.eigh(a)),
      badMatrix("eigh", [1, Infinity, Infinity, 1], "finite", (a) => n8.eigh(a)),
    ],
  },
];

/** The orthogonal part of a: u vh, where signs cancel. */
function rotationOf(a: Tensor): Tensor {
  const [u, , vh] = n8.svd(a);
  return n8.matmul(u, vh);
}

function sums([q, r]: [Tensor, Tensor]): [Tensor, Tensor] {
  return [n8.sum(n8.mul(q, q), { axis: 1 }), n8.sum(n8.matmul(q, r))];
}

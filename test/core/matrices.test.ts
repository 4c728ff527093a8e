// The decompositions on matrices of many sizes and ranks: what they promise, to the digits of doubles.
import { describe, expect, it } from "vitest";
import { overBatch } from "../../src/core/matrices/batch.ts";
import type { MatrixAlgorithm } from "../../src/core/matrices/batch.ts";
import { seeded } from "../ops/layouts.ts";

type Matrix = Float64Array;

function product(a: Matrix, b: Matrix, m: number, k: number, n: number): Matrix {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) y[i * n + j] += a[i * k + l] * b[l * n + j];
  return y;
}

/** Of a [m, n]. */
const transposed = (a: Matrix, m: number, n: number): Matrix =>
  Float64Array.from({ length: m * n }, (_, at) => a[(at % m) * n + Math.floor(at / m)]);

const identity = (n: number): Matrix =>
  Float64Array.from({ length: n * n }, (_, at) => Number(at % (n + 1) === 0));

const diagonal = (s: Matrix): Matrix =>
  Float64Array.from({ length: s.length ** 2 }, (_, at) => (at % (s.length + 1) === 0 ? s[at % s.length] : 0));

function expectClose(actual: Matrix, expected: Matrix, tolerance: number): void {
  let worst = 0;
  expected.forEach((x, i) => (worst = Math.max(worst, Math.abs(actual[i] - x))));
  expect(actual.length).toBe(expected.length);
  expect(worst).toBeLessThan(tolerance);
}

/** A random m x n matrix of the given rank. */
function random(m: number, n: number, rank: number, seed: number): Matrix {
  const next = seeded(seed);
  const draw = (size: number): Matrix => Float64Array.from({ length: size }, () => 2 * next() - 1);
  return rank >= Math.min(m, n) ? draw(m * n) : product(draw(m * rank), draw(rank * n), m, rank, n);
}

function run(name: MatrixAlgorithm, a: Matrix, m: number, n: number, sizes: number[]): Matrix[] {
  const outputs = sizes.map((size) => new Float64Array(size));
  expect(overBatch(name, [a], outputs, { batch: 1, rows: m, columns: n })).toBe(-1);
  return outputs;
}

const shapes = [1, 2, 3, 7, 20, 40].flatMap((m) => [1, 2, 5, 20, 40].map((n) => [m, n] as const));

describe.each([Infinity, 1, 0])("of rank at most %s", (rank) => {
  it.each(shapes)("svd of [%i, %i]", (m, n) => {
    const a = random(m, n, rank, m * 100 + n);
    const k = Math.min(m, n);
    const [u, s, vh] = run("svd", a, m, n, [m * k, k, k * n]);
    expectClose(product(product(u, diagonal(s), m, k, k), vh, m, k, n), a, 1e-12);
    expectClose(product(transposed(u, m, k), u, k, m, k), identity(k), 1e-12);
    expectClose(product(vh, transposed(vh, k, n), k, n, k), identity(k), 1e-12);
    expect(Array.from(s)).toEqual(Array.from(s).sort((x, y) => y - x));
  });

  it.each(shapes)("qr of [%i, %i]", (m, n) => {
    const a = random(m, n, rank, m * 100 + n);
    const k = Math.min(m, n);
    const [q, r] = run("qr", a, m, n, [m * k, k * n]);
    expectClose(product(q, r, m, k, n), a, 1e-12);
    expectClose(product(transposed(q, m, k), q, k, m, k), identity(k), 1e-12);
    for (let i = 0; i < k; i++) for (let j = 0; j < Math.min(i, n); j++) expect(r[i * n + j]).toBe(0);
  });

  it.each([1, 2, 3, 7, 20, 40])("eigh of [%i, %i]", (n) => {
    const b = random(n, n, rank, n);
    const a = b.map((x, at) => x + b[(at % n) * n + Math.floor(at / n)]);
    const [w, v] = run("eigh", a, n, n, [n, n * n]);
    expectClose(product(product(v, diagonal(w), n, n, n), transposed(v, n, n), n, n, n), a, 1e-12);
    expectClose(product(transposed(v, n, n), v, n, n, n), identity(n), 1e-12);
    expect(Array.from(w)).toEqual(Array.from(w).sort((x, y) => x - y));
  });
});

describe("what follows from elimination", () => {
  it.each([1, 2, 5, 20, 40])("solve, det and slogdet of size %i", (n) => {
    const a = random(n, n, n, n);
    const b = random(n, 3, 3, n + 1);
    const x = new Float64Array(n * 3);
    expect(overBatch("solve", [a, b], [x], { batch: 1, rows: n, columns: n })).toBe(-1);
    expectClose(product(a, x, n, n, 3), b, 1e-11);
    const [det] = run("det", a, n, n, [1]);
    const [sign, log] = run("slogdet", a, n, n, [1, 1]);
    expect(det[0] / (sign[0] * Math.exp(log[0]))).toBeCloseTo(1, 10);
  });

  it("says which matrix of a batch is singular", () => {
    const a = Float64Array.of(1, 0, 0, 1, 0, 1, 1, 0, 1, 2, 2, 4);
    const x = new Float64Array(12);
    expect(overBatch("solve", [a, a], [x], { batch: 3, rows: 2, columns: 2 })).toBe(2);
  });

  it("takes singular values from one end of the doubles' range to the other", () => {
    const a = random(4, 3, 3, 7);
    const [, expected] = run("svd", a, 4, 3, [12, 3, 9]);
    for (const factor of [2 ** 600, 2 ** -600]) {
      const scaled = a.map((x) => x * factor);
      const [, s] = run("svd", scaled, 4, 3, [12, 3, 9]);
      expectClose(
        s.map((x) => x / factor),
        expected,
        1e-15,
      );
    }
  });

  it("keeps what it was given", () => {
    const a = random(4, 4, 4, 5);
    const before = a.slice();
    run("det", a, 4, 4, [1]);
    run("eigh", a, 4, 4, [4, 16]);
    expect(a).toEqual(before);
  });

  it("takes empty matrices and empty batches", () => {
    expect(run("det", new Float64Array(0), 0, 0, [1])[0][0]).toBe(1);
    expect(overBatch("svd", [new Float64Array(0)], [], { batch: 0, rows: 3, columns: 2 })).toBe(-1);
    expect(run("svd", new Float64Array(0), 0, 3, [0, 0, 0])).toHaveLength(3);
  });
});

// Draws of whole numbers: the same on every device, with the probabilities asked for, and refused where there are none.
import { describe, expect, it } from "vitest";
import * as neurite from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

const { bernoulli, full, Generator, multinomial, normal, permutation, randint, tensor, zeros } = neurite;

type Draw = (device: string, generator: neurite.Generator) => Tensor;

const weights = (device: string): Tensor =>
  tensor(
    [
      [1, 0, 3, 0.5, 2],
      [0.1, 0.2, 0.3, 0.4, 0.5],
    ],
    { device },
  );

const draws: [what: string, draw: Draw][] = [
  ["randint", (device, generator) => randint(-5, 9, [37], { device, generator })],
  [
    "randint of all 32 bits",
    (device, generator) => randint(-(2 ** 31), 2 ** 31, [37], { device, generator }),
  ],
  ["randint as float32", (device, generator) => randint(0, 9, [5], { device, generator, dtype: "float32" })],
  ["permutation", (device, generator) => permutation(37, { device, generator })],
  ["bernoulli", (device, generator) => bernoulli(full([37], 0.3, { device }), { generator })],
  ["multinomial", (device, generator) => multinomial(weights(device), 3, { generator })],
  [
    "multinomial with replacement",
    (device, generator) => multinomial(weights(device), 9, { generator, replacement: true }),
  ],
];

describe("the same numbers", () => {
  it.each(draws)(
    "%s, on every device",
    scopedEach((_, draw) => {
      const values = (device: string): unknown => draw(device, new Generator(11n << 33n)).tolistSync();
      expect(values("wasm")).toEqual(values("reference"));
    }),
  );

  it.each(draws)(
    "%s, from one seed, others from where the stream went on",
    scopedEach((_, draw) => {
      const generator = new Generator(4);
      const [first, second] = [draw("wasm", generator), draw("wasm", generator)].map((x) => x.tolistSync());
      expect(draw("wasm", new Generator(4)).tolistSync()).toEqual(first);
      expect(second).not.toEqual(first);
    }),
  );
});

const N = 40_000;

/** Relative frequencies of 0 .. n - 1. */
function frequencies(values: ArrayLike<number>, n: number): number[] {
  const counts = new Array<number>(n).fill(0);
  for (let i = 0; i < values.length; i++) counts[values[i]]++;
  return counts.map((count) => count / values.length);
}

/** Within five standard deviations of a share p of N draws. */
const expectShare = (share: number, p: number): void =>
  expect(Math.abs(share - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / N));

describe("the distribution", () => {
  it(
    "of randint is even",
    scoped(() => {
      const values = randint(0, 7, [N], { generator: new Generator(1) }).dataSync();
      for (const share of frequencies(values, 7)) expectShare(share, 1 / 7);
    }),
  );

  it(
    "of bernoulli is the probability, beyond 0..1 certain",
    scoped(() => {
      const generator = new Generator(2);
      const values = bernoulli(full([N], 0.3), { generator }).dataSync();
      expectShare(frequencies(values, 2)[1], 0.3);
      expect(bernoulli(tensor([-1, 0, 1, 2, NaN]), { generator }).tolistSync()).toEqual([0, 0, 1, 1, 0]);
    }),
  );

  it(
    "of multinomial follows the weights",
    scoped(() => {
      const given = tensor([1, 0, 3, 0.5, 0.5]);
      const options = { generator: new Generator(3), replacement: true };
      const shares = frequencies(multinomial(given, N, options).dataSync(), 5);
      [0.2, 0, 0.6, 0.1, 0.1].forEach((p, k) => {
        expectShare(shares[k], p);
      });
    }),
  );

  it(
    "of multinomial without replacement is that of drawing one after another",
    scoped(() => {
      const rows = neurite.expand(tensor([[1, 2, 1]]), [N, 3]);
      const pairs = multinomial(rows, 2, { generator: new Generator(5) }).dataSync();
      const codes = Array.from({ length: N }, (_, i) => pairs[2 * i] * 3 + pairs[2 * i + 1]);
      const shares = frequencies(codes, 9);
      const expected = [
        0,
        ((1 / 4) * 2) / 3,
        1 / 4 / 3,
        1 / 2 / 2,
        0,
        1 / 2 / 2,
        1 / 4 / 3,
        ((1 / 4) * 2) / 3,
        0,
      ];
      expected.forEach((p, code) => {
        expectShare(shares[code], p);
      });
    }),
  );

  it(
    "of permutation is even at the first place, and holds each number once",
    scoped(() => {
      const generator = new Generator(6);
      const firsts = Array.from({ length: 6000 }, () => {
        const order = [...permutation(5, { generator }).dataSync()];
        expect([...order].sort()).toEqual([0, 1, 2, 3, 4]);
        return order[0];
      });
      for (const share of frequencies(firsts, 5)) expect(Math.abs(share - 0.2)).toBeLessThan(0.03);
      expect(permutation(0).shape).toEqual([0]);
    }),
  );

  it(
    "of normal has the mean and deviation given, by number or tensor",
    scoped(() => {
      const values = [...normal(3, 0.5, { shape: [N], generator: new Generator(7) }).dataSync()];
      const mean = values.reduce((sum, x) => sum + x, 0) / N;
      const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / N;
      expect(mean).toBeCloseTo(3, 1);
      expect(variance).toBeCloseTo(0.25, 1);
      const means = tensor([[0], [100]]).setRequiresGrad(true);
      const y = normal(means, tensor([0, 1, 2]));
      expect(y.shape).toEqual([2, 3]);
      expect(y.requiresGrad).toBe(false);
      expect(y.dataSync()[0]).toBe(0);
      expect(y.dataSync()[3]).toBe(100);
      expect(normal(0, 1, { shape: [1], requiresGrad: true }).requiresGrad).toBe(true);
    }),
  );
});

const refused: [make: () => unknown, error: string, message: string][] = [
  [
    () => randint(3, 3, [1]),
    "ValueError",
    "randint: low and high must be whole, within int32, and low < high; got 3 and 3.",
  ],
  [
    () => randint(0, 2 ** 32, [1]),
    "ValueError",
    "randint: low and high must be whole, within int32, and low < high; got 0 and 4294967296.",
  ],
  [
    () => multinomial(tensor([1, 0, 0]), 2),
    "ValueError",
    "multinomial: weights must be finite and >= 0, at least 2 of them positive; got others in row 0.",
  ],
  [
    () => multinomial(tensor([[1], [NaN]]), 1),
    "ValueError",
    "multinomial: weights must be finite and >= 0, at least 1 of them positive; got others in row 1.",
  ],
  [
    () => multinomial(tensor([0, 0]), 1, { replacement: true }),
    "ValueError",
    "multinomial: weights must be finite and >= 0, at least 1 of them positive; got others in row 0.",
  ],
  [
    () => multinomial(tensor([1, 1]), 3),
    "ShapeError",
    "multinomial: without replacement count must be at most the 2 categories; got 3.",
  ],
  [
    () => multinomial(zeros([1, 1, 1]), 1),
    "ShapeError",
    "multinomial: weights must have the axes [n] or [rows, n]; got [1, 1, 1].",
  ],
  [() => permutation(-1), "ShapeError", "permutation: n must be a whole number >= 0; got -1."],
  [() => normal(0, 1), "ShapeError", "normal: a shape must be given beside two numbers; got none."],
  [() => normal(0, -1, { shape: [1] }), "ValueError", "normal: std must be a number >= 0; got -1."],
  [() => normal(zeros([2]), zeros([3])), "ShapeError", "normal: shapes must broadcast; got [2] and [3]."],
  [
    () => bernoulli(tensor([1], { dtype: "int32" })),
    "DTypeError",
    'bernoulli: dtype must be float32 on device "wasm"; got int32. Convert with cast(x, "float32").',
  ],
];

describe("what is refused", () => {
  it.each(refused.map(([make, error, message]) => [message, make, error] as const))(
    "%s",
    scopedEach((message, make, error) => {
      expect(make).toThrow(message);
      expect(make).toThrow(expect.objectContaining({ name: error }) as Error);
    }),
  );
});

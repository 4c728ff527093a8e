// Whole numbers and bools in reductions, scans and orders: exact, modulo 2^32, the same on both devices. Values that are
// written out are PyTorch 2.13's for int32 (with dtype=int32 named where it would widen to int64).
import { describe, expect, it } from "vitest";
import * as n8 from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scopedEach } from "../scoped.ts";

const devices = ["reference", "wasm"] as const;
const MOST = 2147483647;

/** Whole numbers all over the range, by a fixed recurrence. */
const numbers = (n: number, below = 0): Int32Array => {
  let state = 12345;
  return Int32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return below === 0 ? state : (state >>> 8) % below;
  });
};

const make = (device: string, values: ArrayLike<number>, shape: readonly number[]): Tensor =>
  n8.tensor(Int32Array.from(values), { shape, dtype: "int32", device });

const reductions = { sum: n8.sum, prod: n8.prod, max: n8.max, min: n8.min } as const;
const positions = { argmax: n8.argmax, argmin: n8.argmin } as const;
const scans = { cumsum: n8.cumsum, cumprod: n8.cumprod } as const;

/** Each whole-number op along each axis of x, as plain numbers. */
function everything(x: Tensor): Record<string, [dtype: string, values: number[]]> {
  const results: Record<string, [string, number[]]> = {};
  const note = (name: string, y: Tensor): void => {
    results[name] = [y.dtype, Array.from(y.dataSync())];
  };
  for (let axis = 0; axis < x.rank; axis++) {
    for (const [name, op] of Object.entries(reductions)) note(`${name} ${axis}`, op(x, { axis }));
    for (const [name, op] of Object.entries(positions)) note(`${name} ${axis}`, op(x, { axis }));
    for (const [name, op] of Object.entries(scans)) note(`${name} ${axis}`, op(x, axis));
    note(`argsort ${axis}`, n8.argsort(x, { axis }));
    note(`argsort down ${axis}`, n8.argsort(x, { axis, descending: true }));
    note(`topk ${axis}`, n8.topk(x, Math.ceil(x.shape[axis] / 3), { axis })[1]);
    note(`median ${axis}`, n8.medianWithIndices(x, axis)[1]);
  }
  for (const [name, op] of Object.entries(reductions)) note(name, op(x));
  note("median", n8.median(x));
  return results;
}

/** The same in BigInt, along the only axis. */
function exactly(values: Int32Array): { sum: number; prod: number; order: number[] } {
  const wide = Array.from(values, BigInt);
  return {
    sum: Number(
      BigInt.asIntN(
        32,
        wide.reduce((a, b) => a + b, 0n),
      ),
    ),
    prod: Number(
      BigInt.asIntN(
        32,
        wide.reduce((a, b) => a * b, 1n),
      ),
    ),
    order: Array.from(values.keys()).sort((i, j) => values[i] - values[j] || i - j),
  };
}

describe.each(devices)("on %s, whole numbers", (device) => {
  it.each([1, 3, 4, 5, 7, 8, 9, 17, 300, 1000])(
    "of %s elements are exact",
    scopedEach((n) => {
      const values = numbers(n);
      const x = make(device, values, [n]);
      const { sum, prod, order } = exactly(values);
      expect(n8.sum(x).itemSync()).toBe(sum);
      expect(n8.prod(x).itemSync()).toBe(prod);
      expect(n8.cumsum(x, 0).dataSync()[n - 1]).toBe(sum);
      expect(n8.cumprod(x, 0).dataSync()[n - 1]).toBe(prod);
      expect(Array.from(n8.argsort(x).dataSync())).toEqual(order);
      expect(n8.median(x).itemSync()).toBe(values[order[(n - 1) >> 1]]);
      expect(n8.max(x).itemSync()).toBe(values[order[n - 1]]);
      expect(n8.argmin(x).itemSync()).toBe(order[0]);
    }),
  );

  it(
    "have PyTorch's results",
    scopedEach(() => {
      const x = make(device, [3, -1, MOST, 2, -5, 7], [2, 3]);
      const list = (y: Tensor): unknown => [y.dtype, y.tolistSync()];
      expect(list(n8.sum(x, { axis: 0 }))).toEqual(["int32", [5, -6, -MOST + 5]]);
      expect(list(n8.prod(x, { axis: 1 }))).toEqual(["int32", [-2147483645, -70]]);
      expect(list(n8.min(x, { axis: 1, keepDims: true }))).toEqual(["int32", [[-1], [-5]]]);
      expect(list(n8.clamp(x, { min: 0, max: 5 }))).toEqual([
        "int32",
        [
          [3, 0, 5],
          [2, 0, 5],
        ],
      ]);
      expect(list(n8.abs(n8.neg(x)))).toEqual([
        "int32",
        [
          [3, 1, MOST],
          [2, 5, 7],
        ],
      ]);
      const mask = n8.tensor([true, false, true], { device });
      expect(list(n8.sum(mask))).toEqual(["int32", 2]);
      expect(list(n8.prod(mask))).toEqual(["int32", 0]);
      expect(list(n8.cumsum(mask, 0))).toEqual(["int32", [1, 1, 2]]);
      expect(() => n8.mean(x)).toThrow(/^mean: dtype must be float32/);
    }),
  );
});

it.each([[[1, 1, 1]], [[2, 3, 5]], [[4, 17, 4]], [[3, 300, 2]]])(
  "%j gives the same on both devices, along every axis",
  scopedEach((shape) => {
    const values = numbers(
      shape.reduce((a, b) => a * b, 1),
      50,
    );
    const [here, there] = devices.map((device) => everything(make(device, values, shape)));
    expect(there).toEqual(here);
  }),
);

it(
  "orders long rows of floats as it does short ones: stable, 0 equal to -0, NaN largest",
  scopedEach(() => {
    const n = 1000;
    const raw = numbers(n, 40);
    const values = Float32Array.from(raw, (v, i) =>
      v === 39
        ? NaN
        : v === 38
          ? Infinity
          : v === 37
            ? -Infinity
            : v === 0
              ? i % 2 === 0
                ? 0
                : -0
              : (v - 20) / 7,
    );
    const rank = (v: number): number => (Number.isNaN(v) ? Infinity : v === Infinity ? 1e30 : v);
    const up = Array.from(values.keys()).sort((i, j) =>
      rank(values[i]) === rank(values[j]) ? i - j : rank(values[i]) - rank(values[j]),
    );
    const down = Array.from(values.keys()).sort((i, j) =>
      rank(values[i]) === rank(values[j]) ? i - j : rank(values[j]) - rank(values[i]),
    );
    for (const device of devices) {
      const x = n8.tensor(values, { device });
      const list = (y: Tensor): number[] => Array.from(y.dataSync());
      expect(list(n8.argsort(x))).toEqual(up);
      expect(list(n8.argsort(x, { descending: true }))).toEqual(down);
      for (const k of [1, 7, 100, 499, 700]) {
        expect(list(n8.topk(x, k)[1])).toEqual(down.slice(0, k));
        expect(list(n8.topk(x, k, { largest: false })[1])).toEqual(up.slice(0, k));
      }
      expect(n8.medianWithIndices(x, 0)[1].itemSync()).toBe(values.findIndex(Number.isNaN));
      const numbersOnly = n8.tensor(
        values.filter((v) => !Number.isNaN(v)),
        { device },
      );
      const order = list(n8.argsort(numbersOnly));
      expect(n8.medianWithIndices(numbersOnly, 0)[1].itemSync()).toBe(order[(order.length - 1) >> 1]);
      const columns = n8.transpose(n8.reshape(x, [2, 500]));
      expect(list(n8.transpose(n8.argsort(columns, { axis: 0 })))).toEqual(
        list(n8.argsort(n8.reshape(x, [2, 500]))),
      );
    }
  }),
);

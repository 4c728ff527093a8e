// NaN, infinities, signed zeros, ends of domains, kinks and ties of elementwise ops: the same on every device, in every
// lane of a vector.
import { describe, expect, it } from "vitest";
import * as neurite from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scopedEach } from "../scoped.ts";
import { binary, unary } from "./cases/special-values.ts";

const { tensor, grad, sum } = neurite;
const devices = ["reference", "wasm"] as const;
const [inf, nan] = [Infinity, NaN];

const on = (device: string, values: readonly number[]): Tensor =>
  tensor(values, { device, dtype: "float32" });

/** Bit for bit, but any NaN equals any other. */
const expectSame = (actual: ArrayLike<number>, expected: readonly number[]): void =>
  expect(Array.from(actual)).toEqual(expected.map((x) => Math.fround(x)));

/** Every pair in every lane: the list, turned by one, sixteen times over. */
const turned = <T>(list: readonly T[]): T[] =>
  Array.from({ length: 16 * list.length + 3 }, (_, i) => list[(i + Math.floor(i / 16)) % list.length]);

describe.each(devices)("special values on %s", (device) => {
  it.each(Object.entries(unary))(
    "%s",
    scopedEach((_, [fn, pairs]) => {
      const lanes = turned(pairs);
      const x = on(
        device,
        lanes.map(([value]) => value),
      );
      expectSame(
        fn(x).dataSync(),
        lanes.map(([, y]) => y),
      );
    }),
  );

  it.each(Object.entries(binary))(
    "%s of two",
    scopedEach((_, [fn, triples]) => {
      const lanes = turned(triples);
      const [a, b] = [0, 1].map((k) =>
        on(
          device,
          lanes.map((triple) => triple[k]),
        ),
      );
      expectSame(
        fn(a, b).dataSync(),
        lanes.map(([, , y]) => y),
      );
    }),
  );

  it(
    "the rest of whole numbers",
    scopedEach(() => {
      const whole = (values: readonly number[]): Tensor => tensor(values, { device, dtype: "int32" });
      const least = -(2 ** 31);
      const a = whole([5, -5, 5, -5, 7, least, least, 0]);
      const b = whole([3, 3, -3, -3, 0, -1, 3, -4]);
      expect(Array.from(neurite.remainder(a, b).dataSync())).toEqual([2, 1, -1, -2, 0, 0, 1, 0]);
      expect(neurite.remainder(a, b).dtype).toBe("int32");
      expect(Array.from(neurite.mul(a, b).dataSync())).toEqual([15, -15, -15, 15, 0, least, least, 0]);
      expect(neurite.abs(a).dataSync()[5]).toBe(least);
    }),
  );

  it(
    "where gives the unchosen operand no gradient, not NaN",
    scopedEach(() => {
      const x = on(device, [0, 4]).setRequiresGrad(true);
      const y = neurite.where(neurite.gt(x, 1), neurite.sqrt(x), 0);
      expectSame(y.dataSync(), [0, 2]);
      const chosen = neurite.where(neurite.gt(x, 1), x, 1);
      expectSame(grad(sum(neurite.sqrt(chosen)), x).dataSync(), [0, 0.25]);
    }),
  );
});

describe("sine and cosine of huge arguments", () => {
  it.each([2 ** 28, 2 ** 28 + 32, 1e10, 3e20, 1.5e30, 3e38])(
    "of %d",
    scopedEach((x) => {
      const exact = Math.fround(x);
      const lanes = on("wasm", [exact, 1, -exact, 2, exact]);
      expect(neurite.sin(lanes)).toBeCloseToTensor([exact, 1, -exact, 2, exact].map(Math.sin), {
        rtol: 0,
        atol: 2e-7,
      });
      expect(neurite.cos(lanes)).toBeCloseToTensor([exact, 1, -exact, 2, exact].map(Math.cos), {
        rtol: 0,
        atol: 2e-7,
      });
    }),
  );
});

describe("agreement", () => {
  it.each(devices)(
    "of values on %s",
    scopedEach((device) => {
      const a = on(device, [1, 2, inf]);
      expect(neurite.allclose(a, on(device, [1 + 5e-6, 2, inf]))).toBe(true);
      expect(neurite.allclose(a, on(device, [1 + 5e-5, 2, inf]))).toBe(false);
      expect(neurite.allclose(a, on(device, [1 + 5e-5, 2, inf]), { rtol: 1e-4 })).toBe(true);
      expect(neurite.allclose(a, on(device, [1, 2, -inf]))).toBe(false);
      expect(neurite.allclose(a, on(device, [1, 2, 3e38]))).toBe(false);
      expect(neurite.allclose(on(device, [2, 2]), on(device, [2]))).toBe(true);
      expect(neurite.allclose(on(device, [nan]), on(device, [nan]))).toBe(false);
      expect(neurite.allclose(on(device, [nan]), on(device, [nan]), { equalNan: true })).toBe(true);
      expect(neurite.equal(a, on(device, [1, 2, inf]))).toBe(true);
      expect(neurite.equal(a, on(device, [1, 2, 3]))).toBe(false);
      expect(neurite.equal(a, on(device, [1, 2]))).toBe(false);
      expect(neurite.equal(on(device, [nan]), on(device, [nan]))).toBe(false);
      expect(() => neurite.allclose(a, on(device, [1, 2]))).toThrow(
        "allclose: shapes must broadcast (aligned right, equal or 1); got a [3] and b [2].",
      );
      expect(() => neurite.allclose(a, a, { rtol: -1 })).toThrow(
        "allclose: rtol and atol must be >= 0; got rtol -1 and atol 1e-8.",
      );
    }),
  );
});

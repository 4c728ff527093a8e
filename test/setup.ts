// Runs before every test file: makes the backends ready, teaches `expect` to compare tensors, and fails any test that
// leaves a tensor or a buffer behind. NEURITE_BUILD=strict|relaxed chooses the wasm build (default: relaxed),
// NEURITE_THREADS the number of threads (default: what users get).
import { afterEach, beforeEach, expect } from "vitest";
import { init, Tensor } from "../src/index.ts";
import { coordinates, worstMismatch } from "./closeness.ts";
import type { Tolerance } from "./closeness.ts";
import { liveCounts } from "./leaks.ts";
import { disposeOwned } from "./disposables.ts";

const build = process.env.NEURITE_BUILD ?? "relaxed";
if (build !== "strict" && build !== "relaxed") {
  throw new Error(`NEURITE_BUILD must be strict or relaxed; got ${build}`);
}
const threads = process.env.NEURITE_THREADS;
await init({
  ...{ deterministic: build === "strict", relaxedSimd: build === "relaxed" },
  ...(threads === undefined ? {} : { threads: Number(threads) }),
});

// ---- comparing tensors

export type Comparable = Tensor | ArrayLike<number> | Comparable[];

interface Numbers {
  readonly values: ArrayLike<number>;
  /** Null where the form does not say (flat arrays). */
  readonly shape: readonly number[] | null;
}

function numbersOf(x: Comparable): Numbers {
  if (x instanceof Tensor) return { values: x.dataSync(), shape: x.shape };
  if (Array.isArray(x)) return { values: (x as unknown[]).flat(Infinity) as number[], shape: null };
  return { values: x, shape: null };
}

declare module "vitest" {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the parameter list must repeat vitest's
  interface Matchers<T = any> {
    /** Equal shapes (of tensors) and numbers within |error| <= atol + rtol |expected|; NaN equals NaN. */
    toBeCloseToTensor(expected: Comparable, tolerance?: Partial<Tolerance>): T;
  }
}

expect.extend({
  toBeCloseToTensor(received: Comparable, expected: Comparable, tolerance: Partial<Tolerance> = {}) {
    const { rtol = 0, atol = 0 } = tolerance;
    const [a, e] = [numbersOf(received), numbersOf(expected)];
    if (a.shape && e.shape && a.shape.join() !== e.shape.join()) {
      return {
        pass: false,
        message: () => `shapes differ: got [${a.shape!.join()}], expected [${e.shape!.join()}]`,
      };
    }
    if (a.values.length !== e.values.length) {
      return { pass: false, message: () => `got ${a.values.length} numbers, expected ${e.values.length}` };
    }
    const worst = worstMismatch(a.values, e.values, { rtol, atol });
    return {
      pass: worst === null,
      message: () =>
        worst === null
          ? "expected some number to differ"
          : `worst at ${coordinates(worst.position, a.shape ?? [a.values.length])}: got ${worst.actual}, ` +
            `expected ${worst.expected} (${worst.excess.toPrecision(3)} times the tolerance; ` +
            `${worst.count} of ${a.values.length} numbers are outside)`,
    };
  },
});

// ---- leaks

let before: Record<string, number>;

beforeEach(() => {
  before = liveCounts();
});

afterEach(({ task }) => {
  disposeOwned();
  // A test that failed half-way leaves things behind; its own error says more.
  if (task.result?.state === "fail") return;
  // Fewer is no leak: the garbage collector may take what an earlier file dropped on the reference device.
  const after = liveCounts();
  const expected = Object.entries(before).map(
    ([name, count]) => [name, Math.min(count, after[name])] as const,
  );
  expect(after, "tensors or buffers were left behind").toEqual(Object.fromEntries(expected));
});

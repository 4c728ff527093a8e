// What a graph keeps alive, and when it lets go: counted in tensors, buffers and bytes.
import { describe, expect, it } from "vitest";
import {
  exp,
  grad,
  GradError,
  keep,
  memory,
  mul,
  neg,
  noGrad,
  relu,
  scope,
  sub,
  sum,
  tensor,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });
const numbers = (x: Tensor | null): number[] => Array.from(x!.dataSync());

describe("what a graph keeps alive", () => {
  const live = (): number[] => {
    const { tensors, buffers, bytes } = memory();
    return [tensors, buffers, bytes];
  };

  it("nothing, once its outputs are released without a walk", () => {
    const x = leaf([1, 2, 3]);
    const before = live();
    const a = mul(x, x);
    const b = exp(a);
    const c = sub(b, a);
    const d = relu(c);
    for (const t of [a, b, c, d]) t.dispose();
    expect(live()).toEqual(before);
    x.dispose();
  });

  it("what it saved, until it is walked", () => {
    const x = leaf([1, 2, 3]);
    const before = live();
    const a = exp(x);
    const y = sum(a);
    a.dispose();
    // The output of exp is saved by its node: a buffer without a handle.
    expect(live()).toEqual([before[0] + 1, before[1] + 2, before[2] + 16]);
    grad(y, x).dispose();
    expect(live()).toEqual([before[0] + 1, before[1] + 1, before[2] + 4]);
    y.dispose();
    expect(live()).toEqual(before);
    x.dispose();
  });

  it("no cycle of an op that saves its own output", () => {
    const before = live();
    const x = leaf([1, 2]);
    const y = exp(x);
    x.dispose();
    y.dispose();
    expect(live()).toEqual(before);
  });

  it("nothing under noGrad", () => {
    const x = leaf([1, 2]);
    const before = live();
    noGrad(() => {
      exp(x).dispose();
    });
    expect(live()).toEqual(before);
    x.dispose();
  });

  it("nothing of a walk that failed", () => {
    const x = leaf([1, 2]);
    const y = scope(() => sum(mul(exp(x), neg(x))));
    const before = live();
    const wrong = tensor([1, 2]);
    expect(() => grad(y, x, { gradOutput: wrong })).toThrow(GradError);
    wrong.dispose();
    expect(live()).toEqual(before);
    y.dispose();
    x.dispose();
  });

  it("its second order, until that is released", () => {
    const x = leaf([2]);
    const before = live();
    scope(() => {
      const g = grad(mul(x, mul(x, x)), x, { createGraph: true });
      expect(numbers(grad(g, x))).toEqual([12]);
    });
    expect(live()).toEqual(before);
    x.dispose();
  });

  it("hands results out of a scope with their history", () => {
    const x = leaf([2]);
    const y = keep(scope(() => mul(exp(x), 3)));
    const g = grad(y, x);
    expect(numbers(g)[0]).toBeCloseTo(3 * Math.exp(2), 4);
    g.dispose();
    y.dispose();
    x.dispose();
  });
});

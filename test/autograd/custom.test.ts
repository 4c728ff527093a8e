// Functions with gradients of their own, and hooks on tensors.
import { describe, expect, it } from "vitest";
import {
  customFunction,
  detach,
  exp,
  grad,
  gradcheck,
  gradgradcheck,
  keep,
  memory,
  mul,
  noGrad,
  ones,
  scope,
  square,
  sub,
  sum,
  tanh,
  tensor,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scoped } from "../scoped.ts";

const double = { dtype: "float64", device: "reference", requiresGrad: true } as const;
const live = (): number[] => {
  const { tensors, buffers, bytes } = memory();
  return [tensors, buffers, bytes];
};

const scaledTanh = customFunction({
  name: "scaledTanh",
  inputs: ["x"],
  saves: ["y"],
  forward: ({ x }, { scale }: { scale: number }) => mul(tanh(x), scale),
  backward: (g, { y }, { scale }) => ({ x: mul(g, sub(scale, mul(square(y), 1 / scale))) }),
});

const straightThrough = customFunction({
  name: "straightThrough",
  inputs: ["x"],
  forward: ({ x }) => mul(x, 0),
  backward: (g) => ({ x: g }),
});

const productAndSum = customFunction({
  name: "productAndSum",
  inputs: ["a", "b"],
  outputs: ["product", "total"],
  saves: ["a", "b"],
  forward: ({ a, b }) => [mul(a, b), a.add(b)],
  backward: ([gProduct, gTotal], { a, b }, _, needs) => {
    const part = (other: Tensor): Tensor | null => {
      const first = gProduct && mul(gProduct, other);
      return first && gTotal ? first.add(gTotal) : (first ?? gTotal);
    };
    return { a: needs.a ? part(b) : null, b: needs.b ? part(a) : null };
  },
});

describe("customFunction", () => {
  it(
    "has the gradient that it was given, to the second order",
    scoped(() => {
      const x = tensor([0.3, -1.2], double);
      expect(gradcheck((a) => scaledTanh(a, { scale: 2 }), [x])).toBe(true);
      expect(gradgradcheck((a) => scaledTanh(a, { scale: 2 }), [x])).toBe(true);
      const y = tensor([1, 2], { requiresGrad: true });
      expect(grad(sum(mul(straightThrough(y), 3)), y)).toBeCloseToTensor([3, 3]);
    }),
  );

  it(
    "may have several inputs and outputs, some of which take no part",
    scoped(() => {
      const [a, b] = [tensor([0.5, 2], double), tensor([3, -1], double)];
      expect(gradcheck((p, q) => productAndSum(p, q), [a, b])).toBe(true);
      expect(gradgradcheck((p, q) => productAndSum(p, q)[0], [a, b])).toBe(true);
      const [product] = productAndSum(detach(a), b);
      expect(grad(sum(product), b)).toBeCloseToTensor([0.5, 2]);
    }),
  );

  it("keeps nothing that it does not save, and nothing at all unrecorded", () => {
    const x = ones([4], { requiresGrad: true });
    const before = live();
    scope(() => {
      sum(scaledTanh(x, { scale: 3 })).backward();
    });
    noGrad(() => {
      scaledTanh(x, { scale: 3 }).dispose();
    });
    x.grad!.dispose();
    x.grad = null;
    expect(live()).toEqual(before);
    x.dispose();
  });

  it(
    "may return its input",
    scoped(() => {
      const same = customFunction({
        name: "same",
        inputs: ["x"],
        forward: ({ x }) => x,
        backward: (g) => ({ x: mul(g, 2) }),
      });
      const x = ones([2], { requiresGrad: true });
      const y = same(x);
      expect(y).not.toBe(x);
      expect(grad(sum(y), x)).toBeCloseToTensor([2, 2]);
      expect(x.isDisposed).toBe(false);
    }),
  );

  it(
    "refuses what does not fit",
    scoped(() => {
      const parts = {
        name: "f",
        inputs: ["x"] as const,
        forward: ({ x }: { x: Tensor }) => x,
        backward: () => ({ x: ones([7]) }),
      };
      expect(() => customFunction({ ...parts, saves: ["z" as "x"] })).toThrow(
        "f: saves must be among x, y; got z.",
      );
      const x = ones([2], { requiresGrad: true });
      expect(() => grad(sum(customFunction(parts)(x)), x)).toThrow(
        /its gradient for "x" must have the input's shape/,
      );
      expect(() => customFunction({ ...parts, outputs: ["a", "b"] })(x)).toThrow(
        /forward must return one tensor for each/,
      );
    }),
  );
});

describe("registerHook", () => {
  it(
    "sees the whole gradient once, and may replace it",
    scoped(() => {
      const x = tensor([1, 2], { requiresGrad: true });
      const middle = mul(x, 2);
      const seen: number[][] = [];
      const remove = middle.registerHook((g) => {
        seen.push(Array.from(g.dataSync()));
        return mul(g, 10);
      });
      const y = sum(middle.add(exp(mul(middle, 0))));
      expect(grad(y, x, { retainGraph: true })).toBeCloseToTensor([20, 20]);
      expect(seen).toEqual([[1, 1]]);
      remove();
      expect(grad(y, x)).toBeCloseToTensor([2, 2]);
      expect(seen.length).toBe(1);
    }),
  );

  it(
    "works on leaves, before their gradients are added up, and recorded",
    scoped(() => {
      const x = tensor([3], { requiresGrad: true });
      let held: Tensor | null = null;
      x.registerHook((g) => {
        held = keep(detach(g));
      });
      x.registerHook((g) => mul(g, x));
      sum(square(x)).backward();
      expect(x.grad!).toBeCloseToTensor([18]);
      expect(held!).toBeCloseToTensor([6]);
      held!.dispose();
      const g = grad(sum(square(x)), x, { createGraph: true });
      held!.dispose();
      expect(grad(sum(g), x)).toBeCloseToTensor([12 * 3]);
      held!.dispose();
      x.grad!.dispose();
      x.grad = null;
    }),
  );

  it(
    "refuses tensors without a gradient, and results of another shape",
    scoped(() => {
      expect(() => ones([1]).registerHook(() => null)).toThrow(
        /registerHook: the tensor must require a gradient/,
      );
      const x = ones([2], { requiresGrad: true });
      x.registerHook(() => ones([3]));
      expect(() => grad(sum(x), x)).toThrow(
        /must have the gradient's shape and dtype, \[2\] float32; got \[3\]/,
      );
    }),
  );

  it("leaves memory as it was over 1,000 steps", () => {
    const x = ones([8], { requiresGrad: true });
    const remove = x.registerHook((g) => mul(g, 0.5));
    const counts = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      scope(() => {
        const y = square(x);
        y.registerHook((g) => mul(g, 2));
        sum(y).backward();
      });
      counts.add(live().join());
    }
    expect(counts.size).toBe(1);
    remove();
    x.grad!.dispose();
    x.dispose();
  });
});

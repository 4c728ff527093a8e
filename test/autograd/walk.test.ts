// The backward walk: what flows where, how often, and what it leaves behind.
import { describe, expect, it } from "vitest";
import {
  add,
  backward,
  detach,
  exp,
  expand,
  grad,
  mul,
  noGrad,
  reshape,
  scope,
  slice,
  sum,
  tensor,
  transpose,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { assign } from "../../src/ops/assign.ts";
import { scoped } from "../scoped.ts";

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });
const numbers = (x: Tensor | null): number[] => Array.from(x!.dataSync());

describe("grad", () => {
  it(
    "sums over all paths",
    scoped(() => {
      const x = leaf([2, 3]);
      const square = mul(x, x);
      const y = sum(add(mul(square, x), square)); // x^3 + x^2
      expect(numbers(grad(y, x))).toEqual([12 + 4, 27 + 6]);
    }),
  );

  it(
    "leaves .grad alone and gives tensors without history",
    scoped(() => {
      const x = leaf([2]);
      const g = grad(mul(x, x), x);
      expect(x.grad).toBeNull();
      expect(g.requiresGrad).toBe(false);
    }),
  );

  it(
    "goes to intermediate results too, and stops there",
    scoped(() => {
      const x = leaf([1, 2]);
      const middle = mul(x, 3);
      const y = sum(mul(middle, middle));
      const [gx, gMiddle] = grad(y, [x, middle]);
      expect(numbers(gMiddle)).toEqual([6, 12]);
      expect(numbers(gx)).toEqual([18, 36]);
    }),
  );

  it(
    "takes a tensor as its own gradient",
    scoped(() => {
      const x = leaf([5]);
      expect(numbers(grad(x, x))).toEqual([1]);
    }),
  );

  it(
    "takes the incoming gradient, and leaves it as it was",
    scoped(() => {
      const x = leaf([1, 2]);
      const gradOutput = tensor([10, 100]);
      const y = add(x, x);
      expect(numbers(grad(y, x, { gradOutput }))).toEqual([20, 200]);
      expect(numbers(gradOutput)).toEqual([10, 100]);
    }),
  );

  it(
    "gives the same tensor twice where it is asked twice",
    scoped(() => {
      const x = leaf([3]);
      const [a, b] = grad(mul(x, x), [x, x]);
      expect([numbers(a), numbers(b)]).toEqual([[6], [6]]);
    }),
  );

  it(
    "gives null for an unused tensor only when allowed",
    scoped(() => {
      const [x, unused] = [leaf([1]), leaf([2])];
      const y = mul(x, 2);
      expect(grad(y, [x, unused], { allowUnused: true, retainGraph: true })[1]).toBeNull();
      expect(() => grad(y, [x, unused])).toThrow(
        /the output must depend on every wrt; got number 1 .* unused/,
      );
    }),
  );

  it(
    "differentiates again with createGraph, to the third order",
    scoped(() => {
      const x = leaf([2]);
      const y = mul(mul(x, x), mul(x, x));
      const first = grad(y, x, { createGraph: true });
      const second = grad(first, x, { createGraph: true });
      const third = grad(second, x);
      expect([first, second, third].map((g) => numbers(g)[0])).toEqual([32, 48, 48]);
    }),
  );

  it(
    "lets the second order flow through the incoming gradient",
    scoped(() => {
      const x = leaf([2]);
      const v = leaf([3]);
      const g = grad(mul(x, x), x, { gradOutput: v, createGraph: true }); // 2 x v
      expect(numbers(grad(g, v))).toEqual([4]);
    }),
  );

  it(
    "records nothing of backward without createGraph",
    scoped(() => {
      const x = leaf([2]);
      expect(grad(exp(x), x).requiresGrad).toBe(false);
      expect(grad(exp(x), x, { createGraph: true }).requiresGrad).toBe(true);
    }),
  );

  it(
    "stops at detach and noGrad",
    scoped(() => {
      const x = leaf([3]);
      expect(numbers(grad(mul(x, detach(x)), x))).toEqual([3]);
      expect(
        numbers(
          grad(
            mul(
              x,
              noGrad(() => mul(x, x)),
            ),
            x,
          ),
        ),
      ).toEqual([9]);
      expect(noGrad(() => mul(x, x)).requiresGrad).toBe(false);
    }),
  );

  it(
    "walks a recurrence of 20,000 steps without overflow, on the way there and when it is dropped",
    scoped(() => {
      const x = leaf([1]);
      let y: Tensor = x;
      for (let i = 0; i < 20_000; i++) {
        const next = add(y, 0.5);
        if (y !== x) y.dispose();
        y = next;
      }
      expect(numbers(grad(y, x, { retainGraph: true }))).toEqual([1]);
      y.dispose();
    }),
  );

  it(
    "walks only what leads to the wanted tensors",
    scoped(() => {
      // The other branch's saved tensor was overwritten: walking it would throw.
      const [x, other] = [leaf([2]), leaf([5])];
      const branch = mul(other, other);
      assign(other, tensor([7]));
      expect(numbers(grad(add(mul(x, x), branch), x))).toEqual([4]);
    }),
  );
});

describe("backward", () => {
  const twice = (x: Tensor): void => {
    for (let i = 0; i < 2; i++) backward(sum(mul(x, x)));
  };

  const release = (...leaves: Tensor[]): void => {
    for (const x of leaves) {
      x.grad?.dispose();
      x.grad = null;
    }
  };

  it(
    "accumulates into leaves",
    scoped(() => {
      const x = leaf([1, 2]);
      twice(x);
      expect(numbers(x.grad)).toEqual([4, 8]);
      release(x);
    }),
  );

  it(
    "gives two leaves of one sum gradients of their own",
    scoped(() => {
      const [a, b] = [leaf([1, 2]), leaf([3, 4])];
      backward(sum(add(a, b)));
      backward(sum(mul(a, 10)));
      expect(numbers(a.grad)).toEqual([11, 11]);
      expect(numbers(b.grad)).toEqual([1, 1]);
      release(a, b);
    }),
  );

  it(
    "never writes into the incoming gradient or into another's",
    scoped(() => {
      const x = leaf([1, 2]);
      const gradOutput = tensor([1, 1]);
      backward(add(x, 0), { gradOutput });
      backward(add(x, 0), { gradOutput });
      expect(numbers(gradOutput)).toEqual([1, 1]);
      expect(numbers(x.grad)).toEqual([2, 2]);
      release(x);
    }),
  );

  it(
    "accumulates gradients that are views: of sums, slices, transposes",
    scoped(() => {
      const x = tensor(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { requiresGrad: true },
      );
      backward(sum(x));
      backward(sum(slice(transpose(x), 0, 1, 2)));
      backward(sum(expand(reshape(x, [6]), [2, 6])));
      expect(numbers(x.grad)).toEqual([3, 4, 3, 3, 4, 3]);
      release(x);
    }),
  );

  it(
    "reaches leaves that were made views before they became leaves",
    scoped(() => {
      const x = transpose(
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ).setRequiresGrad(true);
      backward(sum(mul(x, x)));
      expect(x.grad!.shape).toEqual([3, 2]);
      expect(numbers(x.grad)).toEqual([2, 8, 4, 10, 6, 12]);
      release(x);
    }),
  );

  it("keeps .grad when the scope around it closes", () => {
    const x = leaf([1, 2]);
    scope(() => {
      twice(x);
    });
    expect(numbers(x.grad)).toEqual([4, 8]);
    release(x);
    x.dispose();
  });

  it(
    "leaves a leaf that is frozen without a gradient",
    scoped(() => {
      const [x, frozen] = [leaf([1]), leaf([2]).setRequiresGrad(false)];
      backward(mul(x, frozen));
      expect(frozen.grad).toBeNull();
      release(x);
    }),
  );

  it(
    "keeps the order of a graph wired at random, in which the search meets nodes in any order",
    scoped(() => {
      const x = leaf([1]);
      const nodes: Tensor[] = [x];
      // The derivative of each node.
      const slopes = [1];
      let state = 1;
      const pick = (n: number): number => (state = (state * 48271) % 2147483647) % n;
      for (let i = 0; i < 400; i++) {
        const [a, b] = [Math.max(0, nodes.length - 1 - pick(40)), pick(nodes.length)];
        nodes.push(mul(add(nodes[a], mul(nodes[b], 0.5)), 0.65));
        slopes.push((slopes[a] + slopes[b] * 0.5) * 0.65);
      }
      const y = nodes.filter((_, i) => i % 7 === 3).reduce((sum, node) => add(sum, node));
      const expected = slopes.filter((_, i) => i % 7 === 3).reduce((sum, n) => sum + n);
      backward(y);
      expect(numbers(x.grad)[0]).toBeCloseTo(expected, 4);
      release(x);
    }),
  );

  it(
    "leaves a leaf that was frozen after the op without a gradient, also where it was thawed again",
    scoped(() => {
      const [x, frozen, thawed] = [leaf([1]), leaf([2]), leaf([3])];
      const y = mul(mul(x, frozen), thawed);
      frozen.setRequiresGrad(false);
      thawed.setRequiresGrad(false).setRequiresGrad(true);
      backward(y);
      expect(numbers(x.grad)).toEqual([6]);
      expect(frozen.grad).toBeNull();
      expect(thawed.grad).toBeNull();
      release(x, thawed);
    }),
  );

  it(
    "reaches leaves whose handles were released: nothing to give, nothing to throw",
    scoped(() => {
      const x = leaf([1]);
      const w = leaf([2]);
      const y = mul(x, w);
      w.dispose();
      backward(y);
      expect(numbers(x.grad)).toEqual([2]);
      release(x);
      w.grad?.dispose();
    }),
  );
});

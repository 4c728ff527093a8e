// Checkpointing: the same numbers as without it, to the second order, with less memory in between.
import { describe, expect, it } from "vitest";
import {
  add,
  checkpoint,
  defaultGenerator,
  exp,
  Generator,
  grad,
  gradcheck,
  gradgradcheck,
  isRecomputing,
  manualSeed,
  memory,
  mul,
  noGrad,
  ones,
  rand,
  randn,
  scope,
  square,
  sub,
  sum,
  tanh,
  tensor,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { BatchNorm1d, Linear, Sequential, Tanh } from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { scoped } from "../scoped.ts";

const double = { dtype: "float64", device: "reference", requiresGrad: true } as const;
const live = (): number[] => {
  const { tensors, buffers, bytes } = memory();
  return [tensors, buffers, bytes];
};

describe("checkpoint", () => {
  it(
    "gives the same gradients to inputs and to what the function uses besides, of any order",
    scoped(() => {
      const [x, w] = [tensor([0.5, -1], double), tensor([2, 0.3], double)];
      const outer = mul(w, 2);
      const body = (a: Tensor): Tensor => mul(tanh(mul(a, w)), add(outer, square(a)));
      const loss = (y: Tensor): Tensor => sum(square(y));
      const plain = grad(loss(body(x)), [x, w], { retainGraph: true });
      const saved = grad(loss(checkpoint(body, x)), [x, w]);
      expect(saved[0]).toBeCloseToTensor(plain[0], { rtol: 1e-12 });
      expect(saved[1]).toBeCloseToTensor(plain[1], { rtol: 1e-12 });
      const both = (a: Tensor, b: Tensor): Tensor =>
        checkpoint((p) => mul(exp(mul(p, b)), tanh(add(p, b))), a);
      expect(gradcheck(both, [x, w])).toBe(true);
      expect(gradgradcheck(both, [x, w])).toBe(true);
    }),
  );

  it(
    "counts a tensor once that the function meets in two ways",
    scoped(() => {
      const x = tensor([0.7], double);
      const middle = square(x);
      const outer = exp(middle);
      const body = (a: Tensor): Tensor => mul(mul(a, outer), middle);
      const plain = grad(sum(body(middle)), x, { retainGraph: true });
      expect(grad(sum(checkpoint(body, middle)), x, { retainGraph: true })).toBeCloseToTensor(plain, {
        rtol: 1e-12,
      });
      const twice = grad(sum(checkpoint((a, b) => mul(a, b), x, x)), x, { createGraph: true });
      expect(twice).toBeCloseToTensor([1.4], { rtol: 1e-12 });
      expect(grad(sum(twice), x)).toBeCloseToTensor([2], { rtol: 1e-12 });
    }),
  );

  it(
    "may give several tensors, nest, hand an input through, and be walked twice",
    scoped(() => {
      const x = tensor([0.7, 1.3], double);
      const inner = (a: Tensor): Tensor => checkpoint((b) => exp(tanh(b)), a);
      const fn = (a: Tensor): readonly Tensor[] => checkpoint((b) => [mul(inner(b), b), b, square(b)], a);
      const [y, same, unused] = fn(x);
      expect(unused.shape).toEqual([2]);
      const total = sum(add(y, same));
      const plain = grad(sum(add(mul(exp(tanh(x)), x), x)), x);
      expect(grad(total, x, { retainGraph: true })).toBeCloseToTensor(plain, { rtol: 1e-12 });
      expect(grad(total, x)).toBeCloseToTensor(plain, { rtol: 1e-12 });
      expect(gradgradcheck(fn, [x])).toBe(true);
    }),
  );

  it(
    "draws the same random numbers again, from every stream, and puts the streams back",
    scoped(() => {
      const x = ones([50], { requiresGrad: true });
      const own = new Generator(5);
      manualSeed(3);
      const body = (a: Tensor): Tensor => mul(mul(a, rand([50])), rand([50], { generator: own }));
      const y = checkpoint(body, x);
      const after = [defaultGenerator.state(), own.state()];
      expect(grad(sum(y), x)).toBeCloseToTensor(y, { rtol: 1e-6 });
      expect([defaultGenerator.state(), own.state()]).toEqual(after);
    }),
  );

  it(
    "moves the running statistics of BatchNorm once",
    scoped(() => {
      const run = (wrap: boolean): number[] => {
        const layer = new BatchNorm1d(3);
        const x = rand([6, 3], { generator: new Generator(1), requiresGrad: true });
        const y = wrap ? checkpoint((a) => layer.forward(a), x) : layer.forward(x);
        sum(square(y)).backward();
        const state = [...layer.stateDict().values()].flatMap((t) => Array.from(t.dataSync()));
        const grads = [x, ...layer.parameters()].flatMap((t) => Array.from(t.grad!.dataSync()));
        x.grad!.dispose();
        layer.dispose();
        return [...state, ...grads];
      };
      expect(run(true)).toBeCloseToTensor(run(false), { rtol: 1e-5, atol: 1e-6 });
    }),
  );

  it(
    "tells the function that it is run again",
    scoped(() => {
      const runs: boolean[] = [];
      const x = ones([1], { requiresGrad: true });
      grad(
        checkpoint((a) => {
          runs.push(isRecomputing());
          return exp(a);
        }, x),
        x,
      );
      expect(runs).toEqual([false, true]);
      noGrad(() => checkpoint(exp, x).dispose());
    }),
  );

  it("keeps between the runs only inputs and outputs", () => {
    const x = ones([1000], { requiresGrad: true });
    const deep = (a: Tensor): Tensor =>
      scope(() => Array.from({ length: 8 }).reduce<Tensor>((y) => tanh(exp(y)), a));
    const before = memory().bytes;
    const plain = deep(x);
    const kept = memory().bytes - before;
    plain.dispose();
    const y = checkpoint(deep, x);
    const saved = memory().bytes - before;
    expect(kept).toBeGreaterThanOrEqual(16 * 4000);
    expect(saved).toBeLessThanOrEqual(4096);
    y.dispose();
    x.dispose();
  });

  it(
    "refuses a function that uses other tensors the second time, and inputs overwritten in between",
    scoped(() => {
      const [x, other] = [ones([2], { requiresGrad: true }), ones([2], { requiresGrad: true })];
      let turn = 0;
      const y = checkpoint((a) => (turn++ === 0 ? exp(a) : mul(a, other)), x);
      expect(() => grad(sum(y), x)).toThrow(/checkpoint: the function must use the same tensors both times/);
      const p = ones([2], { requiresGrad: true });
      const z = checkpoint(exp, p);
      p.grad = ones([2]);
      const optimizer = new SGD([p], { lr: 1 });
      optimizer.step();
      expect(() => grad(sum(z), p)).toThrow(/checkpoint saved must be unchanged/);
      p.grad.dispose();
    }),
  );

  it("leaves memory as it was over 1,000 steps", () => {
    const [first, last] = [
      new Sequential(new Linear(4, 8), new BatchNorm1d(8), new Tanh()),
      new Linear(8, 1),
    ];
    const optimizer = new SGD([...first.parameters(), ...last.parameters()], { lr: 0.002 });
    const batch = randn([16, 4]);
    const counts = new Set<string>();
    const losses: number[] = [];
    for (let i = 0; i < 1000; i++) {
      scope(() => {
        optimizer.zeroGrad();
        const y = last.forward(checkpoint((a) => first.forward(a), batch));
        const loss = sum(square(sub(y, sum(batch, { axis: 1, keepDims: true }))));
        loss.backward();
        optimizer.step();
        if (i % 250 === 0) losses.push(loss.itemSync());
      });
      counts.add(live().join());
    }
    expect(counts.size).toBe(1);
    expect(losses.at(-1)).toBeLessThan(losses[0]);
    batch.dispose();
    optimizer.dispose();
    first.dispose();
    last.dispose();
  });
});

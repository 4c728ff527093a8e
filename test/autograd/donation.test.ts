// Gradients on their way back are the library's own: what comes next is written over them, unless someone else holds them.
import { describe, expect, it } from "vitest";
import {
  add,
  backward,
  customFunction,
  detectAnomaly,
  gelu,
  grad,
  leakyRelu,
  memory,
  mul,
  randn,
  relu,
  resetPeakMemory,
  scope,
  sigmoid,
  silu,
  sum,
  tanh,
  tensor,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { own } from "../disposables.ts";

const TOLERANCE = { rtol: 1e-5, atol: 1e-6 };

const activations: Record<string, (x: Tensor) => Tensor> = {
  relu,
  leakyRelu: (x) => leakyRelu(x, 0.2),
  sigmoid,
  tanh,
  silu,
  gelu,
  geluTanh: (x) => gelu(x, { approximate: "tanh" }),
};

/** The gradient by the ops that are differentiable themselves, which write over nothing. */
function slowGrad(y: (x: Tensor) => Tensor, x: Tensor): Float32Array {
  return scope(() => grad(sum(y(x)), x, { createGraph: true }).dataSync()) as Float32Array;
}

describe.each(Object.entries(activations))("%s", (_, f) => {
  it("leaves the user's gradOutput as it is", () => {
    const x = own(randn([5, 7], { requiresGrad: true }));
    const g = own(randn([5, 7]));
    const before = g.dataSync();
    scope(() => {
      backward(f(x), { gradOutput: g });
    });
    expect(g.dataSync()).toEqual(before);
  });

  it("leaves a gradient that was asked for on the way as it is", () => {
    const x = own(randn([5, 7], { requiresGrad: true }));
    scope(() => {
      const middle = mul(x, 2);
      const [gMiddle, gx] = grad(sum(mul(f(middle), 3)), [middle, x]);
      expect(gx).toBeCloseToTensor(mul(gMiddle, 2).dataSync());
      expect(gx).toBeCloseToTensor(
        slowGrad((x) => mul(f(mul(x, 2)), 3), x),
        TOLERANCE,
      );
    });
  });

  it("adds up where the gradient goes two ways", () => {
    const x = own(randn([5, 7], { requiresGrad: true }));
    const y = (x: Tensor): Tensor => {
      const z = mul(x, 1.5);
      return add(add(f(z), z), f(f(z)));
    };
    scope(() => {
      backward(sum(y(x)));
      expect(x.grad).toBeCloseToTensor(slowGrad(y, x), TOLERANCE);
    });
  });
});

it("takes one buffer for a chain of activations on the way back", () => {
  const n = 1 << 16;
  const x = own(randn([n], { requiresGrad: true }));
  scope(() => {
    const y = [relu, tanh, sigmoid, gelu].reduce((y, f) => f(y), x);
    const g = own(randn([n]));
    resetPeakMemory();
    const before = memory().bytes;
    backward(y, { gradOutput: g });
    // One for all four, which x.grad is in the end.
    expect(memory().peakBytes - before).toBe(4 * n);
  });
});

it("does not write over a tensor that a custom backward returns and its owner keeps", () => {
  const constant = own(tensor([1, 2, 3]));
  const odd = customFunction({
    name: "odd",
    inputs: ["x"],
    forward: ({ x }) => mul(x, 1),
    backward: () => ({ x: constant }),
  });
  const x = own(tensor([-1, 1, 1], { requiresGrad: true }));
  for (let i = 1; i <= 2; i++) {
    scope(() => {
      const y = relu(x);
      backward(add(odd(y), odd(y)), { gradOutput: tensor([1, 1, 1]) });
    });
    expect(constant).toBeCloseToTensor([1, 2, 3]);
    expect(x.grad).toBeCloseToTensor([0, 4 * i, 6 * i]);
  }
});

it("lets anomaly mode see the gradient that came in", () => {
  const x = own(tensor([1, 2], { requiresGrad: true }));
  const bad = own(tensor([NaN, 1]));
  // It came in bad: relu is not to blame.
  expect(() => {
    detectAnomaly(() => {
      scope(() => {
        backward(relu(x), { gradOutput: bad });
      });
    });
  }).not.toThrow();
});

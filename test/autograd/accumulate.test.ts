// What `.grad` is made of: gradients recorded by createGraph may share buffers or lie strangely, and must still add up.
import { describe, expect, it } from "vitest";
import { add, backward, full, mul, scope, sum, tensor, transpose } from "../../src/index.ts";
import { own } from "../disposables.ts";

describe("a second backward into the same leaf", () => {
  it("does not write through a gradient that is one element seen many times", () => {
    const x = own(full([64], 1, { requiresGrad: true }));
    const neighbour = own(full([64], 7));
    scope(() => backward(sum(x), { createGraph: true }));
    scope(() => backward(sum(x)));
    expect(x.grad).toBeCloseToTensor(new Float32Array(64).fill(2));
    expect(neighbour).toBeCloseToTensor(new Float32Array(64).fill(7));
  });

  it("keeps the gradients of two leaves apart that shared a buffer", () => {
    const [a, b] = [1, 2].map((value) => own(full([2], value, { requiresGrad: true })));
    const c = own(tensor([5, 7]));
    for (const createGraph of [true, false]) {
      scope(() => {
        backward(sum(mul(add(a, b), c)), { createGraph });
      });
    }
    expect(a.grad).toBeCloseToTensor([10, 14]);
    expect(b.grad).toBeCloseToTensor([10, 14]);
  });

  it("leaves the user's gradOutput alone", () => {
    const x = own(full([2], 0, { requiresGrad: true }));
    const g = own(full([2], 1));
    for (const createGraph of [true, false]) {
      scope(() => {
        backward(add(x, 1), { gradOutput: g, createGraph });
      });
    }
    expect(g).toBeCloseToTensor([1, 1]);
    expect(x.grad).toBeCloseToTensor([2, 2]);
  });

  it("adds to a transposed gradient", () => {
    const x = own(full([2, 3], 1, { requiresGrad: true }));
    const g = own(tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2] }));
    for (const createGraph of [true, false]) {
      scope(() => {
        backward(transpose(x), { gradOutput: g, createGraph });
      });
    }
    expect(x.grad).toBeCloseToTensor([2, 6, 10, 4, 8, 12]);
  });
});

describe("a leaf made in a scope", () => {
  it("takes its gradient with it", () => {
    // The leak check after each test is the assertion.
    scope(() => {
      backward(sum(mul(full([3], 2, { requiresGrad: true }), 2)));
    });
  });

  it("gets no gradient once it is released", () => {
    const x = full([3], 2, { requiresGrad: true });
    const y = scope(() => sum(mul(x, 2)));
    x.dispose();
    backward(y);
    expect(x.grad).toBeNull();
    y.dispose();
  });
});

describe("a graph that saved nothing", () => {
  it("may be walked twice", () => {
    const x = own(full([3], 2, { requiresGrad: true }));
    const y = own(sum(x));
    backward(y);
    backward(y);
    expect(x.grad).toBeCloseToTensor([2, 2, 2]);
  });
});

describe("div", () => {
  it("has a gradient by the divisor where its square would leave float32", () => {
    const b = own(tensor([1e20, 1e-25], { requiresGrad: true }));
    scope(() => {
      backward(sum(tensor([1e20, 1e-30]).div(b)));
    });
    expect(b.grad).toBeCloseToTensor([-1e-20, -1e20], { rtol: 1e-5 });
  });
});

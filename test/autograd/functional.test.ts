// Jacobians, Hessians and their products, against each other and by hand; anomaly mode.
import { describe, expect, it } from "vitest";
import {
  add,
  detectAnomaly,
  div,
  exp,
  full,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  log,
  matmul,
  memory,
  mul,
  ones,
  reshape,
  scope,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  tensor,
  vjp,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { parameter } from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { scoped } from "../scoped.ts";

const on = { dtype: "float64", device: "reference" } as const;
const close = { rtol: 1e-10, atol: 1e-12 };
const values = (n: number, salt = 0): Tensor =>
  tensor(
    Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + salt)),
    on,
  );

describe("functional", () => {
  const vector = (x: Tensor): Tensor => tanh(matmul(reshape(values(12), [4, 3]), mul(x, exp(x))));
  const scalar = (x: Tensor, y: Tensor): Tensor => sum(mul(exp(mul(x, y)), square(x)));

  it(
    "jacobian has the output's axes first, and a column for what has no part",
    scoped(() => {
      const matrix = reshape(values(6), [2, 3]);
      expect(jacobian((x) => matmul(matrix, x), values(3))).toBeCloseToTensor(matrix, close);
      const [a, b] = jacobian((x, _y) => square(x), [values(2), values(3)]);
      expect(a).toBeCloseToTensor([2 * Math.sin(0), 0, 0, 2 * Math.sin(1.7)], close);
      expect(b.shape).toEqual([2, 3]);
      expect(jacobian((x) => reshape(x, [1, 2]), values(2)).shape).toEqual([1, 2, 2]);
    }),
  );

  it(
    "vjp and jvp are products with the jacobian",
    scoped(() => {
      const [x, v, t] = [values(3, 1), values(4, 2), values(3, 3)];
      const matrix = jacobian(vector, x);
      const [y, left] = vjp(vector, x, v);
      expect(y).toBeCloseToTensor(vector(x), close);
      expect(left).toBeCloseToTensor(matmul(v, matrix), close);
      expect(jvp(vector, x, t)[1]).toBeCloseToTensor(matmul(matrix, t), close);
      expect(jvp((a) => mul(a, 3), x, t)[1]).toBeCloseToTensor(mul(t, 3), close);
    }),
  );

  it(
    "hvp is a product with the hessian, which is symmetric",
    scoped(() => {
      const [x, y] = [values(3, 1), values(3, 2)];
      const blocks = hessian(scalar, [x, y]);
      expect(blocks[0][1]).toBeCloseToTensor(blocks[1][0].transpose(), close);
      const [u, v] = [values(3, 4), values(3, 5)];
      const [, [hu, hv]] = hvp(scalar, [x, y] as Tensor[], [u, v]);
      expect(hu).toBeCloseToTensor(add(matmul(blocks[0][0], u), matmul(blocks[0][1], v)), close);
      expect(hv).toBeCloseToTensor(add(matmul(blocks[1][0], u), matmul(blocks[1][1], v)), close);
      expect(hessian((a) => sum(square(a)), values(2))).toBeCloseToTensor([2, 0, 0, 2], close);
      expect(hessian((a) => sum(a), values(2))).toBeCloseToTensor([0, 0, 0, 0]);
    }),
  );

  it(
    "can be differentiated again where asked to",
    scoped(() => {
      const x = tensor([0.5, 2], { ...on, requiresGrad: true });
      const cubes = (a: Tensor): Tensor => mul(a, square(a));
      expect(grad(sum(jacobian(cubes, x, { createGraph: true })), x)).toBeCloseToTensor([3, 12], close);
      const [, product] = jvp(cubes, x, ones([2], on), { createGraph: true });
      expect(grad(sum(product), x)).toBeCloseToTensor([3, 12], close);
    }),
  );

  it("leaves nothing but its results", () => {
    const x = ones([3]);
    const before = memory().tensors;
    const results = scope(() => [jacobian(exp, x), ...hvp((a) => sum(exp(a)), x, x), ...jvp(exp, x, x)]);
    expect(memory().tensors).toBe(before + 5);
    for (const t of [...results, x]) t.dispose();
  });

  it(
    "refuses vectors and functions that do not fit",
    scoped(() => {
      expect(() => jvp(exp, values(3), values(2))).toThrow("jvp: v must have the shapes [3]; got [2].");
      expect(() => hessian(exp, values(3))).toThrow(
        "hessian: the function must return one element; got shape [3].",
      );
      expect(() => vjp(exp, values(3))).toThrow(/vjp: the function must return one element/);
    }),
  );
});

describe("detectAnomaly", () => {
  it(
    "names the first op that made a NaN, and what it came from",
    scoped(() => {
      const x = tensor([1, -4, 2]);
      expect(() => detectAnomaly(() => mul(add(log(x), 1), 2))).toThrow(
        /^log: its result must be finite; got NaN at 1 of \[3\] float32, 1 such in all\. It came from x \[3\] float32 from -4 to 2\./,
      );
      expect(() => detectAnomaly(() => div(ones([2]), 0))).toThrow(
        /^div: its result must be finite; got Infinity/,
      );
      expect(detectAnomaly(() => div(ones([2]), 0), { check: "nan" })).toBeCloseToTensor([
        Infinity,
        Infinity,
      ]);
    }),
  );

  it(
    "names the op whose gradient made it, and where the op was recorded",
    scoped(() => {
      const x = tensor([0, 4], { requiresGrad: true });
      let message = "";
      try {
        detectAnomaly(() => {
          const y = sum(sqrt(x));
          grad(y, x).dispose();
        });
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(
        /^sqrt: its gradient for "x" must be finite; got Infinity at 0 of \[2\] float32/,
      );
      expect(message).toMatch(/The op was recorded at:\n[^]*functional\.test\.ts/);
    }),
  );

  it(
    "watches optimizers too, and passes on what came in bad",
    scoped(() => {
      const p = parameter(ones([2]));
      p.grad = full([2], 3e38);
      const optimizer = new SGD([p], { lr: 1e6 });
      expect(() => detectAnomaly(() => optimizer.step())).toThrow(/^sgd: its new "p" must be finite/);
      p.grad.dispose();
      p.dispose();
      const bad = tensor([NaN, Infinity]);
      expect(detectAnomaly(() => sub(exp(bad), 1)).size).toBe(2);
    }),
  );

  it("leaves memory as it was, also when it finds something", () => {
    const x = tensor([0, 4], { requiresGrad: true });
    const before = memory().tensors;
    for (let i = 0; i < 3; i++) {
      expect(() =>
        detectAnomaly(() => {
          scope(() => {
            sum(sqrt(x)).backward();
          });
        }),
      ).toThrow(/sqrt/);
      expect(() => detectAnomaly(() => scope(() => log(mul(x, -1))))).toThrow(/log/);
    }
    expect(memory().tensors).toBe(before);
    x.dispose();
  });
});

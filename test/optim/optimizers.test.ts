// Optimizers: steps against PyTorch's numbers on both devices, what they refuse, and states that can be taken over.
import { describe, expect, it } from "vitest";
import { backward, FormatError, memory, mul, ones, sum, tensor, transpose } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { parameter } from "../../src/nn/index.ts";
import {
  Adadelta,
  Adafactor,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  Lion,
  NAdam,
  RAdam,
  RMSprop,
  SGD,
} from "../../src/optim/index.ts";
import type { Optimizer } from "../../src/optim/index.ts";
import { scoped, scopedEach } from "../scoped.ts";
import { camelCase, readCases, row } from "./golden.ts";
import type { Packed } from "./golden.ts";

interface Case {
  readonly name: string;
  readonly kind: Kind;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly start: Packed;
  readonly grads: Packed;
  readonly steps: Packed;
}

const kinds = {
  ...{ SGD, Adam, AdamW, Adamax, NAdam, RAdam, RMSprop, Adagrad, Adadelta, Adafactor, Lion },
};
type Kind = keyof typeof kinds;

const make = (kind: Kind, parameters: Tensor[], attrs: Case["attrs"]): Optimizer => {
  const Made = kinds[kind] as unknown as new (parameters: Tensor[], options: object) => Optimizer;
  return new Made(parameters, camelCase(attrs));
};

/** Sets the gradient that the next step takes. */
function setGrad(p: Tensor, g: Tensor): void {
  p.grad?.dispose();
  p.grad = g;
}

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-10, atol: 1e-10 },
  { device: "wasm", dtype: "float32", rtol: 3e-6, atol: 1e-6 },
] as const;

describe.each(placements)("steps on $device", ({ device, dtype, rtol, atol }) => {
  it.each(readCases<Case>("optimizers").map((one) => [one.name, one] as const))(
    "%s",
    scopedEach((_, { kind, attrs, start, grads, steps }) => {
      const p = parameter(tensor(start.data, { shape: start.shape, device, dtype }));
      const optimizer = make(kind, [p], attrs);
      for (let i = 0; i < grads.shape[0]; i++) {
        setGrad(p, tensor(row(grads, i), { shape: start.shape, device, dtype }));
        optimizer.step();
        expect(p, `after step ${i}`).toBeCloseToTensor(row(steps, i), { rtol, atol });
      }
      optimizer.dispose();
      p.dispose();
    }),
  );
});

describe.each(Object.keys(kinds) as Kind[])("%s", (kind) => {
  const attrs = kind === "SGD" ? { lr: 0.1, momentum: 0.9 } : { lr: 0.1 };

  it(
    "goes on from a saved state as if it had never stopped",
    scoped(() => {
      const gradient = (): Tensor => tensor([0.5, -1, 2]);
      const run = (p: Tensor, optimizer: Optimizer, steps: number): void => {
        for (let i = 0; i < steps; i++) {
          setGrad(p, gradient());
          optimizer.step();
        }
      };
      const [a, b] = [parameter(ones([3])), parameter(ones([3]))];
      const [first, whole] = [make(kind, [a], attrs), make(kind, [b], attrs)];
      run(a, first, 2);
      run(b, whole, 4);
      const second = make(kind, [a], { lr: 7 });
      second.loadStateDict(first.stateDict());
      expect(second.lr).toBe(0.1);
      run(a, second, 2);
      expect(a).toBeCloseToTensor(b);
      for (const optimizer of [first, second, whole]) optimizer.dispose();
      for (const p of [a, b]) p.dispose();
    }),
  );

  it(
    "leaves parameters without a gradient alone",
    scoped(() => {
      const [p, idle] = [parameter(ones([2])), parameter(ones([2]))];
      const optimizer = make(kind, [p, idle], attrs);
      setGrad(p, ones([2]));
      optimizer.step();
      expect(idle).toBeCloseToTensor([1, 1]);
      expect(p.dataSync()[0]).toBeLessThan(1);
      optimizer.zeroGrad();
      expect(p.grad).toBeNull();
      optimizer.dispose();
      p.dispose();
      idle.dispose();
    }),
  );

  it(
    "changes a parameter that was made from a transposed tensor",
    scoped(() => {
      const p = parameter(
        transpose(
          tensor([
            [1, 2, 3],
            [4, 5, 6],
          ]),
        ),
      );
      const optimizer = make(kind, [p], { lr: 0.5 });
      backward(sum(mul(p, 2)));
      optimizer.step();
      expect(p.shape).toEqual([3, 2]);
      expect(p.dataSync()[1]).toBeLessThan(4);
      optimizer.dispose();
      p.grad!.dispose();
      p.dispose();
    }),
  );

  it(
    "takes a step without leaving anything behind",
    scoped(() => {
      const p = parameter(ones([4]));
      const optimizer = make(kind, [p], attrs);
      setGrad(p, ones([4]));
      optimizer.step();
      const before = memory();
      for (let i = 0; i < 3; i++) optimizer.step();
      expect(memory()).toEqual(before);
      optimizer.dispose();
      p.grad!.dispose();
      p.dispose();
    }),
  );

  it(
    "refuses a gradient of another shape",
    scoped(() => {
      const p = parameter(ones([4]));
      const optimizer = make(kind, [p], attrs);
      setGrad(p, ones([2]));
      expect(() => optimizer.step()).toThrow(/must have/);
      expect(p).toBeCloseToTensor([1, 1, 1, 1]);
      optimizer.dispose();
      p.grad!.dispose();
      p.dispose();
    }),
  );
});

describe("what optimizers refuse", () => {
  const p = (): Tensor => tensor([1], { requiresGrad: true });

  it.each([
    [() => new SGD([], {}), "SGD: there must be parameters; got none."],
    [() => new SGD([p()], { lr: -1 }), "SGD: lr must be at least 0; got -1."],
    [() => new SGD([p()], { lr: NaN }), "SGD: lr must be at least 0; got NaN."],
    [
      () => new SGD([p()], { nesterov: true }),
      "SGD: nesterov needs momentum > 0 and dampening 0; got momentum 0, dampening 0.",
    ],
    [() => new Adam([p()], { betas: [0.9, 1] }), "Adam: betas[1] must be in [0, 1); got 1."],
    [() => new Adam([p()], { eps: -1 }), "Adam: eps must be at least 0; got -1."],
    [() => new Adam([mul(p(), 2)]), "Adam: parameters must be leaves; got a result of mul."],
  ])(
    "%#",
    scopedEach((call, message) => {
      expect(call).toThrow(message);
    }),
  );

  it(
    "a state of other parameters, and stays as it was",
    scoped(() => {
      const a = parameter(ones([2]));
      const optimizer = new Adam([a]);
      const wrongShape = new Map([["0.exp_avg", ones([3])]]);
      const wrongKey = new Map([["1.exp_avg", ones([2])]]);
      expect(() => optimizer.loadStateDict({ name: "Adam", tensors: wrongShape, numbers: {} })).toThrow(
        "loadStateDict: 0.exp_avg must have shape [2]; got [3].",
      );
      expect(() => optimizer.loadStateDict({ name: "Adam", tensors: wrongKey, numbers: {} })).toThrow(
        /optimizer keys must be/,
      );
      const decayed = new AdamW([a]);
      expect(() => optimizer.loadStateDict(decayed.stateDict())).toThrow(
        "loadStateDict: the state must be of Adam; got one of AdamW.",
      );
      expect(() => decayed.loadStateDict(optimizer.stateDict())).toThrow(
        new FormatError("loadStateDict", "the state must be of AdamW; got one of Adam."),
      );
      expect(optimizer.stateDict().tensors.size).toBe(0);
      optimizer.dispose();
      a.dispose();
    }),
  );
});

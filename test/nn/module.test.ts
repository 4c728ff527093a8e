// Modules: how they find what is theirs, their state dictionaries, and their layers' maths in float64.
import { describe, expect, it } from "vitest";
import { Generator, gradcheck, linear, memory, ones, rand, zeros } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import {
  Conv2d,
  Flatten,
  Linear,
  LogSoftmax,
  MaxPool2d,
  Module,
  parameter,
  ReLU,
  Sequential,
  Sigmoid,
  Softmax,
  Tanh,
} from "../../src/nn/index.ts";
import { scoped } from "../scoped.ts";

class Tied extends Module {
  readonly first = new Linear(3, 3);
  readonly second = new Linear(3, 3);
  readonly layers = [new Linear(3, 2, { bias: false }), new ReLU()];
  runningMean: Tensor = parameterless([3]);
  weightIhL0 = parameter(ones([2]));

  constructor() {
    super();
    this.second.weight.dispose();
    this.second.weight = this.first.weight;
  }

  override forward(x: Tensor): Tensor {
    return this.second.forward(this.first.forward(x));
  }
}

const parameterless = (shape: number[]): Tensor => zeros(shape);

describe("Module", () => {
  it(
    "finds parameters, buffers and children in its fields, shared ones once",
    scoped(() => {
      const model = new Tied();
      expect(model.namedParameters().map(([key]) => key)).toEqual([
        "weight_ih_l0",
        "first.weight",
        "first.bias",
        "second.bias",
        "layers.0.weight",
      ]);
      expect(model.namedBuffers().map(([key]) => key)).toEqual(["running_mean"]);
      expect([...model.stateDict().keys()]).toEqual([
        "running_mean",
        "weight_ih_l0",
        "first.weight",
        "first.bias",
        "second.weight",
        "second.bias",
        "layers.0.weight",
      ]);
      expect(model.parameterCount()).toBe(2 + 9 + 3 + 3 + 6);
      expect(model.children().length).toBe(4);
      model.dispose();
    }),
  );

  it("leaves nothing behind when disposed, gradients included", () => {
    const before = memory().tensors;
    const model = new Linear(3, 2);
    const [x, gradOutput] = [ones([4, 3]), ones([4, 2])];
    const y = model.forward(x);
    y.backward({ gradOutput });
    expect(model.weight.grad?.shape).toEqual([2, 3]);
    for (const t of [x, y, gradOutput]) t.dispose();
    model.dispose();
    expect(memory().tensors).toBe(before);
  });

  it(
    "switches training on and off all the way down",
    scoped(() => {
      const model = new Sequential(new Linear(2, 2), new Sequential(new ReLU()));
      model.eval();
      expect(model.modules().map(({ training }) => training)).toEqual([false, false, false, false]);
      model.train();
      expect(model.modules().every(({ training }) => training)).toBe(true);
      model.dispose();
    }),
  );

  it(
    "loads what another has saved, by value",
    scoped(() => {
      const [a, b] = [new Linear(3, 2), new Linear(3, 2)];
      const weight = b.weight;
      expect(b.loadStateDict(a.stateDict())).toEqual({ missing: [], unexpected: [] });
      expect(b.weight).toBe(weight);
      expect(b.weight).toBeCloseToTensor(a.weight);
      a.dispose();
      expect(b.weight.size).toBe(6);
      b.dispose();
    }),
  );

  it(
    "refuses two fields that have one key",
    scoped(() => {
      class Twice extends Module {
        weightA = parameter(ones([2]));
        inner = new Linear(1, 1);
        weight_a = parameter(ones([2]));
        override forward(x: Tensor): Tensor {
          return x;
        }
      }
      const model = new Twice();
      const message = (op: string): string =>
        `${op}: each tensor must have a key of its own; got "weight_a" twice. ` +
        "Keys are the names of fields in snake_case: rename one of the two.";
      expect(() => model.stateDict()).toThrow(message("stateDict"));
      expect(() => model.loadStateDict(new Map())).toThrow(message("loadStateDict"));
      expect(() => new Sequential(model).stateDict()).toThrow('"0.weight_a" twice');
      model.dispose();
    }),
  );

  it(
    "refuses a state of another model, names everything, and stays as it was",
    scoped(() => {
      const model = new Linear(3, 2);
      const before = Array.from(model.weight.dataSync());
      const state = new Map([
        ["weight", ones([2, 3])],
        ["wieght", ones([1])],
      ]);
      expect(() => model.loadStateDict(state)).toThrow(/^loadStateDict: .*bias.*wieght/s);
      expect(() =>
        model.loadStateDict(
          new Map([
            ["weight", ones([3, 2])],
            ["bias", ones([2])],
          ]),
        ),
      ).toThrow("loadStateDict: shapes must agree; got weight [3, 2] for [2, 3].");
      expect(Array.from(model.weight.dataSync())).toEqual(before);
      expect(model.loadStateDict(state, { strict: false })).toEqual({
        missing: ["bias"],
        unexpected: ["wieght"],
      });
      expect(model.weight).toBeCloseToTensor([1, 1, 1, 1, 1, 1]);
      model.dispose();
    }),
  );

  it(
    "moves to another device and dtype, keeping shared parameters shared",
    scoped(() => {
      const model = new Tied();
      const before = Array.from(model.first.weight.dataSync());
      model.to({ device: "reference", dtype: "float64" });
      expect(
        model
          .parameters()
          .every((p) => p.dtype === "float64" && p.device.name === "reference" && p.requiresGrad),
      ).toBe(true);
      expect(model.runningMean.dtype).toBe("float64");
      expect(model.second.weight).toBe(model.first.weight);
      expect(Array.from(model.first.weight.dataSync())).toEqual(before);
      expect(model.parameterCount()).toBe(23);
      model.dispose();
    }),
  );

  it(
    "starts from its generator alone",
    scoped(() => {
      const weights = (seed: number): number[] => {
        const model = new Linear(5, 4, { generator: new Generator(seed) });
        const values = [...model.weight.dataSync(), ...model.bias!.dataSync()];
        model.dispose();
        return values;
      };
      expect(weights(1)).toEqual(weights(1));
      expect(weights(1)).not.toEqual(weights(2));
      const bound = 1 / Math.sqrt(5);
      expect(weights(3).every((w) => w >= -bound && w < bound)).toBe(true);
    }),
  );

  it(
    "prints what it is made of",
    scoped(() => {
      const model = new Sequential(
        new Conv2d(1, 6, 5),
        new MaxPool2d(2),
        new Flatten(),
        new Linear(4, 2, { bias: false }),
      );
      expect(String(model)).toMatchInlineSnapshot(`
        "Sequential(
          (0): Conv2d(1, 6, kernelSize=5)
          (1): MaxPool2d(kernelSize=2)
          (2): Flatten()
          (3): Linear(inFeatures=4, outFeatures=2, bias=false)
        )"
      `);
      model.dispose();
    }),
  );
});

describe("layers", () => {
  const input = (shape: number[]): Tensor =>
    rand(shape, { device: "reference", dtype: "float64", generator: new Generator(8), requiresGrad: true });

  const layers: [string, () => Module & { forward(x: Tensor): Tensor }, number[], number[]][] = [
    ["Linear", () => new Linear(4, 3), [2, 4], [2, 3]],
    ["Linear on three axes", () => new Linear(4, 3), [2, 2, 4], [2, 2, 3]],
    ["Conv2d", () => new Conv2d(2, 3, 2, { padding: 1, stride: [1, 2] }), [1, 2, 3, 4], [1, 3, 4, 3]],
    [
      "Conv2d in groups",
      () => new Conv2d(4, 2, [1, 2], { groups: 2, bias: false }),
      [1, 4, 2, 3],
      [1, 2, 2, 2],
    ],
    ["MaxPool2d", () => new MaxPool2d(2, { stride: 1 }), [1, 2, 3, 3], [1, 2, 2, 2]],
    ["ReLU", () => new ReLU(), [3], [3]],
    ["Tanh", () => new Tanh(), [3], [3]],
    ["Sigmoid", () => new Sigmoid(), [3], [3]],
    ["Softmax", () => new Softmax(0), [3, 2], [3, 2]],
    ["LogSoftmax", () => new LogSoftmax(), [2, 3], [2, 3]],
    ["Flatten", () => new Flatten(), [2, 2, 3], [2, 6]],
    ["Flatten of some axes", () => new Flatten(0, 1), [2, 2, 3], [4, 3]],
    ["Sequential", () => new Sequential(new Linear(3, 2), new Tanh(), new Linear(2, 2)), [2, 3], [2, 2]],
  ];

  it.each(layers)("%s: shape, and gradients by its input", (_, make, shape, output) =>
    scoped(() => {
      const layer = make().to({ device: "reference", dtype: "float64" });
      const x = input(shape);
      expect(layer.forward(x).shape).toEqual(output);
      expect(gradcheck((a) => layer.forward(a), [x])).toBe(true);
      layer.dispose();
    })(),
  );

  it(
    "Linear's gradients by weight and bias",
    scoped(() => {
      const [x, w, b] = [input([2, 3]), input([4, 3]), input([4])];
      expect(gradcheck((...all) => linear(...(all as [Tensor, Tensor, Tensor])), [x, w, b])).toBe(true);
    }),
  );

  it.each([
    [() => new Linear(0, 2), "Linear: inFeatures must be a whole number >= 1; got 0."],
    [() => new Linear(2, 1.5), "Linear: outFeatures must be a whole number >= 1; got 1.5."],
    [
      () => new Conv2d(3, 4, 3, { groups: 2 }),
      "Conv2d: channels must divide by groups; got 3 in and 4 out by 2.",
    ],
    [() => new Conv2d(3, 4, 0), "Conv2d: kernelSize must be a whole number >= 1; got 0."],
  ])("refuse %#", (call, message) =>
    scoped(() => {
      expect(call).toThrow(message);
    })(),
  );
});

// Around the layers: hooks, freezing, collections, the summary, calls with other tensors, and initialisers.
import { describe, expect, it } from "vitest";
import {
  Generator,
  grad,
  memory,
  mul,
  noGrad,
  ones,
  rand,
  randn,
  scope,
  square,
  sum,
  tensor,
  zeros,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import {
  BatchNorm1d,
  Conv2d,
  Dropout,
  Flatten,
  functionalCall,
  gradcheckModule,
  init,
  Linear,
  Module,
  ModuleDict,
  ModuleList,
  parameter,
  ParameterList,
  ReLU,
  Sequential,
  Tanh,
} from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { scoped } from "../scoped.ts";

const live = (): number[] => {
  const { tensors, buffers, bytes } = memory();
  return [tensors, buffers, bytes];
};

describe("forward hooks", () => {
  it(
    "see inputs and outputs, may replace both, and go off again",
    scoped(() => {
      const model = new Sequential(new Linear(2, 2), new ReLU());
      const shapes: unknown[] = [];
      const remove = [
        model.layers[0].registerForwardHook((module, [x], y) => {
          shapes.push([module.moduleName, (x as Tensor).shape, (y as Tensor).shape]);
        }),
        model.registerForwardPreHook(() => [ones([3, 2])]),
        model.registerForwardHook((_, __, y) => mul(y as Tensor, 0)),
      ];
      expect(model.forward(zeros([1, 2]))).toBeCloseToTensor(zeros([3, 2]));
      expect(shapes).toEqual([["Linear", [3, 2], [3, 2]]]);
      expect([...model.stateDict().keys()]).toEqual(["0.weight", "0.bias"]);
      for (const off of remove) off();
      expect(Object.getOwnPropertyNames(model)).not.toContain("forward");
      expect(model.forward(zeros([1, 2])).shape).toEqual([1, 2]);
      model.dispose();
    }),
  );

  it("leave memory as it was over 1,000 training steps", () => {
    const model = new Sequential(new Linear(3, 4), new Tanh(), new Linear(4, 1));
    const optimizer = new SGD(model.parameters(), { lr: 0.01 });
    const batch = randn([8, 3]);
    let norms = 0;
    model.layers[1].registerForwardHook((_, __, y) => {
      (y as Tensor).registerHook((g) => mul(g, 0.5));
    });
    model.layers[0].registerForwardHook((_, __, y) => {
      norms += sum(square(y as Tensor)).itemSync();
    });
    const counts = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      scope(() => {
        optimizer.zeroGrad();
        sum(square(model.forward(batch))).backward();
        optimizer.step();
      });
      counts.add(live().join());
    }
    expect(counts.size).toBe(1);
    expect(norms).toBeGreaterThan(0);
    batch.dispose();
    optimizer.dispose();
    model.dispose();
  });
});

describe("freezing", () => {
  it(
    "keeps parameters parameters, without gradients",
    scoped(() => {
      const model = new Sequential(new Linear(2, 3), new Linear(3, 1));
      model.layers[0].requiresGrad(false);
      sum(model.forward(ones([1, 2]))).backward();
      expect(model.parameters().map(({ grad: g }) => g !== null)).toEqual([false, false, true, true]);
      expect(model.parameters().length).toBe(4);
      model.requiresGrad();
      expect(model.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
      model.dispose();
    }),
  );
});

class Branches extends Module {
  readonly blocks = new ModuleList([new Linear(2, 2), new Linear(2, 2)]);
  readonly heads = new ModuleDict({ small: new Linear(2, 1), largeHead: new Linear(2, 3) });
  readonly scales = new ParameterList([ones([2]), ones([2])]);

  override forward(x: Tensor, head: string): Tensor {
    let y = x;
    for (const [i, block] of this.blocks.items.entries()) y = mul(block.forward(y), this.scales.get(i));
    return this.heads.get(head).forward(y);
  }
}

describe("collections", () => {
  it(
    "hold modules and parameters under PyTorch's keys",
    scoped(() => {
      const model = new Branches();
      expect([...model.stateDict().keys()]).toEqual([
        ...["blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias"],
        ...["heads.small.weight", "heads.small.bias", "heads.largeHead.weight", "heads.largeHead.bias"],
        ...["scales.0", "scales.1"],
      ]);
      expect(model.forward(ones([4, 2]), "largeHead").shape).toEqual([4, 3]);
      expect(model.namedBuffers()).toEqual([]);
      expect([model.blocks.length, model.heads.length, model.scales.length]).toEqual([2, 2, 2]);
      expect(model.blocks.get(-1)).toBe(model.blocks.items[1]);
      expect([...model.heads].map(([key]) => key)).toEqual(model.heads.keys());
      model.blocks.append(new Linear(2, 2));
      model.scales.append(ones([2]));
      expect(model.parameterCount()).toBe(18 + 3 + 9 + 6);
      model.to({ device: "reference", dtype: "float64" });
      expect(model.scales.get(2).dtype).toBe("float64");
      expect(() => model.blocks.forward()).toThrow("ModuleList: forward must be called on what it holds");
      expect(() => model.blocks.get(3)).toThrow("ModuleList: the index must lie within 3 items; got 3.");
      expect(() => model.heads.get("tiny")).toThrow(
        'ModuleDict: the name must be one of small, largeHead; got "tiny".',
      );
      expect(() => new ModuleDict({ "a.b": new ReLU() })).toThrow(/must not be empty or hold a dot/);
      model.dispose();
    }),
  );
});

describe("summary", () => {
  it(
    "is a table of at most 80 columns that leaves the model as it was",
    scoped(() => {
      const norm = new BatchNorm1d(1152);
      const model = new Sequential(
        new Conv2d(3, 8, 5),
        new Sequential(new Flatten(), norm),
        new Linear(1152, 10),
      );
      model.layers[0].requiresGrad(false);
      const text = model.summary([2, 3, 16, 16]);
      expect(text).toMatchInlineSnapshot(`
        "Layer                                   Output                      Parameters
        ------------------------------------------------------------------------------
        Sequential                              [2, 10]
          0 (Conv2d)                            [2, 8, 12, 12]                     608
          1 (Sequential)                        [2, 1152]
            0 (Flatten)                         [2, 1152]
            1 (BatchNorm1d)                     [2, 1152]                        2,304
          2 (Linear)                            [2, 10]                         11,530
        ------------------------------------------------------------------------------
        14,442 parameters, 13,834 of them trainable"
      `);
      expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
      expect(model.modules().every(({ training }) => training)).toBe(true);
      expect(norm.numBatchesTracked!.itemSync()).toBe(0);
      model.dispose();
    }),
  );
});

describe("functionalCall", () => {
  it(
    "makes a model a function of its weights, shared ones everywhere",
    scoped(() => {
      const model = new Sequential(new Linear(2, 2, { bias: false }), new Linear(2, 2, { bias: false }));
      const [first, second] = model.layers as [Linear, Linear];
      second.weight.dispose();
      second.weight = first.weight;
      const before = first.weight;
      const w = tensor(
        [
          [2, 0],
          [0, 3],
        ],
        { requiresGrad: true },
      );
      const y = functionalCall(model, { "0.weight": w }, ones([1, 2]));
      expect(y).toBeCloseToTensor([[4, 9]]);
      expect(grad(sum(y), w).shape).toEqual([2, 2]);
      expect(second.weight).toBe(before);
      expect(() => functionalCall(model, { weight: w }, ones([1, 2]))).toThrow(
        "functionalCall: keys must be the module's; got weight.",
      );
      expect(() => functionalCall(model, { "0.weight": ones([5]) }, ones([1, 2]))).toThrow();
      expect(first.weight).toBe(before);
      model.dispose();
    }),
  );

  it(
    "checks a module's gradients in float64, dropout and running statistics included",
    scoped(() => {
      const model = new Sequential(
        new Linear(2, 3),
        new BatchNorm1d(3),
        new Dropout(0.5),
        new Tanh(),
        new Linear(3, 1),
      );
      const x = rand([3, 2], { requiresGrad: true, generator: new Generator(3) });
      const before = [...model.stateDict().values()].map((t) => Array.from(t.dataSync()));
      expect(gradcheckModule(model, [x], { secondOrder: true })).toBe(true);
      expect([...model.stateDict().values()].map((t) => Array.from(t.dataSync()))).toEqual(before);
      class Wrong extends Module {
        readonly weight = parameter(ones([2]));
        override forward(a: Tensor): Tensor {
          return mul(
            a,
            noGrad<Tensor>(() => mul(this.weight, 2)),
          );
        }
      }
      const wrong = new Wrong();
      expect(() => gradcheckModule(wrong, [x])).toThrow(/the derivative of output 0/);
      model.dispose();
      wrong.dispose();
    }),
  );
});

describe("init", () => {
  const generator = (): Generator => new Generator(7);
  const moments = (x: Tensor): { mean: number; std: number; low: number; high: number } => {
    const values = Array.from(x.dataSync());
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    return { mean, std, low: Math.min(...values), high: Math.max(...values) };
  };
  const near = (x: Tensor, mean: number, std: number): void => {
    const got = moments(x);
    expect(Math.abs(got.mean - mean)).toBeLessThan(0.03 * std);
    expect(Math.abs(got.std / std - 1)).toBeLessThan(0.03);
  };

  it(
    "draws from the distributions that it names, in place",
    scoped(() => {
      const w = zeros([200, 100]);
      const seeded = { generator: generator() };
      expect(init.uniform(w, { a: -2, b: 4, ...seeded })).toBe(w);
      near(w, 1, 6 / Math.sqrt(12));
      near(init.normal(w, { mean: 3, std: 2, ...seeded }), 3, 2);
      near(init.xavierUniform(w, seeded), 0, Math.sqrt(2 / 300));
      near(init.xavierNormal(w, { gain: 2, ...seeded }), 0, 2 * Math.sqrt(2 / 300));
      near(init.kaimingUniform(w, seeded), 0, Math.sqrt(2 / 100));
      near(
        init.kaimingNormal(w, { mode: "fanOut", nonlinearity: "tanh", ...seeded }),
        0,
        5 / 3 / Math.sqrt(200),
      );
      expect(moments(init.kaimingUniform(w, { a: Math.sqrt(5), ...seeded })).high).toBeLessThanOrEqual(0.1);
      // Standard deviation of a normal cut to +-2: 0.8796.
      near(init.truncNormal(w, { std: 0.5, a: -1, b: 1, ...seeded }), 0, 0.5 * 0.8796);
      const { low, high } = moments(w);
      expect([low >= -1, high <= 1, low < -0.95, high > 0.95]).toEqual([true, true, true, true]);
      near(init.normal(zeros([100, 20, 3, 3]), seeded), 0, 1);
      near(init.kaimingNormal(zeros([100, 20, 3, 3]), seeded), 0, Math.sqrt(2 / 180));
    }),
  );

  it(
    "fills with constants, identities and orthogonal or sparse matrices",
    scoped(() => {
      expect(init.constant(zeros([2]), 3)).toBeCloseToTensor([3, 3]);
      expect(init.ones(zeros([2]))).toBeCloseToTensor(
        init
          .zeros(ones([2]))
          .dataSync()
          .map(() => 1),
      );
      expect(init.eye(ones([2, 3]))).toBeCloseToTensor([
        [1, 0, 0],
        [0, 1, 0],
      ]);
      const x = randn([1, 4, 5, 5]);
      const convolution = new Conv2d(4, 4, 3, { padding: 1, groups: 2, bias: false });
      init.dirac(convolution.weight, { groups: 2 });
      expect(convolution.forward(x)).toBeCloseToTensor(x, { atol: 1e-6 });
      convolution.dispose();
      for (const shape of [
        [3, 8],
        [8, 3],
        [4, 2, 2],
      ]) {
        const w = init.orthogonal(zeros(shape), { gain: 2, generator: generator() });
        const matrix = w.reshape([shape[0], -1]);
        const [a, b] =
          matrix.shape[0] <= matrix.shape[1] ? [matrix, matrix.transpose()] : [matrix.transpose(), matrix];
        const n = a.shape[0];
        expect(a.matmul(b)).toBeCloseToTensor(mul(init.eye(zeros([n, n])), 4), { atol: 1e-5 });
      }
      const sparse = init
        .sparse(ones([10, 6]), { sparsity: 0.25, generator: generator() })
        .transpose()
        .tolistSync() as number[][];
      expect(sparse.map((column) => column.filter((value) => value === 0).length)).toEqual([
        3, 3, 3, 3, 3, 3,
      ]);
    }),
  );

  it(
    "leaves parameters parameters, and refuses what has no fans",
    scoped(() => {
      const p = parameter(zeros([4, 4]));
      init.xavierUniform(p);
      expect(p.requiresGrad && p.isLeaf).toBe(true);
      p.dispose();
      expect(() => init.xavierNormal(zeros([3]))).toThrow(
        "xavierNormal: the tensor must have at least two axes; got [3].",
      );
      expect(() => init.dirac(zeros([3, 3]))).toThrow("dirac: the tensor must have 3 to 5 axes; got [3, 3].");
      expect(() => init.truncNormal(zeros([3]), { a: 2, b: 1 })).toThrow(/a must be below b/);
      expect(init.calculateGain("leakyRelu", 1)).toBe(1);
    }),
  );
});

// Loss and activation modules against the functions they stand for, and embeddings.
import { describe, expect, it } from "vitest";
import * as neurite from "../../src/index.ts";
import { Generator, randn, scope, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import { scoped, scopedEach } from "../scoped.ts";

type Op = (...args: unknown[]) => Tensor;

const functions = neurite as unknown as Record<string, Op>;
const classes = nn as unknown as Record<
  string,
  new (...args: unknown[]) => nn.Module & { forward(...inputs: Tensor[]): Tensor }
>;

const draw = (seed: number): Tensor => randn([4, 6], { generator: new Generator(seed) });

describe("losses as modules", () => {
  const cases: [module: string, op: string, inputs: number, options: Record<string, unknown>][] = [
    ["MSELoss", "mseLoss", 2, {}],
    ["L1Loss", "l1Loss", 2, { reduction: "sum" }],
    ["SmoothL1Loss", "smoothL1Loss", 2, { beta: 0.5 }],
    ["HuberLoss", "huberLoss", 2, { delta: 0.5 }],
    ["PoissonNLLLoss", "poissonNllLoss", 2, { full: true }],
    ["GaussianNLLLoss", "gaussianNllLoss", 3, { eps: 0.5 }],
    ["BCEWithLogitsLoss", "binaryCrossEntropyWithLogits", 2, { reduction: "none" }],
    ["KLDivLoss", "klDiv", 2, { reduction: "batchMean" }],
    ["HingeEmbeddingLoss", "hingeEmbeddingLoss", 2, { margin: 2 }],
    ["MarginRankingLoss", "marginRankingLoss", 3, { margin: 2 }],
    ["SoftMarginLoss", "softMarginLoss", 2, {}],
    ["TripletMarginLoss", "tripletMarginLoss", 3, { swap: true }],
    ["CosineSimilarity", "cosineSimilarity", 2, { axis: 0 }],
    ["PairwiseDistance", "pairwiseDistance", 2, { p: 1 }],
    ["CrossEntropyLoss", "crossEntropy", 2, { labelSmoothing: 0.1 }],
  ];

  it.each(cases)(
    "%s is %s",
    scopedEach((module, op, inputs, options) => {
      const tensors = Array.from({ length: inputs }, (_, i) => draw(i));
      const layer = new classes[module](options);
      expect(layer.moduleName).toBe(module);
      expect(layer.forward(...tensors)).toBeCloseToTensor(functions[op](...tensors, options));
    }),
  );

  it("leave the caller's weights to the caller", () => {
    const weight = tensor([1, 2, 3]);
    const posWeight = tensor([1, 2, 3]);
    const layers = [
      ...[new nn.NLLLoss({ weight }), new nn.CrossEntropyLoss({ weight }), new nn.BCELoss({ weight })],
      new nn.BCEWithLogitsLoss({ weight, posWeight }),
    ];
    for (const layer of layers) {
      layer.to({ device: "reference", dtype: "float64" });
      expect(weight.tolistSync()).toEqual([1, 2, 3]);
      layer.dispose();
    }
    const kept = scope(() => new nn.NLLLoss({ weight: tensor([4, 5, 6]) }));
    expect(kept.weight!.tolistSync()).toEqual([4, 5, 6]);
    kept.dispose();
    expect([weight, posWeight].map((x) => x.tolistSync())).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    weight.dispose();
    posWeight.dispose();
  });

  it(
    "keep weights as buffers, which move and are saved with the module",
    scoped(() => {
      const weight = tensor([1, 2, 3, 4, 5, 6]);
      const layer = new nn.CrossEntropyLoss({ weight, reduction: "sum" });
      expect([...layer.stateDict().keys()]).toEqual(["weight"]);
      expect(layer.parameters()).toEqual([]);
      const target = tensor([0, 5, -100, 2], { dtype: "int32" });
      const expected = functions["crossEntropy"](draw(1), target, { weight, reduction: "sum" });
      expect(layer.forward(draw(1), target)).toBeCloseToTensor(expected);
      expect(layer.toString()).toBe("CrossEntropyLoss(reduction=sum)");
      layer.dispose();
    }),
  );
});

describe("activations as modules", () => {
  const cases: [module: string, op: string, args: unknown[], opArgs: unknown[]][] = [
    ["ReLU6", "relu6", [], []],
    ["LeakyReLU", "leakyRelu", [0.2], [0.2]],
    ["ELU", "elu", [0.5], [0.5]],
    ["CELU", "celu", [0.5], [0.5]],
    ["SELU", "selu", [], []],
    ["SiLU", "silu", [], []],
    ["GELU", "gelu", [{ approximate: "tanh" }], [{ approximate: "tanh" }]],
    ["GELU", "gelu", [], []],
    ["Mish", "mish", [], []],
    ["Softplus", "softplus", [{ beta: 2 }], [{ beta: 2 }]],
    ["Softsign", "softsign", [], []],
    ["Hardtanh", "hardtanh", [-0.5, 0.5], [-0.5, 0.5]],
    ["LogSigmoid", "logSigmoid", [], []],
    ["Hardsigmoid", "hardsigmoid", [], []],
    ["Hardswish", "hardswish", [], []],
    ["GLU", "glu", [0], [0]],
    ["Softmin", "softmin", [0], [0]],
  ];

  it.each(cases)(
    "%s is %s",
    scopedEach((module, op, args, opArgs) => {
      const layer = new classes[module](...args);
      expect(layer.moduleName).toBe(module);
      expect(layer.forward(draw(1))).toBeCloseToTensor(functions[op](draw(1), ...opArgs));
    }),
  );

  it(
    "PReLU learns its slope",
    scoped(() => {
      const layer = new nn.PReLU(6, { init: 0.5 });
      expect(layer.parameters()[0].shape).toEqual([6]);
      expect(layer.forward(draw(1))).toBeCloseToTensor(functions["leakyRelu"](draw(1), 0.5));
      layer.dispose();
    }),
  );
});

describe("Embedding", () => {
  it(
    "looks up rows, and leaves the padding row at zero",
    scoped(() => {
      const layer = new nn.Embedding(5, 3, { paddingIdx: -1, generator: new Generator(1) });
      const y = layer.forward(tensor([4, 1, 1], { dtype: "int32" }));
      expect(y.shape).toEqual([3, 3]);
      expect(Array.from(y.dataSync().slice(0, 3))).toEqual([0, 0, 0]);
      neurite.sum(y).backward();
      const rows = (layer.weight.grad!.tolistSync() as number[][]).map((row) => row[0]);
      expect(rows).toEqual([0, 2, 0, 0, 0]);
      expect(layer.toString()).toBe("Embedding(5, 3, paddingIdx=4)");
      layer.dispose();
    }),
  );
});

describe("layers without parameters", () => {
  it(
    "resize",
    scoped(() => {
      const x = randn([1, 4, 2, 3], { generator: new Generator(1) });
      expect(new nn.Upsample({ scaleFactor: 2 }).forward(x).shape).toEqual([1, 4, 4, 6]);
      const shuffled = new nn.PixelShuffle(2).forward(x);
      expect(shuffled.shape).toEqual([1, 1, 4, 6]);
      expect(new nn.PixelUnshuffle(2).forward(shuffled)).toBeCloseToTensor(x);
    }),
  );
});

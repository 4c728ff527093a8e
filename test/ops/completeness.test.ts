// Each op has its row, its docstring, its method, and kernels on every device; and the rows name no op that is not there.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { lookupDevice } from "../../src/backend/device.ts";
import {
  binaryScalars,
  compareScalars,
  reduceScalars,
  unaryScalars,
  unaryWithScalars,
} from "../../src/backend/scalars.ts";
import * as neurite from "../../src/index.ts";
import { rows } from "./cases/index.ts";

const folder = new URL("../../src/ops/", import.meta.url);
const sources = new Map(
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file, readFileSync(new URL(file, folder), "utf8")]),
);

/** Files of src/ops whose exports are not ops: checks, and tensors from numbers or from the random stream. */
const NOT_OPS = [
  ...["checks.ts", "creation.ts", "elementwise/agreement.ts"],
  ...["random.ts", "ranges.ts", "sampling.ts"],
];

/** Exported functions: `export function name` and `export const name`. */
const exported = [...sources]
  .filter(([file]) => !NOT_OPS.includes(file))
  .flatMap(([file, text]) =>
    [...text.matchAll(/^export (?:function|const) (\w+)/gm)].map(([, name]) => ({ file, name })),
  );

const publicNames = new Set(Object.keys(neurite));
const ops = [...new Set(exported.filter(({ name }) => publicNames.has(name)).map(({ name }) => name))];
const rowNames = rows.map(({ op }) => op);

/** Ops that read as functions only: several tensors play equal parts, or the options come first. */
const FUNCTIONS_ONLY = [
  ...["binaryCrossEntropy", "binaryCrossEntropyWithLogits", "klDiv", "gaussianNllLoss", "poissonNllLoss"],
  ...[
    "huberLoss",
    "l1Loss",
    "smoothL1Loss",
    "cosineEmbeddingLoss",
    "hingeEmbeddingLoss",
    "marginRankingLoss",
  ],
  ...["softMarginLoss", "tripletMarginLoss", "ctcLoss", "cosineSimilarity", "pairwiseDistance"],
  ...["lpPool1d", "lpPool2d"],
  ...["batchNorm", "groupNorm", "instanceNorm", "layerNorm", "localResponseNorm", "rmsNorm"],
  ...["alphaDropout", "dropout", "dropout2d"],
  ...["conv1d", "conv2d", "conv3d", "convTranspose1d", "convTranspose2d", "convTranspose3d"],
  ...["adaptiveAvgPool1d", "adaptiveAvgPool2d", "adaptiveMaxPool1d", "adaptiveMaxPool2d"],
  ...["avgPool1d", "avgPool2d", "avgPool3d", "maxPool1d", "maxPool3d", "gumbelSoftmax"],
  ...["cat", "stack", "meshgrid", "embedding", "oneHot", "pad", "pixelShuffle", "pixelUnshuffle"],
  ...["unfold", "fold", "interpolate"],
  // A tensor's own `view` is its layout.
  "view",
  "crossEntropy",
  ...["rnn", "lstm", "gru"],
  ...[
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leakyRelu",
    "logSigmoid",
    "mish",
  ],
  ...["polygamma", "relu6", "selu", "silu", "softplus", "softsign", "where"],
  "linear",
  "cdist",
  "eigh",
  "einsum",
  "solve",
  "solveTriangular",
  "tensordot",
  "maxPool2d",
  "maxPool2dWithIndices",
  "mseLoss",
  "nllLoss",
  "scaledDotProductAttention",
];

const docOf = (name: string): string | undefined => {
  for (const text of sources.values()) {
    const match = new RegExp(
      `/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n(?:export function ${name}\\b|export const ${name}\\b)`,
    ).exec(text);
    if (match) return match[1];
  }
  return undefined;
};

describe("the ops", () => {
  it("are found at all", () => {
    expect(ops.length).toBeGreaterThanOrEqual(30);
    expect(ops).toEqual(expect.arrayContaining(["add", "matmul", "conv2d", "logSoftmax", "gather"]));
  });

  it("have one row each, and every row has its op", () => {
    expect([...rowNames].sort()).toEqual([...new Set(rowNames)].sort());
    expect(ops.filter((name) => !rowNames.includes(name))).toEqual([]);
    const known = new Set(exported.map(({ name }) => name));
    expect(rowNames.filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(ops)("%s has a docstring that begins with a sentence or an equation", (name) => {
    expect(
      docOf(name)
        ?.replace(/^[\s*]+/gm, "")
        .trim(),
    ).toMatch(/^\S.{4,}\./);
  });

  it.each(ops.filter((name) => !FUNCTIONS_ONLY.includes(name)))("%s is a method of Tensor too", (name) => {
    expect(typeof (neurite.Tensor.prototype as unknown as Record<string, unknown>)[name]).toBe("function");
  });

  it("has rows with bad inputs for every op that checks something itself", () => {
    const unchecked = rows.filter(({ bad = [] }) => bad.length === 0).map(({ op }) => op);
    // These only forward to ops that check.
    expect(unchecked.sort()).toEqual([
      "clone",
      "contiguous",
      "isfinite",
      "isinf",
      "isnan",
      "logicalNot",
      "maxPool2dWithIndices",
      "nonzero",
      "softmax",
      "softmin",
      "square",
      "sumTo",
      // Any tensor has distinct elements.
      ...["unique", "uniqueWithCounts"],
    ]);
  });
});

describe("the scalars", () => {
  // Gradients of activations have no row of their own: the rows of their activations run them.
  const inside: Record<string, string> = {
    reluGrad: "relu",
    tanhGrad: "tanh",
    sigmoidGrad: "sigmoid",
    siluGrad: "silu",
    geluGrad: "gelu",
    geluTanh: "gelu",
    geluTanhGrad: "gelu",
    powScalar: "pow",
    mulScalar: "mul",
    addScalar: "add",
    subFrom: "sub",
    divScalar: "div",
    and: "logicalAnd",
    or: "logicalOr",
    xor: "logicalXor",
  };

  const keys = [unaryScalars, unaryWithScalars, binaryScalars, compareScalars, reduceScalars].flatMap(
    (table) => Object.keys(table),
  );

  it.each(keys)("%s is run by a row", (key) => {
    expect(rowNames).toContain(inside[key] ?? key);
  });
});

describe.each(["wasm", "reference"])("kernels of %s", (device) => {
  const { kernels } = lookupDevice("test", device);

  it("fill every family, and each fused key is a kernel or said to be decomposed", () => {
    const { fused, ...families } = kernels;
    expect(Object.keys(families).sort()).toEqual(
      [
        ...[
          "adam",
          "argmax",
          "bernoulli",
          "binary",
          "cast",
          "conv",
          "convInputGrad",
          "convWeightGrad",
          "copy",
          "fill",
          "gather",
        ],
        ...["indexAdd", "indexSelect", "maskedFill", "multinomial", "oneHot", "randomIntegers", "ravelIndex"],
        ...["scatterOrder", "matmul", "maxPool", "random", "reduce", "scatterAdd", "sgd", "unary"],
        ...["dropout", "scaleAll", "squaresSum"],
        ...["unaryWith", "compare", "where"],
        ...["argmin", "argsort", "factorize", "histogram", "medianPosition", "recurrence", "scan"],
      ].sort(),
    );
    for (const [name, kernel] of Object.entries(families)) expect(typeof kernel, name).toBe("function");
    for (const kernel of Object.values(fused))
      expect(kernel === "decompose" || typeof kernel === "function").toBe(true);
  });
});

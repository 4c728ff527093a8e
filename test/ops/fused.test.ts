// Fused kernels against the plain ops they stand for, on the same device; and which device has which, as a table.
import { afterEach, describe, expect, it } from "vitest";
import { lookupDevice } from "../../src/backend/device.ts";
import type { FusedKey } from "../../src/backend/kernels.ts";
import { rows } from "./cases/index.ts";
import { layouts } from "./layouts.ts";
import { TAILS } from "./row.ts";
import { inputsOf, runSample } from "./running.ts";
import type { Outcome } from "./running.ts";

/** Per fused kernel: the row that runs it, forward or backward. */
const rowOf: Record<FusedKey, string> = {
  logSoftmax: "logSoftmax",
  logSoftmaxGrad: "logSoftmax",
  softmax: "softmax",
  softmaxGrad: "softmax",
  rowNorm: "layerNorm",
  rowNormGrad: "layerNorm",
  batchMoments: "batchNorm",
  channelNorm: "batchNorm",
  batchNormGrad: "batchNorm",
  classLoss: "crossEntropy",
  classLossGrad: "crossEntropy",
  attention: "scaledDotProductAttention",
  attentionGrad: "scaledDotProductAttention",
  maxPoolGrad: "maxPool2d",
  rnn: "rnn",
  rnnGrad: "rnn",
  lstm: "lstm",
  lstmGrad: "lstm",
  gru: "gru",
  gruGrad: "gru",
  squaredError: "mseLoss",
  squaredErrorGrad: "mseLoss",
  leakyReluGrad: "leakyRelu",
};
const keys = Object.keys(rowOf) as FusedKey[];

const fusedOf = (device: string): Record<string, unknown> => lookupDevice("test", device).kernels.fused;
const kernels = { ...fusedOf("wasm") };

afterEach(() => {
  Object.assign(fusedOf("wasm"), kernels);
});

describe("fused kernels", () => {
  it("are all there on wasm and all decomposed on reference", () => {
    expect(Object.keys(kernels).sort()).toEqual([...keys].sort());
    for (const key of keys) expect(typeof kernels[key], key).toBe("function");
    for (const key of keys) expect(fusedOf("reference")[key], key).toBe("decompose");
  });

  it.each(keys)("%s gives what its decomposition gives", (key) => {
    const row = rows.find(({ op }) => op === rowOf[key])!;
    for (const n of TAILS) {
      for (const sample of row.samples(n)) {
        const filled = inputsOf(row, sample, n);
        const run = (): Outcome =>
          runSample({
            sample,
            filled,
            placement: { device: "wasm", dtype: "float32" },
            layouts: filled.map(() => layouts.offset),
            gradLayout: layouts.offset,
          });
        const fused = run();
        fusedOf("wasm")[key] = "decompose";
        const plain = run();
        fusedOf("wasm")[key] = kernels[key];
        expect(fused.output).toBeCloseToTensor(plain.output, row.tolerance);
        fused.grads.forEach((grad, i) => {
          expect(grad === null).toBe(plain.grads[i] === null);
          if (grad !== null) expect(grad).toBeCloseToTensor(plain.grads[i]!, row.tolerance);
        });
      }
    }
  });
});

// Fused ops of the reference backend: none. It runs their decompositions, so that as the oracle of a fused kernel it
// shares nothing with it.
import type { Kernels } from "../kernels.ts";

export const fused: Kernels["fused"] = {
  logSoftmax: "decompose",
  logSoftmaxGrad: "decompose",
  softmax: "decompose",
  softmaxGrad: "decompose",
  rowNorm: "decompose",
  rowNormGrad: "decompose",
  batchMoments: "decompose",
  channelNorm: "decompose",
  batchNormGrad: "decompose",
  maxPoolGrad: "decompose",
  squaredError: "decompose",
  squaredErrorGrad: "decompose",
  leakyReluGrad: "decompose",
  classLoss: "decompose",
  classLossGrad: "decompose",
  attention: "decompose",
  attentionGrad: "decompose",
  rnn: "decompose",
  rnnGrad: "decompose",
  lstm: "decompose",
  lstmGrad: "decompose",
  gru: "decompose",
  gruGrad: "decompose",
};

// A layer of each kind that has a state, as scripts/state_dicts.py makes it in PyTorch.
import { rand, relu, scope } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";

/** Names in several words, a list, nested modules. */
class Block extends nn.Module {
  inputNorm = new nn.LayerNorm(4);
  layers = [new nn.Linear(4, 4), new nn.Linear(4, 4, { bias: false })];
  outputHead = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.BatchNorm1d(3));

  override forward(x: Tensor): Tensor {
    return this.outputHead.forward(
      this.layers.reduce((y, layer) => relu(layer.forward(y)), this.inputNorm.forward(x)),
    );
  }
}

export const stateLayers: Readonly<Record<string, () => nn.Module>> = {
  Linear: () => new nn.Linear(3, 2),
  Conv1d: () => new nn.Conv1d(2, 4, 3, { groups: 2 }),
  Conv2d: () => new nn.Conv2d(2, 3, [1, 2]),
  Conv3d: () => new nn.Conv3d(1, 2, 2, { bias: false }),
  ConvTranspose1d: () => new nn.ConvTranspose1d(4, 2, 3, { groups: 2 }),
  ConvTranspose2d: () => new nn.ConvTranspose2d(2, 3, [1, 2]),
  ConvTranspose3d: () => new nn.ConvTranspose3d(1, 2, 2),
  BatchNorm1d: () => new nn.BatchNorm1d(3),
  BatchNorm2d: () => new nn.BatchNorm2d(3, { affine: false }),
  BatchNorm3d: () => new nn.BatchNorm3d(3),
  InstanceNorm1d: () => new nn.InstanceNorm1d(3, { affine: true, trackRunningStats: true }),
  InstanceNorm2d: () => new nn.InstanceNorm2d(3, { affine: true }),
  InstanceNorm3d: () => new nn.InstanceNorm3d(3, { trackRunningStats: true }),
  LayerNorm: () => new nn.LayerNorm([2, 3]),
  RMSNorm: () => new nn.RMSNorm(5),
  GroupNorm: () => new nn.GroupNorm(2, 4),
  PReLU: () => new nn.PReLU(3),
  Embedding: () => new nn.Embedding(5, 3, { paddingIdx: 1 }),
  MultiheadAttention: () => new nn.MultiheadAttention(4, 2),
  // Weights stay their maker's, here the scope's.
  CrossEntropyLoss: () => scope(() => new nn.CrossEntropyLoss({ weight: rand([3]) })),
  BCEWithLogitsLoss: () => scope(() => new nn.BCEWithLogitsLoss({ weight: rand([3]), posWeight: rand([3]) })),
  weightNorm: () => nn.weightNorm(new nn.Linear(3, 2)),
  spectralNorm: () => nn.spectralNorm(new nn.Linear(3, 2)),
  Block: () => new Block(),
};

// The public surface of "neurite/nn".
export { Module } from "./module.ts";
export type { LoadReport, Slot, StateDict } from "./module.ts";
export { parameter } from "./parameter.ts";
export type { ParameterOptions } from "./init.ts";
export { Linear } from "./linear.ts";
export type { LinearOptions } from "./linear.ts";
export { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from "./conv.ts";
export type { Conv2dOptions } from "./conv.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  GroupNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  LayerNorm,
  LocalResponseNorm,
  RMSNorm,
} from "./norm.ts";
export type { BatchNormLayerOptions, LayerNormLayerOptions } from "./norm.ts";
export { AlphaDropout, Dropout, Dropout2d } from "./dropout.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  LPPool1d,
  LPPool2d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
} from "./pool.ts";
export {
  CELU,
  ELU,
  GELU,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  Mish,
  PReLU,
  ReLU,
  ReLU6,
  SELU,
  SiLU,
  Sigmoid,
  Softplus,
  Softsign,
  Tanh,
  Tanhshrink,
} from "./activation.ts";
export {
  BCELoss,
  BCEWithLogitsLoss,
  CTCLoss,
  CosineEmbeddingLoss,
  CosineSimilarity,
  CrossEntropyLoss,
  GaussianNLLLoss,
  HingeEmbeddingLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  MarginRankingLoss,
  NLLLoss,
  PairwiseDistance,
  PoissonNLLLoss,
  SmoothL1Loss,
  SoftMarginLoss,
  TripletMarginLoss,
} from "./loss.ts";
export {
  gradientPenalty,
  hingeLoss,
  leastSquaresLoss,
  minimaxLoss,
  nonSaturatingLoss,
  wassersteinLoss,
} from "./adversarial.ts";
export type { AdversarialLoss, GradientPenaltyOptions } from "./adversarial.ts";
export { spectralNorm, weightNorm } from "./normed-weight.ts";
export type { SpectralNormOptions, WeightNormOptions } from "./normed-weight.ts";
export { Parametrization, registerParametrization, removeParametrization } from "./parametrize.ts";
export { Flatten, Identity, Sequential, Unflatten } from "./container.ts";
export type { TensorModule } from "./container.ts";
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  Fold,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  Unfold,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from "./padding.ts";
export type { Padding } from "./padding.ts";
export { MultiheadAttention } from "./attention/multihead.ts";
export type { AttendOptions, AttentionResult, MultiheadAttentionOptions } from "./attention/multihead.ts";
export type { AttentionMasks } from "./attention/masks.ts";
export { KeyValueCache } from "./attention/cache.ts";
export {
  alibiBias,
  RotaryEmbedding,
  SinusoidalPositions,
  sinusoidalPositions,
} from "./attention/positions.ts";
export { TransformerEncoder, TransformerEncoderLayer } from "./transformer/encoder.ts";
export type { EncodeOptions } from "./transformer/encoder.ts";
export { TransformerDecoder, TransformerDecoderLayer } from "./transformer/decoder.ts";
export type { DecodeOptions } from "./transformer/decoder.ts";
export { Transformer } from "./transformer/transformer.ts";
export type { TransformerForwardOptions, TransformerOptions } from "./transformer/transformer.ts";
export type { TransformerActivation, TransformerLayerOptions } from "./transformer/layer.ts";
export type { Places, RotaryOptions } from "./attention/positions.ts";
export { Embedding } from "./embedding.ts";
export type { EmbeddingOptions } from "./embedding.ts";
export { PixelShuffle, PixelUnshuffle, Upsample } from "./resize.ts";
export { ModuleDict, ModuleList, ParameterList } from "./collection.ts";
export type { ForwardHook, ForwardPreHook } from "./hooks.ts";
export { functionalCall, gradcheckModule } from "./functional-call.ts";
export type { GradcheckModuleOptions, NamedTensors } from "./functional-call.ts";
export * as init from "./init/index.ts";
export { GRU, LSTM, RNN } from "./recurrent.ts";
export type { LSTMOptions, RecurrentLayerOptions, RNNOptions, SequenceOptions } from "./recurrent.ts";
export { GRUCell, LSTMCell, RNNCell } from "./recurrent-cell.ts";
export type { RecurrentCellOptions, RNNCellOptions } from "./recurrent-cell.ts";
export { GLU, LogSoftmax, Softmax, Softmin } from "./softmax.ts";

// The public surface of "neurite": tensors, ops and autograd. Layers, optimizers, data and files are in the areas
// neurite/nn, /optim, /data, /io, /text, /train and /models.
import "./methods.ts";
import type { Methods } from "./methods.ts";

export { backendInfo, init, memory, resetPeakMemory, setNumThreads } from "./init.ts";
export type { BackendInfo, InitOptions } from "./init.ts";
export type { WasmBinary, WasmBuild, WasmSource } from "./backend/wasm/source.ts";
export type { Device, MemoryInfo } from "./backend/device.ts";

export { Tensor } from "./tensor/tensor.ts";
export type { NestedNumbers } from "./tensor/tensor.ts";
export { Scope, ScopeError, keep, scope } from "./tensor/scope.ts";
export type { ScopeOptions } from "./tensor/scope.ts";
export { isRecomputing, noGrad } from "./tensor/mode.ts";
export type { GradientHook } from "./tensor/node.ts";
export { backward, grad } from "./autograd/grad.ts";
export type { BackwardOptions, GradOptions } from "./autograd/grad.ts";
export { gradcheck, gradgradcheck } from "./autograd/gradcheck.ts";
export type { CheckedFunction, GradcheckOptions } from "./autograd/gradcheck.ts";
export { registerHook } from "./autograd/hooks.ts";
export { customFunction } from "./autograd/custom.ts";
export type { CustomFunction } from "./autograd/custom.ts";
export { checkpoint } from "./autograd/checkpoint.ts";
export { AnomalyError, detectAnomaly } from "./autograd/anomaly.ts";
export type { AnomalyOptions } from "./autograd/anomaly.ts";
export { hessian, hvp, jacobian, jvp, vjp } from "./autograd/functional.ts";
export type { FunctionalOptions, TensorFunction } from "./autograd/functional.ts";

export type { DType, TensorData } from "./core/dtype.ts";
export type { Shape } from "./core/shape.ts";
export {
  DTypeError,
  DeviceError,
  DisposedError,
  FormatError,
  GradError,
  IndexError,
  LinearAlgebraError,
  NeuriteError,
  ShapeError,
  ValueError,
} from "./core/errors.ts";
export { Generator, defaultGenerator, manualSeed } from "./core/rng.ts";
export type { GeneratorState, RandomState } from "./core/rng.ts";

export { detach, full, fullLike, ones, onesLike, tensor, to, zeros, zerosLike } from "./ops/creation.ts";
export type { NumericArray, TensorOptions } from "./ops/creation.ts";
export { arange, empty, emptyLike, eye, fromBuffer, linspace, logspace } from "./ops/ranges.ts";
export type { BufferOptions } from "./ops/ranges.ts";
export { rand, randLike, randn, randnLike } from "./ops/random.ts";
export { bernoulli, multinomial, normal, permutation, randint, randintLike } from "./ops/sampling.ts";
export type { DrawOptions } from "./ops/sampling.ts";
export type { RandomOptions } from "./ops/random.ts";
export {
  add,
  cast,
  contiguous,
  div,
  expand,
  mul,
  neg,
  permute,
  reshape,
  slice,
  sub,
  sum,
  transpose,
} from "./ops/algebra.ts";
export type { ReduceOptions, TensorLike } from "./ops/algebra.ts";
export {
  abs,
  acos,
  allclose,
  asin,
  atan,
  atan2,
  ceil,
  celu,
  clamp,
  cos,
  cosh,
  digamma,
  elu,
  eq,
  equal,
  erf,
  exp,
  exp2,
  expm1,
  floor,
  ge,
  gelu,
  glu,
  gt,
  hardsigmoid,
  hardswish,
  hardtanh,
  isfinite,
  isinf,
  isnan,
  le,
  leakyRelu,
  lerp,
  lgamma,
  log,
  log10,
  log1p,
  log2,
  logSigmoid,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  lt,
  maximum,
  minimum,
  mish,
  ne,
  polygamma,
  pow,
  prelu,
  reciprocal,
  relu,
  relu6,
  remainder,
  round,
  rsqrt,
  selu,
  sigmoid,
  sign,
  silu,
  sin,
  sinh,
  softplus,
  softsign,
  sqrt,
  square,
  tan,
  tanh,
  trunc,
  where,
} from "./ops/elementwise.ts";
export type { AllcloseOptions, ClampOptions, GeluOptions, SoftplusOptions } from "./ops/elementwise.ts";
export { argmax, argmin, max, min } from "./ops/reduce/extrema.ts";
export type { PositionOptions } from "./ops/reduce/extrema.ts";
export { all, any } from "./ops/reduce/logical.ts";
export { logsumexp } from "./ops/reduce/logsumexp.ts";
export { mean, std, variance } from "./ops/reduce/mean.ts";
export type { VarianceOptions } from "./ops/reduce/mean.ts";
export { norm } from "./ops/reduce/norm.ts";
export type { NormOptions } from "./ops/reduce/norm.ts";
export { cumprod, cumsum, prod } from "./ops/reduce/scan.ts";
export {
  argsort,
  histc,
  maxWithIndices,
  median,
  medianWithIndices,
  minWithIndices,
  sort,
  topk,
  unique,
  uniqueWithCounts,
} from "./ops/ordering.ts";
export type { HistogramOptions, SortOptions, TopkOptions, WithIndices } from "./ops/ordering.ts";
export { einsum } from "./ops/linalg/einsum.ts";
export { linear, matmul } from "./ops/linalg/matmul.ts";
export { addmm, bmm, cdist, dot, outer, tensordot } from "./ops/linalg/products.ts";
export type { AddmmOptions } from "./ops/linalg/products.ts";
export { cholesky, det, inverse, slogdet, solve, solveTriangular } from "./ops/linalg/solve.ts";
export type { TriangularOptions } from "./ops/linalg/solve.ts";
export { eigh, qr, svd } from "./ops/linalg/spectral.ts";
export type { QrOptions, SvdOptions } from "./ops/linalg/spectral.ts";
export { gather, scatter, scatterAdd } from "./ops/indexing.ts";
export { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from "./ops/conv.ts";
export type { ConvOptions, ConvTransposeOptions, Pair, Sizes } from "./ops/conv.ts";
export { batchNorm, groupNorm, instanceNorm, layerNorm, localResponseNorm, rmsNorm } from "./ops/norm.ts";
export type {
  BatchNormOptions,
  InstanceNormOptions,
  LayerNormOptions,
  LocalResponseNormOptions,
} from "./ops/norm.ts";
export { alphaDropout, dropout, dropout2d } from "./ops/dropout.ts";
export type { DropoutOptions } from "./ops/dropout.ts";
export { maxPool1d, maxPool2d, maxPool2dWithIndices, maxPool3d } from "./ops/pool/max.ts";
export type { PoolOptions } from "./ops/pool/max.ts";
export { avgPool1d, avgPool2d, avgPool3d, lpPool1d, lpPool2d } from "./ops/pool/average.ts";
export type { AvgPoolOptions, LpPoolOptions } from "./ops/pool/average.ts";
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
} from "./ops/pool/adaptive.ts";
export type { AdaptiveSize } from "./ops/pool/adaptive.ts";
export { diag, diagEmbed, diagonal, tril, triu } from "./ops/diagonals.ts";
export type { DiagonalOptions } from "./ops/diagonals.ts";
export { maskedFill, maskedSelect, nonzero } from "./ops/masking.ts";
export { cat, flip, pad, roll, stack } from "./ops/placement.ts";
export type { PadMode, PadOptions } from "./ops/placement.ts";
export { gumbelSoftmax } from "./ops/gumbel.ts";
export type { GumbelSoftmaxOptions } from "./ops/gumbel.ts";
export { embedding } from "./ops/embedding.ts";
export type { EmbeddingOptions } from "./ops/embedding.ts";
export { indexAdd, indexSelect, oneHot, repeatInterleave, take } from "./ops/selection.ts";
export {
  chunk,
  clone,
  flatten,
  meshgrid,
  movedim,
  pixelShuffle,
  pixelUnshuffle,
  repeat,
  select,
  split,
  squeeze,
  tile,
  unbind,
  unflatten,
  unsqueeze,
  view,
} from "./ops/shape.ts";
export { index, indexPut } from "./ops/subscript.ts";
export type { IndexItem, IndexPutOptions, IndexRange } from "./ops/subscript.ts";
export { fold, interpolate, unfold } from "./ops/windows.ts";
export type { InterpolateMode, InterpolateOptions, WindowOptions } from "./ops/windows.ts";
export { scaledDotProductAttention } from "./ops/attention/attention.ts";
export type { AttentionOptions } from "./ops/attention/attention.ts";
export { logSoftmax, softmax, softmin } from "./ops/softmax.ts";
export { gru, lstm, rnn } from "./ops/recurrent/layers.ts";
export type {
  LstmOptions,
  LstmResult,
  LstmWeights,
  RecurrentOptions,
  RecurrentResult,
  RecurrentWeights,
  RnnOptions,
} from "./ops/recurrent/layers.ts";
export { cosineSimilarity, pairwiseDistance } from "./ops/similarity.ts";
export type { CosineSimilarityOptions, PairwiseDistanceOptions } from "./ops/similarity.ts";
export { crossEntropy, nllLoss } from "./ops/loss/classes.ts";
export type { ClassLossOptions, CrossEntropyOptions } from "./ops/loss/classes.ts";
export {
  gaussianNllLoss,
  huberLoss,
  l1Loss,
  mseLoss,
  poissonNllLoss,
  smoothL1Loss,
} from "./ops/loss/regression.ts";
export type {
  GaussianNllLossOptions,
  HuberLossOptions,
  PoissonNllLossOptions,
  SmoothL1LossOptions,
} from "./ops/loss/regression.ts";
export { binaryCrossEntropy, binaryCrossEntropyWithLogits, klDiv } from "./ops/loss/probability.ts";
export type {
  BinaryCrossEntropyOptions,
  BinaryCrossEntropyWithLogitsOptions,
  KlDivOptions,
} from "./ops/loss/probability.ts";
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  softMarginLoss,
  tripletMarginLoss,
} from "./ops/loss/margin.ts";
export type { MarginLossOptions, TripletMarginLossOptions } from "./ops/loss/margin.ts";
export { ctcLoss } from "./ops/loss/ctc.ts";
export type { CtcLossOptions } from "./ops/loss/ctc.ts";
export type { LossOptions, Reduction } from "./ops/loss/reduction.ts";

declare module "./tensor/tensor.ts" {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merging is how a class gains methods
  interface Tensor extends Methods {}
}

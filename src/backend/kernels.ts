// What every backend must be able to compute: a small, closed, typed set of kernel families. A backend is an object of
// this type, so a missing kernel does not compile. Kernels know nothing of autograd: operands in, outputs filled.
//
// Contract: `apply` has checked shapes and dtypes, made the buffers resident, and allocated dense outputs at offset 0.
// "dense" operands are row-major without gaps but may start at an offset. Kernels that take indices return the first
// position (flat, in the index operand) that is out of range, or -1.
import type { MatrixAlgorithm, MatrixBatch } from "../core/matrices/batch.ts";
import type { Order } from "../core/ordering.ts";
import type { RandomState } from "../core/rng.ts";
import type { Draws } from "../core/sampling.ts";
import type { View } from "../core/view.ts";
import type { RecurrentGradKernel, RecurrentKernel } from "./recurrent.ts";
import type { BinaryOp, CompareOp, ReduceOp, UnaryOp, UnaryWithOp } from "./scalars.ts";
import type { Storage } from "./storage.ts";

/** What a kernel sees of a tensor. */
export interface Operand {
  readonly storage: Storage;
  readonly view: View;
}

/** x seen as [outer, n, inner]; the kernel works along n. */
export interface AxisForm {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** A convolution over 1 to 3 spatial axes; all arrays have one entry per spatial axis. */
export interface ConvGeometry {
  readonly batch: number;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly output: readonly number[];
  readonly stride: readonly number[];
  /** Zeros added before (and, as far as the output reaches, after) each axis. */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** A pooling window over the last two axes of `planes` images. */
export interface PoolGeometry {
  readonly planes: number;
  readonly input: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly output: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/** One Adam step; `biasCorrection1 = 1 - beta1^t`, `biasCorrection2 = 1 - beta2^t`. */
export interface AdamParameters {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** AdamW: decay the weights themselves instead of adding weightDecay * p to the gradient. */
  readonly decoupled: boolean;
  readonly biasCorrection1: number;
  readonly biasCorrection2: number;
}

/** One SGD step; `first` marks the step that starts the momentum buffer with the gradient itself. */
export interface SgdParameters {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly first: boolean;
}

/** A normalisation of rows [rows, n]; without `centred` the mean counts as 0. */
export interface RowNorm {
  readonly rows: number;
  readonly n: number;
  readonly eps: number;
  readonly centred: boolean;
}

/** A normalisation of channels, x seen as [batch, channels, inner]. */
export interface ChannelNorm {
  readonly batch: number;
  readonly channels: number;
  readonly inner: number;
  readonly eps: number;
}

/** A loss of class scores [rows, classes] against class numbers. */
export interface ClassLoss {
  readonly rows: number;
  readonly classes: number;
  readonly ignoreIndex: number;
  /** Share of the target spread over all classes. */
  readonly smoothing: number;
  /** The scores are logarithms of probabilities already. */
  readonly normalised: boolean;
  readonly reduction: "mean" | "sum" | "none";
}

export type { RandomState };

export type ScanOp = "cumsum" | "cumprod";

export type RandomKind = "uniform" | "normal" | "bits";

export interface KernelFamilies {
  /** y = value everywhere. */
  fill(y: Operand, value: number): void;
  /** y = x, same dtype and shape, both of any layout (y without overlaps). */
  copy(x: Operand, y: Operand): void;
  /** y = x in y's dtype; both dense. */
  cast(x: Operand, y: Operand): void;
  /** y = op(x); both dense. */
  unary(op: UnaryOp, x: Operand, y: Operand): void;
  /** y = op(x) with one or two constants; both dense. */
  unaryWith(op: UnaryWithOp, x: Operand, y: Operand, a: number, b: number): void;
  /** y = op(a, b) with a and b of any layout, already expanded to y's shape (stride 0 where broadcast). */
  binary(op: BinaryOp, a: Operand, b: Operand, y: Operand): void;
  /** y bool = whether op(a, b) holds; a and b of one dtype, of any layout, already expanded to y's shape. */
  compare(op: CompareOp, a: Operand, b: Operand, y: Operand): void;
  /** y = a where the bool condition holds, else b; all of any layout, already expanded to y's shape. */
  where(condition: Operand, a: Operand, b: Operand, y: Operand): void;
  /** y [outer, inner] = op over n of x [outer, n, inner]; dense. Of int32, and of bool to int32, modulo 2^32. */
  reduce(op: ReduceOp, x: Operand, y: Operand, form: AxisForm): void;
  /** y int32 [outer, inner] = position of the first maximum (NaN counts as one) over n; dense. */
  argmax(x: Operand, y: Operand, form: AxisForm): void;
  /** y int32 [outer, inner] = position of the first minimum (NaN counts as one) over n; dense. */
  argmin(x: Operand, y: Operand, form: AxisForm): void;
  /** y = running sums or products of x along n of [outer, n, inner], from the end where `reverse`; dtypes as in `reduce`; dense. */
  scan(op: ScanOp, x: Operand, y: Operand, form: AxisForm, reverse: boolean): void;
  /** y_k = a_k y_(k-1) + x_k along n, or where `reverse` its adjoint in x, y_k = a_(k+1) y_(k+1) + x_k; dense. */
  recurrence(a: Operand, x: Operand, y: Operand, form: AxisForm, reverse: boolean): void;
  /** index int32 [outer, count, inner] = the first positions of x in sorted order along n; NaN is largest; stable; dense. */
  argsort(x: Operand, index: Operand, form: AxisForm, order: Order, count: number): void;
  /** index int32 [outer, inner] = position of the lower median over n, or of the first NaN; n >= 1; dense. */
  medianPosition(x: Operand, index: Operand, form: AxisForm): void;
  /** y = counts of x in equal bins over [low, high], or over the data's range where low = high; false if that is not finite. */
  histogram(x: Operand, y: Operand, low: number, high: number): boolean;
  /** y [..., M, N] = a [..., M, K] b [..., K, N] (+ bias [N]); a and b of any layout, batch axes already expanded. */
  matmul(a: Operand, b: Operand, bias: Operand | null, y: Operand): void;
  /** Runs an algorithm of core/matrices on each matrix of a batch; the first matrix that it refuses, or -1; dense. */
  factorize(
    name: MatrixAlgorithm,
    inputs: readonly Operand[],
    outputs: readonly Operand[],
    size: MatrixBatch,
  ): number;
  /** y [outer, m, inner] = x [outer, index[outer, m, inner], inner]; dense; index int32. */
  gather(x: Operand, index: Operand, y: Operand, form: AxisForm, m: number): number;
  /** y [outer, n, inner] = 0, then y[outer, index, inner] += x [outer, m, inner]; dense; index int32. */
  scatterAdd(x: Operand, index: Operand, y: Operand, form: AxisForm, m: number): number;
  /** y [outer, m, inner] = x [outer, index[m], inner]; dense; index int32. */
  indexSelect(x: Operand, index: Operand, y: Operand, form: AxisForm, m: number): number;
  /** y [outer, n, inner] = 0, then y[outer, index[m], inner] += x [outer, m, inner]; dense; index int32. */
  indexAdd(x: Operand, index: Operand, y: Operand, form: AxisForm, m: number): number;
  /**
   * y int32 [outer, n, inner] = the position along n, then y[outer, index[outer, j, inner], inner] = n + j for j = 0 .. m
   * in order: where each element of a scatter comes from, in the old values followed by the new ones; dense.
   */
  scatterOrder(index: Operand, y: Operand, form: AxisForm, m: number): number;
  /**
   * y int32 = the position in a row-major array of the given sizes of the element whose coordinate along axis k is
   * indices[k]; negative coordinates count from the end. All of one shape, dense. A position that is out of range is
   * returned as k * size + position.
   */
  ravelIndex(indices: readonly Operand[], sizes: readonly number[], y: Operand): number;
  /** y [..., n] int32 = 1 at the index, 0 elsewhere; dense; index int32. */
  oneHot(index: Operand, y: Operand, n: number): number;
  /** y = value where mask (bool) is not 0, otherwise as it was; dense, of one shape. */
  maskedFill(mask: Operand, y: Operand, value: number): void;
  /** y [N, O, ...out] = x [N, C, ...in] * w [O, C/groups, ...kernel] (+ bias [O]), cross-correlation; dense. */
  conv(x: Operand, w: Operand, bias: Operand | null, y: Operand, geometry: ConvGeometry): void;
  /** gx [N, C, ...in] of `conv`; dense. */
  convInputGrad(g: Operand, w: Operand, gx: Operand, geometry: ConvGeometry): void;
  /** gw [O, C/groups, ...kernel] of `conv`; dense. */
  convWeightGrad(x: Operand, g: Operand, gw: Operand, geometry: ConvGeometry): void;
  /** y = window maxima of x, index int32 = position h * W + w of each in its plane; first wins, NaN wins; dense. */
  maxPool(x: Operand, y: Operand, index: Operand, geometry: PoolGeometry): void;
  /** Fills y (float for uniform [0, 1) and normal, int32 for bits) from the Philox stream; 4 elements a block. */
  random(kind: RandomKind, y: Operand, state: RandomState): void;
  /** y = value with probability p, else 0: where the stream's uniform number is below p rounded to float32. */
  bernoulli(y: Operand, p: number, value: number, state: RandomState): void;
  /** y int32 = low + floor(word * range / 2^32), from the words that "bits" gives. */
  randomIntegers(y: Operand, low: number, range: number, state: RandomState): void;
  /** y int32 [rows, count] = categories drawn by the weights [rows, n]; returns the first row that allows no draw. */
  multinomial(weights: Operand, y: Operand, draws: Draws, state: RandomState): number;
  /** y = value x where the stream's uniform number is below p rounded to float32, else 0; dense. */
  dropout(x: Operand, y: Operand, p: number, value: number, state: RandomState): void;
  /** Of each tuple p, g, m, v: p, m and v in place from the gradient g; dense. */
  adam(tuples: readonly Operand[], parameters: AdamParameters): void;
  /** Of each tuple p, g, and with momentum its buffer: p and the buffer in place from the gradient g; dense. */
  sgd(tuples: readonly Operand[], parameters: SgdParameters): void;
  /** y [] = the sum of the squares of all elements of all xs; dense. */
  squaresSum(xs: readonly Operand[], y: Operand): void;
  /** Of each pair x, factor []: x *= factor in place; the factor is the same in all; dense. */
  scaleAll(pairs: readonly Operand[]): void;
}

/** Scaled dot products of queries with keys, and what hides or drops some of them. */
export interface AttentionAttrs {
  /** The scores are scale q k. */
  readonly scale: number;
  /** Query i sees the keys up to i + offset; null: all of them. */
  readonly causalOffset: number | null;
  /** Probabilities are kept with probability `keep`, times `value`; element [b, h, i, j] draws at its flat position. */
  readonly dropout: { readonly keep: number; readonly value: number; readonly state: RandomState } | null;
}

/**
 * Operands of attention, all of any layout: q [B, H, T, E], k [B, G, S, E], v [B, G, S, Ev], where H is a multiple of G
 * and consecutive query heads share keys; mask [B, H, T, S] (expanded), bool (true: takes part) or added to the scores.
 */
export interface AttentionInputs {
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  readonly mask: Operand | null;
}

/** What the forward pass gave, and the gradient of its output. */
export interface AttentionResults {
  readonly y: Operand;
  readonly normaliser: Operand;
  readonly g: Operand;
}

/** Kernels that a backend may leave to the op's `decompose`. */
export interface FusedKernels {
  /** y [rows, n] = x - logsumexp(x) per row; dense. */
  logSoftmax(x: Operand, y: Operand, form: AxisForm): void;
  /** gx = g - exp(y) * sum(g) per row; dense. */
  logSoftmaxGrad(g: Operand, y: Operand, gx: Operand, form: AxisForm): void;
  /** y [rows, n] = e^x / sum(e^x) per row; dense. */
  softmax(x: Operand, y: Operand, form: AxisForm): void;
  /** gx = y (g - sum(g y)) per row; dense. */
  softmaxGrad(g: Operand, y: Operand, gx: Operand, form: AxisForm): void;
  /** y = (x - mean) / sqrt(variance + eps) * weight [n] + bias [n] per row; dense. */
  rowNorm(x: Operand, weight: Operand | null, bias: Operand | null, y: Operand, norm: RowNorm): void;
  /** The gradients of `rowNorm` in x and, where asked for, weight and bias; dense. */
  rowNormGrad(
    g: Operand,
    x: Operand,
    weight: Operand | null,
    gx: Operand,
    gWeight: Operand | null,
    gBias: Operand | null,
    norm: RowNorm,
  ): void;
  /** mean and biased variance [channels] of x [batch, channels, inner]; dense. */
  batchMoments(x: Operand, mean: Operand, variance: Operand, norm: ChannelNorm): void;
  /** y = (x - mean) / sqrt(variance + eps) * weight + bias per channel; dense. */
  channelNorm(
    x: Operand,
    mean: Operand,
    variance: Operand,
    weight: Operand | null,
    bias: Operand | null,
    y: Operand,
    norm: ChannelNorm,
  ): void;
  /** The gradients of `channelNorm` in x (absent: not wanted), weight and bias where mean and variance are x's own; dense. */
  batchNormGrad(
    g: Operand,
    x: Operand,
    mean: Operand,
    variance: Operand,
    weight: Operand | null,
    gx: Operand | null,
    gWeight: Operand,
    gBias: Operand,
    norm: ChannelNorm,
  ): void;
  /**
   * y = the loss of each row, [rows], or their sum, or the mean weighted by weight[target]; x [rows, classes], target int32
   * [rows], weight [classes]; dense. Returns the first target out of range, or -1.
   */
  classLoss(x: Operand, target: Operand, weight: Operand | null, y: Operand, loss: ClassLoss): number;
  /** y [] = scale * sum((x - target)^2); dense. */
  squaredError(x: Operand, target: Operand, y: Operand, scale: number): void;
  /** gx = g [] * scale * (x - target); dense. */
  squaredErrorGrad(g: Operand, x: Operand, target: Operand, gx: Operand, scale: number): void;
  /** gx = g where x > 0, slope * g elsewhere; dense. */
  leakyReluGrad(g: Operand, x: Operand, gx: Operand, slope: number): void;
  /** gx = g added where maxPool found each maximum, 0 elsewhere; dense. */
  maxPoolGrad(g: Operand, index: Operand, gx: Operand, geometry: PoolGeometry): void;
  /** The gradient of x; g has y's shape; dense. */
  classLossGrad(
    g: Operand,
    x: Operand,
    target: Operand,
    weight: Operand | null,
    gx: Operand,
    loss: ClassLoss,
  ): void;
  /**
   * y [B, H, T, Ev] (dense along its last axis) = softmax(scores) v, zeros for a query that sees no key; normaliser
   * [B, H, T, 2] dense: the largest score, and 1 / sum(e^(scores - largest)); zeros for such a query.
   */
  attention(inputs: AttentionInputs, y: Operand, normaliser: Operand, attrs: AttentionAttrs): void;
  /** Gradients of q, k and v, in their shapes and dense along their last axes. */
  attentionGrad(
    inputs: AttentionInputs,
    results: AttentionResults,
    gradients: { readonly q: Operand; readonly k: Operand; readonly v: Operand },
    attrs: AttentionAttrs,
  ): void;
  /** h_t = tanh or relu of x_t W_ih^T + b_ih + h_(t-1) W_hh^T + b_hh, over a sequence. */
  rnn: RecurrentKernel;
  rnnGrad: RecurrentGradKernel;
  /** c_t = f c_(t-1) + i g, h_t = o tanh c_t, with W_hr behind it where given, over a sequence. */
  lstm: RecurrentKernel;
  lstmGrad: RecurrentGradKernel;
  /** h_t = (1 - z) n + z h_(t-1), n = tanh(x_t W_in^T + b_in + r (h_(t-1) W_hn^T + b_hn)), over a sequence. */
  gru: RecurrentKernel;
  gruGrad: RecurrentGradKernel;
}

export type FusedKey = keyof FusedKernels;

export interface Kernels extends KernelFamilies {
  /** Each fused key is a kernel or, said aloud, the plain ops it stands for. */
  readonly fused: { readonly [K in FusedKey]: FusedKernels[K] | "decompose" };
}

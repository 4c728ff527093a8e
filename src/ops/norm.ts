// Normalisation: x brought to mean 0 and variance 1 over some axes, then scaled and shifted per feature. All are made of
// plain ops, so derivatives exist to any order.
import { ShapeError } from "../core/errors.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { isRecomputing, noGrad } from "../tensor/mode.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, fill, mul, reshape, sub } from "./algebra.ts";
import type { TensorLike } from "./algebra.ts";
import { assign } from "./assign.ts";
import { requireFloat, requireWhole } from "./checks.ts";
import { convolve } from "./conv.ts";
import { detach } from "./creation.ts";
import { exp, log, sqrt, square } from "./elementwise.ts";
import { mean } from "./reduce/mean.ts";

type Optional = Tensor | null | undefined;

function requireAlive(op: string, ...tensors: readonly Optional[]): void {
  for (const x of tensors) x?.assertAlive(op);
}

/** Refuses a per-feature tensor of another shape. */
function requireFeatures(op: string, named: Readonly<Record<string, Optional>>, shape: Shape): void {
  for (const [name, x] of Object.entries(named)) {
    if (x == null || sameShape(x.shape, shape)) continue;
    throw new ShapeError(op, `${name} must be ${formatShape(shape)}; got ${formatShape(x.shape)}.`);
  }
}

function requireChannels(op: string, x: Tensor, least: number): number {
  requireFloat(op, x);
  if (x.rank >= least) return x.shape[1];
  const layout = least === 2 ? "[N, C, ...]" : "[N, C, L, ...]";
  throw new ShapeError(op, `x must have the axes ${layout}; got ${formatShape(x.shape)}.`);
}

interface Moments {
  /** x - mean. */
  readonly centred: Tensor;
  readonly mean: Tensor;
  /** Biased: the mean of the squares. */
  readonly variance: Tensor;
}

function moments(x: Tensor, axis: readonly number[]): Moments {
  const average = mean(x, { axis, keepDims: true });
  const centred = sub(x, average);
  return { centred, mean: average, variance: mean(square(centred), { axis, keepDims: true }) };
}

const inverseDeviation = (variance: Tensor, eps: number): Tensor => div(1, sqrt(add(variance, eps)));

/** A per-channel tensor, to broadcast over [N, C, ...]. */
const perChannel = (x: Tensor, rank: number): Tensor =>
  reshape(x, [x.size, ...new Array<number>(rank - 2).fill(1)]);

const axesFrom = (start: number, rank: number): number[] =>
  Array.from({ length: rank - start }, (_, i) => start + i);

// ---- batch

export interface BatchNormOptions {
  /** Normalise by the batch's own mean and variance and move the running ones; default false. */
  readonly training?: boolean;
  /** Weight of the new batch in the running mean and variance; default 0.1. */
  readonly momentum?: TensorLike;
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
}

// running <- (1 - momentum) running + momentum value, with the unbiased variance.
function moveRunning(
  running: Tensor | null | undefined,
  value: Tensor,
  momentum: TensorLike,
  scale: number,
): void {
  // The second run of a checkpointed function finds the batch counted already.
  if (running == null || isRecomputing()) return;
  noGrad<Tensor>(() =>
    composite("batchNorm", () => {
      const seen = mul(reshape(detach(value), running.shape), scale);
      const rest = typeof momentum === "number" ? 1 - momentum : sub(1, momentum);
      assign(running, add(mul(running, rest), mul(seen, momentum)));
      return running;
    }),
  );
}

/**
 * y = (x - mean) / sqrt(variance + eps) * weight + bias per channel, over all axes but the second.
 *
 * In training (or without running statistics) mean and the biased variance are the batch's own, and the running ones move
 * toward them: running = (1 - momentum) running + momentum value, with the unbiased variance. Otherwise the running ones
 * normalise.
 *
 * Shapes: x [N, C] or [N, C, ...], the others [C] -> x's.
 *
 * @throws ShapeError in training with one value per channel: its variance is unknown.
 *
 * Source: Ioffe and Szegedy 2015.
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null = null,
  runningVar: Tensor | null = null,
  weight?: Tensor | null,
  bias?: Tensor | null,
  { training = false, momentum = 0.1, eps = 1e-5 }: BatchNormOptions = {},
): Tensor {
  requireAlive("batchNorm", x, runningMean, runningVar, weight, bias);
  const channels = requireChannels("batchNorm", x, 2);
  requireFeatures("batchNorm", { runningMean, runningVar, weight, bias }, [channels]);
  const own = training || runningMean === null || runningVar === null;
  const count = channels === 0 ? 0 : x.size / channels;
  if (training && count === 1) {
    throw new ShapeError(
      "batchNorm",
      `training needs more than one value per channel; got ${formatShape(x.shape)}.`,
    );
  }
  return composite("batchNorm", () => {
    const stretch = (one: Tensor): Tensor => perChannel(one, x.rank);
    let centred: Tensor;
    let variance: Tensor;
    if (own) {
      const axes = [0, ...axesFrom(2, x.rank)];
      const found = moments(x, axes);
      ({ centred, variance } = found);
      if (training) {
        moveRunning(runningMean, found.mean, momentum, 1);
        moveRunning(runningVar, variance, momentum, count / (count - 1));
      }
    } else {
      centred = sub(x, stretch(runningMean));
      variance = stretch(runningVar);
    }
    // One multiplication over the whole of x: the scale is per channel.
    const inverse = inverseDeviation(variance, eps);
    const scaled = mul(centred, weight ? mul(inverse, stretch(weight)) : inverse);
    return bias ? add(scaled, stretch(bias)) : scaled;
  });
}

// ---- layer, root mean square

export interface LayerNormOptions {
  /** Added to the variance. */
  readonly eps?: number;
}

const affine = (x: Tensor, weight: Optional, bias: Optional): Tensor => {
  const scaled = weight ? mul(x, weight) : x;
  return bias ? add(scaled, bias) : scaled;
};

/** The axes that `normalizedShape` names at the end of x. */
function trailingAxes(
  op: string,
  x: Tensor,
  normalizedShape: number | Shape,
): { shape: Shape; axes: number[] } {
  requireFloat(op, x);
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  const start = x.rank - shape.length;
  if (shape.length > 0 && start >= 0 && sameShape(x.shape.slice(start), shape))
    return { shape, axes: axesFrom(start, x.rank) };
  throw new ShapeError(
    op,
    `x must end in the normalized shape; got ${formatShape(x.shape)} and ${formatShape(shape)}.`,
  );
}

/**
 * y = (x - mean) / sqrt(variance + eps) * weight + bias over the last axes, those of `normalizedShape`.
 *
 * Shapes: x [..., ...normalizedShape], weight and bias normalizedShape -> x's. eps is 1e-5 by default; the variance is the
 * biased one.
 *
 * Source: Ba, Kiros and Hinton 2016.
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight?: Tensor | null,
  bias?: Tensor | null,
  { eps = 1e-5 }: LayerNormOptions = {},
): Tensor {
  requireAlive("layerNorm", x, weight, bias);
  const { shape, axes } = trailingAxes("layerNorm", x, normalizedShape);
  requireFeatures("layerNorm", { weight, bias }, shape);
  return composite("layerNorm", () => {
    const { centred, variance } = moments(x, axes);
    return affine(mul(centred, inverseDeviation(variance, eps)), weight, bias);
  });
}

/**
 * y = x / sqrt(mean(x^2) + eps) * weight over the last axes, those of `normalizedShape`.
 *
 * Shapes: x [..., ...normalizedShape], weight normalizedShape -> x's. eps is the dtype's machine epsilon by default.
 *
 * Source: Zhang and Sennrich 2019.
 */
export function rmsNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight?: Tensor | null,
  { eps }: LayerNormOptions = {},
): Tensor {
  requireAlive("rmsNorm", x, weight);
  const { shape, axes } = trailingAxes("rmsNorm", x, normalizedShape);
  requireFeatures("rmsNorm", { weight }, shape);
  const added = eps ?? (x.dtype === "float64" ? 2 ** -52 : 2 ** -23);
  return composite("rmsNorm", () => {
    const power = mean(square(x), { axis: axes, keepDims: true });
    return affine(mul(x, inverseDeviation(power, added)), weight, null);
  });
}

// ---- groups and instances

/**
 * y = (x - mean) / sqrt(variance + eps) * weight + bias, over groups of channels of each example.
 *
 * Shapes: x [N, C, ...], weight and bias [C] -> x's. `numGroups` divides C; eps is 1e-5 by default.
 *
 * Source: Wu and He 2018.
 */
export function groupNorm(
  x: Tensor,
  numGroups: number,
  weight?: Tensor | null,
  bias?: Tensor | null,
  { eps = 1e-5 }: LayerNormOptions = {},
): Tensor {
  requireAlive("groupNorm", x, weight, bias);
  const channels = requireChannels("groupNorm", x, 2);
  requireWhole("groupNorm", "numGroups", numGroups, 1);
  if (channels % numGroups !== 0) {
    throw new ShapeError(
      "groupNorm",
      `channels must divide by numGroups; got ${String(channels)} by ${String(numGroups)}.`,
    );
  }
  requireFeatures("groupNorm", { weight, bias }, [channels]);
  return composite("groupNorm", () => {
    const grouped = reshape(x, [x.shape[0], numGroups, sizeOf(x.shape.slice(1)) / numGroups]);
    const { centred, variance } = moments(grouped, [2]);
    const y = reshape(mul(centred, inverseDeviation(variance, eps)), x.shape);
    return affine(y, weight && perChannel(weight, x.rank), bias && perChannel(bias, x.rank));
  });
}

export interface InstanceNormOptions {
  /** Normalise by each example's own mean and variance (and move the running ones); default true. */
  readonly useInputStats?: boolean;
  /** Weight of the new batch in the running mean and variance; default 0.1. */
  readonly momentum?: TensorLike;
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
}

/**
 * y = (x - mean) / sqrt(variance + eps) * weight + bias, per channel of each example.
 *
 * Shapes: x [N, C, L, ...], the others [C] -> x's. Running statistics, where given, move toward the batch's average of the
 * examples' means and unbiased variances; with `useInputStats: false` they normalise instead.
 *
 * Source: Ulyanov, Vedaldi and Lempitsky 2016.
 */
export function instanceNorm(
  x: Tensor,
  runningMean: Tensor | null = null,
  runningVar: Tensor | null = null,
  weight?: Tensor | null,
  bias?: Tensor | null,
  { useInputStats = true, momentum = 0.1, eps = 1e-5 }: InstanceNormOptions = {},
): Tensor {
  requireAlive("instanceNorm", x, runningMean, runningVar, weight, bias);
  const channels = requireChannels("instanceNorm", x, 3);
  requireFeatures("instanceNorm", { runningMean, runningVar, weight, bias }, [channels]);
  if (!useInputStats && runningMean !== null && runningVar !== null)
    return batchNorm(x, runningMean, runningVar, weight, bias, { eps });
  const count = sizeOf(x.shape.slice(2));
  if (count === 1) {
    throw new ShapeError(
      "instanceNorm",
      `each channel needs more than one value; got ${formatShape(x.shape)}.`,
    );
  }
  return composite("instanceNorm", () => {
    const found = moments(x, axesFrom(2, x.rank));
    const overBatch = (value: Tensor): Tensor => mean(detach(value), { axis: 0 });
    if (runningMean) moveRunning(runningMean, overBatch(found.mean), momentum, 1);
    if (runningVar) moveRunning(runningVar, overBatch(found.variance), momentum, count / (count - 1));
    const y = mul(found.centred, inverseDeviation(found.variance, eps));
    return affine(y, weight && perChannel(weight, x.rank), bias && perChannel(bias, x.rank));
  });
}

// ---- local response

export interface LocalResponseNormOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
}

/**
 * y = x / (k + alpha mean(x^2))^beta, the mean over `size` neighbouring channels, absent ones counting as 0.
 *
 * Shapes: x [N, C, ...] with at least one further axis -> x's. Defaults: alpha 1e-4, beta 0.75, k 1.
 *
 * Source: Krizhevsky, Sutskever and Hinton 2012, with alpha divided by the size.
 */
export function localResponseNorm(
  x: Tensor,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseNormOptions = {},
): Tensor {
  requireAlive("localResponseNorm", x);
  const channels = requireChannels("localResponseNorm", x, 3);
  requireWhole("localResponseNorm", "size", size, 1);
  const [batch, , ...rest] = x.shape;
  return composite("localResponseNorm", () => {
    // The sum over neighbours is a convolution along the channels, with ones.
    const plane = [channels, sizeOf(rest)];
    const sums = convolve(
      reshape(square(x), [batch, 1, ...plane]),
      fill(x.device, [1, 1, size, 1], alpha / size, x.dtype),
      {
        ...{ batch, groups: 1, inChannels: 1, outChannels: 1 },
        ...{ input: plane, output: plane, kernel: [size, 1], stride: [1, 1], dilation: [1, 1] },
        padding: [Math.floor(size / 2), 0],
      },
    );
    const base = add(reshape(sums, x.shape), k);
    return mul(x, exp(mul(log(base), -beta)));
  });
}

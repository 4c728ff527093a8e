// Batch normalisation, in training and in evaluation.
import type { ChannelNorm, Kernels, Operand } from "../../backend/kernels.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import { View } from "../../core/view.ts";
import { apply, applyMany } from "../../tensor/apply.ts";
import { isRecomputing, noGrad } from "../../tensor/mode.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, fill, mul, reshape, sub } from "../algebra.ts";
import type { TensorLike } from "../algebra.ts";
import { assign } from "../assign.ts";
import { requireSameDType } from "../checks.ts";
import { detach } from "../creation.ts";
import {
  affine,
  axesFrom,
  inverseDeviation,
  moments,
  perChannel,
  requireAlive,
  requireChannels,
  requireFeatures,
} from "./features.ts";

const ownAxes = (x: Tensor): number[] => [0, ...axesFrom(2, x.rank)];

// The batch's own statistics: constants to `channelNorm`'s kernels, and no part of any gradient.
const momentsPrimitive: Primitive<ChannelNorm> = primitive({
  name: "batchNorm",
  inputs: ["x"],
  outputs: ["mean", "variance"],
  infer: ([x], { channels }: ChannelNorm) => {
    const spec = { view: View.of([channels]), dtype: x.dtype };
    return [spec, spec];
  },
  fused: "batchMoments",
  kernel: (k, [x], [mean, variance], norm) => {
    const { batchMoments } = k.fused;
    if (batchMoments !== "decompose") batchMoments(x, mean, variance, norm);
  },
  decompose: ([x], { channels }) => {
    const found = moments(x, ownAxes(x));
    return [reshape(found.mean, [channels]), reshape(found.variance, [channels])];
  },
});

const INPUTS = ["x", "mean", "variance", "weight", "bias"] as const;

function inferLikeX(inputs: readonly Tensor[], _: ChannelNorm): Tensor {
  requireSameDType("batchNorm", inputs, INPUTS);
  return inputs[0];
}

function runChannelNorm(
  { fused: { channelNorm } }: Kernels,
  [x, mean, variance, weight, bias]: readonly (Operand | undefined)[],
  y: Operand,
  norm: ChannelNorm,
): void {
  if (channelNorm !== "decompose") channelNorm(x!, mean!, variance!, weight ?? null, bias ?? null, y, norm);
}

// By given statistics, through which gradients flow like through any operand.
const evaluationPrimitive: Primitive<ChannelNorm> = primitive({
  name: "batchNorm",
  inputs: INPUTS,
  infer: inferLikeX,
  fused: "channelNorm",
  kernel: runChannelNorm,
  decompose: ([x, mean, variance, weight, bias], { eps }) =>
    composite("batchNorm", () => {
      const stretch = (one: Tensor): Tensor => perChannel(one, x.rank);
      const centred = sub(x, stretch(mean));
      // One multiplication over the whole of x: the scale is per channel.
      const inverse = inverseDeviation(stretch(variance), eps);
      return affine(centred, weight ? mul(inverse, stretch(weight)) : inverse, bias && stretch(bias));
    }),
  saves: INPUTS,
  vjp: "decompose",
});

const gradPrimitive: Primitive<ChannelNorm> = primitive({
  name: "batchNormGrad",
  inputs: ["g", "x", "mean", "variance", "weight"],
  outputs: ["gWeight", "gBias", "gx"],
  infer: ([, x, mean]) => [mean, mean, x],
  kernel: (k, [g, x, mean, variance, weight], [gWeight, gBias, gx], norm) => {
    const { batchNormGrad } = k.fused;
    if (batchNormGrad !== "decompose")
      batchNormGrad(g, x, mean, variance, weight ?? null, gx, gWeight, gBias, norm);
  },
});

// By the batch's own statistics. Only the kernels read `mean` and `variance`; gradients of higher order make them anew
// from x, since taken as constants they would make those silently wrong.
const trainingPrimitive: Primitive<ChannelNorm> = primitive({
  name: "batchNorm",
  inputs: INPUTS,
  infer: inferLikeX,
  fused: "channelNorm",
  kernel: runChannelNorm,
  decompose: ([x, , , weight, bias], { eps }) =>
    composite("batchNorm", () => {
      const stretch = (one: Tensor): Tensor => perChannel(one, x.rank);
      const { centred, variance } = moments(x, ownAxes(x));
      const inverse = inverseDeviation(variance, eps);
      return affine(centred, weight ? mul(inverse, stretch(weight)) : inverse, bias && stretch(bias));
    }),
  saves: INPUTS,
  vjp: "decompose",
  fusedVjp: "batchNormGrad",
  vjpKernel: (g, { x, mean, variance, weight }, norm, needs) => {
    const inputs = weight === undefined ? [g, x, mean, variance] : [g, x, mean, variance, weight];
    const [gWeight, gBias, gx] = applyMany(gradPrimitive, inputs, norm);
    return [gx, null, null, gWeight, gBias].map((grad, i) => (needs[i] ? grad : null));
  },
});

export interface BatchNormOptions {
  /** Normalise by the batch's own mean and variance and move the running ones; default false. */
  readonly training?: boolean;
  /** Weight of the new batch in the running mean and variance; default 0.1. */
  readonly momentum?: TensorLike;
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
}

// running <- (1 - momentum) running + momentum value, with the unbiased variance.
export function moveRunning(
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
  const count = channels === 0 ? 0 : x.size / channels;
  if (training && count === 1) {
    throw new ShapeError(
      "batchNorm",
      `training needs more than one value per channel; got ${formatShape(x.shape)}.`,
    );
  }
  const norm = { batch: x.shape[0], channels, inner: sizeOf(x.shape.slice(2)), eps };
  return composite("batchNorm", () => {
    const one = !weight && bias ? fill(x.device, bias.shape, 1, bias.dtype) : weight;
    const features = one ? (bias ? [one, bias] : [one]) : [];
    if (!training && runningMean !== null && runningVar !== null)
      return apply(evaluationPrimitive, [x, runningMean, runningVar, ...features], norm);
    const [mean, variance] = applyMany(momentsPrimitive, [x], norm);
    if (training) {
      moveRunning(runningMean, mean, momentum, 1);
      moveRunning(runningVar, variance, momentum, count / (count - 1));
    }
    return apply(trainingPrimitive, [x, mean, variance, ...features], norm);
  });
}

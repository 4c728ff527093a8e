// Normalisation over the last axes: of features (layerNorm, rmsNorm), of groups of channels, of each channel.
import type { RowNorm } from "../../backend/kernels.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape, sizeOf } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import { apply, applyMany } from "../../tensor/apply.ts";
import { noGrad } from "../../tensor/mode.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fill, mul, reshape } from "../algebra.ts";
import type { TensorLike } from "../algebra.ts";
import { requireFloat, requireSameDType, requireWhole } from "../checks.ts";
import { square } from "../elementwise.ts";
import { mean } from "../reduce/mean.ts";
import { batchNorm, moveRunning } from "./batch.ts";
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
import type { Optional } from "./features.ts";

interface RowAttrs extends RowNorm {
  /** How many of the last axes make a row. */
  readonly axes: number;
}

function plainNorm(
  op: string,
  [x, weight, bias]: readonly Tensor[],
  { axes, eps, centred }: RowAttrs,
): Tensor {
  const along = axesFrom(x.rank - axes, x.rank);
  return composite(op, () => {
    if (!centred) {
      const power = mean(square(x), { axis: along, keepDims: true });
      return affine(mul(x, inverseDeviation(power, eps)), weight, bias);
    }
    const { centred: distance, variance } = moments(x, along);
    return affine(mul(distance, inverseDeviation(variance, eps)), weight, bias);
  });
}

const gradPrimitive: Primitive<RowAttrs> = primitive({
  name: "rowNormGrad",
  inputs: ["g", "x", "weight", "bias"],
  outputs: ["gx", "gWeight", "gBias"],
  infer: ([, x, weight, bias]) => [x, weight, bias].filter((like) => like !== undefined),
  kernel: (k, [g, x, weight], [gx, gWeight, gBias], attrs) => {
    const { rowNormGrad } = k.fused;
    if (rowNormGrad !== "decompose")
      rowNormGrad(g, x, weight ?? null, gx, gWeight ?? null, gBias ?? null, attrs);
  },
});

const rowNormPrimitive = (op: string): Primitive<RowAttrs> =>
  primitive({
    name: op,
    inputs: ["x", "weight", "bias"],
    infer: (inputs, _: RowAttrs) => {
      requireFloat(op, inputs[0]);
      requireSameDType(op, inputs, ["x", "weight", "bias"]);
      return inputs[0];
    },
    fused: "rowNorm",
    kernel: (k, [x, weight, bias], y, attrs) => {
      const { rowNorm } = k.fused;
      if (rowNorm !== "decompose") rowNorm(x, weight ?? null, bias ?? null, y, attrs);
    },
    decompose: (inputs, attrs) => plainNorm(op, inputs, attrs),
    saves: ["x", "weight", "bias"],
    vjp: "decompose",
    fusedVjp: "rowNormGrad",
    vjpKernel: (g, { x, weight, bias }, attrs, needs) => {
      // Absent inputs are the last ones, whose gradients are then not made.
      const inputs = [g, x, weight, bias].filter((input) => input !== undefined);
      return applyMany(gradPrimitive, inputs, attrs).map((grad, i) => (needs[i] ? grad : null));
    },
  });

const layerNormPrimitive = rowNormPrimitive("layerNorm");
const rmsNormPrimitive = rowNormPrimitive("rmsNorm");
const groupNormPrimitive = rowNormPrimitive("groupNorm");
const instanceNormPrimitive = rowNormPrimitive("instanceNorm");

function normalizeRows(
  p: Primitive<RowAttrs>,
  x: Tensor,
  axes: number,
  weight: Optional,
  bias: Optional,
  eps: number,
): Tensor {
  const n = sizeOf(x.shape.slice(x.rank - axes));
  const attrs = { axes, n, rows: n === 0 ? 0 : x.size / n, eps, centred: p !== rmsNormPrimitive };
  if (weight) return apply(p, bias ? [x, weight, bias] : [x, weight], attrs);
  if (!bias) return apply(p, [x], attrs);
  return composite(p.name, () => apply(p, [x, fill(x.device, bias.shape, 1, bias.dtype), bias], attrs));
}

/** The sizes that `normalizedShape` names at the end of x. */
function trailingShape(op: string, x: Tensor, normalizedShape: number | Shape): Shape {
  requireFloat(op, x);
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  const start = x.rank - shape.length;
  if (shape.length > 0 && start >= 0 && sameShape(x.shape.slice(start), shape)) return shape;
  throw new ShapeError(
    op,
    `x must end in the normalized shape; got ${formatShape(x.shape)} and ${formatShape(shape)}.`,
  );
}

export interface LayerNormOptions {
  /** Added to the variance. */
  readonly eps?: number;
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
  const shape = trailingShape("layerNorm", x, normalizedShape);
  requireFeatures("layerNorm", { weight, bias }, shape);
  return normalizeRows(layerNormPrimitive, x, shape.length, weight, bias, eps);
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
  const shape = trailingShape("rmsNorm", x, normalizedShape);
  requireFeatures("rmsNorm", { weight }, shape);
  const added = eps ?? (x.dtype === "float64" ? 2 ** -52 : 2 ** -23);
  return normalizeRows(rmsNormPrimitive, x, shape.length, weight, null, added);
}

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
    const y = reshape(normalizeRows(groupNormPrimitive, grouped, 1, null, null, eps), x.shape);
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
    if (runningMean || runningVar) {
      const found = noGrad(() => moments(x, axesFrom(2, x.rank)));
      const overBatch = (value: Tensor): Tensor => mean(value, { axis: 0 });
      moveRunning(runningMean, overBatch(found.mean), momentum, 1);
      moveRunning(runningVar, overBatch(found.variance), momentum, count / (count - 1));
    }
    const y = normalizeRows(instanceNormPrimitive, x, x.rank - 2, null, null, eps);
    return affine(y, weight && perChannel(weight, x.rank), bias && perChannel(bias, x.rank));
  });
}

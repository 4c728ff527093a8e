// What normalisations share: checks of per-feature tensors, and mean and variance in plain ops.
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, reshape, sub } from "../algebra.ts";
import { requireFloat } from "../checks.ts";
import { sqrt, square } from "../elementwise.ts";
import { mean } from "../reduce/mean.ts";

export type Optional = Tensor | null | undefined;

export function requireAlive(op: string, ...tensors: readonly Optional[]): void {
  for (const x of tensors) x?.assertAlive(op);
}

/** Refuses a per-feature tensor of another shape. */
export function requireFeatures(op: string, named: Readonly<Record<string, Optional>>, shape: Shape): void {
  for (const name in named) {
    const x = named[name];
    if (x == null || sameShape(x.shape, shape)) continue;
    throw new ShapeError(op, `${name} must be ${formatShape(shape)}; got ${formatShape(x.shape)}.`);
  }
}

export function requireChannels(op: string, x: Tensor, least: number): number {
  requireFloat(op, x);
  if (x.rank >= least) return x.shape[1];
  const layout = least === 2 ? "[N, C, ...]" : "[N, C, L, ...]";
  throw new ShapeError(op, `x must have the axes ${layout}; got ${formatShape(x.shape)}.`);
}

export interface Moments {
  /** x - mean. */
  readonly centred: Tensor;
  readonly mean: Tensor;
  /** Biased: the mean of the squares. */
  readonly variance: Tensor;
}

export function moments(x: Tensor, axis: readonly number[]): Moments {
  const average = mean(x, { axis, keepDims: true });
  const centred = sub(x, average);
  return { centred, mean: average, variance: mean(square(centred), { axis, keepDims: true }) };
}

export const inverseDeviation = (variance: Tensor, eps: number): Tensor => div(1, sqrt(add(variance, eps)));

/** A per-channel tensor, to broadcast over [N, C, ...]. */
export const perChannel = (x: Tensor, rank: number): Tensor =>
  reshape(x, [x.size, ...new Array<number>(rank - 2).fill(1)]);

export const axesFrom = (start: number, rank: number): number[] =>
  Array.from({ length: rank - start }, (_, i) => start + i);

export const affine = (x: Tensor, weight: Optional, bias: Optional): Tensor => {
  const scaled = weight ? mul(x, weight) : x;
  return bias ? add(scaled, bias) : scaled;
};

// Dropout: random zeros in training, nothing in evaluation. Masks come from the counter-based stream, so the same state
// of the stream gives the same mask on every device.
import type { Device } from "../backend/device.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import type { DType } from "../core/dtype.ts";
import { defaultGenerator } from "../core/rng.ts";
import type { Generator, RandomState } from "../core/rng.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import type { SourceAttrs } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./algebra.ts";
import { requireFloat } from "./checks.ts";

interface MaskAttrs extends SourceAttrs {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Probability of a value other than 0, and that value. */
  readonly keep: number;
  readonly value: number;
  readonly state: RandomState;
}

const maskPrimitive = primitive({
  name: "dropout",
  inputs: [],
  infer: (_, { shape, dtype }: MaskAttrs) => ({ view: View.of(shape), dtype }),
  kernel: (k, _, y, { keep, value, state }) => k.bernoulli(y, keep, value, state),
});

/** A tensor of `value` where the stream's uniform number is below `keep`, else 0: dropout's factor at a state reserved before. */
export const dropoutFactor = (
  device: Device,
  shape: Shape,
  dtype: DType,
  { keep, value, state }: { readonly keep: number; readonly value: number; readonly state: RandomState },
): Tensor => apply(maskPrimitive, [], { device, shape, dtype, keep, value, state });

export interface DropoutOptions {
  /** Probability of a zero; default 0.5. */
  readonly p?: number;
  /** Default true; false returns x itself, as p = 0 does. */
  readonly training?: boolean;
  /** The stream to draw from; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

export function requireProbability(op: string, p: number, name = "p"): void {
  if (p >= 0 && p <= 1) return;
  throw new ValueError(op, `${name} must lie in 0..1; got ${String(p)}.`);
}

/** A mask of `value` with probability 1 - p, else 0. */
function mask(x: Tensor, shape: Shape, p: number, value: number, options: DropoutOptions): Tensor {
  const state = (options.generator ?? defaultGenerator).reserve(sizeOf(shape));
  return apply(maskPrimitive, [], { device: x.device, shape, dtype: x.dtype, keep: 1 - p, value, state });
}

/** What is left of x where it is kept. */
const inflation = (p: number): number => (p === 1 ? 0 : 1 / (1 - p));

interface DropoutAttrs {
  readonly keep: number;
  readonly value: number;
  readonly state: RandomState;
}

// Linear in x, and its own gradient: the mask is drawn again from the same counters, so nothing is saved.
const dropoutPrimitive: Primitive<DropoutAttrs> = primitive({
  name: "dropout",
  inputs: ["x"],
  infer: ([x], _: DropoutAttrs) => x,
  kernel: (k, [x], y, { keep, value, state }) => k.dropout(x, y, keep, value, state),
  vjp: { x: (g, _, attrs) => apply(dropoutPrimitive, [g], attrs) },
});

/**
 * In training, zeros with probability p and x / (1 - p) elsewhere, so that the expectation stays; otherwise x itself.
 *
 * Source: Srivastava et al. 2014.
 *
 * @throws ValueError where p lies outside 0..1.
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  x.assertAlive("dropout");
  requireProbability("dropout", options.p ?? 0.5);
  requireFloat("dropout", x);
  const { p = 0.5, training = true } = options;
  if (!training || p === 0) return x;
  const state = (options.generator ?? defaultGenerator).reserve(x.size);
  return apply(dropoutPrimitive, [x], { keep: 1 - p, value: inflation(p), state });
}

/**
 * `dropout` of whole channels: neighbouring positions of a feature map are so alike that single zeros would hide little.
 *
 * Shapes: x [N, C, ...] -> x's.
 *
 * Source: Tompson et al. 2015.
 */
export function dropout2d(x: Tensor, options: DropoutOptions = {}): Tensor {
  x.assertAlive("dropout2d");
  requireProbability("dropout2d", options.p ?? 0.5);
  requireFloat("dropout2d", x);
  if (x.rank < 3)
    throw new ShapeError("dropout2d", `x must have the axes [N, C, ...]; got ${formatShape(x.shape)}.`);
  const shape = x.shape.map((n, axis) => (axis < 2 ? n : 1));
  const { p = 0.5, training = true } = options;
  if (!training || p === 0) return x;
  return composite("dropout2d", () => mul(x, mask(x, shape, p, inflation(p), options)));
}

/** -scale * alpha of SELU: what its activations approach on the left. */
const SATURATION = -1.7580993408473766;

/**
 * Dropout that keeps mean 0 and variance 1 of activations behind SELU. Dropped elements take its saturation value, then
 * all are scaled and shifted back.
 *
 * Source: Klambauer et al. 2017.
 *
 * @throws ValueError where p lies outside 0..1.
 */
export function alphaDropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  x.assertAlive("alphaDropout");
  const { p = 0.5, training = true } = options;
  requireProbability("alphaDropout", p);
  requireFloat("alphaDropout", x);
  if (!training || p === 0) return x;
  // Everything dropped is all zeros, by convention.
  const scale = p === 1 ? 0 : 1 / Math.sqrt((1 - p) * (1 + p * SATURATION * SATURATION));
  const shift = -scale * SATURATION * p;
  return composite("alphaDropout", () => {
    const kept = mask(x, x.shape, p, scale, options);
    return add(mul(x, kept), add(mul(kept, -SATURATION), scale * SATURATION + shift));
  });
}

// Random tensors, drawn from a counter-based stream: the same seed gives the same bits on every device and thread count
// (normals: to rounding, since they need logarithms and sines).
import type { RandomKind } from "../backend/kernels.ts";
import type { DType } from "../core/dtype.ts";
import { defaultGenerator } from "../core/rng.ts";
import type { Generator, RandomState } from "../core/rng.ts";
import { checkShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import type { SourceAttrs } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireFloatDType } from "./checks.ts";
import { likeOptions, resolveDevice, resolveDType } from "./creation.ts";
import type { TensorOptions } from "./creation.ts";

interface RandomAttrs extends SourceAttrs {
  readonly kind: RandomKind;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly state: RandomState;
}

const randomPrimitive = primitive({
  name: "random",
  inputs: [],
  infer: (_, { shape, dtype }: RandomAttrs) => ({ view: View.of(shape), dtype }),
  kernel: (k, _, y, { kind, state }) => k.random(kind, y, state),
});

export interface RandomOptions extends TensorOptions {
  /** The stream to draw from; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

function draw(op: string, kind: RandomKind, shape: Shape, options: RandomOptions): Tensor {
  const device = resolveDevice(op, options.device);
  const dtype = resolveDType(op, options.dtype ?? "float32", device);
  requireFloatDType(op, dtype, device);
  const state = (options.generator ?? defaultGenerator).reserve(sizeOf(checkShape(op, shape)));
  const y = apply(randomPrimitive, [], { device, kind, shape, dtype, state });
  return options.requiresGrad ? y.setRequiresGrad(true) : y;
}

/** Uniform on [0, 1), in steps of 2^-24. */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor =>
  draw("rand", "uniform", shape, options);

/** Normal with mean 0 and variance 1 (Box and Muller 1958). */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor =>
  draw("randn", "normal", shape, options);

/** `rand` with the shape, dtype and device of x. */
export const randLike = (x: Tensor, options: RandomOptions = {}): Tensor =>
  draw("randLike", "uniform", x.shape, likeOptions("randLike", x, options));

/** `randn` with the shape, dtype and device of x. */
export const randnLike = (x: Tensor, options: RandomOptions = {}): Tensor =>
  draw("randnLike", "normal", x.shape, likeOptions("randnLike", x, options));

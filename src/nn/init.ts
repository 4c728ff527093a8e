// Initial values of weights.
import type { DType } from "../core/dtype.ts";
import type { Device } from "../backend/device.ts";
import type { Generator } from "../core/rng.ts";
import { sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { mul, sub } from "../ops/algebra.ts";
import { rand } from "../ops/random.ts";
import { noGrad } from "../tensor/mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { parameter } from "./parameter.ts";

/** Where a layer's parameters live and which random stream fills them. */
export interface ParameterOptions {
  readonly device?: string | Device;
  readonly dtype?: DType;
  readonly generator?: Generator;
}

/** Uniform on [-bound, bound). */
export function uniformParameter(shape: Shape, bound: number, options: ParameterOptions): Tensor {
  return noGrad<Tensor>(() => {
    const unit = rand(shape, options);
    const spread = mul(unit, 2 * bound);
    const values = sub(spread, bound);
    unit.dispose();
    spread.dispose();
    return parameter(values);
  });
}

/**
 * PyTorch's default for linear and convolution layers: uniform on ±1/sqrt(fan in), which is Kaiming-uniform with
 * a = sqrt(5) (He et al. 2015). `weight` is [out, in, ...]; its fan in is the product of all axes but the first.
 */
export const fanInBound = (weight: Shape): number => 1 / Math.sqrt(Math.max(1, sizeOf(weight.slice(1))));

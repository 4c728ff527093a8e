// Initial values of weights.
import type { DType } from "../core/dtype.ts";
import type { Device } from "../backend/device.ts";
import type { Generator } from "../core/rng.ts";
import { sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { mul, sub } from "../ops/algebra.ts";
import { full } from "../ops/creation.ts";
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

/** The options that say where parameters live, without the layer's others. */
export const whereOf = ({ device, dtype, generator }: ParameterOptions): ParameterOptions => ({
  ...(device !== undefined && { device }),
  ...(dtype && { dtype }),
  ...(generator && { generator }),
});

/** One value everywhere. */
export const constantParameter = (shape: Shape, value: number, options: ParameterOptions): Tensor =>
  parameter(full(shape, value, options));

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

// Local response normalisation: channels held down by their neighbours.
import { sizeOf } from "../../core/shape.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, fill, mul, reshape } from "../algebra.ts";
import { requireWhole } from "../checks.ts";
import { convolve } from "../conv.ts";
import { exp, log, square } from "../elementwise.ts";
import { requireAlive, requireChannels } from "./features.ts";

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

// Means and p-norms of sliding windows. A window's sum is a convolution of each plane with ones, so derivatives of any
// order are those of the convolution.
import { ValueError } from "../../core/errors.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div, fill, mul, reshape } from "../algebra.ts";
import { requireFloat, requireRank, requireSizes } from "../checks.ts";
import { convolve } from "../conv.ts";
import type { Pair, Sizes } from "../conv.ts";
import { tensor } from "../creation.ts";
import { eq, pow, where } from "../elementwise.ts";
import { windowsOver } from "./window.ts";
import type { Windows } from "./window.ts";

export interface AvgPoolOptions<Size extends Sizes = Pair> {
  /** Default: the kernel size. */
  readonly stride?: Size;
  /** Zeros on each side; at most half the kernel. */
  readonly padding?: Size;
  /** Also take a last window that reaches over the end; what lies beyond the padding never counts. */
  readonly ceilMode?: boolean;
  /** Whether zeros of the padding count as elements. Default true. */
  readonly countIncludePad?: boolean;
  /** Divide by this instead of the count. */
  readonly divisorOverride?: number;
}

function requireDivisor(op: string, divisor: number | undefined): void {
  if (divisor === undefined || (Number.isFinite(divisor) && divisor !== 0)) return;
  throw new ValueError(op, `divisorOverride must be a number other than 0; got ${String(divisor)}.`);
}

/** Per axis and window: how many positions count. */
function countsAlong(
  n: number,
  { kernel, stride, padding, output }: Windows,
  axis: number,
  includePad: boolean,
): number[] {
  return Array.from({ length: output[axis] }, (_, i) => {
    const start = i * stride[axis] - padding[axis];
    const end = Math.min(start + kernel[axis], n + padding[axis]);
    return includePad ? end - start : Math.min(end, n) - Math.max(start, 0);
  });
}

function average(
  op: string,
  axes: number,
  x: Tensor,
  kernelSize: Sizes,
  options: AvgPoolOptions<Sizes>,
): Tensor {
  requireFloat(op, x);
  const { countIncludePad = true, divisorOverride, ...rest } = options;
  const windows = windowsOver(op, x, axes, kernelSize, rest);
  requireDivisor(op, divisorOverride);
  const [n, c, ...input] = x.shape;
  const { kernel, stride, padding, dilation, output } = windows;
  const full = kernel.reduce((a, b) => a * b, 1);
  const counts = input.map((size, axis) => countsAlong(size, windows, axis, countIncludePad));
  const even = counts.every((list, axis) => list.every((count) => count === kernel[axis]));
  return composite(op, () => {
    const weight = fill(x.device, [1, 1, ...kernel], 1, x.dtype);
    const planes = { batch: n * c, groups: 1, inChannels: 1, outChannels: 1 };
    const geometry = { ...planes, input, kernel, output, stride, padding, dilation };
    const sums = reshape(convolve(reshape(x, [n * c, 1, ...input]), weight, geometry), [n, c, ...output]);
    // Divided at the end: a mean of equal elements is that element.
    if (divisorOverride !== undefined || even) return div(sums, divisorOverride ?? full);
    const [rows, columns = [1]] = counts;
    const sizes = rows.flatMap((a) => columns.map((b) => a * b));
    return div(sums, tensor(sizes, { shape: output, device: x.device, dtype: x.dtype }));
  });
}

/**
 * Mean of each window over the last three axes.
 *
 * Shapes: x [N, C, D, H, W] -> [N, C, D', H', W'], D' as for conv3d.
 */
export function avgPool3d(x: Tensor, kernelSize: Sizes, options: AvgPoolOptions<Sizes> = {}): Tensor {
  const op = "avgPool3d";
  x.assertAlive(op);
  requireRank(op, "x", x, 5, "[N, C, D, H, W]");
  requireFloat(op, x);
  const { countIncludePad = true, ceilMode = false, divisorOverride, ...rest } = options;
  const { kernel, stride, padding, output } = windowsOver(op, x, 3, kernelSize, { ...rest, ceilMode });
  requireDivisor(op, divisorOverride);
  const [n, c, depth, h, w] = x.shape;
  const common = { countIncludePad, ceilMode };
  const whole = divisorOverride !== undefined;
  // The mean of means: each plane's windows, then the depth's; how many elements count is a product over the axes.
  return composite(op, () => {
    const planes = avgPool2d(reshape(x, [n, c * depth, h, w]), [kernel[1], kernel[2]], {
      ...{ ...common, stride: [stride[1], stride[2]], padding: [padding[1], padding[2]] },
      ...(whole && { divisorOverride: 1 }),
    });
    const columns = avgPool2d(reshape(planes, [n, c, depth, output[1] * output[2]]), [kernel[0], 1], {
      ...{ ...common, stride: [stride[0], 1], padding: [padding[0], 0] },
      ...(whole && { divisorOverride }),
    });
    return reshape(columns, [n, c, ...output]);
  });
}

/**
 * Mean of each window along the last axis.
 *
 * Shapes: x [N, C, L] -> [N, C, L'], L' as for conv1d.
 */
export function avgPool1d(x: Tensor, kernelSize: Sizes, options: AvgPoolOptions<Sizes> = {}): Tensor {
  x.assertAlive("avgPool1d");
  requireRank("avgPool1d", "x", x, 3, "[N, C, L]");
  return average("avgPool1d", 1, x, kernelSize, options);
}

/**
 * Mean of each window, per channel.
 *
 * Shapes: x [N, C, H, W] -> [N, C, H', W'], H' as for conv2d.
 *
 * @throws ShapeError where a window does not fit or the padding is more than half of it.
 */
export function avgPool2d(x: Tensor, kernelSize: Pair, options: AvgPoolOptions = {}): Tensor {
  x.assertAlive("avgPool2d");
  requireRank("avgPool2d", "x", x, 4, "[N, C, H, W]");
  return average("avgPool2d", 2, x, kernelSize, options);
}

export interface LpPoolOptions<Size extends Sizes = Pair> {
  /** Default: the kernel size. */
  readonly stride?: Size;
  /** Also take a last window that reaches over the end. */
  readonly ceilMode?: boolean;
}

// (sum of x^p)^(1/p). In ceil mode a window that reaches over the end is scaled up to a whole one, as in PyTorch.
function powerMean(
  op: string,
  axes: number,
  x: Tensor,
  p: number,
  kernelSize: Sizes,
  options: LpPoolOptions<Sizes>,
): Tensor {
  if (!(Number.isFinite(p) && p !== 0))
    throw new ValueError(op, `normType must be a number other than 0; got ${String(p)}.`);
  requireFloat(op, x);
  const count = requireSizes(op, "kernelSize", kernelSize, axes, 1).reduce((a, b) => a * b, 1);
  return composite(op, () => {
    const means = average(op, axes, p === 1 ? x : pow(x, p), kernelSize, options);
    const sums = mul(means, count);
    if (p === 1) return sums;
    // The root has no derivative at 0: the gradient there is 0.
    const isZero = eq(sums, 0);
    return where(isZero, p > 0 ? 0 : Infinity, pow(where(isZero, 1, sums), 1 / p));
  });
}

/**
 * (sum of x^normType)^(1/normType) of each window along the last axis. NaN where a sum is negative; where it is 0 the
 * gradient is 0.
 *
 * Shapes: x [N, C, L] -> [N, C, L'], L' as for conv1d.
 */
export function lpPool1d(
  x: Tensor,
  normType: number,
  kernelSize: Sizes,
  options: LpPoolOptions<Sizes> = {},
): Tensor {
  x.assertAlive("lpPool1d");
  requireRank("lpPool1d", "x", x, 3, "[N, C, L]");
  return powerMean("lpPool1d", 1, x, normType, kernelSize, options);
}

/**
 * (sum of x^normType)^(1/normType) of each window, per channel. NaN where a sum is negative; where it is 0 the gradient
 * is 0.
 *
 * Shapes: x [N, C, H, W] -> [N, C, H', W'], H' as for conv2d.
 */
export function lpPool2d(x: Tensor, normType: number, kernelSize: Pair, options: LpPoolOptions = {}): Tensor {
  x.assertAlive("lpPool2d");
  requireRank("lpPool2d", "x", x, 4, "[N, C, H, W]");
  return powerMean("lpPool2d", 2, x, normType, kernelSize, options);
}

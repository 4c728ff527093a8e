// What the pooling ops share: the sizes of windows and the checks on them.
import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { requireSizes } from "../checks.ts";
import type { Sizes } from "../conv.ts";

/** Windows along one or two axes. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly output: readonly number[];
}

export interface WindowOptions {
  readonly stride?: Sizes;
  readonly padding?: Sizes;
  readonly dilation?: Sizes;
  readonly ceilMode?: boolean;
}

/**
 * Positions of a window along an axis. In ceil mode a last window may reach over the end, as long as it starts inside
 * the input or the padding before it.
 */
function positions(
  n: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  ceilMode: boolean,
): number {
  const room = n + 2 * padding - dilation * (kernel - 1) - 1;
  const count = Math.floor((room + (ceilMode ? stride - 1 : 0)) / stride) + 1;
  return ceilMode && (count - 1) * stride >= n + padding ? count - 1 : count;
}

/** The windows over the last `axes` axes of x. */
export function windowsOver(
  op: string,
  x: Tensor,
  axes: number,
  kernelSize: Sizes,
  options: WindowOptions,
): Windows {
  const kernel = requireSizes(op, "kernelSize", kernelSize, axes, 1);
  const stride = requireSizes(op, "stride", options.stride ?? kernel, axes, 1);
  const padding = requireSizes(op, "padding", options.padding ?? 0, axes, 0);
  const dilation = requireSizes(op, "dilation", options.dilation ?? 1, axes, 1);
  const { ceilMode = false } = options;
  const input = x.shape.slice(-axes);
  const output = input.map((n, i) => positions(n, kernel[i], stride[i], padding[i], dilation[i], ceilMode));
  if (output.some((n) => n < 1) || padding.some((p, i) => p * 2 > kernel[i])) {
    throw new ShapeError(
      op,
      `the window must fit the padded input, padding at most half of it; got kernel ${formatShape(kernel)}, ` +
        `padding ${formatShape(padding)} on ${formatShape(x.shape)}.`,
    );
  }
  return { kernel, stride, padding, dilation, output };
}

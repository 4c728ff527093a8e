// Maxima of sliding windows.
import type { PoolGeometry } from "../../backend/kernels.ts";
import { View } from "../../core/view.ts";
import { apply, applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { reshape } from "../algebra.ts";
import { requireFloat, requireRank } from "../checks.ts";
import type { Pair, Sizes } from "../conv.ts";
import { scatterAdd } from "../indexing.ts";
import { windowsOver } from "./window.ts";

interface MaxPoolAttrs extends PoolGeometry {
  /** Of the output. */
  readonly shape: readonly number[];
}

const maxPoolPrimitive: Primitive<MaxPoolAttrs> = primitive({
  name: "maxPool2d",
  inputs: ["x"],
  outputs: ["y", "index"],
  infer: ([x], { shape }: MaxPoolAttrs) => {
    requireFloat("maxPool2d", x);
    const view = View.of(shape);
    return [
      { view, dtype: x.dtype },
      { view, dtype: "int32" },
    ];
  },
  kernel: (k, [x], [y, index], geometry) => k.maxPool(x, y, index, geometry),
  saves: ["index"],
  vjp: { x: ([g], { index }, geometry) => unpool(g!, index, geometry) },
  fusedVjp: "maxPoolGrad",
  vjpKernel: ([g], { index }, geometry) => [apply(maxPoolGradPrimitive, [g!, index], geometry)],
});

const maxPoolGradPrimitive: Primitive<PoolGeometry> = primitive({
  name: "maxPoolGrad",
  inputs: ["g", "index"],
  infer: ([g], { input }: PoolGeometry) => ({
    view: View.of([...g.shape.slice(0, -2), ...input]),
    dtype: g.dtype,
  }),
  kernel: (k, [g, index], gx, geometry) => {
    const { maxPoolGrad } = k.fused;
    if (maxPoolGrad !== "decompose") maxPoolGrad(g, index, gx, geometry);
  },
});

// Each output's gradient goes to the input position that won: scatterAdd within each plane.
function unpool(g: Tensor, index: Tensor, { planes, input, output }: PoolGeometry): Tensor {
  const lead = g.shape.slice(0, -2);
  const flat = reshape(g, [planes, output[0] * output[1]]);
  const at = reshape(index, flat.shape);
  return reshape(scatterAdd(flat, 1, at, input[0] * input[1]), [...lead, ...input]);
}

export interface PoolOptions<Size extends Sizes = Pair> {
  /** Default: the kernel size. */
  readonly stride?: Size;
  /** Implicit -Infinity on each side; at most half the kernel. */
  readonly padding?: Size;
  readonly dilation?: Size;
  /** Also take a last window that reaches over the end. */
  readonly ceilMode?: boolean;
}

/**
 * Maximum of each window, per channel. The first maximum wins; NaN wins over all.
 *
 * Shapes: x [N, C, H, W] -> [N, C, H', W'], H' as for conv2d. The gradient goes to the element that won.
 */
export function maxPool2d(x: Tensor, kernelSize: Pair, options: PoolOptions = {}): Tensor {
  const [y, index] = pooled("maxPool2d", x, kernelSize, options);
  index.dispose();
  return y;
}

/** `maxPool2d`, and where each maximum came from: int32 positions h W + w in the input plane. */
export const maxPool2dWithIndices = (
  x: Tensor,
  kernelSize: Pair,
  options: PoolOptions = {},
): [y: Tensor, index: Tensor] => pooled("maxPool2dWithIndices", x, kernelSize, options);

function pooled(op: string, x: Tensor, kernelSize: Pair, options: PoolOptions): [y: Tensor, index: Tensor] {
  x.assertAlive(op);
  requireRank(op, "x", x, 4, "[N, C, H, W]");
  requireFloat(op, x);
  const windows = windowsOver(op, x, 2, kernelSize, options);
  const both = ([a, b]: readonly number[]): readonly [number, number] => [a, b];
  const [n, c, h, w] = x.shape;
  const geometry = {
    planes: n * c,
    input: [h, w] as const,
    kernel: both(windows.kernel),
    output: both(windows.output),
    stride: both(windows.stride),
    padding: both(windows.padding),
    dilation: both(windows.dilation),
  };
  const [y, index] = applyMany(maxPoolPrimitive, [x], { ...geometry, shape: [n, c, ...windows.output] });
  return [y, index];
}

/**
 * Maximum of each window over the last three axes. The first maximum wins; NaN wins over all.
 *
 * Shapes: x [N, C, D, H, W] -> [N, C, D', H', W'], D' as for conv3d. The gradient goes to the element that won.
 */
export function maxPool3d(x: Tensor, kernelSize: Sizes, options: PoolOptions<Sizes> = {}): Tensor {
  const op = "maxPool3d";
  x.assertAlive(op);
  requireRank(op, "x", x, 5, "[N, C, D, H, W]");
  requireFloat(op, x);
  const { kernel, stride, padding, dilation, output } = windowsOver(op, x, 3, kernelSize, options);
  const [n, c, depth, h, w] = x.shape;
  const { ceilMode = false } = options;
  // The maximum of maxima: over each plane, then over the depth. Among equals the first of the first plane still wins.
  const pair = (all: readonly number[]): Pair => [all[1], all[2]];
  return composite(op, () => {
    const planes = maxPool2d(reshape(x, [n, c * depth, h, w]), pair(kernel), {
      ...{ stride: pair(stride), padding: pair(padding), dilation: pair(dilation), ceilMode },
    });
    const columns = maxPool2d(reshape(planes, [n, c, depth, output[1] * output[2]]), [kernel[0], 1], {
      ...{ stride: [stride[0], 1], padding: [padding[0], 0], dilation: [dilation[0], 1], ceilMode },
    });
    return reshape(columns, [n, c, ...output]);
  });
}

/**
 * Maximum of each window along the last axis. The first maximum wins; NaN wins over all.
 *
 * Shapes: x [N, C, L] -> [N, C, L'], L' as for conv1d. The gradient goes to the element that won.
 */
export function maxPool1d(x: Tensor, kernelSize: Sizes, options: PoolOptions<Sizes> = {}): Tensor {
  x.assertAlive("maxPool1d");
  requireRank("maxPool1d", "x", x, 3, "[N, C, L]");
  requireFloat("maxPool1d", x);
  const { kernel, stride, padding, dilation, output } = windowsOver("maxPool1d", x, 1, kernelSize, options);
  const [n, c, length] = x.shape;
  return composite("maxPool1d", () => {
    const y = maxPool2d(reshape(x, [n, c, 1, length]), [1, kernel[0]], {
      stride: [1, stride[0]],
      padding: [0, padding[0]],
      dilation: [1, dilation[0]],
      ceilMode: options.ceilMode ?? false,
    });
    return reshape(y, [n, c, ...output]);
  });
}

// Convolution and pooling.
import type { ConvGeometry, PoolGeometry } from "../backend/kernels.ts";
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply, applyMany } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { reshape, sum } from "./algebra.ts";
import { requireFloat, requireRank, requireSameDType, requireWhole } from "./checks.ts";
import { scatterAdd } from "./indexing.ts";

// ---- convolution: three primitives, closed under differentiation

const inputShape = (o: ConvGeometry): number[] => [o.batch, o.inChannels, ...o.input];
const weightShape = (o: ConvGeometry): number[] => [o.outChannels, o.inChannels / o.groups, ...o.kernel];
const outputShape = (o: ConvGeometry): number[] => [o.batch, o.outChannels, ...o.output];

const convPrimitive: Primitive<ConvGeometry> = primitive({
  name: "conv2d",
  inputs: ["x", "w", "bias"],
  infer: ([x, ...rest], geometry: ConvGeometry) => {
    requireFloat("conv2d", x);
    requireSameDType("conv2d", [x, ...rest], ["x", "weight", "bias"]);
    return { view: View.of(outputShape(geometry)), dtype: x.dtype };
  },
  kernel: (k, [x, w, bias], y, geometry) => k.conv(x, w, bias ?? null, y, geometry),
  saves: ["x", "w"],
  vjp: {
    x: (g, { w }, geometry) => apply(convInputGradPrimitive, [g, w], geometry),
    w: (g, { x }, geometry) => apply(convWeightGradPrimitive, [x, g], geometry),
    bias: (g) => sum(g, { axis: g.shape.map((_, i) => i).filter((i) => i !== 1) }),
  },
});

const convInputGradPrimitive: Primitive<ConvGeometry> = primitive({
  name: "convInputGrad",
  inputs: ["g", "w"],
  infer: ([g], geometry: ConvGeometry) => ({ view: View.of(inputShape(geometry)), dtype: g.dtype }),
  kernel: (k, [g, w], gx, geometry) => k.convInputGrad(g, w, gx, geometry),
  saves: ["g", "w"],
  vjp: {
    g: (h, { w }, geometry) => apply(convPrimitive, [h, w], geometry),
    w: (h, { g }, geometry) => apply(convWeightGradPrimitive, [h, g], geometry),
  },
});

const convWeightGradPrimitive: Primitive<ConvGeometry> = primitive({
  name: "convWeightGrad",
  inputs: ["x", "g"],
  infer: ([x], geometry: ConvGeometry) => ({ view: View.of(weightShape(geometry)), dtype: x.dtype }),
  kernel: (k, [x, g], gw, geometry) => k.convWeightGrad(x, g, gw, geometry),
  saves: ["x", "g"],
  vjp: {
    x: (h, { g }, geometry) => apply(convInputGradPrimitive, [g, h], geometry),
    g: (h, { x }, geometry) => apply(convPrimitive, [x, h], geometry),
  },
});

/** One number for both axes, or one per axis. */
export type Pair = number | readonly [number, number];

const pair = (value: Pair): readonly [number, number] => (typeof value === "number" ? [value, value] : value);

function checkedPair(op: string, name: string, value: Pair, least: number): readonly [number, number] {
  const [a, b] = pair(value);
  return [requireWhole(op, name, a, least), requireWhole(op, name, b, least)];
}

/** Positions that a window of `kernel` taps takes along an axis. */
const outputSize = (n: number, kernel: number, stride: number, padding: number, dilation: number): number =>
  Math.floor((n + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;

export interface ConvOptions {
  readonly stride?: Pair;
  /** Zeros on each side. */
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
}

function convGeometry(x: Tensor, weight: Tensor, options: ConvOptions): ConvGeometry {
  const stride = checkedPair("conv2d", "stride", options.stride ?? 1, 1);
  const padding = checkedPair("conv2d", "padding", options.padding ?? 0, 0);
  const dilation = checkedPair("conv2d", "dilation", options.dilation ?? 1, 1);
  const groups = requireWhole("conv2d", "groups", options.groups ?? 1, 1);
  const [batch, inChannels, ...input] = x.shape;
  const [outChannels, , ...kernel] = weight.shape;
  const output = input.map((n, i) => outputSize(n, kernel[i], stride[i], padding[i], dilation[i]));
  return { batch, groups, inChannels, outChannels, input, kernel, output, stride, padding, dilation };
}

function checkConv(x: Tensor, weight: Tensor, bias: Tensor | null | undefined, o: ConvGeometry): void {
  const problems: string[] = [];
  if (weight.shape[1] * o.groups !== o.inChannels) {
    problems.push(
      `weight must have in/groups = ${String(o.inChannels / o.groups)} channels; got ${String(weight.shape[1])}`,
    );
  }
  if (o.outChannels % o.groups !== 0) {
    problems.push(
      `output channels must divide by groups; got ${String(o.outChannels)} by ${String(o.groups)}`,
    );
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== o.outChannels)) {
    problems.push(`bias must be [${String(o.outChannels)}]; got ${formatShape(bias.shape)}`);
  }
  if (o.kernel.some((n) => n === 0) || o.output.some((n) => n < 1)) {
    problems.push(
      `the kernel must fit the padded input; got kernel ${formatShape(o.kernel)} on ${formatShape(o.input)}`,
    );
  }
  if (problems.length === 0) return;
  const got = `x ${formatShape(x.shape)}, weight ${formatShape(weight.shape)}`;
  throw new ShapeError("conv2d", `${problems.join("; ")} (${got}).`);
}

/**
 * 2-D cross-correlation: y[n, o] = bias[o] + sum over c of x[n, c] ⋆ weight[o, c].
 *
 * Shapes: x [N, C, H, W], weight [O, C/groups, kH, kW], bias [O] -> [N, O, H', W'] with
 * H' = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1.
 *
 * @throws ShapeError listing everything that does not fit.
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvOptions = {}): Tensor {
  for (const input of [x, weight, bias]) input?.assertAlive("conv2d");
  requireRank("conv2d", "x", x, 4, "[N, C, H, W]");
  requireRank("conv2d", "weight", weight, 4, "[O, C/groups, kH, kW]");
  const geometry = convGeometry(x, weight, options);
  checkConv(x, weight, bias, geometry);
  return apply(convPrimitive, bias ? [x, weight, bias] : [x, weight], geometry);
}

// ---- pooling

const maxPoolPrimitive: Primitive<PoolGeometry & { readonly shape: readonly number[] }> = primitive({
  name: "maxPool2d",
  inputs: ["x"],
  outputs: ["y", "index"],
  infer: ([x], { shape }: PoolGeometry & { readonly shape: readonly number[] }) => {
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
});

// Each output's gradient goes to the input position that won: scatterAdd within each plane.
function unpool(g: Tensor, index: Tensor, { planes, input, output }: PoolGeometry): Tensor {
  const lead = g.shape.slice(0, -2);
  const flat = reshape(g, [planes, output[0] * output[1]]);
  const at = reshape(index, flat.shape);
  return reshape(scatterAdd(flat, 1, at, input[0] * input[1]), [...lead, ...input]);
}

export interface PoolOptions {
  /** Default: the kernel size. */
  readonly stride?: Pair;
  /** Implicit -Infinity on each side; at most half the kernel. */
  readonly padding?: Pair;
  readonly dilation?: Pair;
}

/**
 * Maximum of each window, per channel. The first maximum wins; NaN wins over all.
 *
 * Shapes: x [N, C, H, W] -> [N, C, H', W'], H' as for conv2d. The gradient goes to the element that won.
 */
export function maxPool2d(x: Tensor, kernelSize: Pair, options: PoolOptions = {}): Tensor {
  const [y, index] = maxPool2dWithIndices(x, kernelSize, options);
  index.dispose();
  return y;
}

/** `maxPool2d`, and where each maximum came from: int32 positions h W + w in the input plane. */
export function maxPool2dWithIndices(
  x: Tensor,
  kernelSize: Pair,
  options: PoolOptions = {},
): [y: Tensor, index: Tensor] {
  x.assertAlive("maxPool2d");
  requireRank("maxPool2d", "x", x, 4, "[N, C, H, W]");
  const kernel = checkedPair("maxPool2d", "kernelSize", kernelSize, 1);
  const stride = checkedPair("maxPool2d", "stride", options.stride ?? kernel, 1);
  const padding = checkedPair("maxPool2d", "padding", options.padding ?? 0, 0);
  const dilation = checkedPair("maxPool2d", "dilation", options.dilation ?? 1, 1);
  const [n, c, h, w] = x.shape;
  const size = (length: number, i: number): number =>
    outputSize(length, kernel[i], stride[i], padding[i], dilation[i]);
  const output = [size(h, 0), size(w, 1)] as const;
  if (output.some((length) => length < 1) || padding.some((p, i) => p * 2 > kernel[i])) {
    throw new ShapeError(
      "maxPool2d",
      `the window must fit the padded input, padding at most half of it; got kernel ${formatShape(kernel)}, ` +
        `padding ${formatShape(padding)} on ${formatShape(x.shape)}.`,
    );
  }
  const geometry = { planes: n * c, input: [h, w] as const, kernel, output, stride, padding, dilation };
  const [y, index] = applyMany(maxPoolPrimitive, [x], { ...geometry, shape: [n, c, ...output] });
  return [y, index];
}

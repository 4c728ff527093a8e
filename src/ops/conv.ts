// Convolutions over one to three spatial axes, and their transposes: both are members of one family of three
// primitives, closed under differentiation.
import type { ConvGeometry } from "../backend/kernels.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, reshape, sum } from "./algebra.ts";
import { requireFloat, requireRank, requireSameDType, requireSizes, requireWhole } from "./checks.ts";

// ---- the family

const inputShape = (o: ConvGeometry): number[] => [o.batch, o.inChannels, ...o.input];
const weightShape = (o: ConvGeometry): number[] => [o.outChannels, o.inChannels / o.groups, ...o.kernel];
const outputShape = (o: ConvGeometry): number[] => [o.batch, o.outChannels, ...o.output];

interface ConvFamily {
  readonly conv: Primitive<ConvGeometry>;
  /** The gradient of `conv` with respect to its input: the transposed convolution. */
  readonly inputGrad: Primitive<ConvGeometry>;
}

/** The three primitives for one number of spatial axes; errors name what users call. */
function convFamily(axes: number): ConvFamily {
  const name = `conv${String(axes)}d`;
  const transposeName = `convTranspose${String(axes)}d`;

  const conv: Primitive<ConvGeometry> = primitive({
    name,
    inputs: ["x", "w", "bias"],
    infer: ([x, ...rest], geometry: ConvGeometry) => {
      requireFloat(name, x);
      requireSameDType(name, [x, ...rest], ["x", "weight", "bias"]);
      return { view: View.of(outputShape(geometry)), dtype: x.dtype };
    },
    kernel: (k, [x, w, bias], y, geometry) => k.conv(x, w, bias ?? null, y, geometry),
    saves: ["x", "w"],
    vjp: {
      x: (g, { w }, geometry) => apply(inputGrad, [g, w], geometry),
      w: (g, { x }, geometry) => apply(weightGrad, [x, g], geometry),
      bias: (g) => sum(g, { axis: g.shape.map((_, i) => i).filter((i) => i !== 1) }),
    },
  });

  const inputGrad: Primitive<ConvGeometry> = primitive({
    name: transposeName,
    inputs: ["g", "w"],
    infer: ([g, w], geometry: ConvGeometry) => {
      requireFloat(transposeName, g);
      requireSameDType(transposeName, [g, w], ["x", "weight"]);
      return { view: View.of(inputShape(geometry)), dtype: g.dtype };
    },
    kernel: (k, [g, w], gx, geometry) => k.convInputGrad(g, w, gx, geometry),
    saves: ["g", "w"],
    vjp: {
      g: (h, { w }, geometry) => apply(conv, [h, w], geometry),
      w: (h, { g }, geometry) => apply(weightGrad, [h, g], geometry),
    },
  });

  const weightGrad: Primitive<ConvGeometry> = primitive({
    name: `${name}WeightGrad`,
    inputs: ["x", "g"],
    infer: ([x], geometry: ConvGeometry) => ({ view: View.of(weightShape(geometry)), dtype: x.dtype }),
    kernel: (k, [x, g], gw, geometry) => k.convWeightGrad(x, g, gw, geometry),
    saves: ["x", "g"],
    vjp: {
      x: (h, { g }, geometry) => apply(inputGrad, [g, h], geometry),
      g: (h, { x }, geometry) => apply(conv, [x, h], geometry),
    },
  });

  return { conv, inputGrad };
}

const families: readonly ConvFamily[] = [convFamily(1), convFamily(2), convFamily(3)];

/** A convolution whose geometry another op has worked out. */
export const convolve = (x: Tensor, weight: Tensor, geometry: ConvGeometry): Tensor =>
  apply(families[geometry.input.length - 1].conv, [x, weight], geometry);

// ---- options

/** One number for both axes, or one per axis. */
export type Pair = number | readonly [number, number];

/** One number for all axes, or one per axis. */
export type Sizes = number | readonly number[];

export interface ConvOptions<Size extends Sizes = Pair> {
  readonly stride?: Size;
  /** Zeros on each side; "same" keeps the size (for stride 1; of an odd total, the smaller half comes first). */
  readonly padding?: Size | "valid" | "same";
  readonly dilation?: Size;
  readonly groups?: number;
}

export interface ConvTransposeOptions<Size extends Sizes = Pair> {
  readonly stride?: Size;
  /** What the convolution that this transposes had; it takes rows off the result. */
  readonly padding?: Size;
  /** Elements added behind, to choose among the sizes that a strided convolution maps to one. */
  readonly outputPadding?: Size;
  readonly dilation?: Size;
  readonly groups?: number;
}

/** Positions that a window of `kernel` taps takes along an axis. */
const outputSize = (n: number, kernel: number, stride: number, padding: number, dilation: number): number =>
  Math.floor((n + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;

const layouts = ["L", "H, W", "D, H, W"];
const kernels = ["k", "kH, kW", "kD, kH, kW"];

function requireLayouts(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  axes: number,
): void {
  for (const input of [x, weight, bias]) input?.assertAlive(op);
  const [first, second] = op.startsWith("convT") ? ["C", "O/groups"] : ["O", "C/groups"];
  requireRank(op, "x", x, axes + 2, `[N, C, ${layouts[axes - 1]}]`);
  requireRank(op, "weight", weight, axes + 2, `[${first}, ${second}, ${kernels[axes - 1]}]`);
}

// ---- convolution

function convGeometry(op: string, x: Tensor, weight: Tensor, options: ConvOptions<Sizes>): ConvGeometry {
  const [batch, inChannels, ...input] = x.shape;
  const [outChannels, , ...kernel] = weight.shape;
  const axes = input.length;
  const stride = requireSizes(op, "stride", options.stride ?? 1, axes, 1);
  const dilation = requireSizes(op, "dilation", options.dilation ?? 1, axes, 1);
  const groups = requireWhole(op, "groups", options.groups ?? 1, 1);
  const common = { batch, groups, inChannels, outChannels, input, kernel, stride, dilation };
  if (options.padding === "same") {
    if (stride.some((n) => n !== 1))
      throw new ValueError(op, `padding "same" needs stride 1; got ${formatShape(stride)}.`);
    const padding = kernel.map((n, i) => Math.floor((dilation[i] * (n - 1)) / 2));
    return { ...common, padding, output: input };
  }
  const padding = requireSizes(
    op,
    "padding",
    options.padding === "valid" ? 0 : (options.padding ?? 0),
    axes,
    0,
  );
  const output = input.map((n, i) => outputSize(n, kernel[i], stride[i], padding[i], dilation[i]));
  return { ...common, padding, output };
}

function checkConv(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  o: ConvGeometry,
): void {
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
  throw new ShapeError(op, `${problems.join("; ")} (${got}).`);
}

function convolution(
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  options: ConvOptions<Sizes>,
): Tensor {
  const op = `conv${String(axes)}d`;
  requireLayouts(op, x, weight, bias, axes);
  const geometry = convGeometry(op, x, weight, options);
  checkConv(op, x, weight, bias, geometry);
  return apply(families[axes - 1].conv, bias ? [x, weight, bias] : [x, weight], geometry);
}

/**
 * 1-D cross-correlation: y[n, o] = bias[o] + sum over c of x[n, c] ⋆ weight[o, c].
 *
 * Shapes: x [N, C, L], weight [O, C/groups, k], bias [O] -> [N, O, L'] with
 * L' = floor((L + 2 padding - dilation (k - 1) - 1) / stride) + 1.
 *
 * @throws ShapeError listing everything that does not fit.
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvOptions<Sizes> = {},
): Tensor {
  return convolution(1, x, weight, bias, options);
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
  return convolution(2, x, weight, bias, options);
}

/**
 * 3-D cross-correlation: y[n, o] = bias[o] + sum over c of x[n, c] ⋆ weight[o, c].
 *
 * Shapes: x [N, C, D, H, W], weight [O, C/groups, kD, kH, kW], bias [O] -> [N, O, D', H', W'], sizes as for conv2d.
 *
 * @throws ShapeError listing everything that does not fit.
 */
export function conv3d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvOptions<Sizes> = {},
): Tensor {
  return convolution(3, x, weight, bias, options);
}

// ---- transposed convolution

// The geometry of the convolution that this is the transpose of: its output is x, its input is what we compute.
function transposeGeometry(
  op: string,
  x: Tensor,
  weight: Tensor,
  options: ConvTransposeOptions<Sizes>,
): ConvGeometry {
  const [batch, outChannels, ...output] = x.shape;
  const [, perGroup, ...kernel] = weight.shape;
  const axes = output.length;
  const stride = requireSizes(op, "stride", options.stride ?? 1, axes, 1);
  const padding = requireSizes(op, "padding", options.padding ?? 0, axes, 0);
  const extra = requireSizes(op, "outputPadding", options.outputPadding ?? 0, axes, 0);
  const dilation = requireSizes(op, "dilation", options.dilation ?? 1, axes, 1);
  const groups = requireWhole(op, "groups", options.groups ?? 1, 1);
  if (extra.some((n, i) => n >= Math.max(stride[i], dilation[i]))) {
    throw new ShapeError(
      op,
      `outputPadding must be smaller than stride or dilation; got outputPadding ${formatShape(extra)}, ` +
        `stride ${formatShape(stride)}, dilation ${formatShape(dilation)}.`,
    );
  }
  const input = output.map(
    (n, i) => (n - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel[i] - 1) + extra[i] + 1,
  );
  const inChannels = perGroup * groups;
  return { batch, groups, inChannels, outChannels, input, kernel, output, stride, padding, dilation };
}

function checkTranspose(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  o: ConvGeometry,
): void {
  const problems: string[] = [];
  if (weight.shape[0] !== o.outChannels) {
    problems.push(
      `weight must have in = ${String(o.outChannels)} first channels; got ${String(weight.shape[0])}`,
    );
  }
  if (o.outChannels % o.groups !== 0) {
    problems.push(
      `input channels must divide by groups; got ${String(o.outChannels)} by ${String(o.groups)}`,
    );
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== o.inChannels)) {
    problems.push(`bias must be [${String(o.inChannels)}]; got ${formatShape(bias.shape)}`);
  }
  if (o.kernel.some((n) => n === 0) || o.input.some((n) => n < 1) || o.output.some((n) => n < 1)) {
    problems.push(`the result must not be empty; got sizes ${formatShape(o.input)}`);
  }
  if (problems.length === 0) return;
  const got = `x ${formatShape(x.shape)}, weight ${formatShape(weight.shape)}`;
  throw new ShapeError(op, `${problems.join("; ")} (${got}).`);
}

function transposed(
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  options: ConvTransposeOptions<Sizes>,
): Tensor {
  const op = `convTranspose${String(axes)}d`;
  requireLayouts(op, x, weight, bias, axes);
  const geometry = transposeGeometry(op, x, weight, options);
  checkTranspose(op, x, weight, bias, geometry);
  const { inputGrad } = families[axes - 1];
  if (!bias) return apply(inputGrad, [x, weight], geometry);
  return composite(op, () =>
    add(
      apply(inputGrad, [x, weight], geometry),
      reshape(bias, [bias.size, ...new Array<number>(axes).fill(1)]),
    ),
  );
}

/**
 * 1-D transposed convolution: the adjoint of `conv1d` (its gradient with respect to the input), used forward.
 *
 * Shapes: x [N, C, L], weight [C, O/groups, k], bias [O] -> [N, O, L'] with
 * L' = (L - 1) stride - 2 padding + dilation (k - 1) + outputPadding + 1.
 *
 * @throws ShapeError listing everything that does not fit.
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions<Sizes> = {},
): Tensor {
  return transposed(1, x, weight, bias, options);
}

/**
 * 2-D transposed convolution: the adjoint of `conv2d` (its gradient with respect to the input), used forward.
 *
 * Shapes: x [N, C, H, W], weight [C, O/groups, kH, kW], bias [O] -> [N, O, H', W'] with
 * H' = (H - 1) stride - 2 padding + dilation (kH - 1) + outputPadding + 1.
 *
 * @throws ShapeError listing everything that does not fit.
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions = {},
): Tensor {
  return transposed(2, x, weight, bias, options);
}

/**
 * 3-D transposed convolution: the adjoint of `conv3d` (its gradient with respect to the input), used forward.
 *
 * Shapes: x [N, C, D, H, W], weight [C, O/groups, kD, kH, kW], bias [O] -> [N, O, D', H', W'], sizes as for
 * convTranspose2d.
 *
 * @throws ShapeError listing everything that does not fit.
 */
export function convTranspose3d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions<Sizes> = {},
): Tensor {
  return transposed(3, x, weight, bias, options);
}

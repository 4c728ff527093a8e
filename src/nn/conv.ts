// Convolution layers and their transposes over one to three spatial axes.
import { ShapeError } from "../core/errors.ts";
import { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from "../ops/conv.ts";
import type { ConvOptions, ConvTransposeOptions, Pair, Sizes } from "../ops/conv.ts";
import { requireSizes, requireWhole } from "../ops/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged, showSizes } from "./describe.ts";
import { fanInBound, uniformParameter, whereOf } from "./init.ts";
import type { ParameterOptions } from "./init.ts";
import { Module } from "./module.ts";

interface ConvLayerOptions extends ConvOptions<Sizes>, ParameterOptions {
  readonly bias?: boolean;
}

interface ConvTransposeLayerOptions extends ConvTransposeOptions<Sizes>, ParameterOptions {
  readonly bias?: boolean;
}

export interface Conv2dOptions extends ConvOptions, ParameterOptions {
  readonly bias?: boolean;
}

/** What the six layers share: their parameters, and how they print. */
abstract class ConvLayer<Options extends { readonly groups?: number }> extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Sizes;
  readonly options: Options;
  weight: Tensor;
  bias: Tensor | null;

  constructor(
    name: string,
    axes: number,
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    { bias = true, ...options }: Options & ParameterOptions & { readonly bias?: boolean },
    transposed: boolean,
  ) {
    super();
    const { device: _device, dtype: _dtype, generator: _generator, ...rest } = options;
    const where = whereOf(options);
    this.inChannels = requireWhole(name, "inChannels", inChannels, 1);
    this.outChannels = requireWhole(name, "outChannels", outChannels, 1);
    this.kernelSize = kernelSize;
    const groups = requireWhole(name, "groups", options.groups ?? 1, 1);
    // What is left of a generic's fields has no type that TypeScript can name.
    this.options = rest as unknown as Options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ShapeError(
        name,
        `channels must divide by groups; got ${String(inChannels)} in and ${String(outChannels)} out by ${String(groups)}.`,
      );
    }
    const kernel = requireSizes(name, "kernelSize", kernelSize, axes, 1);
    const shape = transposed
      ? [inChannels, outChannels / groups, ...kernel]
      : [outChannels, inChannels / groups, ...kernel];
    this.weight = uniformParameter(shape, fanInBound(shape), where);
    this.bias = bias ? uniformParameter([outChannels], fanInBound(shape), where) : null;
  }

  protected override describe(): string {
    const channels = `${String(this.inChannels)}, ${String(this.outChannels)}, kernelSize=${showSizes(this.kernelSize)}`;
    const defaults = { stride: 1, padding: 0, outputPadding: 0, dilation: 1, groups: 1 };
    return channels + showChanged(this.options, defaults) + (this.bias ? "" : ", bias=false");
  }
}

/**
 * 1-D convolution (cross-correlation) over [N, inChannels, L].
 *
 * weight [outChannels, inChannels/groups, k], bias [outChannels]; both start uniform on ±1/sqrt(fan in).
 */
export class Conv1d extends ConvLayer<ConvOptions<Sizes>> {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super("Conv1d", 1, inChannels, outChannels, kernelSize, options, false);
  }

  override get moduleName(): string {
    return "Conv1d";
  }

  override forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, this.bias, this.options);
  }
}

/**
 * 2-D convolution (cross-correlation) over [N, inChannels, H, W].
 *
 * weight [outChannels, inChannels/groups, kH, kW], bias [outChannels]; both start uniform on ±1/sqrt(fan in).
 */
export class Conv2d extends ConvLayer<ConvOptions> {
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}) {
    super("Conv2d", 2, inChannels, outChannels, kernelSize, options, false);
  }

  override get moduleName(): string {
    return "Conv2d";
  }

  override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.options);
  }
}

/**
 * 3-D convolution (cross-correlation) over [N, inChannels, D, H, W].
 *
 * weight [outChannels, inChannels/groups, kD, kH, kW], bias [outChannels]; both start uniform on ±1/sqrt(fan in).
 */
export class Conv3d extends ConvLayer<ConvOptions<Sizes>> {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super("Conv3d", 3, inChannels, outChannels, kernelSize, options, false);
  }

  override get moduleName(): string {
    return "Conv3d";
  }

  override forward(x: Tensor): Tensor {
    return conv3d(x, this.weight, this.bias, this.options);
  }
}

/**
 * 1-D transposed convolution over [N, inChannels, L].
 *
 * weight [inChannels, outChannels/groups, k], bias [outChannels]; both start uniform on ±1/sqrt(outChannels/groups k).
 */
export class ConvTranspose1d extends ConvLayer<ConvTransposeOptions<Sizes>> {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvTransposeLayerOptions = {},
  ) {
    super("ConvTranspose1d", 1, inChannels, outChannels, kernelSize, options, true);
  }

  override get moduleName(): string {
    return "ConvTranspose1d";
  }

  override forward(x: Tensor): Tensor {
    return convTranspose1d(x, this.weight, this.bias, this.options);
  }
}

/**
 * 2-D transposed convolution over [N, inChannels, H, W].
 *
 * weight [inChannels, outChannels/groups, kH, kW], bias [outChannels]; both start uniform on
 * ±1/sqrt(outChannels/groups kH kW).
 */
export class ConvTranspose2d extends ConvLayer<ConvTransposeOptions> {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    options: ConvTransposeOptions & ParameterOptions & { readonly bias?: boolean } = {},
  ) {
    super("ConvTranspose2d", 2, inChannels, outChannels, kernelSize, options, true);
  }

  override get moduleName(): string {
    return "ConvTranspose2d";
  }

  override forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.options);
  }
}

/**
 * 3-D transposed convolution over [N, inChannels, D, H, W].
 *
 * weight [inChannels, outChannels/groups, kD, kH, kW], bias [outChannels]; both start uniform on
 * ±1/sqrt(outChannels/groups kD kH kW).
 */
export class ConvTranspose3d extends ConvLayer<ConvTransposeOptions<Sizes>> {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvTransposeLayerOptions = {},
  ) {
    super("ConvTranspose3d", 3, inChannels, outChannels, kernelSize, options, true);
  }

  override get moduleName(): string {
    return "ConvTranspose3d";
  }

  override forward(x: Tensor): Tensor {
    return convTranspose3d(x, this.weight, this.bias, this.options);
  }
}

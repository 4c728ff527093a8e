// Convolution and pooling layers.
import { ShapeError } from "../core/errors.ts";
import { conv2d, maxPool2d } from "../ops/conv.ts";
import type { ConvOptions, Pair, PoolOptions } from "../ops/conv.ts";
import { requireWhole } from "../ops/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fanInBound, uniformParameter } from "./init.ts";
import type { ParameterOptions } from "./init.ts";
import { Module } from "./module.ts";

const show = (value: Pair): string => (typeof value === "number" ? String(value) : `[${value.join(", ")}]`);

/** What differs from the defaults, for printouts. */
const showChanged = (
  options: Readonly<Record<string, Pair | undefined>>,
  defaults: Readonly<Record<string, Pair>>,
): string =>
  Object.entries(options)
    .filter(([name, value]) => value !== undefined && show(value) !== show(defaults[name]))
    .map(([name, value]) => `, ${name}=${show(value!)}`)
    .join("");

export interface Conv2dOptions extends ConvOptions, ParameterOptions {
  readonly bias?: boolean;
}

/**
 * 2-D convolution (cross-correlation) over [N, inChannels, H, W].
 *
 * weight [outChannels, inChannels/groups, kH, kW], bias [outChannels]; both start uniform on ±1/sqrt(fan in).
 */
export class Conv2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Pair;
  readonly options: ConvOptions;
  weight: Tensor;
  bias: Tensor | null;

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}) {
    super();
    const { bias = true, stride = 1, padding = 0, dilation = 1, groups = 1, ...where } = options;
    this.inChannels = requireWhole("Conv2d", "inChannels", inChannels, 1);
    this.outChannels = requireWhole("Conv2d", "outChannels", outChannels, 1);
    this.kernelSize = kernelSize;
    this.options = { stride, padding, dilation, groups: requireWhole("Conv2d", "groups", groups, 1) };
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ShapeError(
        "Conv2d",
        `channels must divide by groups; got ${String(inChannels)} in and ${String(outChannels)} out by ${String(groups)}.`,
      );
    }
    const [kH, kW] = (typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize).map((size) =>
      requireWhole("Conv2d", "kernelSize", size, 1),
    );
    const shape = [outChannels, inChannels / groups, kH, kW];
    this.weight = uniformParameter(shape, fanInBound(shape), where);
    this.bias = bias ? uniformParameter([outChannels], fanInBound(shape), where) : null;
  }

  override get moduleName(): string {
    return "Conv2d";
  }

  override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.options);
  }

  protected override describe(): string {
    const { stride, padding, dilation, groups } = this.options;
    const channels = `${String(this.inChannels)}, ${String(this.outChannels)}, kernelSize=${show(this.kernelSize)}`;
    const changed = showChanged(
      { stride, padding, dilation, groups },
      { stride: 1, padding: 0, dilation: 1, groups: 1 },
    );
    return channels + changed + (this.bias ? "" : ", bias=false");
  }
}

/** Maximum over windows of [N, C, H, W]; the stride defaults to the kernel size. */
export class MaxPool2d extends Module {
  readonly kernelSize: Pair;
  readonly options: PoolOptions;

  constructor(kernelSize: Pair, options: PoolOptions = {}) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override get moduleName(): string {
    return "MaxPool2d";
  }

  override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }

  protected override describe(): string {
    const { stride, padding, dilation } = this.options;
    const defaults = { stride: this.kernelSize, padding: 0, dilation: 1 };
    return `kernelSize=${show(this.kernelSize)}${showChanged({ stride, padding, dilation }, defaults)}`;
  }
}

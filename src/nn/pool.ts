// Pooling layers.
import { avgPool1d, avgPool2d, avgPool3d, lpPool1d, lpPool2d } from "../ops/pool/average.ts";
import type { AvgPoolOptions, LpPoolOptions } from "../ops/pool/average.ts";
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
} from "../ops/pool/adaptive.ts";
import type { AdaptiveSize } from "../ops/pool/adaptive.ts";
import { maxPool1d, maxPool2d, maxPool3d } from "../ops/pool/max.ts";
import type { PoolOptions } from "../ops/pool/max.ts";
import type { Pair, Sizes } from "../ops/conv.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged, showSizes } from "./describe.ts";
import { Module } from "./module.ts";

/** A layer that is a window and its options. */
abstract class WindowLayer<Size extends Sizes, Options extends object> extends Module {
  readonly kernelSize: Size;
  readonly options: Options;

  constructor(kernelSize: Size, options: Options) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }

  protected override describe(): string {
    const defaults = {
      stride: this.kernelSize,
      padding: 0,
      dilation: 1,
      ceilMode: false,
      countIncludePad: true,
    };
    return `kernelSize=${showSizes(this.kernelSize)}${showChanged(this.options, defaults)}`;
  }
}

/** A layer that is an output size. */
abstract class AdaptiveLayer extends Module {
  readonly outputSize: AdaptiveSize;

  constructor(outputSize: AdaptiveSize) {
    super();
    this.outputSize = outputSize;
  }

  protected override describe(): string {
    return `outputSize=${showSizes(this.outputSize)}`;
  }
}

/** Maximum over windows of [N, C, L]; the stride defaults to the kernel size. */
export class MaxPool1d extends WindowLayer<Sizes, PoolOptions<Sizes>> {
  constructor(kernelSize: Sizes, options: PoolOptions<Sizes> = {}) {
    super(kernelSize, options);
  }

  override get moduleName(): string {
    return "MaxPool1d";
  }

  override forward(x: Tensor): Tensor {
    return maxPool1d(x, this.kernelSize, this.options);
  }
}

/** Maximum over windows of [N, C, H, W]; the stride defaults to the kernel size. */
export class MaxPool2d extends WindowLayer<Pair, PoolOptions> {
  constructor(kernelSize: Pair, options: PoolOptions = {}) {
    super(kernelSize, options);
  }

  override get moduleName(): string {
    return "MaxPool2d";
  }

  override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}

/** Maximum over windows of [N, C, D, H, W]; the stride defaults to the kernel size. */
export class MaxPool3d extends WindowLayer<Sizes, PoolOptions<Sizes>> {
  constructor(kernelSize: Sizes, options: PoolOptions<Sizes> = {}) {
    super(kernelSize, options);
  }

  override get moduleName(): string {
    return "MaxPool3d";
  }

  override forward(x: Tensor): Tensor {
    return maxPool3d(x, this.kernelSize, this.options);
  }
}

/** Mean over windows of [N, C, D, H, W]; the stride defaults to the kernel size. */
export class AvgPool3d extends WindowLayer<Sizes, AvgPoolOptions<Sizes>> {
  constructor(kernelSize: Sizes, options: AvgPoolOptions<Sizes> = {}) {
    super(kernelSize, options);
  }

  override get moduleName(): string {
    return "AvgPool3d";
  }

  override forward(x: Tensor): Tensor {
    return avgPool3d(x, this.kernelSize, this.options);
  }
}

/** Mean over windows of [N, C, L]; the stride defaults to the kernel size. */
export class AvgPool1d extends WindowLayer<Sizes, AvgPoolOptions<Sizes>> {
  constructor(kernelSize: Sizes, options: AvgPoolOptions<Sizes> = {}) {
    super(kernelSize, options);
  }

  override get moduleName(): string {
    return "AvgPool1d";
  }

  override forward(x: Tensor): Tensor {
    return avgPool1d(x, this.kernelSize, this.options);
  }
}

/** Mean over windows of [N, C, H, W]; the stride defaults to the kernel size. */
export class AvgPool2d extends WindowLayer<Pair, AvgPoolOptions> {
  constructor(kernelSize: Pair, options: AvgPoolOptions = {}) {
    super(kernelSize, options);
  }

  override get moduleName(): string {
    return "AvgPool2d";
  }

  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}

/** (sum of x^normType)^(1/normType) over windows of [N, C, L]; the stride defaults to the kernel size. */
export class LPPool1d extends WindowLayer<Sizes, LpPoolOptions<Sizes>> {
  readonly normType: number;

  constructor(normType: number, kernelSize: Sizes, options: LpPoolOptions<Sizes> = {}) {
    super(kernelSize, options);
    this.normType = normType;
  }

  override get moduleName(): string {
    return "LPPool1d";
  }

  override forward(x: Tensor): Tensor {
    return lpPool1d(x, this.normType, this.kernelSize, this.options);
  }

  protected override describe(): string {
    return `normType=${String(this.normType)}, ${super.describe()}`;
  }
}

/** (sum of x^normType)^(1/normType) over windows of [N, C, H, W]; the stride defaults to the kernel size. */
export class LPPool2d extends WindowLayer<Pair, LpPoolOptions> {
  readonly normType: number;

  constructor(normType: number, kernelSize: Pair, options: LpPoolOptions = {}) {
    super(kernelSize, options);
    this.normType = normType;
  }

  override get moduleName(): string {
    return "LPPool2d";
  }

  override forward(x: Tensor): Tensor {
    return lpPool2d(x, this.normType, this.kernelSize, this.options);
  }

  protected override describe(): string {
    return `normType=${String(this.normType)}, ${super.describe()}`;
  }
}

/** Mean over windows that share out the input: [N, C, L] -> [N, C, outputSize]. */
export class AdaptiveAvgPool1d extends AdaptiveLayer {
  override get moduleName(): string {
    return "AdaptiveAvgPool1d";
  }

  override forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize);
  }
}

/** Mean over windows that share out the input: [N, C, H, W] -> [N, C, ...outputSize]. */
export class AdaptiveAvgPool2d extends AdaptiveLayer {
  override get moduleName(): string {
    return "AdaptiveAvgPool2d";
  }

  override forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}

/** Maximum over windows that share out the input: [N, C, L] -> [N, C, outputSize]. */
export class AdaptiveMaxPool1d extends AdaptiveLayer {
  override get moduleName(): string {
    return "AdaptiveMaxPool1d";
  }

  override forward(x: Tensor): Tensor {
    return adaptiveMaxPool1d(x, this.outputSize);
  }
}

/** Maximum over windows that share out the input: [N, C, H, W] -> [N, C, ...outputSize]. */
export class AdaptiveMaxPool2d extends AdaptiveLayer {
  override get moduleName(): string {
    return "AdaptiveMaxPool2d";
  }

  override forward(x: Tensor): Tensor {
    return adaptiveMaxPool2d(x, this.outputSize);
  }
}

// Layers that change the size of images without parameters.
import { requireWhole } from "../ops/checks.ts";
import { pixelShuffle, pixelUnshuffle } from "../ops/shape.ts";
import { interpolate } from "../ops/windows.ts";
import type { InterpolateOptions } from "../ops/windows.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged } from "./describe.ts";
import { Module } from "./module.ts";

/** Images in another size: [N, C, ...spatial] -> [N, C, ...size]. See `interpolate`. */
export class Upsample extends Module {
  readonly options: InterpolateOptions;

  constructor(options: InterpolateOptions) {
    super();
    this.options = options;
  }

  override get moduleName(): string {
    return "Upsample";
  }

  override forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }

  protected override describe(): string {
    const defaults = { size: null, scaleFactor: null, mode: "nearest", alignCorners: false };
    return showChanged(this.options, defaults).slice(2);
  }
}

/** Channels become pixels: [..., C r^2, H, W] -> [..., C, H r, W r]. */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = requireWhole("PixelShuffle", "upscaleFactor", upscaleFactor, 1);
  }

  override get moduleName(): string {
    return "PixelShuffle";
  }

  override forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }

  protected override describe(): string {
    return `upscaleFactor=${String(this.upscaleFactor)}`;
  }
}

/** Pixels become channels: [..., C, H r, W r] -> [..., C r^2, H, W]. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = requireWhole("PixelUnshuffle", "downscaleFactor", downscaleFactor, 1);
  }

  override get moduleName(): string {
    return "PixelUnshuffle";
  }

  override forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor);
  }

  protected override describe(): string {
    return `downscaleFactor=${String(this.downscaleFactor)}`;
  }
}

// Padding and sliding windows as modules, for use in Sequential. One to three spatial axes, in PyTorch's names and order.
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { pad } from "../ops/placement.ts";
import type { PadMode } from "../ops/placement.ts";
import { fold, unfold } from "../ops/windows.ts";
import type { WindowOptions } from "../ops/windows.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged, showSizes } from "./describe.ts";
import { Module } from "./module.ts";

/** One number for all sides, or [before, after] of the last axis, then of the one before it, and so on. */
export type Padding = number | readonly number[];

abstract class PaddingModule extends Module {
  /** [before, after] of the last axis, then of the one before it, and so on. */
  readonly padding: readonly number[];
  protected abstract readonly mode: PadMode;
  /** For the mode "constant". */
  readonly value: number;

  constructor(name: string, axes: number, padding: Padding, value = 0) {
    super();
    const sides = typeof padding === "number" ? new Array<number>(2 * axes).fill(padding) : padding;
    if (sides.length !== 2 * axes || !sides.every((n) => Number.isSafeInteger(n))) {
      throw new ShapeError(
        name,
        `padding must be one whole number or ${String(2 * axes)} of them; got ${formatShape(sides)}.`,
      );
    }
    this.padding = sides;
    this.value = value;
  }

  override forward(x: Tensor): Tensor {
    return pad(x, this.padding, { mode: this.mode, value: this.value });
  }

  protected override describe(): string {
    const value = this.value === 0 ? "" : `, value=${String(this.value)}`;
    return `padding=${formatShape(this.padding)}${value}`;
  }
}

/** `value` around the last axis. Shapes as in `pad`. */
export class ConstantPad1d extends PaddingModule {
  protected readonly mode = "constant";

  constructor(padding: Padding, value: number) {
    super("ConstantPad1d", 1, padding, value);
  }

  override get moduleName(): string {
    return "ConstantPad1d";
  }
}

/** `value` around the last two axes. Shapes as in `pad`. */
export class ConstantPad2d extends PaddingModule {
  protected readonly mode = "constant";

  constructor(padding: Padding, value: number) {
    super("ConstantPad2d", 2, padding, value);
  }

  override get moduleName(): string {
    return "ConstantPad2d";
  }
}

/** `value` around the last three axes. Shapes as in `pad`. */
export class ConstantPad3d extends PaddingModule {
  protected readonly mode = "constant";

  constructor(padding: Padding, value: number) {
    super("ConstantPad3d", 3, padding, value);
  }

  override get moduleName(): string {
    return "ConstantPad3d";
  }
}

/** Zeros around the last axis. Shapes as in `pad`. */
export class ZeroPad1d extends PaddingModule {
  protected readonly mode = "constant";

  constructor(padding: Padding) {
    super("ZeroPad1d", 1, padding);
  }

  override get moduleName(): string {
    return "ZeroPad1d";
  }
}

/** Zeros around the last two axes. Shapes as in `pad`. */
export class ZeroPad2d extends PaddingModule {
  protected readonly mode = "constant";

  constructor(padding: Padding) {
    super("ZeroPad2d", 2, padding);
  }

  override get moduleName(): string {
    return "ZeroPad2d";
  }
}

/** Zeros around the last three axes. Shapes as in `pad`. */
export class ZeroPad3d extends PaddingModule {
  protected readonly mode = "constant";

  constructor(padding: Padding) {
    super("ZeroPad3d", 3, padding);
  }

  override get moduleName(): string {
    return "ZeroPad3d";
  }
}

/** The last axis mirrored about both ends, which are not repeated. Shapes as in `pad`. */
export class ReflectionPad1d extends PaddingModule {
  protected readonly mode = "reflect";

  constructor(padding: Padding) {
    super("ReflectionPad1d", 1, padding);
  }

  override get moduleName(): string {
    return "ReflectionPad1d";
  }
}

/** The last two axes mirrored about both ends, which are not repeated. Shapes as in `pad`. */
export class ReflectionPad2d extends PaddingModule {
  protected readonly mode = "reflect";

  constructor(padding: Padding) {
    super("ReflectionPad2d", 2, padding);
  }

  override get moduleName(): string {
    return "ReflectionPad2d";
  }
}

/** The last three axes mirrored about both ends, which are not repeated. Shapes as in `pad`. */
export class ReflectionPad3d extends PaddingModule {
  protected readonly mode = "reflect";

  constructor(padding: Padding) {
    super("ReflectionPad3d", 3, padding);
  }

  override get moduleName(): string {
    return "ReflectionPad3d";
  }
}

/** The first and last elements of the last axis repeated. Shapes as in `pad`. */
export class ReplicationPad1d extends PaddingModule {
  protected readonly mode = "replicate";

  constructor(padding: Padding) {
    super("ReplicationPad1d", 1, padding);
  }

  override get moduleName(): string {
    return "ReplicationPad1d";
  }
}

/** The first and last elements of the last two axes repeated. Shapes as in `pad`. */
export class ReplicationPad2d extends PaddingModule {
  protected readonly mode = "replicate";

  constructor(padding: Padding) {
    super("ReplicationPad2d", 2, padding);
  }

  override get moduleName(): string {
    return "ReplicationPad2d";
  }
}

/** The first and last elements of the last three axes repeated. Shapes as in `pad`. */
export class ReplicationPad3d extends PaddingModule {
  protected readonly mode = "replicate";

  constructor(padding: Padding) {
    super("ReplicationPad3d", 3, padding);
  }

  override get moduleName(): string {
    return "ReplicationPad3d";
  }
}

/** The last axis going on at the other end. Shapes as in `pad`. */
export class CircularPad1d extends PaddingModule {
  protected readonly mode = "circular";

  constructor(padding: Padding) {
    super("CircularPad1d", 1, padding);
  }

  override get moduleName(): string {
    return "CircularPad1d";
  }
}

/** The last two axes going on at the other end. Shapes as in `pad`. */
export class CircularPad2d extends PaddingModule {
  protected readonly mode = "circular";

  constructor(padding: Padding) {
    super("CircularPad2d", 2, padding);
  }

  override get moduleName(): string {
    return "CircularPad2d";
  }
}

/** The last three axes going on at the other end. Shapes as in `pad`. */
export class CircularPad3d extends PaddingModule {
  protected readonly mode = "circular";

  constructor(padding: Padding) {
    super("CircularPad3d", 3, padding);
  }

  override get moduleName(): string {
    return "CircularPad3d";
  }
}

const WINDOW_DEFAULTS = { stride: 1, padding: 0, dilation: 1 };

/** Sliding windows as columns: see `unfold`. x [N, C, H, W] -> [N, C kh kw, L]. */
export class Unfold extends Module {
  readonly kernelSize: number | readonly [number, number];
  readonly options: WindowOptions;

  constructor(kernelSize: number | readonly [number, number], options: WindowOptions = {}) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override get moduleName(): string {
    return "Unfold";
  }

  override forward(x: Tensor): Tensor {
    return unfold(x, this.kernelSize, this.options);
  }

  protected override describe(): string {
    return `kernelSize=${showSizes(this.kernelSize)}${showChanged(this.options, WINDOW_DEFAULTS)}`;
  }
}

/** Columns added up to images: see `fold`. x [N, C kh kw, L] -> [N, C, H, W]. */
export class Fold extends Module {
  readonly outputSize: number | readonly [number, number];
  readonly kernelSize: number | readonly [number, number];
  readonly options: WindowOptions;

  constructor(
    outputSize: number | readonly [number, number],
    kernelSize: number | readonly [number, number],
    options: WindowOptions = {},
  ) {
    super();
    this.outputSize = outputSize;
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override get moduleName(): string {
    return "Fold";
  }

  override forward(x: Tensor): Tensor {
    return fold(x, this.outputSize, this.kernelSize, this.options);
  }

  protected override describe(): string {
    return `outputSize=${showSizes(this.outputSize)}, kernelSize=${showSizes(this.kernelSize)}${showChanged(this.options, WINDOW_DEFAULTS)}`;
  }
}

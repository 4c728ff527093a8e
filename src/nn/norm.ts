// Normalisation layers.
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { add, cast, div } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { requireWhole } from "../ops/checks.ts";
import { full } from "../ops/creation.ts";
import { batchNorm, groupNorm, instanceNorm, layerNorm, localResponseNorm, rmsNorm } from "../ops/norm.ts";
import type { LocalResponseNormOptions } from "../ops/norm.ts";
import { isRecomputing, noGrad } from "../tensor/mode.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged, showSizes } from "./describe.ts";
import { constantParameter, whereOf } from "./init.ts";
import type { ParameterOptions } from "./init.ts";
import { Module } from "./module.ts";
import { own } from "./parameter.ts";

export interface BatchNormLayerOptions extends ParameterOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** Weight of a new batch in the running statistics; null averages over all batches seen. Default 0.1. */
  readonly momentum?: number | null;
  /** Whether there are a weight and a bias. */
  readonly affine?: boolean;
  /** Whether running statistics are kept and used in evaluation. */
  readonly trackRunningStats?: boolean;
}

/** What batch and instance normalisation share: a weight, a bias and running statistics per channel. */
abstract class RunningNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  weight: Tensor | null;
  bias: Tensor | null;
  runningMean: Tensor | null;
  runningVar: Tensor | null;
  numBatchesTracked: Tensor | null;

  constructor(
    name: string,
    numFeatures: number,
    options: BatchNormLayerOptions,
    affine: boolean,
    tracks: boolean,
  ) {
    super();
    this.numFeatures = requireWhole(name, "numFeatures", numFeatures, 1);
    const { eps = 1e-5, momentum = 0.1 } = options;
    this.eps = eps;
    this.momentum = momentum;
    const where = whereOf(options);
    const shape = [numFeatures];
    this.weight = (options.affine ?? affine) ? constantParameter(shape, 1, where) : null;
    this.bias = (options.affine ?? affine) ? constantParameter(shape, 0, where) : null;
    const tracked = options.trackRunningStats ?? tracks;
    const { device } = where;
    this.runningMean = tracked ? own(full(shape, 0, where)) : null;
    this.runningVar = tracked ? own(full(shape, 1, where)) : null;
    this.numBatchesTracked = tracked ? own(full([], 0, { dtype: "int32", ...(device && { device }) })) : null;
  }

  /** Numbers of axes that x may have. */
  protected abstract get ranks(): readonly number[];

  protected requireRank(x: Tensor): void {
    if (this.ranks.includes(x.rank)) return;
    throw new ShapeError(
      this.moduleName,
      `x must have ${this.ranks.join(" or ")} axes; got ${formatShape(x.shape)}.`,
    );
  }

  /** Counts the batch and runs `fn` with its weight in the running statistics. */
  protected counted(fn: (momentum: number | Tensor) => Tensor): Tensor {
    const count = this.numBatchesTracked;
    if (count === null || isRecomputing()) return fn(this.momentum ?? 0);
    return composite(this.moduleName, () => {
      const share = noGrad<Tensor>(() => {
        const next = add(cast(count, this.runningMean!.dtype), 1);
        assign(count, next);
        return div(1, next);
      });
      return fn(this.momentum ?? share);
    });
  }

  protected override describe(): string {
    const { eps, momentum } = this;
    const switches = { affine: this.weight !== null, trackRunningStats: this.runningMean !== null };
    return `${String(this.numFeatures)}, ${Object.entries({ eps, momentum, ...switches })
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(", ")}`;
  }
}

abstract class BatchNorm extends RunningNorm {
  override forward(x: Tensor): Tensor {
    x.assertAlive(this.moduleName);
    this.requireRank(x);
    const { eps, runningMean, runningVar, weight, bias } = this;
    const training = this.training || runningMean === null;
    const run = (momentum: number | Tensor): Tensor =>
      batchNorm(x, runningMean, runningVar, weight, bias, { training, momentum, eps });
    return this.training ? this.counted(run) : run(0);
  }
}

abstract class InstanceNorm extends RunningNorm {
  override forward(x: Tensor): Tensor {
    x.assertAlive(this.moduleName);
    this.requireRank(x);
    const { eps, runningMean, runningVar, weight, bias } = this;
    const useInputStats = this.training || runningMean === null;
    const options = { useInputStats, momentum: this.momentum ?? 0, eps };
    return instanceNorm(x, runningMean, runningVar, weight, bias, options);
  }
}

/** Mean 0 and variance 1 per channel, over the batch, for [N, C] or [N, C, L]; PyTorch's state: weight, bias, running_mean, running_var, num_batches_tracked. */
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("BatchNorm1d", numFeatures, options, true, true);
  }

  override get moduleName(): string {
    return "BatchNorm1d";
  }

  protected override get ranks(): readonly number[] {
    return [2, 3];
  }
}

/** Mean 0 and variance 1 per channel, over the batch, for [N, C, H, W]; PyTorch's state: weight, bias, running_mean, running_var, num_batches_tracked. */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("BatchNorm2d", numFeatures, options, true, true);
  }

  override get moduleName(): string {
    return "BatchNorm2d";
  }

  protected override get ranks(): readonly number[] {
    return [4];
  }
}

/** Mean 0 and variance 1 per channel, over the batch, for [N, C, D, H, W]; PyTorch's state: weight, bias, running_mean, running_var, num_batches_tracked. */
export class BatchNorm3d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("BatchNorm3d", numFeatures, options, true, true);
  }

  override get moduleName(): string {
    return "BatchNorm3d";
  }

  protected override get ranks(): readonly number[] {
    return [5];
  }
}

/** Mean 0 and variance 1 per channel of each example, for [N, C, L]; PyTorch's state: weight, bias, running_mean, running_var, num_batches_tracked. */
export class InstanceNorm1d extends InstanceNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("InstanceNorm1d", numFeatures, options, false, false);
  }

  override get moduleName(): string {
    return "InstanceNorm1d";
  }

  protected override get ranks(): readonly number[] {
    return [3];
  }
}

/** Mean 0 and variance 1 per channel of each example, for [N, C, H, W]; PyTorch's state: weight, bias, running_mean, running_var, num_batches_tracked. */
export class InstanceNorm2d extends InstanceNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("InstanceNorm2d", numFeatures, options, false, false);
  }

  override get moduleName(): string {
    return "InstanceNorm2d";
  }

  protected override get ranks(): readonly number[] {
    return [4];
  }
}

/** Mean 0 and variance 1 per channel of each example, for [N, C, D, H, W]; PyTorch's state: weight, bias, running_mean, running_var, num_batches_tracked. */
export class InstanceNorm3d extends InstanceNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("InstanceNorm3d", numFeatures, options, false, false);
  }

  override get moduleName(): string {
    return "InstanceNorm3d";
  }

  protected override get ranks(): readonly number[] {
    return [5];
  }
}

export interface LayerNormLayerOptions extends ParameterOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** Whether there are a weight and a bias. */
  readonly elementwiseAffine?: boolean;
  readonly bias?: boolean;
}

const shapeOf = (normalizedShape: number | Shape): Shape =>
  typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;

/** Mean 0 and variance 1 over the last axes of each example; weight and bias of `normalizedShape`. */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  weight: Tensor | null;
  bias: Tensor | null;

  constructor(normalizedShape: number | Shape, options: LayerNormLayerOptions = {}) {
    super();
    this.normalizedShape = shapeOf(normalizedShape);
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    this.eps = eps;
    const where = whereOf(options);
    this.weight = elementwiseAffine ? constantParameter(this.normalizedShape, 1, where) : null;
    this.bias = elementwiseAffine && bias ? constantParameter(this.normalizedShape, 0, where) : null;
  }

  override get moduleName(): string {
    return "LayerNorm";
  }

  override forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, { eps: this.eps });
  }

  protected override describe(): string {
    const changed = showChanged({ bias: this.bias !== null || this.weight === null }, { bias: true });
    return `${showSizes(this.normalizedShape)}, eps=${String(this.eps)}, elementwiseAffine=${String(this.weight !== null)}${changed}`;
  }
}

/** x over its root mean square, along the last axes of each example; weight of `normalizedShape`. */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape;
  /** Null: the dtype's machine epsilon. */
  readonly eps: number | null;
  weight: Tensor | null;

  constructor(
    normalizedShape: number | Shape,
    options: ParameterOptions & { readonly eps?: number | null; readonly elementwiseAffine?: boolean } = {},
  ) {
    super();
    this.normalizedShape = shapeOf(normalizedShape);
    const { eps = null, elementwiseAffine = true } = options;
    this.eps = eps;
    this.weight = elementwiseAffine ? constantParameter(this.normalizedShape, 1, whereOf(options)) : null;
  }

  override get moduleName(): string {
    return "RMSNorm";
  }

  override forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, this.weight, this.eps === null ? {} : { eps: this.eps });
  }

  protected override describe(): string {
    return `${showSizes(this.normalizedShape)}, eps=${String(this.eps)}, elementwiseAffine=${String(this.weight !== null)}`;
  }
}

/** Mean 0 and variance 1 over groups of channels of each example; weight and bias [numChannels]. */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  weight: Tensor | null;
  bias: Tensor | null;

  constructor(
    numGroups: number,
    numChannels: number,
    options: ParameterOptions & { readonly eps?: number; readonly affine?: boolean } = {},
  ) {
    super();
    this.numGroups = requireWhole("GroupNorm", "numGroups", numGroups, 1);
    this.numChannels = requireWhole("GroupNorm", "numChannels", numChannels, 1);
    if (numChannels % numGroups !== 0) {
      throw new ShapeError(
        "GroupNorm",
        `numChannels must divide by numGroups; got ${String(numChannels)} by ${String(numGroups)}.`,
      );
    }
    const { eps = 1e-5, affine = true } = options;
    this.eps = eps;
    this.weight = affine ? constantParameter([numChannels], 1, whereOf(options)) : null;
    this.bias = affine ? constantParameter([numChannels], 0, whereOf(options)) : null;
  }

  override get moduleName(): string {
    return "GroupNorm";
  }

  override forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, this.weight, this.bias, { eps: this.eps });
  }

  protected override describe(): string {
    return `${String(this.numGroups)}, ${String(this.numChannels)}, eps=${String(this.eps)}, affine=${String(this.weight !== null)}`;
  }
}

/** x / (k + alpha mean(x^2))^beta over `size` neighbouring channels. */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly options: LocalResponseNormOptions;

  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    this.size = requireWhole("LocalResponseNorm", "size", size, 1);
    this.options = options;
  }

  override get moduleName(): string {
    return "LocalResponseNorm";
  }

  override forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, this.options);
  }

  protected override describe(): string {
    return `${String(this.size)}${showChanged(this.options, { alpha: 1e-4, beta: 0.75, k: 1 })}`;
  }
}

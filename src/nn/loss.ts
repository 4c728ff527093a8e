// Losses as modules: the options of the functions, kept.
import { crossEntropy, nllLoss } from "../ops/loss/classes.ts";
import type { ClassLossOptions, CrossEntropyOptions } from "../ops/loss/classes.ts";
import { ctcLoss } from "../ops/loss/ctc.ts";
import type { CtcLossOptions } from "../ops/loss/ctc.ts";
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  softMarginLoss,
  tripletMarginLoss,
} from "../ops/loss/margin.ts";
import type { MarginLossOptions, TripletMarginLossOptions } from "../ops/loss/margin.ts";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits, klDiv } from "../ops/loss/probability.ts";
import type {
  BinaryCrossEntropyOptions,
  BinaryCrossEntropyWithLogitsOptions,
  KlDivOptions,
} from "../ops/loss/probability.ts";
import type { LossOptions } from "../ops/loss/reduction.ts";
import {
  gaussianNllLoss,
  huberLoss,
  l1Loss,
  mseLoss,
  poissonNllLoss,
  smoothL1Loss,
} from "../ops/loss/regression.ts";
import type {
  GaussianNllLossOptions,
  HuberLossOptions,
  PoissonNllLossOptions,
  SmoothL1LossOptions,
} from "../ops/loss/regression.ts";
import { cosineSimilarity, pairwiseDistance } from "../ops/similarity.ts";
import type { CosineSimilarityOptions, PairwiseDistanceOptions } from "../ops/similarity.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { share } from "./parameter.ts";

const isOption = (value: unknown): boolean => typeof value !== "object";

/**
 * A module that is its options. Tensors among them become buffers, taken as constants: they move with the module and are
 * saved with it, while the caller's own handle stays the caller's.
 */
abstract class LossModule<Options extends object> extends Module {
  readonly options: Options;

  constructor(options: Options) {
    super();
    this.options = options;
  }

  protected override describe(): string {
    return Object.entries(this.options as Readonly<Record<string, unknown>>)
      .filter(([, value]) => isOption(value))
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(", ");
  }
}

/** Negative log-likelihood of class numbers under logarithms of probabilities. See `nllLoss`. */
export class NLLLoss extends LossModule<Omit<ClassLossOptions, "weight">> {
  weight: Tensor | null;

  constructor({ weight, ...options }: ClassLossOptions = {}) {
    super(options);
    this.weight = weight ? share(weight) : null;
  }

  override get moduleName(): string {
    return "NLLLoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return nllLoss(x, target, { ...this.options, ...(this.weight && { weight: this.weight }) });
  }
}

/** Cross-entropy of unnormalised scores with class numbers or probabilities. See `crossEntropy`. */
export class CrossEntropyLoss extends LossModule<Omit<CrossEntropyOptions, "weight">> {
  weight: Tensor | null;

  constructor({ weight, ...options }: CrossEntropyOptions = {}) {
    super(options);
    this.weight = weight ? share(weight) : null;
  }

  override get moduleName(): string {
    return "CrossEntropyLoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return crossEntropy(x, target, { ...this.options, ...(this.weight && { weight: this.weight }) });
  }
}

/** Squared error. See `mseLoss`. */
export class MSELoss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "MSELoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, this.options);
  }
}

/** Absolute error. See `l1Loss`. */
export class L1Loss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "L1Loss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return l1Loss(x, target, this.options);
  }
}

/** Absolute error with a parabola near 0. See `smoothL1Loss`. */
export class SmoothL1Loss extends LossModule<SmoothL1LossOptions> {
  constructor(options: SmoothL1LossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "SmoothL1Loss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(x, target, this.options);
  }
}

/** Squared error with straight flanks. See `huberLoss`. */
export class HuberLoss extends LossModule<HuberLossOptions> {
  constructor(options: HuberLossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "HuberLoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return huberLoss(x, target, this.options);
  }
}

/** Likelihood of counts under Poisson's distribution. See `poissonNllLoss`. */
export class PoissonNLLLoss extends LossModule<PoissonNllLossOptions> {
  constructor(options: PoissonNllLossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "PoissonNLLLoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return poissonNllLoss(x, target, this.options);
  }
}

/** Likelihood under normal distributions of given variances. See `gaussianNllLoss`. */
export class GaussianNLLLoss extends LossModule<GaussianNllLossOptions> {
  constructor(options: GaussianNllLossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "GaussianNLLLoss";
  }

  override forward(x: Tensor, target: Tensor, variance: Tensor): Tensor {
    return gaussianNllLoss(x, target, variance, this.options);
  }
}

/** Cross-entropy of probabilities of one event each. See `binaryCrossEntropy`. */
export class BCELoss extends LossModule<Omit<BinaryCrossEntropyOptions, "weight">> {
  weight: Tensor | null;

  constructor({ weight, ...options }: BinaryCrossEntropyOptions = {}) {
    super(options);
    this.weight = weight ? share(weight) : null;
  }

  override get moduleName(): string {
    return "BCELoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(x, target, { ...this.options, ...(this.weight && { weight: this.weight }) });
  }
}

/** Cross-entropy of logits of one event each. See `binaryCrossEntropyWithLogits`. */
export class BCEWithLogitsLoss extends LossModule<
  Omit<BinaryCrossEntropyWithLogitsOptions, "weight" | "posWeight">
> {
  weight: Tensor | null;
  posWeight: Tensor | null;

  constructor({ weight, posWeight, ...options }: BinaryCrossEntropyWithLogitsOptions = {}) {
    super(options);
    this.weight = weight ? share(weight) : null;
    this.posWeight = posWeight ? share(posWeight) : null;
  }

  override get moduleName(): string {
    return "BCEWithLogitsLoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(x, target, {
      ...this.options,
      ...(this.weight && { weight: this.weight }),
      ...(this.posWeight && { posWeight: this.posWeight }),
    });
  }
}

/** Kullback and Leibler's divergence of the target from e^x. See `klDiv`. */
export class KLDivLoss extends LossModule<KlDivOptions> {
  constructor(options: KlDivOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "KLDivLoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return klDiv(x, target, this.options);
  }
}

/** Distances, small for target 1 and beyond the margin (1) for -1. See `hingeEmbeddingLoss`. */
export class HingeEmbeddingLoss extends LossModule<MarginLossOptions> {
  constructor(options: MarginLossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "HingeEmbeddingLoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(x, target, this.options);
  }
}

/** a above b for target 1, below for -1, by the margin (0). See `marginRankingLoss`. */
export class MarginRankingLoss extends LossModule<MarginLossOptions> {
  constructor(options: MarginLossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "MarginRankingLoss";
  }

  override forward(a: Tensor, b: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(a, b, target, this.options);
  }
}

/** ln(1 + e^(-target x)). See `softMarginLoss`. */
export class SoftMarginLoss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "SoftMarginLoss";
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return softMarginLoss(x, target, this.options);
  }
}

/** The anchor nearer to the positive than to the negative, by the margin (1). See `tripletMarginLoss`. */
export class TripletMarginLoss extends LossModule<TripletMarginLossOptions> {
  constructor(options: TripletMarginLossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "TripletMarginLoss";
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginLoss(anchor, positive, negative, this.options);
  }
}

/** Vectors that point alike for target 1 and apart for -1, up to the margin (0). See `cosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends LossModule<MarginLossOptions> {
  constructor(options: MarginLossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "CosineEmbeddingLoss";
  }

  override forward(a: Tensor, b: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(a, b, target, this.options);
  }
}

/** The likelihood of label sequences whose alignment with the frames is unknown. See `ctcLoss`. */
export class CTCLoss extends LossModule<CtcLossOptions> {
  constructor(options: CtcLossOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "CTCLoss";
  }

  override forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: readonly number[],
    targetLengths: readonly number[],
  ): Tensor {
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, this.options);
  }
}

/** The cosine of the angle between vectors along an axis. See `cosineSimilarity`. */
export class CosineSimilarity extends LossModule<CosineSimilarityOptions> {
  constructor(options: CosineSimilarityOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "CosineSimilarity";
  }

  override forward(a: Tensor, b: Tensor): Tensor {
    return cosineSimilarity(a, b, this.options);
  }
}

/** The p-norm of differences along the last axis. See `pairwiseDistance`. */
export class PairwiseDistance extends LossModule<PairwiseDistanceOptions> {
  constructor(options: PairwiseDistanceOptions = {}) {
    super(options);
  }

  override get moduleName(): string {
    return "PairwiseDistance";
  }

  override forward(a: Tensor, b: Tensor): Tensor {
    return pairwiseDistance(a, b, this.options);
  }
}

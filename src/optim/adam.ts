// Adam and its variant with decoupled weight decay.
import type { AdamParameters } from "../backend/kernels.ts";
import { add, div, mul } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { maximum, sqrt } from "../ops/elementwise.ts";
import { applyInPlace } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkMoments, withoutUndefined } from "./group.ts";
import type { BaseOptions, ParameterGroup, ParameterSource } from "./group.ts";
import { Optimizer } from "./optimizer.ts";
import type { Update } from "./optimizer.ts";
import type { ParameterState } from "./parameter-state.ts";
import { average, averageSquare, descend, penalised, scale } from "./running.ts";
import { alike, inferTuples } from "./together.ts";

const adamPrimitive: Primitive<AdamParameters> = primitive({
  name: "adam",
  inputs: ["p", "g", "m", "v"],
  outputs: [],
  mutates: ["p", "m", "v"],
  repeats: true,
  infer: (inputs) => inferTuples("adam", inputs, 4),
  kernel: (k, tuples, _, parameters) => k.adam(tuples, parameters),
});

export interface AdamSettings extends BaseOptions {
  /** Decay of the running means of g and g². */
  readonly betas: readonly [number, number];
  /** Added to sqrt(v). */
  readonly eps: number;
  /** L2 penalty on the gradient (Adam) or decay of the weights (AdamW). */
  readonly weightDecay: number;
  /** Divide by the largest v so far (Reddi et al. 2018). */
  readonly amsgrad: boolean;
}

/** Defaults: lr 1e-3, betas [0.9, 0.999], eps 1e-8, weightDecay 0 (AdamW: 0.01), amsgrad false. */
export type AdamOptions = Partial<AdamSettings>;

const defaults: AdamSettings = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

/**
 * m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g²;
 * p -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).
 *
 * Source: Kingma & Ba 2014, "Adam: a method for stochastic optimization". `weightDecay` adds weightDecay p to g.
 */
export class Adam extends Optimizer<AdamSettings> {
  protected readonly decoupled: boolean = false;

  /** @param name What errors and saved states call it; for variants that extend this class. */
  constructor(parameters: ParameterSource<AdamSettings>, options: AdamOptions = {}, name = "Adam") {
    super(name, parameters, { ...defaults, ...withoutUndefined(options) }, (settings) => {
      checkMoments(name, settings);
    });
  }

  protected override updateAll(updates: readonly Update[], group: ParameterGroup<AdamSettings>): void {
    const { betas, lr, eps, weightDecay, amsgrad } = group;
    if (amsgrad) {
      super.updateAll(updates, group);
      return;
    }
    const [beta1, beta2] = betas;
    const { decoupled } = this;
    // Parameters that were sometimes without a gradient have taken fewer steps.
    for (const [step, some] of alike(updates, ({ state }) => state.step)) {
      const inputs: Tensor[] = [];
      for (const { p, gradient, state } of some)
        inputs.push(p, gradient, state.tensor("exp_avg"), state.tensor("exp_avg_sq"));
      const corrections = { biasCorrection1: 1 - beta1 ** step, biasCorrection2: 1 - beta2 ** step };
      applyInPlace(adamPrimitive, inputs, { lr, beta1, beta2, eps, weightDecay, decoupled, ...corrections });
    }
  }

  // With amsgrad, in plain ops.
  protected override update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    group: ParameterGroup<AdamSettings>,
  ): void {
    const { betas, lr, eps, weightDecay } = group;
    const [beta1, beta2] = betas;
    const biasCorrection1 = 1 - beta1 ** state.step;
    const biasCorrection2 = 1 - beta2 ** state.step;
    const { decoupled } = this;
    const [m, v] = [state.tensor("exp_avg"), state.tensor("exp_avg_sq")];
    if (decoupled) scale(p, 1 - lr * weightDecay);
    const g = decoupled ? gradient : penalised(gradient, p, weightDecay);
    average(m, g, beta1);
    averageSquare(v, g, beta2);
    const most = state.tensor("max_exp_avg_sq");
    assign(most, maximum(most, v));
    descend(p, div(m, add(mul(sqrt(most), 1 / Math.sqrt(biasCorrection2)), eps)), lr / biasCorrection1);
  }
}

/**
 * Adam with the weights decayed directly: p -= lr weightDecay p before the step; default weightDecay 0.01.
 *
 * Source: Loshchilov & Hutter 2017, "Decoupled weight decay regularization".
 */
export class AdamW extends Adam {
  protected override readonly decoupled = true;

  constructor(parameters: ParameterSource<AdamSettings>, options: AdamOptions = {}) {
    super(parameters, { weightDecay: 0.01, ...withoutUndefined(options) }, "AdamW");
  }
}

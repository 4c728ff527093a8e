// Steps of one size, by the sign of the momentum.
import { add, mul } from "../ops/algebra.ts";
import { sign } from "../ops/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkMoments, withoutUndefined } from "./group.ts";
import type { BaseOptions, ParameterGroup, ParameterSource } from "./group.ts";
import { Optimizer } from "./optimizer.ts";
import type { ParameterState } from "./parameter-state.ts";
import { average, descend, scale } from "./running.ts";

export interface LionSettings extends BaseOptions {
  /** Weights of the momentum in the step and in its own running mean. */
  readonly betas: readonly [number, number];
  /** Decay of the weights: p -= lr weightDecay p. */
  readonly weightDecay: number;
}

/** Defaults: lr 1e-4, betas [0.9, 0.99], weightDecay 0. */
export type LionOptions = Partial<LionSettings>;

/**
 * p -= lr (sign(beta1 m + (1 - beta1) g) + weightDecay p);  m = beta2 m + (1 - beta2) g.
 *
 * Source: Chen et al. 2023, "Symbolic discovery of optimization algorithms".
 */
export class Lion extends Optimizer<LionSettings> {
  constructor(parameters: ParameterSource<LionSettings>, options: LionOptions = {}) {
    const defaults: LionSettings = {
      ...{ lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false },
      ...withoutUndefined(options),
    };
    super("Lion", parameters, defaults, (settings) => {
      checkMoments("Lion", settings);
    });
  }

  protected override update(
    p: Tensor,
    g: Tensor,
    state: ParameterState,
    { lr, betas: [beta1, beta2], weightDecay }: ParameterGroup<LionSettings>,
  ): void {
    const m = state.tensor("exp_avg");
    scale(p, 1 - lr * weightDecay);
    descend(p, sign(add(mul(m, beta1), mul(g, 1 - beta1))), lr);
    average(m, g, beta2);
  }
}

// Relatives of Adam: the largest gradient instead of the mean square, Nesterov's momentum, and a rectified start.
import { add, div, mul } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { abs, maximum, sqrt } from "../ops/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkMoments, requireRange, withoutUndefined } from "./group.ts";
import type { BaseOptions, ParameterGroup, ParameterSource } from "./group.ts";
import { Optimizer } from "./optimizer.ts";
import type { ParameterState } from "./parameter-state.ts";
import { average, averageSquare, descend, penalised, scale } from "./running.ts";

export interface AdamaxSettings extends BaseOptions {
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** L2 penalty: adds weightDecay p to the gradient. */
  readonly weightDecay: number;
}

/** Defaults: lr 2e-3, betas [0.9, 0.999], eps 1e-8, weightDecay 0. */
export type AdamaxOptions = Partial<AdamaxSettings>;

/**
 * m = beta1 m + (1 - beta1) g;  u = max(beta2 u, |g| + eps);  p -= lr / (1 - beta1^t) m / u.
 *
 * Source: Kingma & Ba 2014, "Adam: a method for stochastic optimization", section 7.1.
 */
export class Adamax extends Optimizer<AdamaxSettings> {
  constructor(parameters: ParameterSource<AdamaxSettings>, options: AdamaxOptions = {}) {
    const defaults: AdamaxSettings = {
      ...{ lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false },
      ...withoutUndefined(options),
    };
    super("Adamax", parameters, defaults, (settings) => {
      checkMoments("Adamax", settings);
    });
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    { lr, betas: [beta1, beta2], eps, weightDecay }: ParameterGroup<AdamaxSettings>,
  ): void {
    const g = penalised(gradient, p, weightDecay);
    const [m, u] = [state.tensor("exp_avg"), state.tensor("exp_inf")];
    average(m, g, beta1);
    assign(u, maximum(mul(u, beta2), add(abs(g), eps)));
    descend(p, div(m, u), lr / (1 - beta1 ** state.step));
  }
}

export interface NAdamSettings extends BaseOptions {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** How fast the momentum grows towards beta1. */
  readonly momentumDecay: number;
  /** Decay the weights directly, as AdamW does, instead of adding to the gradient. */
  readonly decoupledWeightDecay: boolean;
}

/** Defaults: lr 2e-3, betas [0.9, 0.999], eps 1e-8, weightDecay 0, momentumDecay 4e-3, decoupledWeightDecay false. */
export type NAdamOptions = Partial<NAdamSettings>;

/**
 * Adam with Nesterov's momentum: mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2), M_t = mu_1 ... mu_t;
 * p -= lr ((1 - mu_t) / (1 - M_t) g + mu_(t+1) / (1 - M_(t+1)) m) / (sqrt(v / (1 - beta2^t)) + eps).
 *
 * Source: Dozat 2016, "Incorporating Nesterov momentum into Adam".
 */
export class NAdam extends Optimizer<NAdamSettings> {
  constructor(parameters: ParameterSource<NAdamSettings>, options: NAdamOptions = {}) {
    const defaults: NAdamSettings = {
      ...{ lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false },
      ...{ momentumDecay: 4e-3, decoupledWeightDecay: false },
      ...withoutUndefined(options),
    };
    const check = (settings: NAdamSettings): void => {
      checkMoments("NAdam", settings);
      requireRange("NAdam", "momentumDecay", settings.momentumDecay, 0, Infinity);
    };
    super("NAdam", parameters, defaults, check, { mu_product: 1 });
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    group: ParameterGroup<NAdamSettings>,
  ): void {
    const { lr, betas, eps, weightDecay, momentumDecay, decoupledWeightDecay } = group;
    const [beta1, beta2] = betas;
    const momentumAt = (step: number): number => beta1 * (1 - 0.5 * 0.96 ** (step * momentumDecay));
    const [mu, next] = [momentumAt(state.step), momentumAt(state.step + 1)];
    state.numbers.mu_product *= mu;
    const product = state.numbers.mu_product;

    if (decoupledWeightDecay) scale(p, 1 - lr * weightDecay);
    const g = decoupledWeightDecay ? gradient : penalised(gradient, p, weightDecay);
    const [m, v] = [state.tensor("exp_avg"), state.tensor("exp_avg_sq")];
    average(m, g, beta1);
    averageSquare(v, g, beta2);
    const spread = add(sqrt(mul(v, 1 / (1 - beta2 ** state.step))), eps);
    const step = add(mul(g, (1 - mu) / (1 - product)), mul(m, next / (1 - product * next)));
    descend(p, div(step, spread), lr);
  }
}

export interface RAdamSettings extends BaseOptions {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** Decay the weights directly, as AdamW does, instead of adding to the gradient. */
  readonly decoupledWeightDecay: boolean;
}

/** Defaults: lr 1e-3, betas [0.9, 0.999], eps 1e-8, weightDecay 0, decoupledWeightDecay false. */
export type RAdamOptions = Partial<RAdamSettings>;

/**
 * Adam whose step is multiplied by r_t = sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)) with
 * rho = 2 / (1 - beta2) - 1 and rho_t = rho - 2 t beta2^t / (1 - beta2^t); while rho_t <= 5 it is plain momentum.
 *
 * Source: Liu et al. 2019, "On the variance of the adaptive learning rate and beyond".
 */
export class RAdam extends Optimizer<RAdamSettings> {
  constructor(parameters: ParameterSource<RAdamSettings>, options: RAdamOptions = {}) {
    const defaults: RAdamSettings = {
      ...{ lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false },
      decoupledWeightDecay: false,
      ...withoutUndefined(options),
    };
    super("RAdam", parameters, defaults, (settings) => {
      checkMoments("RAdam", settings);
    });
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    group: ParameterGroup<RAdamSettings>,
  ): void {
    const { lr, betas, eps, weightDecay, decoupledWeightDecay } = group;
    const [beta1, beta2] = betas;
    const t = state.step;
    if (decoupledWeightDecay) scale(p, 1 - lr * weightDecay);
    const g = decoupledWeightDecay ? gradient : penalised(gradient, p, weightDecay);
    const [m, v] = [state.tensor("exp_avg"), state.tensor("exp_avg_sq")];
    average(m, g, beta1);
    averageSquare(v, g, beta2);
    const correction = 1 - beta2 ** t;
    const rate = lr / (1 - beta1 ** t);
    const limit = 2 / (1 - beta2) - 1;
    const length = limit - (2 * t * beta2 ** t) / correction;
    if (length <= 5) {
      descend(p, m, rate);
      return;
    }
    const rectify = ((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length);
    descend(p, div(m, add(sqrt(v), eps)), rate * Math.sqrt(rectify * correction));
  }
}

// Step sizes per weight from the squares of past gradients, without Adam's momentum.
import { add, addInPlace, div, mul, sub } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { sqrt, square } from "../ops/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireRange, withoutUndefined } from "./group.ts";
import type { BaseOptions, ParameterGroup, ParameterSource } from "./group.ts";
import { Optimizer } from "./optimizer.ts";
import type { ParameterState } from "./parameter-state.ts";
import { average, averageSquare, descend, penalised } from "./running.ts";

export interface RMSpropSettings extends BaseOptions {
  /** Decay of the running mean of g². */
  readonly alpha: number;
  readonly eps: number;
  /** L2 penalty: adds weightDecay p to the gradient. */
  readonly weightDecay: number;
  readonly momentum: number;
  /** Divide by the estimated deviation of g instead of its root mean square. */
  readonly centered: boolean;
}

/** Defaults: lr 1e-2, alpha 0.99, eps 1e-8, weightDecay 0, momentum 0, centered false. */
export type RMSpropOptions = Partial<RMSpropSettings>;

/**
 * v = alpha v + (1 - alpha) g²;  p -= lr g / (sqrt(v) + eps); with momentum b = momentum b + g / (...), p -= lr b.
 *
 * Source: Tieleman & Hinton 2012, lecture 6.5; centred form: Graves 2013.
 */
export class RMSprop extends Optimizer<RMSpropSettings> {
  constructor(parameters: ParameterSource<RMSpropSettings>, options: RMSpropOptions = {}) {
    const defaults: RMSpropSettings = {
      ...{ lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false },
      ...withoutUndefined(options),
    };
    super("RMSprop", parameters, defaults, ({ alpha, eps, weightDecay, momentum }) => {
      requireRange("RMSprop", "alpha", alpha, 0, Infinity);
      requireRange("RMSprop", "eps", eps, 0, Infinity);
      requireRange("RMSprop", "weightDecay", weightDecay, 0, Infinity);
      requireRange("RMSprop", "momentum", momentum, 0, Infinity);
    });
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    { lr, alpha, eps, weightDecay, momentum, centered }: ParameterGroup<RMSpropSettings>,
  ): void {
    const g = penalised(gradient, p, weightDecay);
    const v = state.tensor("square_avg");
    averageSquare(v, g, alpha);
    let variance = v;
    if (centered) {
      const mean = state.tensor("grad_avg");
      average(mean, g, alpha);
      variance = sub(v, square(mean));
    }
    const step = div(g, add(sqrt(variance), eps));
    if (momentum === 0) {
      descend(p, step, lr);
      return;
    }
    const buffer = state.tensor("momentum_buffer");
    assign(buffer, add(mul(buffer, momentum), step));
    descend(p, buffer, lr);
  }
}

export interface AdagradSettings extends BaseOptions {
  /** The rate falls as lr / (1 + (t - 1) lrDecay). */
  readonly lrDecay: number;
  readonly weightDecay: number;
  /** What the sums of squares begin with. */
  readonly initialAccumulatorValue: number;
  readonly eps: number;
}

/** Defaults: lr 1e-2, lrDecay 0, weightDecay 0, initialAccumulatorValue 0, eps 1e-10. */
export type AdagradOptions = Partial<AdagradSettings>;

/**
 * s += g²;  p -= lr / (1 + (t - 1) lrDecay) g / (sqrt(s) + eps).
 *
 * Source: Duchi et al. 2011, "Adaptive subgradient methods for online learning and stochastic optimization".
 */
export class Adagrad extends Optimizer<AdagradSettings> {
  constructor(parameters: ParameterSource<AdagradSettings>, options: AdagradOptions = {}) {
    const defaults: AdagradSettings = {
      ...{ lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false },
      ...withoutUndefined(options),
    };
    super("Adagrad", parameters, defaults, ({ lrDecay, weightDecay, initialAccumulatorValue, eps }) => {
      requireRange("Adagrad", "lrDecay", lrDecay, 0, Infinity);
      requireRange("Adagrad", "weightDecay", weightDecay, 0, Infinity);
      requireRange("Adagrad", "initialAccumulatorValue", initialAccumulatorValue, 0, Infinity);
      requireRange("Adagrad", "eps", eps, 0, Infinity);
    });
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    { lr, lrDecay, weightDecay, initialAccumulatorValue, eps }: ParameterGroup<AdagradSettings>,
  ): void {
    const g = penalised(gradient, p, weightDecay);
    const total = state.tensor("sum", { initial: initialAccumulatorValue });
    addInPlace(total, square(g));
    descend(p, div(g, add(sqrt(total), eps)), lr / (1 + (state.step - 1) * lrDecay));
  }
}

export interface AdadeltaSettings extends BaseOptions {
  /** Decay of the running means of g² and of the squared steps. */
  readonly rho: number;
  readonly eps: number;
  readonly weightDecay: number;
}

/** Defaults: lr 1, rho 0.9, eps 1e-6, weightDecay 0. */
export type AdadeltaOptions = Partial<AdadeltaSettings>;

/**
 * v = rho v + (1 - rho) g²;  d = sqrt(u + eps) / sqrt(v + eps) g;  u = rho u + (1 - rho) d²;  p -= lr d.
 *
 * Source: Zeiler 2012, "ADADELTA: an adaptive learning rate method".
 */
export class Adadelta extends Optimizer<AdadeltaSettings> {
  constructor(parameters: ParameterSource<AdadeltaSettings>, options: AdadeltaOptions = {}) {
    const defaults: AdadeltaSettings = {
      ...{ lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false },
      ...withoutUndefined(options),
    };
    super("Adadelta", parameters, defaults, ({ rho, eps, weightDecay }) => {
      if (rho !== 1) requireRange("Adadelta", "rho", rho, 0, 1);
      requireRange("Adadelta", "eps", eps, 0, Infinity);
      requireRange("Adadelta", "weightDecay", weightDecay, 0, Infinity);
    });
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    { lr, rho, eps, weightDecay }: ParameterGroup<AdadeltaSettings>,
  ): void {
    const g = penalised(gradient, p, weightDecay);
    const [v, u] = [state.tensor("square_avg"), state.tensor("acc_delta")];
    averageSquare(v, g, rho);
    const step = mul(div(sqrt(add(u, eps)), sqrt(add(v, eps))), g);
    averageSquare(u, step, rho);
    descend(p, step, lr);
  }
}

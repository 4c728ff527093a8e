// Adam and its variant with decoupled weight decay.
import type { AdamParameters } from "../backend/kernels.ts";
import { requireFloat, requireSameDType, requireSameShape } from "../ops/checks.ts";
import { applyInPlace } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Optimizer, requireRange } from "./optimizer.ts";
import type { Hyperparameters } from "./optimizer.ts";

const adamPrimitive: Primitive<AdamParameters> = primitive({
  name: "adam",
  inputs: ["p", "g", "m", "v"],
  outputs: [],
  mutates: ["p", "m", "v"],
  infer: (inputs) => {
    const names = ["parameter", "gradient", "state", "state"];
    requireFloat("adam", inputs[0]);
    requireSameDType("adam", inputs, names);
    requireSameShape("adam", inputs, names);
    return [];
  },
  kernel: (k, [p, g, m, v], _, parameters) => k.adam(p, g, m, v, parameters),
});

export interface AdamOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  /** Decay of the running means of g and g²; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to sqrt(v); default 1e-8. */
  readonly eps?: number;
  /** L2 penalty on the gradient (Adam) or decay of the weights (AdamW). */
  readonly weightDecay?: number;
}

/**
 * m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g²;
 * p -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).
 *
 * Source: Kingma & Ba 2014, "Adam: a method for stochastic optimization". `weightDecay` adds weightDecay p to g.
 */
export class Adam extends Optimizer {
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
  protected readonly decoupled: boolean = false;

  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    super("Adam", parameters, lr);
    this.betas = [
      requireRange("Adam", "betas[0]", betas[0], 0, 1),
      requireRange("Adam", "betas[1]", betas[1], 0, 1),
    ];
    this.eps = requireRange("Adam", "eps", eps, 0, Infinity);
    this.weightDecay = requireRange("Adam", "weightDecay", weightDecay, 0, Infinity);
  }

  protected override update(p: Tensor, gradient: Tensor, index: number, step: number): void {
    const [beta1, beta2] = this.betas;
    const { lr, eps, weightDecay, decoupled } = this;
    applyInPlace(
      adamPrimitive,
      [p, gradient, this.state(index, "exp_avg"), this.state(index, "exp_avg_sq")],
      {
        ...{ lr, beta1, beta2, eps, weightDecay, decoupled },
        biasCorrection1: 1 - beta1 ** step,
        biasCorrection2: 1 - beta2 ** step,
      },
    );
  }

  protected override hyperparameters(): Hyperparameters {
    const { lr, eps, weightDecay } = this;
    return { lr, beta1: this.betas[0], beta2: this.betas[1], eps, weightDecay };
  }

  protected override restore(numbers: Hyperparameters): void {
    const take = (name: string, now: number): number => Number(numbers[name] ?? now);
    this.lr = take("lr", this.lr);
    this.betas = [take("beta1", this.betas[0]), take("beta2", this.betas[1])];
    this.eps = take("eps", this.eps);
    this.weightDecay = take("weightDecay", this.weightDecay);
  }
}

/**
 * Adam with the weights decayed directly: p -= lr weightDecay p before the step; default weightDecay 0.01.
 *
 * Source: Loshchilov & Hutter 2017, "Decoupled weight decay regularization".
 */
export class AdamW extends Adam {
  protected override readonly decoupled = true;

  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    super(parameters, { weightDecay: 0.01, ...options });
  }
}

// Stochastic gradient descent.
import type { SgdParameters } from "../backend/kernels.ts";
import { ValueError } from "../core/errors.ts";
import { requireFloat, requireSameDType, requireSameShape } from "../ops/checks.ts";
import { applyInPlace } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Optimizer, requireRange } from "./optimizer.ts";
import type { Hyperparameters } from "./optimizer.ts";

const sgdPrimitive: Primitive<SgdParameters> = primitive({
  name: "sgd",
  inputs: ["p", "g", "buffer"],
  outputs: [],
  mutates: ["p", "buffer"],
  infer: (inputs) => {
    const names = ["parameter", "gradient", "state", "state"];
    requireFloat("sgd", inputs[0]);
    requireSameDType("sgd", inputs, names);
    requireSameShape("sgd", inputs, names);
    return [];
  },
  kernel: (k, [p, g, buffer], _, parameters) => k.sgd(p, g, buffer ?? null, parameters),
});

export interface SGDOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  readonly momentum?: number;
  readonly dampening?: number;
  /** L2 penalty: adds weightDecay p to the gradient. */
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
}

/**
 * b = momentum b + (1 - dampening) g (at first b = g);  p -= lr b, or with Nesterov p -= lr (g + momentum b).
 *
 * Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", in PyTorch's form.
 */
export class SGD extends Optimizer {
  momentum: number;
  dampening: number;
  weightDecay: number;
  nesterov: boolean;

  constructor(parameters: Iterable<Tensor>, options: SGDOptions = {}) {
    const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    super("SGD", parameters, lr);
    this.momentum = requireRange("SGD", "momentum", momentum, 0, Infinity);
    this.dampening = requireRange("SGD", "dampening", dampening, -Infinity, Infinity);
    this.weightDecay = requireRange("SGD", "weightDecay", weightDecay, 0, Infinity);
    this.nesterov = nesterov;
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ValueError(
        "SGD",
        `nesterov needs momentum > 0 and dampening 0; got momentum ${String(momentum)}, dampening ${String(dampening)}.`,
      );
    }
  }

  protected override update(p: Tensor, gradient: Tensor, index: number): void {
    const { lr, momentum, dampening, weightDecay, nesterov } = this;
    const first = momentum !== 0 && !this.hasState(index, "momentum_buffer");
    const buffer = momentum === 0 ? [] : [this.state(index, "momentum_buffer")];
    applyInPlace(sgdPrimitive, [p, gradient, ...buffer], {
      lr,
      momentum,
      dampening,
      weightDecay,
      nesterov,
      first,
    });
  }

  protected override hyperparameters(): Hyperparameters {
    const { lr, momentum, dampening, weightDecay, nesterov } = this;
    return { lr, momentum, dampening, weightDecay, nesterov };
  }

  protected override restore(numbers: Hyperparameters): void {
    this.lr = Number(numbers.lr ?? this.lr);
    this.momentum = Number(numbers.momentum ?? this.momentum);
    this.dampening = Number(numbers.dampening ?? this.dampening);
    this.weightDecay = Number(numbers.weightDecay ?? this.weightDecay);
    this.nesterov = Boolean(numbers.nesterov ?? this.nesterov);
  }
}

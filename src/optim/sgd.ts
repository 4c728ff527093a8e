// Stochastic gradient descent.
import type { SgdParameters } from "../backend/kernels.ts";
import { ValueError } from "../core/errors.ts";
import { requireFloat, requireSameDType, requireSameShape } from "../ops/checks.ts";
import { applyInPlace } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireRange, withoutUndefined } from "./group.ts";
import type { BaseOptions, ParameterGroup, ParameterSource } from "./group.ts";
import { Optimizer } from "./optimizer.ts";
import type { ParameterState } from "./parameter-state.ts";

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

export interface SGDSettings extends BaseOptions {
  readonly momentum: number;
  readonly dampening: number;
  /** L2 penalty: adds weightDecay p to the gradient. */
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

/** Defaults: lr 1e-3, all else 0 or false. */
export type SGDOptions = Partial<SGDSettings>;

/**
 * b = momentum b + (1 - dampening) g (at first b = g);  p -= lr b, or with Nesterov p -= lr (g + momentum b).
 *
 * Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", in PyTorch's form.
 */
export class SGD extends Optimizer<SGDSettings> {
  constructor(parameters: ParameterSource<SGDSettings>, options: SGDOptions = {}) {
    const zeros = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
    super("SGD", parameters, { lr: 1e-3, ...zeros, ...withoutUndefined(options) }, check);
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    group: ParameterGroup<SGDSettings>,
  ): void {
    const { lr, momentum, dampening, weightDecay, nesterov } = group;
    const first = momentum !== 0 && !state.has("momentum_buffer");
    const buffer = momentum === 0 ? [] : [state.tensor("momentum_buffer")];
    applyInPlace(sgdPrimitive, [p, gradient, ...buffer], {
      lr,
      momentum,
      dampening,
      weightDecay,
      nesterov,
      first,
    });
  }
}

function check({ momentum, dampening, weightDecay, nesterov }: SGDSettings): void {
  requireRange("SGD", "momentum", momentum, 0, Infinity);
  requireRange("SGD", "dampening", dampening, -Infinity, Infinity);
  requireRange("SGD", "weightDecay", weightDecay, 0, Infinity);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new ValueError(
      "SGD",
      `nesterov needs momentum > 0 and dampening 0; got momentum ${String(momentum)}, dampening ${String(dampening)}.`,
    );
  }
}

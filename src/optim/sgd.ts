// Stochastic gradient descent.
import type { SgdParameters } from "../backend/kernels.ts";
import { ValueError } from "../core/errors.ts";
import { applyInPlace } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireRange, withoutUndefined } from "./group.ts";
import type { BaseOptions, ParameterGroup, ParameterSource } from "./group.ts";
import { Optimizer } from "./optimizer.ts";
import type { Update } from "./optimizer.ts";
import { alike, inferTuples } from "./together.ts";

const sgdPrimitive: Primitive<SgdParameters> = primitive({
  name: "sgd",
  inputs: ["p", "g", "buffer"],
  outputs: [],
  mutates: ["p", "buffer"],
  repeats: true,
  infer: (inputs) => inferTuples("sgd", inputs, 3),
  kernel: (k, tuples, _, parameters) => k.sgd(tuples, parameters),
});

const plainSgdPrimitive: Primitive<SgdParameters> = primitive({
  name: "sgd",
  inputs: ["p", "g"],
  outputs: [],
  mutates: ["p"],
  repeats: true,
  infer: (inputs) => inferTuples("sgd", inputs, 2),
  kernel: (k, tuples, _, parameters) => k.sgd(tuples, parameters),
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

  protected override updateAll(
    updates: readonly Update[],
    { lr, momentum, dampening, weightDecay, nesterov }: ParameterGroup<SGDSettings>,
  ): void {
    const isFirst = ({ state }: Update): boolean => momentum !== 0 && !state.has("momentum_buffer");
    for (const [first, some] of alike(updates, isFirst)) {
      const inputs: Tensor[] = [];
      for (let i = 0; i < some.length; i++) {
        const { p, gradient, state } = some[i];
        inputs.push(p, gradient);
        if (momentum !== 0) inputs.push(state.tensor("momentum_buffer"));
      }
      const parameters = { lr, momentum, dampening, weightDecay, nesterov, first };
      applyInPlace(momentum === 0 ? plainSgdPrimitive : sgdPrimitive, inputs, parameters);
    }
  }

  protected override update(): never {
    throw new Error("SGD updates all parameters together");
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

// Activations of each number by itself as modules, for use in Sequential.
import { ValueError } from "../core/errors.ts";
import {
  celu,
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logSigmoid,
  mish,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  tanh,
} from "../ops/elementwise.ts";
import type { GeluOptions, SoftplusOptions } from "../ops/elementwise.ts";
import { requireWhole } from "../ops/checks.ts";
import { sub } from "../ops/algebra.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged } from "./describe.ts";
import { constantParameter } from "./init.ts";
import type { ParameterOptions } from "./init.ts";
import { Module } from "./module.ts";

/** max(x, 0). */
export class ReLU extends Module {
  override get moduleName(): string {
    return "ReLU";
  }

  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** min(max(x, 0), 6). */
export class ReLU6 extends Module {
  override get moduleName(): string {
    return "ReLU6";
  }

  override forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** x where it is positive, else negativeSlope x. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = negativeSlope;
  }

  override get moduleName(): string {
    return "LeakyReLU";
  }

  override forward(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope);
  }

  protected override describe(): string {
    return `negativeSlope=${String(this.negativeSlope)}`;
  }
}

/** x where it is positive, else weight x, with a learned weight: one for all, or one per channel of [N, C, ...]. */
export class PReLU extends Module {
  readonly numParameters: number;
  weight: Tensor;

  constructor(
    numParameters = 1,
    { init = 0.25, ...where }: ParameterOptions & { readonly init?: number } = {},
  ) {
    super();
    this.numParameters = requireWhole("PReLU", "numParameters", numParameters, 1);
    this.weight = constantParameter([numParameters], init, where);
  }

  override get moduleName(): string {
    return "PReLU";
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  protected override describe(): string {
    return `numParameters=${String(this.numParameters)}`;
  }
}

/** x where it is positive, else alpha (e^x - 1). */
export class ELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  override get moduleName(): string {
    return "ELU";
  }

  override forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }

  protected override describe(): string {
    return `alpha=${String(this.alpha)}`;
  }
}

/** x where it is positive, else alpha (e^(x / alpha) - 1). */
export class CELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  override get moduleName(): string {
    return "CELU";
  }

  override forward(x: Tensor): Tensor {
    return celu(x, this.alpha);
  }

  protected override describe(): string {
    return `alpha=${String(this.alpha)}`;
  }
}

/** The ELU that keeps mean 0 and variance 1 (Klambauer et al. 2017). */
export class SELU extends Module {
  override get moduleName(): string {
    return "SELU";
  }

  override forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/** x sigmoid(x). */
export class SiLU extends Module {
  override get moduleName(): string {
    return "SiLU";
  }

  override forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** x times the normal distribution's cumulative probability at x, exact or by tanh. */
export class GELU extends Module {
  readonly approximate: NonNullable<GeluOptions["approximate"]>;

  constructor({ approximate = "none" }: GeluOptions = {}) {
    super();
    if (!["none", "tanh"].includes(approximate)) {
      throw new ValueError(
        "GELU",
        `approximate must be "none" or "tanh"; got ${JSON.stringify(approximate)}.`,
      );
    }
    this.approximate = approximate;
  }

  override get moduleName(): string {
    return "GELU";
  }

  override forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }

  protected override describe(): string {
    return `approximate=${this.approximate}`;
  }
}

/** x tanh(softplus(x)). */
export class Mish extends Module {
  override get moduleName(): string {
    return "Mish";
  }

  override forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** ln(1 + e^(beta x)) / beta. */
export class Softplus extends Module {
  readonly options: SoftplusOptions;

  constructor(options: SoftplusOptions = {}) {
    super();
    this.options = options;
  }

  override get moduleName(): string {
    return "Softplus";
  }

  override forward(x: Tensor): Tensor {
    return softplus(x, this.options);
  }

  protected override describe(): string {
    return showChanged(this.options, { beta: 1, threshold: 20 }).slice(2);
  }
}

/** x / (1 + |x|). */
export class Softsign extends Module {
  override get moduleName(): string {
    return "Softsign";
  }

  override forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** tanh x. */
export class Tanh extends Module {
  override get moduleName(): string {
    return "Tanh";
  }

  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** x - tanh x. */
export class Tanhshrink extends Module {
  override get moduleName(): string {
    return "Tanhshrink";
  }

  override forward(x: Tensor): Tensor {
    return composite("tanhshrink", () => sub(x, tanh(x)));
  }
}

/** x between two bounds. */
export class Hardtanh extends Module {
  readonly min: number;
  readonly max: number;

  constructor(min = -1, max = 1) {
    super();
    this.min = min;
    this.max = max;
  }

  override get moduleName(): string {
    return "Hardtanh";
  }

  override forward(x: Tensor): Tensor {
    return hardtanh(x, this.min, this.max);
  }

  protected override describe(): string {
    return `min=${String(this.min)}, max=${String(this.max)}`;
  }
}

/** 1 / (1 + e^-x). */
export class Sigmoid extends Module {
  override get moduleName(): string {
    return "Sigmoid";
  }

  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** ln(1 / (1 + e^-x)). */
export class LogSigmoid extends Module {
  override get moduleName(): string {
    return "LogSigmoid";
  }

  override forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}

/** min(max(x / 6 + 1/2, 0), 1). */
export class Hardsigmoid extends Module {
  override get moduleName(): string {
    return "Hardsigmoid";
  }

  override forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** x hardsigmoid(x). */
export class Hardswish extends Module {
  override get moduleName(): string {
    return "Hardswish";
  }

  override forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

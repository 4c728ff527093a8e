// Activations as modules, for use in Sequential.
import { relu, sigmoid, tanh } from "../ops/elementwise.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
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

/** tanh x. */
export class Tanh extends Module {
  override get moduleName(): string {
    return "Tanh";
  }

  override forward(x: Tensor): Tensor {
    return tanh(x);
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

/** e^x / sum(e^x) along an axis. */
export class Softmax extends Module {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  override get moduleName(): string {
    return "Softmax";
  }

  override forward(x: Tensor): Tensor {
    return softmax(x, this.axis);
  }
}

/** log(e^x / sum(e^x)) along an axis. */
export class LogSoftmax extends Module {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  override get moduleName(): string {
    return "LogSoftmax";
  }

  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.axis);
  }
}

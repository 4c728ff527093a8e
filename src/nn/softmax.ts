// Activations that look along an axis, as modules: gated linear units, softmax and its kin.
import { glu } from "../ops/elementwise.ts";
import { logSoftmax, softmax, softmin } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** The first half of x along an axis times sigmoid of the second. */
export class GLU extends Module {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  override get moduleName(): string {
    return "GLU";
  }

  override forward(x: Tensor): Tensor {
    return glu(x, this.axis);
  }

  protected override describe(): string {
    return `axis=${String(this.axis)}`;
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

  protected override describe(): string {
    return `axis=${String(this.axis)}`;
  }
}

/** e^-x / sum(e^-x) along an axis. */
export class Softmin extends Module {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  override get moduleName(): string {
    return "Softmin";
  }

  override forward(x: Tensor): Tensor {
    return softmin(x, this.axis);
  }

  protected override describe(): string {
    return `axis=${String(this.axis)}`;
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

  protected override describe(): string {
    return `axis=${String(this.axis)}`;
  }
}

// The affine layer.
import { linear } from "../ops/linalg/matmul.ts";
import { requireWhole } from "../ops/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fanInBound, uniformParameter } from "./init.ts";
import type { ParameterOptions } from "./init.ts";
import { Module } from "./module.ts";

export interface LinearOptions extends ParameterOptions {
  readonly bias?: boolean;
}

/**
 * y = x weightᵀ + bias.
 *
 * Shapes: x [..., inFeatures] -> [..., outFeatures]; weight [outFeatures, inFeatures], bias [outFeatures].
 * Both start uniform on ±1/sqrt(inFeatures).
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Tensor;
  bias: Tensor | null;

  constructor(inFeatures: number, outFeatures: number, { bias = true, ...options }: LinearOptions = {}) {
    super();
    this.inFeatures = requireWhole("Linear", "inFeatures", inFeatures, 1);
    this.outFeatures = requireWhole("Linear", "outFeatures", outFeatures, 1);
    const shape = [outFeatures, inFeatures];
    this.weight = uniformParameter(shape, fanInBound(shape), options);
    this.bias = bias ? uniformParameter([outFeatures], fanInBound(shape), options) : null;
  }

  override get moduleName(): string {
    return "Linear";
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  protected override describe(): string {
    return `inFeatures=${String(this.inFeatures)}, outFeatures=${String(this.outFeatures)}, bias=${String(this.bias !== null)}`;
  }
}

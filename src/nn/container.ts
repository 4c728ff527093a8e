// Modules made of modules, and the reshaping one that sits between convolutions and linear layers.
import { ShapeError } from "../core/errors.ts";
import { checkAxis, formatShape, inferShape, sizeOf } from "../core/shape.ts";
import { reshape } from "../ops/algebra.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** A module from one tensor to one tensor. */
export interface TensorModule extends Module {
  forward(x: Tensor): Tensor;
}

/** Runs modules one after another. State keys are 0., 1., ... */
export class Sequential extends Module {
  readonly layers: readonly TensorModule[];

  constructor(...layers: readonly TensorModule[]) {
    super();
    this.layers = layers;
  }

  override get moduleName(): string {
    return "Sequential";
  }

  override *namedChildren(): Generator<[string, Module]> {
    for (const [i, layer] of this.layers.entries()) yield [String(i), layer];
  }

  override forward(x: Tensor): Tensor {
    // Handles between layers are left to the caller's scope: in training the graph holds their buffers anyway.
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }
}

/** Merges the axes from `startAxis` to `endAxis` into one. */
export class Flatten extends Module {
  readonly startAxis: number;
  readonly endAxis: number;

  constructor(startAxis = 1, endAxis = -1) {
    super();
    this.startAxis = startAxis;
    this.endAxis = endAxis;
  }

  override get moduleName(): string {
    return "Flatten";
  }

  override forward(x: Tensor): Tensor {
    x.assertAlive("Flatten");
    const start = checkAxis("Flatten", this.startAxis, x.rank);
    const end = checkAxis("Flatten", this.endAxis, x.rank) + 1;
    if (start >= end) {
      const got = `${String(this.startAxis)} and ${String(this.endAxis)} for ${formatShape(x.shape)}`;
      throw new ShapeError("Flatten", `startAxis must not come after endAxis; got ${got}.`);
    }
    return reshape(x, [...x.shape.slice(0, start), sizeOf(x.shape.slice(start, end)), ...x.shape.slice(end)]);
  }
}

/** The inverse of `Flatten`: splits one axis into several; one of the sizes may be -1. */
export class Unflatten extends Module {
  readonly axis: number;
  readonly sizes: readonly number[];

  constructor(axis: number, sizes: readonly number[]) {
    super();
    this.axis = axis;
    this.sizes = sizes;
  }

  override get moduleName(): string {
    return "Unflatten";
  }

  override forward(x: Tensor): Tensor {
    const at = checkAxis("Unflatten", this.axis, x.rank);
    const sizes = inferShape("Unflatten", this.sizes, x.shape[at], [x.shape[at]]);
    return reshape(x, [...x.shape.slice(0, at), ...sizes, ...x.shape.slice(at + 1)]);
  }

  protected override describe(): string {
    return `axis=${String(this.axis)}, sizes=[${this.sizes.join(", ")}]`;
  }
}

/** x itself: a place to put a layer later, or to take one away. */
export class Identity extends Module {
  override get moduleName(): string {
    return "Identity";
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

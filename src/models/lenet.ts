// LeNet-5 in today's usual form: rectifiers and max pooling where the original had squashed sums.
import { relu } from "../ops/elementwise.ts";
import { reshape } from "../ops/algebra.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Conv2d } from "../nn/conv.ts";
import { MaxPool2d } from "../nn/pool.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { requireImages } from "./images.ts";

/**
 * Images [N, 1, 32, 32] -> scores [N, 10]; 61,706 parameters.
 *
 * Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document recognition".
 */
export class LeNet5 extends Module {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly fc3: Linear;
  readonly pool: MaxPool2d;

  constructor(options: ParameterOptions = {}) {
    super();
    this.conv1 = new Conv2d(1, 6, 5, options);
    this.conv2 = new Conv2d(6, 16, 5, options);
    this.pool = new MaxPool2d(2);
    this.fc1 = new Linear(16 * 5 * 5, 120, options);
    this.fc2 = new Linear(120, 84, options);
    this.fc3 = new Linear(84, 10, options);
  }

  override get moduleName(): string {
    return "LeNet5";
  }

  override forward(x: Tensor): Tensor {
    requireImages("LeNet5", x, 1, 32);
    // The rectifier keeps order, so it may follow the pooling, where a quarter of the elements is left.
    const a = relu(this.pool.forward(this.conv1.forward(x))); // [N, 1, 32, 32] -> [N, 6, 28, 28] -> [N, 6, 14, 14]
    const b = relu(this.pool.forward(this.conv2.forward(a))); // -> [N, 16, 10, 10] -> [N, 16, 5, 5]
    const c = relu(this.fc1.forward(reshape(b, [x.shape[0], 400]))); // -> [N, 120]
    const d = relu(this.fc2.forward(c)); // -> [N, 84]
    return this.fc3.forward(d); // -> [N, 10]
  }
}

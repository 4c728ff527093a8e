// Methods of Tensor: forwarders to the functions, installed once. Importing the package's main entry installs them.
import { backward } from "./autograd/grad.ts";
import type { BackwardOptions } from "./autograd/grad.ts";
import type { Device } from "./backend/device.ts";
import type { DType } from "./core/dtype.ts";
import type { Shape } from "./core/shape.ts";
import * as algebra from "./ops/algebra.ts";
import type { ReduceOptions, TensorLike } from "./ops/algebra.ts";
import * as creation from "./ops/creation.ts";
import * as elementwise from "./ops/elementwise.ts";
import { gather, scatterAdd } from "./ops/indexing.ts";
import { matmul } from "./ops/linalg.ts";
import { argmax, mean } from "./ops/reduce.ts";
import { logSoftmax, softmax } from "./ops/softmax.ts";
import { Tensor } from "./tensor/tensor.ts";

const methods = {
  add(this: Tensor, other: TensorLike): Tensor {
    return algebra.add(this, other);
  },
  sub(this: Tensor, other: TensorLike): Tensor {
    return algebra.sub(this, other);
  },
  mul(this: Tensor, other: TensorLike): Tensor {
    return algebra.mul(this, other);
  },
  div(this: Tensor, other: TensorLike): Tensor {
    return algebra.div(this, other);
  },
  neg(this: Tensor): Tensor {
    return algebra.neg(this);
  },
  exp(this: Tensor): Tensor {
    return elementwise.exp(this);
  },
  log(this: Tensor): Tensor {
    return elementwise.log(this);
  },
  sqrt(this: Tensor): Tensor {
    return elementwise.sqrt(this);
  },
  square(this: Tensor): Tensor {
    return elementwise.square(this);
  },
  relu(this: Tensor): Tensor {
    return elementwise.relu(this);
  },
  tanh(this: Tensor): Tensor {
    return elementwise.tanh(this);
  },
  sigmoid(this: Tensor): Tensor {
    return elementwise.sigmoid(this);
  },
  sum(this: Tensor, options?: ReduceOptions): Tensor {
    return algebra.sum(this, options);
  },
  mean(this: Tensor, options?: ReduceOptions): Tensor {
    return mean(this, options);
  },
  argmax(this: Tensor, options?: { axis?: number; keepDims?: boolean }): Tensor {
    return argmax(this, options);
  },
  softmax(this: Tensor, axis?: number): Tensor {
    return softmax(this, axis);
  },
  logSoftmax(this: Tensor, axis?: number): Tensor {
    return logSoftmax(this, axis);
  },
  matmul(this: Tensor, other: Tensor): Tensor {
    return matmul(this, other);
  },
  reshape(this: Tensor, shape: Shape): Tensor {
    return algebra.reshape(this, shape);
  },
  permute(this: Tensor, axes: readonly number[]): Tensor {
    return algebra.permute(this, axes);
  },
  transpose(this: Tensor, axis0?: number, axis1?: number): Tensor {
    return algebra.transpose(this, axis0, axis1);
  },
  expand(this: Tensor, shape: Shape): Tensor {
    return algebra.expand(this, shape);
  },
  slice(this: Tensor, axis: number, start: number, end?: number, step?: number): Tensor {
    return algebra.slice(this, axis, start, end, step);
  },
  gather(this: Tensor, axis: number, index: Tensor): Tensor {
    return gather(this, axis, index);
  },
  scatterAdd(this: Tensor, axis: number, index: Tensor, n: number): Tensor {
    return scatterAdd(this, axis, index, n);
  },
  contiguous(this: Tensor): Tensor {
    return algebra.contiguous(this);
  },
  cast(this: Tensor, dtype: DType): Tensor {
    return algebra.cast(this, dtype);
  },
  detach(this: Tensor): Tensor {
    return creation.detach(this);
  },
  to(this: Tensor, options: { readonly device?: string | Device; readonly dtype?: DType }): Tensor {
    return creation.to(this, options);
  },
  backward(this: Tensor, options?: BackwardOptions): void {
    backward(this, options);
  },
};

export type Methods = { [K in keyof typeof methods]: OmitThisParameter<(typeof methods)[K]> };

for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

// What an optimizer remembers of one parameter: tensors by PyTorch's names, and plain numbers.
import type { Shape } from "../core/shape.ts";
import { fill } from "../ops/algebra.ts";
import { keep } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

export class ParameterState {
  readonly parameter: Tensor;
  /** Updates so far; a parameter without a gradient is passed over. */
  step = 0;
  readonly tensors = new Map<string, Tensor>();
  /** Numbers that a step changes, besides `step`. */
  readonly numbers: Record<string, number>;

  constructor(parameter: Tensor, numbers: Readonly<Record<string, number>>) {
    this.parameter = parameter;
    this.numbers = { ...numbers };
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** A tensor kept between steps, of one value at first and of the parameter's shape unless another is given. */
  tensor(name: string, { shape, initial = 0 }: { shape?: Shape; initial?: number } = {}): Tensor {
    const known = this.tensors.get(name);
    if (known) return known;
    const p = this.parameter;
    const fresh = keep(fill(p.device, shape ?? p.shape, initial, p.dtype));
    p.device.makePersistent(fresh.storage);
    this.tensors.set(name, fresh);
    return fresh;
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
  }
}

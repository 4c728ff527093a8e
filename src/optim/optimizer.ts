// What optimizers share: the parameters, their gradients, and the state kept per parameter.
import { FormatError, GradError, ShapeError, ValueError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { assign } from "../ops/assign.ts";
import { fill } from "../ops/algebra.ts";
import { keep } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Numbers that steer a step; all plain, so that they can be saved as JSON. */
export type Hyperparameters = Readonly<Record<string, number | boolean>>;

/** All that a resumed run needs: tensors by "<parameter number>.<name>", and numbers. */
export interface OptimizerState {
  readonly tensors: Map<string, Tensor>;
  readonly numbers: Record<string, number | boolean>;
}

/** Base of the optimizers. `lr` may be changed between steps. */
export abstract class Optimizer {
  readonly parameters: readonly Tensor[];
  /** Learning rate of the next step. */
  lr: number;
  /** Steps taken so far. */
  steps = 0;
  // Per parameter: updates so far (a parameter without a gradient is passed over), and tensors by name, made when needed.
  readonly #updates: number[];
  readonly #state: Map<string, Tensor>[];

  constructor(name: string, parameters: Iterable<Tensor>, lr: number) {
    this.parameters = [...parameters];
    this.lr = requireRange(name, "lr", lr, 0, Infinity);
    this.#updates = this.parameters.map(() => 0);
    this.#state = this.parameters.map(() => new Map<string, Tensor>());
    if (this.parameters.length === 0) throw new ValueError(name, "there must be parameters; got none.");
    for (const p of this.parameters) {
      if (!p.isLeaf) throw new GradError(name, `parameters must be leaves; got a result of ${p.madeBy}.`);
    }
  }

  /** Changes every parameter that has a gradient. */
  step(): void {
    this.steps++;
    this.parameters.forEach((p, i) => {
      if (p.grad === null) return;
      this.#updates[i]++;
      this.update(p, p.grad, i, this.#updates[i]);
    });
  }

  /** Drops the gradients, so that the next backward starts afresh. */
  zeroGrad(): void {
    for (const p of this.parameters) {
      p.grad?.dispose();
      p.grad = null;
    }
  }

  /** Tensors are the optimizer's own, not copies. */
  stateDict(): OptimizerState {
    const tensors = new Map<string, Tensor>();
    this.#state.forEach((own, i) => {
      for (const [name, tensor] of own) tensors.set(`${String(i)}.${name}`, tensor);
    });
    const updates = Object.fromEntries(this.#updates.map((n, i) => [`${String(i)}.step`, n]));
    return { tensors, numbers: { steps: this.steps, ...updates, ...this.hyperparameters() } };
  }

  /**
   * Takes over a saved state.
   *
   * @throws FormatError or ShapeError where it belongs to other parameters; the optimizer is then unchanged.
   */
  loadStateDict({
    tensors,
    numbers,
  }: {
    readonly tensors: ReadonlyMap<string, Tensor>;
    readonly numbers: Hyperparameters;
  }): void {
    const entries = [...tensors].map(([key, tensor]) => ({ ...this.#locate(key, tensor), tensor }));
    this.dispose();
    for (const { index, name, tensor } of entries) assign(this.state(index, name), tensor);
    this.steps = Number(numbers.steps ?? this.steps);
    this.#updates.forEach((_, i) => {
      this.#updates[i] = Number(numbers[`${String(i)}.step`] ?? this.steps);
    });
    this.restore(numbers);
  }

  /** Releases the optimizer's own tensors. */
  dispose(): void {
    for (const own of this.#state) {
      for (const tensor of own.values()) tensor.dispose();
      own.clear();
    }
  }

  /** Changes one parameter; `step` counts its updates from 1. */
  protected abstract update(p: Tensor, gradient: Tensor, index: number, step: number): void;
  protected abstract hyperparameters(): Hyperparameters;
  protected abstract restore(numbers: Hyperparameters): void;

  /** A tensor kept for one parameter, zero at first. */
  protected state(index: number, name: string): Tensor {
    const own = this.#state[index];
    const known = own.get(name);
    if (known) return known;
    const p = this.parameters[index];
    const fresh = keep(fill(p.device, p.shape, 0, p.dtype));
    p.device.makePersistent(fresh.storage);
    own.set(name, fresh);
    return fresh;
  }

  protected hasState(index: number, name: string): boolean {
    return this.#state[index].has(name);
  }

  #locate(key: string, tensor: Tensor): { index: number; name: string } {
    const match = /^(\d+)\.(\w+)$/.exec(key);
    const index = match ? Number(match[1]) : -1;
    if (!match || index >= this.parameters.length) {
      const count = String(this.parameters.length);
      throw new FormatError(
        "loadStateDict",
        `optimizer keys must be "<0..${count} - 1>.<name>"; got ${JSON.stringify(key)}.`,
      );
    }
    const { shape } = this.parameters[index];
    if (sameShape(shape, tensor.shape)) return { index, name: match[2] };
    throw new ShapeError(
      "loadStateDict",
      `${key} must have shape ${formatShape(shape)}; got ${formatShape(tensor.shape)}.`,
    );
  }
}

/** @throws ValueError unless low <= value < high. */
export function requireRange(op: string, name: string, value: number, low: number, high: number): number {
  if (value >= low && value < high) return value;
  const range = high === Infinity ? `at least ${String(low)}` : `in [${String(low)}, ${String(high)})`;
  throw new ValueError(op, `${name} must be ${range}; got ${String(value)}.`);
}

// What optimizers share: parameter groups, the state kept per parameter, and how both are saved.
import { DisposedError, FormatError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { contiguous, neg } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { withRecording } from "../tensor/mode.ts";
import { Scope, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { flatten, makeGroups, requireRange, restore } from "./group.ts";
import type { BaseOptions, Hyperparameters, ParameterGroup, ParameterSource } from "./group.ts";
import { ParameterState } from "./parameter-state.ts";

/** All that a resumed run needs: whose it is, tensors by "<parameter number>.<name>", and numbers. */
export interface OptimizerState {
  /** The optimizer's name: the moments of one kind mean nothing to another. */
  readonly name: string;
  readonly tensors: Map<string, Tensor>;
  readonly numbers: Record<string, number | boolean>;
}

/** A parameter that is due to change. */
export interface Update {
  readonly p: Tensor;
  readonly gradient: Tensor;
  readonly state: ParameterState;
}

/**
 * Base of the optimizers. Made from parameters, or from groups of them with options of their own:
 * `new Adam([{ params: body, lr: 1e-4 }, { params: head }], { lr: 1e-3 })`.
 */
export abstract class Optimizer<O extends BaseOptions = BaseOptions> {
  readonly name: string;
  /** The groups, whose options may be changed between steps: `optimizer.groups[0].lr = 0.1`. */
  readonly groups: readonly ParameterGroup<O>[];
  /** All parameters, group after group. */
  readonly parameters: readonly Tensor[];
  /** Steps taken so far. */
  steps = 0;
  readonly #states: readonly ParameterState[];

  /** `check` refuses wrong options of a group; `numbers` are those that each parameter's state begins with. */
  constructor(
    name: string,
    source: ParameterSource<O>,
    defaults: O,
    check: (options: O) => void,
    numbers: Readonly<Record<string, number>> = {},
  ) {
    this.name = name;
    this.groups = makeGroups(name, source, defaults, (options) => {
      requireRange(name, "lr", options.lr, 0, Infinity);
      check(options);
    });
    this.parameters = this.groups.flatMap(({ params }) => params);
    this.#states = this.parameters.map((p) => new ParameterState(p, numbers));
  }

  /** Learning rate of the first group's next step; setting it sets every group's. */
  get lr(): number {
    return this.groups[0].lr;
  }

  set lr(value: number) {
    for (const group of this.groups) (group as { lr: number }).lr = value;
  }

  /**
   * Changes every parameter that has a gradient. A closure that clears the gradients, computes the loss and calls
   * backward may be given; it is called first and its loss returned (LBFGS needs one).
   */
  step(closure?: () => Tensor): Tensor | null {
    this.#requireAlive();
    const loss = closure?.() ?? null;
    const due = this.#due();
    this.steps++;
    for (let i = 0; i < due.length; i++) this.#change(due[i], this.groups[i]);
    return loss;
  }

  #requireAlive(): void {
    if (!this.parameters.some(isDisposed)) return;
    throw new DisposedError(
      this.name,
      "its parameters must be alive; got a released one. Make the optimizer after model.to(...), which makes new ones.",
    );
  }

  // Per group the parameters that have a gradient, checked before the first one is changed.
  #due(): Update[][] {
    let index = 0;
    return this.groups.map(({ params }) => {
      const updates: Update[] = [];
      for (let i = 0; i < params.length; i++) {
        const p = params[i];
        const state = this.#states[index++];
        const gradient = p.grad;
        if (gradient === null) continue;
        if (!sameShape(gradient.shape, p.shape)) this.#failShape(p, gradient);
        updates.push({ p, gradient, state });
      }
      return updates;
    });
  }

  #failShape(p: Tensor, gradient: Tensor): never {
    throw new ShapeError(
      this.name,
      `a gradient must have its parameter's shape, ${formatShape(p.shape)}; got ${formatShape(gradient.shape)}.`,
    );
  }

  #change(updates: readonly Update[], group: ParameterGroup<O>): void {
    if (updates.length === 0) return;
    const scope = new Scope(`${this.name} step`);
    for (let i = 0; i < updates.length; i++) updates[i].state.step++;
    try {
      withRecording(false, () => {
        const downhill = group.maximize
          ? updates.map((update) => ({ ...update, gradient: neg(update.gradient) }))
          : updates;
        this.updateAll(downhill, group);
      });
    } finally {
      scope.close();
    }
  }

  /** Drops the gradients, so that the next backward starts afresh. */
  zeroGrad(): void {
    for (let i = 0; i < this.parameters.length; i++) {
      const p = this.parameters[i];
      if (p.grad === null) continue;
      p.grad.dispose();
      p.grad = null;
    }
  }

  /** Tensors are the optimizer's own, not copies. Options of the second group and later are under "group1.", ... */
  stateDict(): OptimizerState {
    const tensors = new Map<string, Tensor>();
    const numbers: Record<string, number | boolean> = { steps: this.steps };
    this.#states.forEach((state, i) => {
      for (const [name, tensor] of state.tensors) tensors.set(`${String(i)}.${name}`, tensor);
      numbers[`${String(i)}.step`] = state.step;
      for (const [name, value] of Object.entries(state.numbers)) numbers[`${String(i)}.${name}`] = value;
    });
    this.groups.forEach((group, i) => {
      for (const [name, value] of Object.entries(flatten(group))) numbers[groupPrefix(i) + name] = value;
    });
    return { name: this.name, tensors, numbers };
  }

  /**
   * Takes over a saved state.
   *
   * @throws FormatError or ShapeError where it belongs to another kind of optimizer or to other parameters; the optimizer is
   * then unchanged.
   */
  loadStateDict({
    name,
    tensors,
    numbers,
  }: {
    readonly name: string;
    readonly tensors: ReadonlyMap<string, Tensor>;
    readonly numbers: Hyperparameters;
  }): void {
    if (name !== this.name)
      throw new FormatError("loadStateDict", `the state must be of ${this.name}; got one of ${name}.`);
    const entries = [...tensors].map(([key, tensor]) => ({ ...this.#locate(key, tensor), tensor }));
    scope("loadStateDict", () => {
      // Copies, since the state may be this optimizer's own, which makes room for them.
      const copies = entries.map((entry) => ({ ...entry, copy: contiguous(entry.tensor) }));
      this.dispose();
      for (const { state, name, copy } of copies) assign(state.tensor(name, { shape: copy.shape }), copy);
    });
    this.steps = Number(numbers.steps ?? this.steps);
    this.#states.forEach((state, i) => {
      state.step = Number(numbers[`${String(i)}.step`] ?? this.steps);
      for (const name of Object.keys(state.numbers)) {
        state.numbers[name] = Number(numbers[`${String(i)}.${name}`] ?? state.numbers[name]);
      }
    });
    this.groups.forEach((group, i) => {
      const prefix = groupPrefix(i);
      const own = Object.entries(numbers).filter(([key]) => key.startsWith(prefix));
      restore(group, Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])));
    });
  }

  /** Releases the optimizer's own tensors. */
  dispose(): void {
    for (const state of this.#states) state.dispose();
  }

  /** The shape that a state tensor of parameter number `index` must have. */
  stateShape(index: number, name: string): Shape {
    return this.shapeOf(this.parameters[index], name);
  }

  /** Changes the parameters of a group, unrecorded and in a scope; one after the other, unless there is a faster way. */
  protected updateAll(updates: readonly Update[], group: ParameterGroup<O>): void {
    for (const { p, gradient, state } of updates) this.update(p, gradient, state, group);
  }

  /** Changes one parameter, unrecorded and in a scope; `state.step` counts its updates from 1. */
  protected abstract update(
    p: Tensor,
    gradient: Tensor,
    state: ParameterState,
    group: ParameterGroup<O>,
  ): void;

  /** For optimizers whose state has other shapes than the parameter. */
  protected shapeOf(p: Tensor, _name: string): Shape {
    return p.shape;
  }

  /** What is kept of parameter number `index`. */
  protected stateOf(index: number): ParameterState {
    return this.#states[index];
  }

  #locate(key: string, tensor: Tensor): { state: ParameterState; name: string } {
    const match = /^(\d+)\.(\w+)$/.exec(key);
    const index = match ? Number(match[1]) : -1;
    if (!match || index >= this.parameters.length) {
      const count = String(this.parameters.length);
      throw new FormatError(
        "loadStateDict",
        `optimizer keys must be "<0..${count} - 1>.<name>"; got ${JSON.stringify(key)}.`,
      );
    }
    const shape = this.stateShape(index, match[2]);
    if (sameShape(shape, tensor.shape)) return { state: this.#states[index], name: match[2] };
    throw new ShapeError(
      "loadStateDict",
      `${key} must have shape ${formatShape(shape)}; got ${formatShape(tensor.shape)}.`,
    );
  }
}

// Options of the first group stand bare, as most optimizers have one.
const groupPrefix = (index: number): string => (index === 0 ? "" : `group${String(index)}.`);

const isDisposed = (p: Tensor): boolean => p.isDisposed;

// Limited-memory BFGS: a quasi-Newton method for full batches. Directions are computed on the host in double precision,
// since each step needs a handful of dot products whose values decide what comes next; parameters and gradients are read
// from the device once per evaluation. What is remembered has the parameters' precision, so that a saved state is all of it.
import { ValueError } from "../core/errors.ts";
import type { TensorData } from "../core/dtype.ts";
import { assign } from "../ops/assign.ts";
import { tensor } from "../ops/creation.ts";
import { withRecording } from "../tensor/mode.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireRange, withoutUndefined } from "./group.ts";
import type { BaseOptions, Hyperparameters, ParameterSource } from "./group.ts";
import { strongWolfe } from "./line-search.ts";
import type { Point } from "./line-search.ts";
import { Optimizer } from "./optimizer.ts";
import type { OptimizerState } from "./optimizer.ts";
import { along, dot, largest, scaled } from "./vector.ts";
import type { Vector } from "./vector.ts";

export interface LBFGSSettings extends BaseOptions {
  /** Iterations per step. */
  readonly maxIter: number;
  /** Evaluations per step; null: 5/4 of maxIter. */
  readonly maxEval: number | null;
  /** Stops where no gradient is larger. */
  readonly toleranceGrad: number;
  /** Stops where the loss or every weight changes by less. */
  readonly toleranceChange: number;
  /** How many past steps shape the direction. */
  readonly historySize: number;
  /** How the length of a step is found; null: it is lr. */
  readonly lineSearch: "strongWolfe" | null;
}

/**
 * Defaults: lr 1, maxIter 20, maxEval null, toleranceGrad 1e-7, toleranceChange 1e-9, historySize 100, lineSearch null.
 */
export type LBFGSOptions = Partial<LBFGSSettings>;

/** One past step: how far it went and how the gradient changed. */
interface Pair {
  readonly step: Vector;
  readonly change: Vector;
}

/**
 * `step(closure)` runs up to maxIter quasi-Newton iterations; `closure` clears the gradients, computes the loss, calls
 * backward and returns the loss. One parameter group only. Reads values, so it needs a device that reads at once.
 *
 * Source: Liu & Nocedal 1989, "On the limited memory BFGS method for large scale optimization"; line search: Nocedal &
 * Wright, "Numerical optimization", chapter 3.
 */
export class LBFGS extends Optimizer<LBFGSSettings> {
  #history: Pair[] = [];
  #direction: Vector | null = null;
  #previous: Vector | null = null;
  // The length of the last step, the scale of the first guess of the inverse Hessian, and iterations so far.
  #length = 0;
  #scale = 1;
  #iterations = 0;

  constructor(parameters: ParameterSource<LBFGSSettings>, options: LBFGSOptions = {}) {
    const defaults: LBFGSSettings = {
      ...{ lr: 1, maxIter: 20, maxEval: null, toleranceGrad: 1e-7, toleranceChange: 1e-9 },
      ...{ historySize: 100, lineSearch: null, maximize: false },
      ...withoutUndefined(options),
    };
    super("LBFGS", parameters, defaults, ({ maxIter, historySize, maximize }) => {
      requireRange("LBFGS", "maxIter", maxIter, 1, Infinity);
      requireRange("LBFGS", "historySize", historySize, 1, Infinity);
      if (maximize) throw new ValueError("LBFGS", "maximize must be false; got true. Negate the loss.");
    });
    if (this.groups.length > 1)
      throw new ValueError("LBFGS", `there must be one parameter group; got ${String(this.groups.length)}.`);
  }

  override step(closure?: () => Tensor): Tensor {
    if (!closure) {
      throw new ValueError(
        "LBFGS",
        "step must be given a closure that clears the gradients, computes the loss and calls backward; got none.",
      );
    }
    this.steps++;
    const [group] = this.groups;
    const { lr, maxIter, toleranceGrad, toleranceChange, lineSearch } = group;
    const maxEval = group.maxEval ?? Math.floor(maxIter * 1.25);
    const original = closure();
    let at: Point = { loss: original.itemSync(), gradient: this.#gradient() };
    let evaluations = 1;
    if (largest(at.gradient) <= toleranceGrad) return original;
    for (let n = 1; n <= maxIter; n++) {
      this.#iterations++;
      const direction = this.#turn(at.gradient);
      this.#previous = at.gradient;
      const before = at.loss;
      const first = this.#iterations === 1;
      this.#length = first ? Math.min(1, 1 / at.gradient.reduce((s, g) => s + Math.abs(g), 0)) * lr : lr;
      const slope = dot(at.gradient, direction);
      if (slope > -toleranceChange) break;
      const start = this.#values();
      const probe = (length: number): Point => {
        this.#set(along(start, direction, length));
        return scope(() => ({ loss: closure().itemSync(), gradient: this.#gradient() }));
      };
      if (lineSearch !== null) {
        const found = strongWolfe(probe, { ...at, slope, direction }, this.#length, maxEval - evaluations);
        at = found;
        this.#length = found.length;
        evaluations += found.evaluations;
        this.#set(along(start, direction, found.length));
      } else if (n < maxIter) {
        at = probe(this.#length);
        evaluations++;
      } else this.#set(along(start, direction, this.#length));
      if (evaluations >= maxEval || largest(at.gradient) <= toleranceGrad) break;
      if (largest(direction) * Math.abs(this.#length) <= toleranceChange) break;
      if (Math.abs(at.loss - before) < toleranceChange) break;
    }
    return original;
  }

  protected override update(): never {
    throw new ValueError("LBFGS", "parameters must change together.");
  }

  // The next direction: minus the gradient, turned by what the past steps say of the curvature.
  #turn(gradient: Vector): Vector {
    if (this.#iterations === 1 || this.#previous === null || this.#direction === null) {
      this.#history = [];
      this.#scale = 1;
    } else {
      const change = this.#rounded(along(gradient, this.#previous, -1));
      const step = this.#rounded(scaled(this.#direction, this.#length));
      const curvature = dot(change, step);
      if (curvature > 1e-10) {
        if (this.#history.length === this.groups[0].historySize) this.#history.shift();
        this.#history.push({ step, change });
        this.#scale = curvature / dot(change, change);
      }
    }
    let direction = scaled(gradient, -1);
    const weights: number[] = [];
    for (const { step, change } of [...this.#history].reverse()) {
      const weight = dot(step, direction) / dot(change, step);
      weights.push(weight);
      direction = along(direction, change, -weight);
    }
    direction = scaled(direction, this.#scale);
    for (const { step, change } of this.#history) {
      direction = along(direction, step, weights.pop()! - dot(change, direction) / dot(change, step));
    }
    this.#direction = this.#rounded(direction);
    return this.#direction;
  }

  // As the parameters would hold it.
  #rounded(values: Vector): Vector {
    let at = 0;
    for (const { size, dtype } of this.parameters) {
      if (dtype === "float32") values.set(Float32Array.from(values.subarray(at, at + size)), at);
      at += size;
    }
    return values;
  }

  #gradient(): Vector {
    return flat(this.parameters.map((p) => p.grad?.dataSync() ?? new Float64Array(p.size)));
  }

  #values(): Vector {
    return flat(this.parameters.map((p) => p.dataSync()));
  }

  #set(values: Vector): void {
    this.#split(values, this.parameters);
  }

  // Writes a flat vector into tensors of the parameters' shapes.
  #split(values: Vector, targets: readonly Tensor[]): void {
    let at = 0;
    withRecording(false, () => {
      for (const target of targets) {
        const { shape, size, dtype, device } = target;
        const part = values.slice(at, (at += size));
        scope(() => {
          assign(target, tensor(part, { shape, dtype, device }));
        });
      }
    });
  }

  #stored(name: string): Tensor[] {
    return this.parameters.map((_, i) => this.stateOf(i).tensor(name));
  }

  override stateDict(): OptimizerState {
    super.dispose();
    if (this.#direction) this.#split(this.#direction, this.#stored("direction"));
    if (this.#previous) this.#split(this.#previous, this.#stored("previous_gradient"));
    this.#history.forEach(({ step, change }, i) => {
      this.#split(step, this.#stored(`step_${String(i)}`));
      this.#split(change, this.#stored(`change_${String(i)}`));
    });
    const state = super.stateDict();
    const own = { length: this.#length, scale: this.#scale, iterations: this.#iterations };
    return { ...state, numbers: { ...state.numbers, ...own } };
  }

  override loadStateDict(state: {
    readonly name: string;
    readonly tensors: ReadonlyMap<string, Tensor>;
    readonly numbers: Hyperparameters;
  }): void {
    super.loadStateDict(state);
    const take = (name: string): Vector | null =>
      this.stateOf(0).has(name) ? flat(this.#stored(name).map((x) => x.dataSync())) : null;
    this.#direction = take("direction");
    this.#previous = take("previous_gradient");
    this.#history = [];
    for (let i = 0; ; i++) {
      const [step, change] = [take(`step_${String(i)}`), take(`change_${String(i)}`)];
      if (step === null || change === null) break;
      this.#history.push({ step, change });
    }
    this.#length = Number(state.numbers.length ?? 0);
    this.#scale = Number(state.numbers.scale ?? 1);
    this.#iterations = Number(state.numbers.iterations ?? 0);
    super.dispose();
  }
}

function flat(parts: readonly TensorData[]): Vector {
  const whole = new Float64Array(parts.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

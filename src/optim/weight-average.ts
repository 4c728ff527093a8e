// A running average of the weights: often better than the last ones, and what many papers evaluate.
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { add, contiguous, mul } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { withRecording } from "../tensor/mode.ts";
import { keep, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireRange } from "./group.ts";

export interface WeightAverageOptions {
  /** How much of the old average stays at each update; default 0.999. */
  readonly decay?: number;
  /** Let the decay grow as (1 + n) / (10 + n) with the updates n until it reaches `decay`; default false. */
  readonly warmup?: boolean;
}

/**
 * average = decay average + (1 - decay) weights, at each `update()`; it begins with the weights as they are.
 *
 * Source: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging"; the exponential form as in
 * Tarvainen & Valpola 2017, "Mean teachers are better role models".
 */
export class WeightAverage {
  readonly decay: number;
  readonly warmup: boolean;
  /** The averages, in the parameters' order. */
  readonly averages: readonly Tensor[];
  updates = 0;
  readonly #parameters: readonly Tensor[];

  constructor(parameters: Iterable<Tensor>, { decay = 0.999, warmup = false }: WeightAverageOptions = {}) {
    this.decay = decay === 1 ? 1 : requireRange("WeightAverage", "decay", decay, 0, 1);
    this.warmup = warmup;
    this.#parameters = [...parameters];
    if (this.#parameters.length === 0)
      throw new ValueError("WeightAverage", "there must be parameters; got none.");
    this.averages = withRecording(false, () =>
      this.#parameters.map((p) => {
        const copy = keep(contiguous(p));
        copy.device.makePersistent(copy.storage);
        return copy;
      }),
    );
  }

  /** Moves the averages towards the weights; call it after each optimizer step. */
  update(): void {
    const grown = (1 + this.updates) / (10 + this.updates);
    const decay = this.warmup ? Math.min(this.decay, grown) : this.decay;
    this.updates++;
    withRecording(false, () => {
      this.averages.forEach((average, i) => {
        scope(() => {
          assign(average, add(mul(average, decay), mul(this.#parameters[i], 1 - decay)));
        });
      });
    });
  }

  /** Writes the averages into the parameters, for good. */
  copyToParameters(): void {
    withRecording(false, () => {
      this.#parameters.forEach((p, i) => {
        assign(p, this.averages[i]);
      });
    });
  }

  /** Exchanges averages and weights; a second call puts them back. */
  swap(): void {
    withRecording(false, () => {
      this.#parameters.forEach((p, i) => {
        scope(() => {
          const weights = contiguous(p);
          assign(p, this.averages[i]);
          assign(this.averages[i], weights);
        });
      });
    });
  }

  /**
   * Runs `fn`, an evaluation say, with the averages as weights; they are exchanged back whatever happens: at once, or when
   * the promise that `fn` returned is settled. Do not train meanwhile.
   */
  withAverages<T>(fn: () => T): T {
    this.swap();
    let result: T;
    try {
      result = fn();
    } catch (error) {
      this.swap();
      throw error;
    }
    if (!isPromise(result)) {
      this.swap();
      return result;
    }
    // What comes of a promise after `finally` is a promise of the same.
    return result.finally(() => {
      this.swap();
    }) as T;
  }

  /** The averages by number and the count of updates; the tensors are its own, not copies. */
  stateDict(): { tensors: Map<string, Tensor>; numbers: { updates: number } } {
    return {
      tensors: new Map(this.averages.map((average, i) => [String(i), average])),
      numbers: { updates: this.updates },
    };
  }

  /** @throws ShapeError where the state is of other parameters; the averages are then unchanged. */
  loadStateDict(state: {
    readonly tensors: ReadonlyMap<string, Tensor>;
    readonly numbers: { readonly updates: number };
  }): void {
    const sources = this.averages.map((average, i) => {
      const source = state.tensors.get(String(i));
      if (source && sameShape(source.shape, average.shape)) return source;
      const got = source ? formatShape(source.shape) : "none";
      throw new ShapeError(
        "loadStateDict",
        `average ${String(i)} must have shape ${formatShape(average.shape)}; got ${got}.`,
      );
    });
    this.averages.forEach((average, i) => {
      assign(average, sources[i]);
    });
    this.updates = state.numbers.updates;
  }

  dispose(): void {
    for (const average of this.averages) average.dispose();
  }
}

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise;

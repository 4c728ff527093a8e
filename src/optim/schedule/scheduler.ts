// What schedulers of the learning rate share: the optimizer they steer, where they stand, and the rate each group began
// with. A scheduler sets the rates of step 0 when it is made, and those of the next step at each `step()`.
import { ValueError } from "../../core/errors.ts";
import type { BaseOptions, ParameterGroup } from "../group.ts";
import type { Optimizer } from "../optimizer.ts";

/** Plain data, fit for JSON: where a scheduler stands. Its options are not part of it. */
export interface SchedulerState {
  readonly epoch: number;
  readonly baseLrs: readonly number[];
  readonly [name: string]: number | readonly number[] | readonly SchedulerState[] | null;
}

type Group = ParameterGroup<BaseOptions>;

// Several schedulers may steer one optimizer; what each calls the initial rate is the one before the first of them.
const initialRates = new WeakMap<Group, number>();

/** The rate a group had before its first scheduler. */
export function initialRate(group: Group): number {
  const known = initialRates.get(group);
  if (known !== undefined) return known;
  initialRates.set(group, group.lr);
  return group.lr;
}

export const setInitialRate = (group: Group, rate: number): void => {
  initialRates.set(group, rate);
};

/** Base of the schedulers. Call `step()` after each optimizer step, or after each epoch: what is counted is yours. */
export abstract class Scheduler {
  readonly optimizer: Optimizer;
  /** Steps of the schedule taken: 0 at first. */
  epoch = -1;
  /** Per group: the rate that the schedule multiplies. */
  baseLrs: readonly number[];

  constructor(optimizer: Optimizer) {
    this.optimizer = optimizer;
    this.baseLrs = optimizer.groups.map(initialRate);
  }

  /** Per group: the learning rate of the next optimizer step. */
  get lastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  /** Whether `step` must be given a metric. */
  get needsMetric(): boolean {
    return false;
  }

  /** Sets the learning rates of the next optimizer step. */
  step(_metric?: number): void {
    this.epoch++;
    this.setRates(this.rates());
  }

  /** For schedulers made of others: before the beginning, without touching the optimizer. */
  rewind(): void {
    this.epoch = -1;
  }

  /** The rates of step 0 again, from the base rates. */
  restart(): void {
    this.rewind();
    this.epoch++;
    this.setRates(this.startRates());
  }

  stateDict(): SchedulerState {
    return { epoch: this.epoch, baseLrs: [...this.baseLrs] };
  }

  /** Goes on from a saved place; the rates themselves come back with the optimizer's state. */
  loadStateDict(state: SchedulerState): void {
    if (state.baseLrs.length !== this.optimizer.groups.length) {
      throw new ValueError(
        "loadStateDict",
        `the scheduler's state must be of ${String(this.optimizer.groups.length)} parameter groups; ` +
          `got one of ${String(state.baseLrs.length)}.`,
      );
    }
    this.epoch = state.epoch;
    this.baseLrs = [...state.baseLrs];
  }

  /** Per group: the rate at `epoch`. */
  protected abstract rates(): number[];

  /** Per group: the rate at epoch 0 where the schedule starts anew later on. */
  protected startRates(): number[] {
    return this.rates();
  }

  protected setRates(rates: readonly number[]): void {
    this.optimizer.groups.forEach((group, i) => {
      group.lr = rates[i];
    });
  }
}

/** One value for each group, from one for all or a list. */
export function perGroup(
  op: string,
  name: string,
  value: number | readonly number[],
  optimizer: Optimizer,
): readonly number[] {
  const { length } = optimizer.groups;
  if (typeof value === "number") return new Array<number>(length).fill(value);
  if (value.length === length) return value;
  throw new ValueError(
    op,
    `${name} must have one value for each of ${String(length)} parameter groups; got ${String(value.length)}.`,
  );
}

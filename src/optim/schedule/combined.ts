// Schedulers made of others.
import { ValueError } from "../../core/errors.ts";
import type { Optimizer } from "../optimizer.ts";
import { initialRate, Scheduler } from "./scheduler.ts";
import type { SchedulerState } from "./scheduler.ts";

abstract class CombinedScheduler extends Scheduler {
  readonly schedulers: readonly Scheduler[];

  constructor(op: string, optimizer: Optimizer | undefined, schedulers: readonly Scheduler[]) {
    if (schedulers.length === 0) throw new ValueError(op, "there must be schedulers; got none.");
    const steered = optimizer ?? schedulers[0].optimizer;
    if (schedulers.some((scheduler) => scheduler.optimizer !== steered))
      throw new ValueError(op, "schedulers must steer one optimizer; got several.");
    super(steered);
    this.schedulers = schedulers;
  }

  override rewind(): void {
    super.rewind();
    for (const scheduler of this.schedulers) scheduler.rewind();
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state);
    const states = state.schedulers as readonly SchedulerState[];
    this.schedulers.forEach((scheduler, i) => {
      scheduler.loadStateDict(states[i]);
    });
  }

  protected override rates(): number[] {
    return this.lastLr;
  }
}

/** Steps several schedulers at once: their factors multiply. */
export class ChainedScheduler extends CombinedScheduler {
  constructor(schedulers: readonly Scheduler[], optimizer?: Optimizer) {
    super("ChainedScheduler", optimizer, schedulers);
    this.epoch = 0;
  }

  override step(): void {
    this.epoch++;
    for (const scheduler of this.schedulers) scheduler.step();
  }

  override restart(): void {
    this.epoch = 0;
    // The first sets the base rates, the others multiply them.
    this.schedulers[0].restart();
    for (const scheduler of this.schedulers.slice(1)) {
      scheduler.rewind();
      scheduler.step();
    }
  }
}

/** One scheduler after another: the next takes over at each milestone, at its own step 0. */
export class SequentialLR extends CombinedScheduler {
  readonly milestones: readonly number[];

  constructor(
    optimizer: Optimizer,
    {
      schedulers,
      milestones,
    }: { readonly schedulers: readonly Scheduler[]; readonly milestones: readonly number[] },
  ) {
    super("SequentialLR", optimizer, schedulers);
    if (milestones.length !== schedulers.length - 1) {
      throw new ValueError(
        "SequentialLR",
        `there must be one milestone fewer than schedulers; got ${String(milestones.length)} for ${String(schedulers.length)}.`,
      );
    }
    this.milestones = milestones;
    this.restart();
  }

  override step(): void {
    this.epoch++;
    const index = this.milestones.filter((milestone) => milestone <= this.epoch).length;
    const current = this.schedulers[index];
    if (index > 0 && this.milestones[index - 1] === this.epoch) current.restart();
    else current.step();
  }

  override restart(): void {
    // Making the others has changed the rates and their places already: undo that.
    this.rewind();
    this.setRates(this.optimizer.groups.map(initialRate));
    this.epoch = 0;
    const first = this.milestones.filter((milestone) => milestone <= 0).length;
    this.schedulers[first].step();
  }
}

// When `fit` steps a scheduler: after every batch, or after every epoch, with the figure it watches where it needs one.
import { ValueError } from "../core/errors.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { Scheduler } from "../optim/schedule/scheduler.ts";
import type { EpochRecord } from "./events.ts";
import { Monitor } from "./monitor.ts";
import type { Schedule } from "./schedule.ts";

export interface SchedulerOptions {
  readonly scheduler: Scheduler;
  /** Step it after every epoch (default) or after every batch. One that needs a metric is stepped after epochs. */
  readonly every?: "epoch" | "batch";
  /** Which figure of the epoch's record a scheduler such as ReduceLROnPlateau gets. Default `valLoss`, or `loss`. */
  readonly monitor?: string;
}

interface Surroundings {
  readonly optimizer: Optimizer;
  readonly schedule?: Schedule;
  readonly validationData?: unknown;
}

export class SchedulerSteps {
  readonly scheduler: Scheduler;
  readonly #perBatch: boolean;
  readonly #monitor: Monitor;

  /** @throws ValueError where the scheduler steers another optimizer, or the options contradict each other. */
  constructor(given: Scheduler | SchedulerOptions, { optimizer, schedule, validationData }: Surroundings) {
    const options: SchedulerOptions = given instanceof Scheduler ? { scheduler: given } : given;
    const { scheduler, every = "epoch", monitor } = options;
    const fail = (rule: string): never => {
      throw new ValueError("fit", rule);
    };
    if (scheduler.optimizer !== optimizer)
      fail(`scheduler must steer fit's optimizer; got that of another ${scheduler.optimizer.name}.`);
    if (schedule) fail("the learning rate must be set by one of schedule and scheduler; got both.");
    if (every !== "epoch" && every !== "batch")
      fail(`scheduler.every must be "epoch" or "batch"; got ${JSON.stringify(every)}.`);
    if (scheduler.needsMetric && every === "batch")
      fail('scheduler.every must be "epoch" for a scheduler that needs a metric; got "batch".');
    this.scheduler = scheduler;
    this.#perBatch = every === "batch";
    this.#monitor = new Monitor(
      "fit",
      "scheduler.",
      monitor === undefined ? {} : { monitor },
      validationData !== undefined,
    );
  }

  batchDone(): void {
    if (this.#perBatch) this.scheduler.step();
  }

  /** @throws ValueError when the record has no figure of the watched name. */
  epochDone(record: EpochRecord): void {
    if (this.#perBatch) return;
    if (this.scheduler.needsMetric) this.scheduler.step(this.#monitor.valueOf(record));
    else this.scheduler.step();
  }
}

// Early stopping: ends a run when the figure it watches has not improved for some epochs.
import { ValueError } from "../core/errors.ts";
import type { EpochRecord } from "./events.ts";
import { Monitor } from "./monitor.ts";
import type { MonitorOptions } from "./monitor.ts";

export interface EarlyStopOptions extends MonitorOptions {
  /** Epochs in a row without improvement after which the run ends. */
  readonly patience: number;
}

/** What a checkpoint keeps of it. */
export interface EarlyStopState {
  readonly best: number | null;
  readonly bestEpoch: number;
  readonly waited: number;
}

export class EarlyStop {
  state: EarlyStopState = { best: null, bestEpoch: 0, waited: 0 };
  readonly #patience: number;
  readonly #monitor: Monitor;

  /** @throws ValueError for a patience that is no whole number, or a negative minDelta. */
  constructor({ patience, ...options }: EarlyStopOptions, hasValidation: boolean) {
    if (!Number.isSafeInteger(patience) || patience < 1) {
      throw new ValueError(
        "fit",
        `earlyStop.patience must be a whole number above 0; got ${String(patience)}.`,
      );
    }
    this.#patience = patience;
    this.#monitor = new Monitor("fit", "earlyStop.", options, hasValidation);
  }

  /**
   * Takes in an epoch; whether the run should end.
   *
   * @throws ValueError when the record has no figure of the watched name.
   */
  update(record: EpochRecord): boolean {
    const value = this.#monitor.valueOf(record);
    const { best, bestEpoch, waited } = this.state;
    this.state = this.#monitor.isBetter(value, best)
      ? { best: value, bestEpoch: record.epoch, waited: 0 }
      : { best, bestEpoch, waited: waited + 1 };
    return this.state.waited >= this.#patience;
  }
}

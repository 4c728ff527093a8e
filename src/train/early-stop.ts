// Early stopping: ends a run when the figure it watches has not improved for some epochs.
import { ValueError } from "../core/errors.ts";
import type { EpochRecord } from "./events.ts";

export interface EarlyStopOptions {
  /** Epochs in a row without improvement after which the run ends. */
  readonly patience: number;
  /** Which figure of the epoch's record to watch. Default `valLoss` with validation data, else `loss`. */
  readonly monitor?: string;
  /** What counts as better. Default: `min` for names that end in "loss", `max` for others. */
  readonly mode?: "min" | "max";
  /** By how much a figure must improve to count. Default 0. */
  readonly minDelta?: number;
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
  readonly #monitor: string;
  readonly #sign: number;
  readonly #minDelta: number;

  /** @throws ValueError for a patience that is no whole number, or a negative minDelta. */
  constructor({ patience, monitor, mode, minDelta = 0 }: EarlyStopOptions, hasValidation: boolean) {
    if (!Number.isSafeInteger(patience) || patience < 1) {
      throw new ValueError(
        "fit",
        `earlyStop.patience must be a whole number above 0; got ${String(patience)}.`,
      );
    }
    if (!(minDelta >= 0))
      throw new ValueError("fit", `earlyStop.minDelta must be >= 0; got ${String(minDelta)}.`);
    this.#patience = patience;
    this.#monitor = monitor ?? (hasValidation ? "valLoss" : "loss");
    this.#sign = (mode ?? (/loss$/i.test(this.#monitor) ? "min" : "max")) === "min" ? -1 : 1;
    this.#minDelta = minDelta;
  }

  /**
   * Takes in an epoch; whether the run should end.
   *
   * @throws ValueError when the record has no figure of the watched name.
   */
  update(record: EpochRecord): boolean {
    const value: number | undefined = record[this.#monitor];
    if (value === undefined) {
      const known = Object.keys(record).join(", ");
      throw new ValueError(
        "fit",
        `earlyStop.monitor must be one of ${known}; got ${JSON.stringify(this.#monitor)}.`,
      );
    }
    const { best, bestEpoch, waited } = this.state;
    const improved = best === null || this.#sign * (value - best) > this.#minDelta;
    this.state = improved
      ? { best: value, bestEpoch: record.epoch, waited: 0 }
      : { best, bestEpoch, waited: waited + 1 };
    return this.state.waited >= this.#patience;
  }
}

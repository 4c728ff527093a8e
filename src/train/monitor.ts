// Which figure of an epoch's record counts, and when one is better than another: what early stopping and the keeping of
// the best weights have in common.
import { ValueError } from "../core/errors.ts";
import type { EpochRecord } from "./events.ts";

export interface MonitorOptions {
  /** Which figure of the epoch's record to watch. Default `valLoss` with validation data, else `loss`. */
  readonly monitor?: string;
  /** What counts as better. Default: `min` for names that end in "loss", `max` for others. */
  readonly mode?: "min" | "max";
  /** By how much a figure must improve to count. Default 0. */
  readonly minDelta?: number;
}

export class Monitor {
  readonly name: string;
  readonly #op: string;
  readonly #prefix: string;
  readonly #sign: number;
  readonly #minDelta: number;

  /**
   * @param prefix What errors put before the names of the options.
   * @throws ValueError for a negative minDelta, or another mode.
   */
  constructor(
    op: string,
    prefix: string,
    { monitor, mode, minDelta = 0 }: MonitorOptions,
    hasValidation: boolean,
  ) {
    if (!(minDelta >= 0))
      throw new ValueError(op, `${prefix}minDelta must be >= 0; got ${String(minDelta)}.`);
    if (mode !== undefined && !["min", "max"].includes(mode)) {
      throw new ValueError(op, `${prefix}mode must be "min" or "max"; got ${JSON.stringify(mode)}.`);
    }
    this.#op = op;
    this.#prefix = prefix;
    this.name = monitor ?? (hasValidation ? "valLoss" : "loss");
    this.#sign = (mode ?? (/loss$/i.test(this.name) ? "min" : "max")) === "min" ? -1 : 1;
    this.#minDelta = minDelta;
  }

  /** @throws ValueError when the record has no figure of the watched name. */
  valueOf(record: EpochRecord): number {
    const value: number | undefined = record[this.name];
    if (value !== undefined) return value;
    const known = Object.keys(record).join(", ");
    throw new ValueError(
      this.#op,
      `${this.#prefix}monitor must be one of ${known}; got ${JSON.stringify(this.name)}.`,
    );
  }

  /** Whether a value is better than the best so far (null before the first); NaN never is. */
  isBetter(value: number, best: number | null): boolean {
    if (Number.isNaN(value)) return false;
    return best === null || this.#sign * (value - best) > this.#minDelta;
  }
}

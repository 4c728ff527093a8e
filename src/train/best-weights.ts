// Keeps the weights of the best epoch in a file.
import { saveWeights } from "../io/weights.ts";
import type { Module } from "../nn/module.ts";
import type { Callback, EpochRecord, FitStartEvent } from "./events.ts";
import { Monitor } from "./monitor.ts";
import type { MonitorOptions } from "./monitor.ts";

export interface BestWeightsOptions extends MonitorOptions {
  /** The `.safetensors` file, written anew each time under a temporary name and then renamed. */
  readonly path: string;
  readonly model: Module;
}

/**
 * A callback of `fit` that writes the model's weights whenever the watched figure is better than in every epoch before.
 * A resumed run knows the epochs before the resume, and leaves the file alone until it beats them.
 *
 * @throws ValueError when an epoch's record has no figure of the watched name; FileError when the file cannot be written.
 */
export class BestWeights implements Callback {
  /** The best figure so far, and its epoch counted from 1; null and 0 before the first. */
  best: number | null = null;
  bestEpoch = 0;
  readonly #options: BestWeightsOptions;
  #monitor: Monitor | null = null;

  constructor(options: BestWeightsOptions) {
    this.#options = options;
    // Says at once what is wrong with the options.
    new Monitor("BestWeights", "", options, false);
  }

  onFitStart({ history }: FitStartEvent): void {
    this.best = null;
    this.bestEpoch = 0;
    for (const record of history) this.#update(record);
  }

  async onEpochEnd(record: EpochRecord): Promise<void> {
    if (this.#update(record)) await saveWeights(this.#options.path, this.#options.model);
  }

  #update(record: EpochRecord): boolean {
    this.#monitor ??= new Monitor("BestWeights", "", this.#options, "valLoss" in record);
    const value = this.#monitor.valueOf(record);
    if (!this.#monitor.isBetter(value, this.best)) return false;
    this.best = value;
    this.bestEpoch = record.epoch;
    return true;
  }
}

// A scheduler that waits for a metric to stop improving.
import { ValueError } from "../../core/errors.ts";
import { requireOneOf, requireRange, withoutUndefined } from "../group.ts";
import type { Optimizer } from "../optimizer.ts";
import { perGroup, Scheduler } from "./scheduler.ts";
import type { SchedulerState } from "./scheduler.ts";

export interface PlateauOptions {
  /** Whether a lower or a higher metric is better; default "min". */
  readonly mode?: "min" | "max";
  /** What the rate is multiplied by; default 0.1. */
  readonly factor?: number;
  /** Steps without improvement that are let pass; default 10. */
  readonly patience?: number;
  /** How much better counts as better: a share of the best ("rel"), or a difference ("abs"); default 1e-4. */
  readonly threshold?: number;
  readonly thresholdMode?: "rel" | "abs";
  /** Steps after a reduction in which nothing is counted; default 0. */
  readonly cooldown?: number;
  readonly minLr?: number | readonly number[];
  /** Smaller changes of the rate are not made; default 1e-8. */
  readonly eps?: number;
}

/** Multiplies the rate by `factor` when the metric has not improved for more than `patience` steps. */
export class ReduceLROnPlateau extends Scheduler {
  readonly #options: Required<Omit<PlateauOptions, "minLr">>;
  readonly #minLrs: readonly number[];
  #best: number | null = null;
  #bad = 0;
  #cooling = 0;

  constructor(optimizer: Optimizer, { minLr = 0, ...options }: PlateauOptions = {}) {
    super(optimizer);
    this.#options = {
      ...{ mode: "min", factor: 0.1, patience: 10, threshold: 1e-4, thresholdMode: "rel" },
      ...{ cooldown: 0, eps: 1e-8 },
      ...withoutUndefined(options),
    };
    const { mode, factor, thresholdMode } = this.#options;
    requireOneOf("ReduceLROnPlateau", "mode", mode, ["min", "max"]);
    requireOneOf("ReduceLROnPlateau", "thresholdMode", thresholdMode, ["rel", "abs"]);
    requireRange("ReduceLROnPlateau", "factor", factor, 0, 1);
    this.#minLrs = perGroup("ReduceLROnPlateau", "minLr", minLr, optimizer);
    this.epoch = 0;
  }

  override get needsMetric(): boolean {
    return true;
  }

  /** @throws ValueError without a metric. */
  override step(metric?: number): void {
    if (metric === undefined)
      throw new ValueError("ReduceLROnPlateau", "step must be given the metric; got none.");
    this.epoch++;
    const { patience, cooldown } = this.#options;
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#bad = 0;
    } else this.#bad++;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#bad = 0;
    }
    if (this.#bad <= patience) return;
    this.setRates(this.rates());
    this.#cooling = cooldown;
    this.#bad = 0;
  }

  override rewind(): void {
    throw new ValueError(
      "ReduceLROnPlateau",
      "it must be stepped by itself, as it needs a metric; got it in a sequence.",
    );
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), best: this.#best, bad: this.#bad, cooling: this.#cooling };
  }

  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state);
    this.#best = state.best === null ? null : Number(state.best);
    this.#bad = Number(state.bad);
    this.#cooling = Number(state.cooling);
  }

  protected override rates(): number[] {
    const { factor, eps } = this.#options;
    return this.optimizer.groups.map(({ lr }, i) => {
      const reduced = Math.max(lr * factor, this.#minLrs[i]);
      return lr - reduced > eps ? reduced : lr;
    });
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const best = this.#best;
    // NaN is never better.
    if (best === null) return metric === metric;
    const sign = mode === "min" ? -1 : 1;
    const bar = thresholdMode === "rel" ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === "min" ? metric < bar : metric > bar;
  }
}

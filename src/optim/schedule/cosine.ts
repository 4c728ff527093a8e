// Schedulers along half a cosine: once, with restarts, and as a factor with a warm-up.
import type { Optimizer } from "../optimizer.ts";
import { requireCount } from "./factor.ts";
import { Scheduler } from "./scheduler.ts";
import type { SchedulerState } from "./scheduler.ts";

/**
 * etaMin + (lr - etaMin) (1 + cos(pi epoch / tMax)) / 2; after tMax it rises again the same way. Works on the rate as it
 * is, so it may be chained.
 *
 * Source: Loshchilov & Hutter 2016, "SGDR: stochastic gradient descent with warm restarts".
 */
export class CosineAnnealingLR extends Scheduler {
  readonly tMax: number;
  readonly etaMin: number;

  constructor(
    optimizer: Optimizer,
    { tMax, etaMin = 0 }: { readonly tMax: number; readonly etaMin?: number },
  ) {
    super(optimizer);
    this.tMax = requireCount("CosineAnnealingLR", "tMax", tMax);
    this.etaMin = etaMin;
    this.step();
  }

  protected override rates(): number[] {
    const { epoch, tMax, etaMin, baseLrs } = this;
    const height = (at: number): number => 1 + Math.cos((Math.PI * at) / tMax);
    return this.optimizer.groups.map(({ lr }, i) => {
      if (epoch === 0) return lr;
      // At the bottom the ratio is 0/0: the rise begins from the base rate's own height.
      if ((epoch - 1 - tMax) % (2 * tMax) === 0) return lr + ((baseLrs[i] - etaMin) * (2 - height(1))) / 2;
      return (height(epoch) / height(epoch - 1)) * (lr - etaMin) + etaMin;
    });
  }

  protected override startRates(): number[] {
    return [...this.baseLrs];
  }
}

/**
 * Half a cosine from the initial rate to etaMin over t0 epochs, then again, each time tMult times as long.
 *
 * Source: Loshchilov & Hutter 2016, "SGDR: stochastic gradient descent with warm restarts".
 */
export class CosineAnnealingWarmRestarts extends Scheduler {
  readonly t0: number;
  readonly tMult: number;
  readonly etaMin: number;
  // Length of this round, and where it stands.
  #length: number;
  #at = -1;

  constructor(
    optimizer: Optimizer,
    { t0, tMult = 1, etaMin = 0 }: { readonly t0: number; readonly tMult?: number; readonly etaMin?: number },
  ) {
    super(optimizer);
    this.t0 = requireCount("CosineAnnealingWarmRestarts", "t0", t0);
    this.tMult = requireCount("CosineAnnealingWarmRestarts", "tMult", tMult);
    this.etaMin = etaMin;
    this.#length = t0;
    this.step();
  }

  override step(): void {
    this.#at++;
    if (this.#at >= this.#length) {
      this.#at -= this.#length;
      this.#length *= this.tMult;
    }
    super.step();
  }

  override rewind(): void {
    super.rewind();
    this.#at = -1;
    this.#length = this.t0;
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), at: this.#at, length: this.#length };
  }

  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state);
    this.#at = Number(state.at);
    this.#length = Number(state.length);
  }

  protected override rates(): number[] {
    const height = (1 + Math.cos((Math.PI * this.#at) / this.#length)) / 2;
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * height);
  }

  protected override startRates(): number[] {
    this.#at = 0;
    return this.rates();
  }
}

/**
 * A factor for LambdaLR: rises in a line over `warmup` steps, then falls from 1 to `floor` along half a cosine until
 * `steps`, in `cycles` rounds (default 1).
 */
export const warmupCosine =
  ({
    warmup,
    steps,
    floor = 0,
    cycles = 1,
  }: {
    readonly warmup: number;
    readonly steps: number;
    readonly floor?: number;
    readonly cycles?: number;
  }): ((step: number) => number) =>
  (step) => {
    if (step < warmup) return (step + 1) / (warmup + 1);
    const progress = (step - warmup) / Math.max(1, steps - warmup);
    if (progress >= 1) return floor;
    return floor + ((1 - floor) * (1 + Math.cos(Math.PI * ((progress * cycles) % 1)))) / 2;
  };

// Schedulers that raise the learning rate and lower it again, moving the momentum the other way.
import { ValueError } from "../../core/errors.ts";
import { requireOneOf } from "../group.ts";
import type { Optimizer } from "../optimizer.ts";
import { requireCount } from "./factor.ts";
import { perGroup, Scheduler, setInitialRate } from "./scheduler.ts";

/** The momentum of a group under whichever name it has: `momentum`, or the first of `betas`. */
interface Movable {
  momentum?: number;
  betas?: readonly number[];
}

function setMomentum(group: object, value: number): void {
  const movable = group as Movable;
  if (movable.betas) movable.betas = [value, ...movable.betas.slice(1)];
  else movable.momentum = value;
}

function requireMomentum(op: string, { groups, name }: Optimizer): void {
  if (groups.every((group) => "betas" in group || "momentum" in group)) return;
  throw new ValueError(
    op,
    `the optimizer must have momentum or betas to cycle; got ${name}. Pass { cycleMomentum: false }.`,
  );
}

export interface MomentumCycle {
  /** Move the momentum against the rate; default true. */
  readonly cycleMomentum?: boolean;
  readonly baseMomentum?: number | readonly number[];
  readonly maxMomentum?: number | readonly number[];
}

export interface OneCycleOptions extends MomentumCycle {
  readonly maxLr: number | readonly number[];
  /** Steps in all, or `epochs` times `stepsPerEpoch`. */
  readonly totalSteps?: number;
  readonly epochs?: number;
  readonly stepsPerEpoch?: number;
  /** Share of the steps in which the rate rises; default 0.3. */
  readonly pctStart?: number;
  readonly annealStrategy?: "cos" | "linear";
  /** The rate starts at maxLr / divFactor (25) and ends at that / finalDivFactor (1e4). */
  readonly divFactor?: number;
  readonly finalDivFactor?: number;
  /** Rise, fall as long to where it started, then on to the end, instead of rise and fall. */
  readonly threePhase?: boolean;
}

/** Ends of a stretch of the cycle, per group. */
interface Phase {
  readonly end: number;
  readonly rates: readonly [readonly number[], readonly number[]];
  readonly momenta: readonly [readonly number[], readonly number[]];
}

/**
 * The rate rises from maxLr / divFactor to maxLr and falls to almost nothing, in one cycle over the whole training; step
 * it after every batch. Momentum defaults: 0.95 down to 0.85.
 *
 * Source: Smith & Topin 2017, "Super-convergence: very fast training of neural networks using large learning rates".
 */
export class OneCycleLR extends Scheduler {
  readonly totalSteps: number;
  readonly #phases: readonly Phase[];
  readonly #anneal: (from: number, to: number, t: number) => number;
  readonly #cycleMomentum: boolean;

  constructor(optimizer: Optimizer, options: OneCycleOptions) {
    const { epochs = NaN, stepsPerEpoch = NaN, totalSteps = epochs * stepsPerEpoch } = options;
    const { pctStart = 0.3, annealStrategy = "cos", divFactor = 25, finalDivFactor = 1e4 } = options;
    const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95, threePhase = false } = options;
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new ValueError("OneCycleLR", `pctStart must be in [0, 1]; got ${String(pctStart)}.`);
    requireOneOf("OneCycleLR", "annealStrategy", annealStrategy, ["cos", "linear"]);
    requireCount("OneCycleLR", "totalSteps (or epochs x stepsPerEpoch)", totalSteps);
    const high = perGroup("OneCycleLR", "maxLr", options.maxLr, optimizer);
    const start = high.map((lr) => lr / divFactor);
    if (cycleMomentum) requireMomentum("OneCycleLR", optimizer);
    optimizer.groups.forEach((group, i) => {
      setInitialRate(group, start[i]);
    });
    super(optimizer);
    this.totalSteps = totalSteps;
    this.#cycleMomentum = cycleMomentum;
    this.#anneal = annealStrategy === "cos" ? cosineBetween : lineBetween;
    const low = start.map((lr) => lr / finalDivFactor);
    const [heavy, light] = [
      perGroup("OneCycleLR", "maxMomentum", maxMomentum, optimizer),
      perGroup("OneCycleLR", "baseMomentum", baseMomentum, optimizer),
    ];
    const rise: Phase = { end: pctStart * totalSteps - 1, rates: [start, high], momenta: [heavy, light] };
    const last = totalSteps - 1;
    this.#phases = threePhase
      ? [
          rise,
          { end: 2 * pctStart * totalSteps - 2, rates: [high, start], momenta: [light, heavy] },
          { end: last, rates: [start, low], momenta: [heavy, heavy] },
        ]
      : [rise, { end: last, rates: [high, low], momenta: [light, heavy] }];
    this.step();
  }

  protected override rates(): number[] {
    const { epoch, totalSteps } = this;
    if (epoch > totalSteps) {
      throw new ValueError(
        "OneCycleLR",
        `step must be called at most ${String(totalSteps)} times; got call ${String(epoch)}.`,
      );
    }
    const found = this.#phases.findIndex(({ end }) => epoch <= end);
    const index = found < 0 ? this.#phases.length - 1 : found;
    const { end, rates, momenta } = this.#phases[index];
    const start = index === 0 ? 0 : this.#phases[index - 1].end;
    // A rise of a single step is at its top at once.
    const t = end === start ? 1 : (epoch - start) / (end - start);
    const between = ([from, to]: Phase["rates"], i: number): number => this.#anneal(from[i], to[i], t);
    return this.optimizer.groups.map((group, i) => {
      if (this.#cycleMomentum) setMomentum(group, between(momenta, i));
      return between(rates, i);
    });
  }
}

const cosineBetween = (from: number, to: number, t: number): number =>
  to + ((from - to) / 2) * (Math.cos(Math.PI * t) + 1);

const lineBetween = (from: number, to: number, t: number): number => (to - from) * t + from;

export interface CyclicOptions extends MomentumCycle {
  readonly baseLr: number | readonly number[];
  readonly maxLr: number | readonly number[];
  /** Steps of the rise (default 2000), and of the fall (default: as many). */
  readonly stepSizeUp?: number;
  readonly stepSizeDown?: number;
  /** Height of the triangles: constant, halved each cycle, or gamma^step. */
  readonly mode?: "triangular" | "triangular2" | "expRange";
  readonly gamma?: number;
  /** Instead of a mode: the height as a function of the cycle (from 1) or of the step. */
  readonly scaleFn?: (at: number) => number;
  readonly scaleMode?: "cycle" | "iterations";
}

/**
 * The rate goes up and down between baseLr and maxLr in triangles; step it after every batch. Momentum defaults: 0.9 at
 * baseLr, 0.8 at maxLr.
 *
 * Source: Smith 2015, "Cyclical learning rates for training neural networks".
 */
export class CyclicLR extends Scheduler {
  readonly #maxLrs: readonly number[];
  readonly #total: number;
  readonly #rise: number;
  readonly #height: (cycle: number, step: number) => number;
  readonly #momenta: readonly [readonly number[], readonly number[]] | null;

  constructor(optimizer: Optimizer, options: CyclicOptions) {
    const { stepSizeUp = 2000, stepSizeDown = stepSizeUp } = options;
    const { cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9 } = options;
    const base = perGroup("CyclicLR", "baseLr", options.baseLr, optimizer);
    requireCount("CyclicLR", "stepSizeUp", stepSizeUp);
    requireCount("CyclicLR", "stepSizeDown", stepSizeDown);
    if (cycleMomentum) requireMomentum("CyclicLR", optimizer);
    super(optimizer);
    this.baseLrs = base;
    this.#maxLrs = perGroup("CyclicLR", "maxLr", options.maxLr, optimizer);
    this.#total = stepSizeUp + stepSizeDown;
    this.#rise = stepSizeUp / this.#total;
    this.#height = heightOf(options);
    this.#momenta = cycleMomentum
      ? [
          perGroup("CyclicLR", "baseMomentum", baseMomentum, optimizer),
          perGroup("CyclicLR", "maxMomentum", maxMomentum, optimizer),
        ]
      : null;
    this.step();
  }

  protected override rates(): number[] {
    const { epoch } = this;
    const cycle = Math.floor(1 + epoch / this.#total);
    const x = 1 + epoch / this.#total - cycle;
    const share = x <= this.#rise ? x / this.#rise : (x - 1) / (this.#rise - 1);
    const height = share * this.#height(cycle, epoch);
    return this.optimizer.groups.map((group, i) => {
      if (this.#momenta) {
        const [low, high] = this.#momenta;
        setMomentum(group, high[i] - (high[i] - low[i]) * height);
      }
      return this.baseLrs[i] + (this.#maxLrs[i] - this.baseLrs[i]) * height;
    });
  }
}

function heightOf({
  mode = "triangular",
  gamma = 1,
  scaleFn,
  scaleMode = "cycle",
}: CyclicOptions): (cycle: number, step: number) => number {
  requireOneOf("CyclicLR", "mode", mode, ["triangular", "triangular2", "expRange"]);
  requireOneOf("CyclicLR", "scaleMode", scaleMode, ["cycle", "iterations"]);
  if (scaleFn) return (cycle, step) => scaleFn(scaleMode === "cycle" ? cycle : step);
  if (mode === "triangular") return () => 1;
  if (mode === "triangular2") return (cycle) => 1 / 2 ** (cycle - 1);
  return (_, step) => gamma ** step;
}

// Schedulers that multiply the learning rate by a factor at each step. They work on the rate as it is, so that several
// may be chained on one optimizer.
import { ValueError } from "../../core/errors.ts";
import type { Optimizer } from "../optimizer.ts";
import { Scheduler } from "./scheduler.ts";

abstract class FactorScheduler extends Scheduler {
  /** What the rate is multiplied by at an epoch, the first included. */
  protected abstract factor(epoch: number): number;

  protected override rates(): number[] {
    const factor = this.factor(this.epoch);
    return this.optimizer.groups.map(({ lr }) => lr * factor);
  }

  protected override startRates(): number[] {
    const factor = this.factor(0);
    return this.baseLrs.map((lr) => lr * factor);
  }
}

/** Multiplies the rate by gamma (default 0.1) after every `stepSize` epochs. */
export class StepLR extends FactorScheduler {
  readonly stepSize: number;
  readonly gamma: number;

  constructor(
    optimizer: Optimizer,
    { stepSize, gamma = 0.1 }: { readonly stepSize: number; readonly gamma?: number },
  ) {
    super(optimizer);
    this.stepSize = requireCount("StepLR", "stepSize", stepSize);
    this.gamma = gamma;
    this.step();
  }

  protected override factor(epoch: number): number {
    return epoch === 0 || epoch % this.stepSize !== 0 ? 1 : this.gamma;
  }
}

/** Multiplies the rate by gamma (default 0.1) at each of the milestones, twice at one that comes twice. */
export class MultiStepLR extends FactorScheduler {
  readonly milestones: readonly number[];
  readonly gamma: number;

  constructor(
    optimizer: Optimizer,
    { milestones, gamma = 0.1 }: { readonly milestones: readonly number[]; readonly gamma?: number },
  ) {
    super(optimizer);
    this.milestones = [...milestones];
    this.gamma = gamma;
    this.step();
  }

  protected override factor(epoch: number): number {
    return this.gamma ** this.milestones.filter((milestone) => milestone === epoch).length;
  }
}

/** The rate times `factor` (default 1/3) for `totalIters` epochs (default 5), then the rate itself. */
export class ConstantLR extends FactorScheduler {
  readonly reduced: number;
  readonly totalIters: number;

  constructor(
    optimizer: Optimizer,
    { factor = 1 / 3, totalIters = 5 }: { readonly factor?: number; readonly totalIters?: number } = {},
  ) {
    super(optimizer);
    if (!(factor > 0 && factor <= 1))
      throw new ValueError("ConstantLR", `factor must be in (0, 1]; got ${String(factor)}.`);
    this.reduced = factor;
    this.totalIters = totalIters;
    this.step();
  }

  protected override factor(epoch: number): number {
    if (epoch === 0) return this.reduced;
    return epoch === this.totalIters ? 1 / this.reduced : 1;
  }
}

/** The rate times a factor that goes in a line from `startFactor` (1/3) to `endFactor` (1) over `totalIters` epochs (5). */
export class LinearLR extends FactorScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;

  constructor(
    optimizer: Optimizer,
    {
      startFactor = 1 / 3,
      endFactor = 1,
      totalIters = 5,
    }: { readonly startFactor?: number; readonly endFactor?: number; readonly totalIters?: number } = {},
  ) {
    super(optimizer);
    if (!(startFactor > 0 && startFactor <= 1) || !(endFactor >= 0 && endFactor <= 1)) {
      throw new ValueError(
        "LinearLR",
        `startFactor must be in (0, 1] and endFactor in [0, 1]; got ${String(startFactor)} and ${String(endFactor)}.`,
      );
    }
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = requireCount("LinearLR", "totalIters", totalIters);
    this.step();
  }

  protected override factor(epoch: number): number {
    if (epoch === 0) return this.startFactor;
    if (epoch > this.totalIters) return 1;
    const rise = this.endFactor - this.startFactor;
    return 1 + rise / (this.totalIters * this.startFactor + (epoch - 1) * rise);
  }
}

/** Multiplies the rate by gamma at every epoch. */
export class ExponentialLR extends FactorScheduler {
  readonly gamma: number;

  constructor(optimizer: Optimizer, { gamma }: { readonly gamma: number }) {
    super(optimizer);
    this.gamma = gamma;
    this.step();
  }

  protected override factor(epoch: number): number {
    return epoch === 0 ? 1 : this.gamma;
  }
}

/** The rate times (1 - epoch / totalIters)^power, 0 from then on; defaults 5 and 1. */
export class PolynomialLR extends FactorScheduler {
  readonly totalIters: number;
  readonly power: number;

  constructor(
    optimizer: Optimizer,
    { totalIters = 5, power = 1 }: { readonly totalIters?: number; readonly power?: number } = {},
  ) {
    super(optimizer);
    this.totalIters = requireCount("PolynomialLR", "totalIters", totalIters);
    this.power = power;
    this.step();
  }

  protected override factor(epoch: number): number {
    const { totalIters, power } = this;
    if (epoch === 0 || epoch > totalIters) return 1;
    return ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power;
  }
}

/** A function of the epoch, or one for each parameter group. */
export type RateFunction = ((epoch: number) => number) | readonly ((epoch: number) => number)[];

/** The initial rate times a function of the epoch. */
export class LambdaLR extends Scheduler {
  readonly lambdas: readonly ((epoch: number) => number)[];

  constructor(optimizer: Optimizer, { lrLambda }: { readonly lrLambda: RateFunction }) {
    super(optimizer);
    this.lambdas = functionPerGroup("LambdaLR", lrLambda, optimizer);
    this.step();
  }

  protected override rates(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lambdas[i](this.epoch));
  }
}

/** The rate of the epoch before times a function of the epoch, from the second one on. */
export class MultiplicativeLR extends Scheduler {
  readonly lambdas: readonly ((epoch: number) => number)[];

  constructor(optimizer: Optimizer, { lrLambda }: { readonly lrLambda: RateFunction }) {
    super(optimizer);
    this.lambdas = functionPerGroup("MultiplicativeLR", lrLambda, optimizer);
    this.step();
  }

  protected override rates(): number[] {
    const { epoch } = this;
    return this.optimizer.groups.map(({ lr }, i) => (epoch === 0 ? lr : lr * this.lambdas[i](epoch)));
  }

  protected override startRates(): number[] {
    return [...this.baseLrs];
  }
}

function functionPerGroup(
  op: string,
  given: RateFunction,
  { groups }: Optimizer,
): readonly ((epoch: number) => number)[] {
  const list = typeof given === "function" ? groups.map(() => given) : given;
  if (list.length === groups.length) return list;
  throw new ValueError(
    op,
    `lrLambda must be one function or one for each of ${String(groups.length)} parameter groups; got ${String(list.length)}.`,
  );
}

export function requireCount(op: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ValueError(op, `${name} must be a whole number >= 1; got ${String(value)}.`);
}

// Schedulers: rates and momenta against PyTorch's over fourteen steps, and states that can be taken over.
import { describe, expect, it } from "vitest";
import { zeros } from "../../src/index.ts";
import { parameter } from "../../src/nn/index.ts";
import * as optim from "../../src/optim/index.ts";
import { Adam, ChainedScheduler, CosineAnnealingLR, ExponentialLR, LambdaLR } from "../../src/optim/index.ts";
import { LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR, SGD, StepLR } from "../../src/optim/index.ts";
import { warmupCosine } from "../../src/optim/index.ts";
import type { Optimizer, Scheduler } from "../../src/optim/index.ts";
import { scoped } from "../scoped.ts";
import { camelCase, readCases, row } from "./golden.ts";
import type { Packed } from "./golden.ts";

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly base: "SGD" | "Adam";
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly metrics: readonly number[];
  readonly rates: Packed;
  readonly momenta: Packed;
}

const cases = readCases<Case>("schedulers");

function makeOptimizer(base: "SGD" | "Adam"): Optimizer {
  const groups = [0.4, 0.2].map((lr) => ({ params: [parameter(zeros([1]))], lr }));
  return base === "SGD" ? new SGD(groups, { momentum: 0.9 }) : new Adam(groups);
}

function makeScheduler(kind: string, optimizer: Optimizer, attrs: Record<string, unknown>): Scheduler {
  const lrLambda = (epoch: number): number => 1 / (1 + epoch);
  if (kind === "ChainedScheduler") {
    return new ChainedScheduler([
      new LinearLR(optimizer, { startFactor: 0.5, totalIters: 4 }),
      new ExponentialLR(optimizer, { gamma: 0.9 }),
      new CosineAnnealingLR(optimizer, { tMax: 6, etaMin: 0.01 }),
    ]);
  }
  if (kind === "SequentialLR") {
    const schedulers = [
      new LinearLR(optimizer, { startFactor: 0.1, totalIters: 4 }),
      new CosineAnnealingLR(optimizer, { tMax: 4, etaMin: 0.01 }),
      new ExponentialLR(optimizer, { gamma: 0.9 }),
    ];
    return new SequentialLR(optimizer, { schedulers, milestones: attrs.milestones as number[] });
  }
  const Made = optim[kind as "StepLR"] as unknown as new (o: Optimizer, options: object) => Scheduler;
  const mode = attrs.mode === "exp_range" ? { mode: "expRange" } : {};
  return new Made(optimizer, {
    ...attrs,
    ...mode,
    ...(kind.startsWith("M") || kind === "LambdaLR" ? { lrLambda } : {}),
  });
}

const step = (scheduler: Scheduler, metric: number): void => {
  if (scheduler instanceof ReduceLROnPlateau) scheduler.step(metric);
  else scheduler.step();
};

function momenta(optimizer: Optimizer): number[] {
  return optimizer.groups.map((group) => {
    const { momentum, betas } = group as { momentum?: number; betas?: number[] };
    return betas ? betas[0] : momentum!;
  });
}

const release = (optimizer: Optimizer): void => {
  optimizer.dispose();
  for (const p of optimizer.parameters) p.dispose();
};

describe("rates as PyTorch's", () => {
  it.each(cases.map((one) => [one.name, one] as const))(
    "%s",
    (_, { kind, base, attrs, metrics, ...expected }) => {
      const optimizer = makeOptimizer(base);
      const scheduler = makeScheduler(kind, optimizer, camelCase(attrs));
      for (let i = 0; i < expected.rates.shape[0]; i++) {
        expect(scheduler.lastLr, `rates of step ${i}`).toBeCloseToTensor(row(expected.rates, i), {
          rtol: 1e-9,
        });
        expect(momenta(optimizer), `momenta of step ${i}`).toBeCloseToTensor(row(expected.momenta, i), {
          rtol: 1e-9,
        });
        if (i + 1 < expected.rates.shape[0]) step(scheduler, metrics[i]);
      }
      release(optimizer);
    },
  );
});

describe("states", () => {
  it.each(cases.map((one) => [one.name, one] as const))(
    "%s goes on where it was",
    (_, { kind, base, attrs, metrics, rates }) => {
      const [first, second] = [makeOptimizer(base), makeOptimizer(base)];
      const before = makeScheduler(kind, first, camelCase(attrs));
      for (let i = 0; i < 6; i++) step(before, metrics[i]);
      const after = makeScheduler(kind, second, camelCase(attrs));
      after.loadStateDict(
        JSON.parse(JSON.stringify(before.stateDict())) as ReturnType<Scheduler["stateDict"]>,
      );
      second.loadStateDict(first.stateDict());
      for (let i = 6; i < 13; i++) {
        expect(after.lastLr).toBeCloseToTensor(row(rates, i), { rtol: 1e-9 });
        step(after, metrics[i]);
      }
      release(first);
      release(second);
    },
  );
});

describe("schedulers", () => {
  it(
    "warm up in a line and fall along a cosine, in rounds",
    scoped(() => {
      const optimizer = new SGD([parameter(zeros([1]))], { lr: 1 });
      const lrLambda = warmupCosine({ warmup: 3, steps: 11, floor: 0.1, cycles: 2 });
      const scheduler = new LambdaLR(optimizer, { lrLambda });
      const rates = Array.from({ length: 13 }, () => {
        const [rate] = scheduler.lastLr;
        scheduler.step();
        return Number(rate.toFixed(3));
      });
      expect(rates).toEqual([0.25, 0.5, 0.75, 1, 0.868, 0.55, 0.232, 1, 0.868, 0.55, 0.232, 0.1, 0.1]);
      release(optimizer);
    }),
  );

  it(
    "refuse what they cannot do",
    scoped(() => {
      const [a, b] = [makeOptimizer("SGD"), makeOptimizer("Adam")];
      expect(() => new StepLR(a, { stepSize: 0 })).toThrow(
        "StepLR: stepSize must be a whole number >= 1; got 0.",
      );
      expect(() => new OneCycleLR(a, { maxLr: [1], totalSteps: 3 })).toThrow(
        /maxLr must have one value for each of 2/,
      );
      expect(() => new OneCycleLR(a, { maxLr: 1 })).toThrow(
        /totalSteps .* must be a whole number >= 1; got NaN/,
      );
      expect(() => new ReduceLROnPlateau(a).step()).toThrow(
        "ReduceLROnPlateau: step must be given the metric; got none.",
      );
      const [one, other] = [new ExponentialLR(a, { gamma: 0.5 }), new ExponentialLR(b, { gamma: 0.5 })];
      expect(() => new ChainedScheduler([one, other])).toThrow(/must steer one optimizer/);
      expect(() => new SequentialLR(a, { schedulers: [one], milestones: [2] })).toThrow(
        /one milestone fewer/,
      );
      const short = new OneCycleLR(b, { maxLr: 1, totalSteps: 1 });
      short.step();
      expect(() => {
        short.step();
      }).toThrow(/at most 1 times/);
      release(a);
      release(b);
    }),
  );
});

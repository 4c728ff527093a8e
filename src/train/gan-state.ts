// Where the training of a generative adversarial network stands, as plain data: that of `fit` and the generator's part.
import { FormatError } from "../core/errors.ts";
import type { DataLoader } from "../data/loader.ts";
import type { EpochRecord } from "./events.ts";
import { checkResumable, startingState } from "./state.ts";
import type { TrainingState } from "./state.ts";

export interface GanState extends TrainingState {
  /** Steps that the generator has taken, in all and in the epoch in progress. */
  readonly generatorSteps: number;
  readonly generatorStepsOfEpoch: number;
  /** Sums over the epoch so far: the generator's losses, and the penalties of the samples. */
  readonly generatorLossSum: number;
  readonly penaltySum: number;
}

const COUNTS = ["generatorSteps", "generatorStepsOfEpoch"] as const;
const SUMS = ["generatorLossSum", "penaltySum"] as const;

const startOfEpoch = { batch: 0, lossSum: 0, generatorStepsOfEpoch: 0, generatorLossSum: 0, penaltySum: 0 };

export const startingGanState = (data: DataLoader): GanState => ({
  ...startingState(data),
  ...startOfEpoch,
  generatorSteps: 0,
});

/** What one step found. */
export interface StepFigures {
  readonly samples: number;
  readonly loss: number;
  readonly penalty: number | null;
  readonly generatorLoss: number | null;
}

export const afterStep = (state: GanState, figures: StepFigures): GanState => {
  const moved = figures.generatorLoss === null ? 0 : 1;
  return {
    ...state,
    step: state.step + 1,
    batch: state.batch + 1,
    lossSum: state.lossSum + figures.loss * figures.samples,
    penaltySum: state.penaltySum + (figures.penalty ?? 0) * figures.samples,
    generatorSteps: state.generatorSteps + moved,
    generatorStepsOfEpoch: state.generatorStepsOfEpoch + moved,
    generatorLossSum: state.generatorLossSum + (figures.generatorLoss ?? 0),
  };
};

/** The figures of the epoch that has ended. */
export function recordOf(
  state: GanState,
  samples: number,
  learningRate: number,
  penalised: boolean,
): EpochRecord {
  return {
    epoch: state.epoch + 1,
    loss: state.lossSum / samples,
    learningRate,
    // NaN where the generator did not move.
    generatorLoss: state.generatorLossSum / state.generatorStepsOfEpoch,
    ...(penalised && { penalty: state.penaltySum / samples }),
  };
}

export const afterEpoch = (state: GanState, record: EpochRecord): GanState => ({
  ...state,
  ...startOfEpoch,
  epoch: state.epoch + 1,
  history: [...state.history, record],
});

/** @throws FormatError where a checkpoint's progress is not that of such a run over this data. */
export function checkGanState(source: string, saved: unknown, data: DataLoader): GanState {
  const state = checkResumable("GanTrainer", source, saved, data) as GanState;
  for (const name of [...COUNTS, ...SUMS]) {
    const value: unknown = state[name];
    const whole = (COUNTS as readonly string[]).includes(name);
    if (whole ? Number.isSafeInteger(value) && (value as number) >= 0 : typeof value === "number") continue;
    const rule = `the training state's ${name} must be a ${whole ? "whole number >= 0" : "number"}`;
    throw new FormatError("GanTrainer", `${source}: ${rule}; got ${JSON.stringify(value) ?? "nothing"}.`);
  }
  return state;
}

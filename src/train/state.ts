// Where a training run stands, as plain data: what a checkpoint keeps beside weights, optimizer and random state.
import { FormatError } from "../core/errors.ts";
import type { DataLoader } from "../data/loader.ts";
import type { EarlyStopState } from "./early-stop.ts";
import type { EpochRecord } from "./events.ts";

/** Enough of the data to notice that a resumed run has another: its size, its batches, and the order of the epoch. */
export interface DataMark {
  readonly samples: number;
  readonly batchSize: number;
  /** Hash of the order of epoch 0. */
  readonly order: number;
}

export interface TrainingState {
  /** Epochs finished; also the number, from 0, of the one in progress. */
  readonly epoch: number;
  /** Batches done of the epoch in progress. */
  readonly batch: number;
  /** Optimizer steps done. */
  readonly step: number;
  /** Sum of the losses of the epoch's samples so far. */
  readonly lossSum: number;
  readonly history: readonly EpochRecord[];
  readonly earlyStop: EarlyStopState | null;
  /** Early stopping has ended the run. */
  readonly stopped: boolean;
  readonly data: DataMark;
  /** With a schedule: the learning rates of the optimizer's groups as parts of the first one's. */
  readonly proportions?: readonly number[];
}

export function startingState(data: DataLoader): TrainingState {
  const mark: DataMark = { samples: data.samples, batchSize: data.batchSize, order: hashOf(data.order(0)) };
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    lossSum: 0,
    history: [],
    earlyStop: null,
    stopped: false,
    data: mark,
  };
}

/** FNV-1a over 32-bit words: an order is told from another, nothing more. */
function hashOf(order: ArrayLike<number>): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < order.length; i++) hash = Math.imul(hash ^ order[i], 0x01000193);
  return hash >>> 0;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/**
 * The state that a checkpoint holds, once it is certain to be one and to belong to this data.
 *
 * @throws FormatError when it is not, in the name of `op`.
 */
export function checkResumable(op: string, source: string, state: unknown, data: DataLoader): TrainingState {
  const fail = (rule: string, got: unknown): never => {
    throw new FormatError(op, `${source}: ${rule}; got ${JSON.stringify(got) ?? "nothing"}.`);
  };
  if (!isObject(state)) return fail("the checkpoint must hold the state of a training run", state);
  for (const name of ["epoch", "batch", "step"]) {
    if (!isCount(state[name])) fail(`the training state's ${name} must be a whole number >= 0`, state[name]);
  }
  const { lossSum, history, earlyStop, stopped } = state;
  if (typeof lossSum !== "number") fail("the training state's lossSum must be a number", lossSum);
  if (typeof stopped !== "boolean") fail("the training state's stopped must be true or false", stopped);
  if (earlyStop !== null && !isEarlyStop(earlyStop))
    fail("the training state's earlyStop must be one", earlyStop);
  if (state.proportions !== undefined && !areRates(state.proportions))
    fail("the training state's proportions must be numbers >= 0", state.proportions);
  if (!Array.isArray(history)) return fail("the training state's history must be a list", history);
  const read = state as unknown as TrainingState;
  const { data: here } = startingState(data);
  if (JSON.stringify(read.data) !== JSON.stringify(here)) {
    const rule = `the data must be that of the run to resume, in the same order (${JSON.stringify(read.data)})`;
    fail(rule, here);
  }
  if (read.batch > data.length)
    fail(`the training state's batch must be at most ${String(data.length)}`, read.batch);
  return { ...read, history: history.map(readRecord) };
}

const areRates = (value: unknown): boolean =>
  Array.isArray(value) && value.every((rate) => typeof rate === "number" && rate >= 0);

const isEarlyStop = (value: unknown): boolean =>
  isObject(value) &&
  (value.best === null || typeof value.best === "number") &&
  isCount(value.bestEpoch) &&
  isCount(value.waited);

// JSON writes NaN and the infinities as null.
const readRecord = (record: unknown): EpochRecord =>
  Object.fromEntries(
    Object.entries(isObject(record) ? record : {}).map(([name, value]) => [
      name,
      typeof value === "number" ? value : NaN,
    ]),
  ) as unknown as EpochRecord;

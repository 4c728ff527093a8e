// What a training run tells the outside: callbacks and the records they receive. Progress bars, logs and plots are built
// on these; the library itself prints nothing.

/** The figures of one finished epoch: `loss`, `learningRate`, and with validation `valLoss` and one per metric. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean training loss over the epoch's samples. */
  readonly loss: number;
  /** Of the epoch's last step. */
  readonly learningRate: number;
  /** `valLoss`, and `valAccuracy` for a metric called `accuracy`. */
  readonly [name: string]: number;
}

export interface BatchEvent {
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches of this epoch that are done. */
  readonly batch: number;
  readonly batches: number;
  /** Optimizer steps that are done since the first epoch. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** Samples in this batch. */
  readonly samples: number;
  readonly learningRate: number;
}

export interface FitStartEvent {
  readonly epochs: number;
  readonly batches: number;
  readonly steps: number;
  /** Steps that a resumed run has behind it. */
  readonly step: number;
  readonly history: readonly EpochRecord[];
}

/** Why a run ended: all epochs done, no progress any more, or the signal. */
export type FitOutcome = "finished" | "stoppedEarly" | "aborted";

export interface FitResult {
  readonly outcome: FitOutcome;
  /** One record per finished epoch, those before a resume included. */
  readonly history: readonly EpochRecord[];
  /** Epochs finished, and batches done of the one in progress. */
  readonly epoch: number;
  readonly batch: number;
  /** Optimizer steps done. */
  readonly step: number;
}

type Handler<E> = (event: E) => void | Promise<void>;

/** Functions that a run calls as it goes; it waits for those that return a promise. */
export interface Callback {
  readonly onFitStart?: Handler<FitStartEvent>;
  readonly onBatchEnd?: Handler<BatchEvent>;
  /** All batches of the epoch are done, validation is next. */
  readonly onValidationStart?: Handler<{ readonly epoch: number; readonly epochs: number }>;
  readonly onEpochEnd?: Handler<EpochRecord>;
  readonly onCheckpoint?: Handler<{ readonly path: string }>;
  readonly onFitEnd?: Handler<FitResult>;
}

/** Calls one handler of every callback, in order. */
export async function emit<K extends keyof Callback>(
  callbacks: readonly Callback[],
  name: K,
  event: Parameters<NonNullable<Callback[K]>>[0],
): Promise<void> {
  for (const callback of callbacks) {
    const handler = callback[name] as Handler<typeof event> | undefined;
    if (handler) await handler.call(callback, event);
  }
}

// The training loop: epochs of steps with validation, early stop, checkpoints and exact resume. All state that outlives a
// step is plain data (state.ts), so that a checkpoint is that data beside weights, optimizer and random state.
import { ValueError } from "../core/errors.ts";
import { Pacer } from "../data/event-loop.ts";
import type { DataLoader } from "../data/loader.ts";
import { loadCheckpoint, saveCheckpoint } from "../io/checkpoint.ts";
import { clipGradNorm } from "../optim/clip.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Scheduler } from "../optim/schedule/scheduler.ts";
import { backward } from "../autograd/grad.ts";
import { keep, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { EarlyStop } from "./early-stop.ts";
import type { EarlyStopOptions } from "./early-stop.ts";
import { evaluate, inputsAndTarget, rememberModes } from "./evaluate.ts";
import type { Loss, Model } from "./evaluate.ts";
import { emit } from "./events.ts";
import type { Callback, EpochRecord, FitOutcome, FitResult } from "./events.ts";
import type { Metric } from "./metrics.ts";
import { SchedulerSteps } from "./scheduler-steps.ts";
import type { SchedulerOptions } from "./scheduler-steps.ts";
import { checkResumable, startingState } from "./state.ts";
import type { TrainingState } from "./state.ts";
import type { Schedule } from "./schedule.ts";

export interface CheckpointOptions {
  /** The file, written anew each time under a temporary name and then renamed. */
  readonly path: string;
  /** Write one after every so many epochs. Default 1. */
  readonly everyEpochs?: number;
  /** Write one after every so many steps, too. Default: never. */
  readonly everySteps?: number;
  /** Text of your own to put into the file's metadata. */
  readonly metadata?: () => Readonly<Record<string, string>>;
}

export interface FitOptions {
  readonly trainData: DataLoader;
  readonly validationData?: DataLoader;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Epochs in all, those before a resume included. */
  readonly epochs: number;
  /** Computed on the validation data after each epoch; `accuracy` is reported as `valAccuracy`. */
  readonly metrics?: Readonly<Record<string, Metric>>;
  /**
   * The learning rate of each step, as a function of it. Default: the optimizer's own, unchanged. Where groups of parameters
   * have rates of their own, it is the first group's, and the others keep their proportion to it.
   */
  readonly schedule?: Schedule;
  /** Scales the gradients of each step so that their common norm is at most this. Default: they stay as they are. */
  readonly clipGradNorm?: number;
  /**
   * A scheduler of `neurite/optim` for the same optimizer, stepped after every epoch, or as its options say:
   * `{ scheduler, every: "batch" }`. Its place is part of the checkpoint. Not together with `schedule`.
   */
  readonly scheduler?: Scheduler | SchedulerOptions;
  readonly callbacks?: readonly Callback[];
  /** Ends the run after the current batch; a checkpoint is written first. */
  readonly signal?: AbortSignal;
  readonly earlyStop?: EarlyStopOptions;
  readonly checkpoint?: CheckpointOptions;
  /** Go on from this checkpoint file; `true` means `checkpoint.path`. */
  readonly resume?: string | boolean;
}

/**
 * Trains a model.
 *
 * Memory stays flat: each step runs in a scope of its own. The event loop gets a turn at least every 50 ms, so signals,
 * timers and the page stay alive. A run that was aborted or killed and then resumed from its checkpoint ends with the
 * same bits as one that was not.
 *
 * The loss of each batch is read before the optimizer's step. Where it is not finite, the run ends with an error that
 * names epoch and batch, and parameters, optimizer and scheduler are as the batch before left them; only buffers that the
 * forward pass itself changes (the running statistics of BatchNorm) have seen the batch.
 *
 * @throws ValueError for options that make no sense, and when the loss is not finite.
 * @throws FormatError when the checkpoint to resume from is of another model or other data.
 * @throws FileError when a checkpoint cannot be read or written.
 */
export async function fit(model: Model, options: FitOptions): Promise<FitResult> {
  checkOptions(options);
  const run = new Run(model, options);
  const restoreModes = rememberModes(model);
  try {
    model.train();
    return await run.start();
  } finally {
    restoreModes();
  }
}

function checkOptions({ trainData, validationData, epochs, checkpoint, resume }: FitOptions): void {
  const check = (name: string, value: number | undefined): void => {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return;
    throw new ValueError("fit", `${name} must be a whole number above 0; got ${String(value)}.`);
  };
  check("epochs", epochs);
  check("checkpoint.everyEpochs", checkpoint?.everyEpochs);
  check("checkpoint.everySteps", checkpoint?.everySteps);
  for (const [name, data] of Object.entries({ trainData, validationData })) {
    if (data?.length === 0) throw new ValueError("fit", `${name} must hold at least one batch; got none.`);
  }
  if (resume === true && !checkpoint) {
    throw new ValueError(
      "fit",
      "resume: true must come with checkpoint.path; got no path. Pass the path itself.",
    );
  }
}

class Run {
  readonly #model: Model;
  readonly #options: FitOptions;
  readonly #callbacks: readonly Callback[];
  readonly #earlyStop: EarlyStop | null;
  readonly #scheduler: SchedulerSteps | null;
  readonly #pacer = new Pacer();
  #state: TrainingState;

  constructor(model: Model, options: FitOptions) {
    this.#model = model;
    this.#options = options;
    this.#callbacks = options.callbacks ?? [];
    this.#earlyStop = options.earlyStop
      ? new EarlyStop(options.earlyStop, options.validationData !== undefined)
      : null;
    this.#scheduler = options.scheduler ? new SchedulerSteps(options.scheduler, options) : null;
    this.#state = { ...startingState(options.trainData), ...(options.schedule && proportionsOf(options)) };
  }

  async start(): Promise<FitResult> {
    await this.#resume();
    const { epochs, trainData } = this.#options;
    const { step, history } = this.#state;
    const start = { epochs, batches: trainData.length, steps: epochs * trainData.length, step, history };
    await emit(this.#callbacks, "onFitStart", start);
    const outcome = await this.#epochs();
    const { epoch, batch } = this.#state;
    const result = { outcome, history: this.#state.history, epoch, batch, step: this.#state.step };
    await emit(this.#callbacks, "onFitEnd", result);
    return result;
  }

  async #epochs(): Promise<FitOutcome> {
    const { epochs, checkpoint } = this.#options;
    while (this.#state.epoch < epochs) {
      // An early stop that a checkpoint has on record stays one.
      if (this.#state.stopped) return "stoppedEarly";
      if (!(await this.#trainEpoch()) || !(await this.#finishEpoch())) {
        await this.#save();
        return "aborted";
      }
      const last = this.#state.stopped || this.#state.epoch === epochs;
      if (last || this.#state.epoch % (checkpoint?.everyEpochs ?? 1) === 0) await this.#save();
    }
    return this.#state.stopped ? "stoppedEarly" : "finished";
  }

  /** Runs the batches that the epoch has left; false when the signal ended it. */
  async #trainEpoch(): Promise<boolean> {
    const { trainData, checkpoint, signal, epochs } = this.#options;
    const { epoch } = this.#state;
    while (this.#state.batch < trainData.length) {
      if (this.#pacer.due) await this.#pacer.turn();
      if (signal?.aborted) return false;
      const learningRate = this.#schedule();
      const samples = Math.min(
        trainData.batchSize,
        trainData.samples - this.#state.batch * trainData.batchSize,
      );
      const loss = await this.#step();
      this.#scheduler?.batchDone();
      const { step, batch, lossSum } = this.#state;
      this.#state = { ...this.#state, step: step + 1, batch: batch + 1, lossSum: lossSum + loss * samples };
      await emit(this.#callbacks, "onBatchEnd", {
        epoch: epoch + 1,
        epochs,
        batch: batch + 1,
        batches: trainData.length,
        step: step + 1,
        steps: epochs * trainData.length,
        loss,
        samples,
        learningRate,
      });
      if (checkpoint?.everySteps && (step + 1) % checkpoint.everySteps === 0) await this.#save();
    }
    return true;
  }

  #schedule(): number {
    const { optimizer, schedule, epochs, trainData } = this.#options;
    const { step, epoch } = this.#state;
    if (schedule) {
      const rate = schedule({ step, steps: epochs * trainData.length, epoch });
      optimizer.groups.forEach((group, i) => {
        group.lr = rate * (this.#state.proportions?.[i] ?? 1);
      });
    }
    return optimizer.lr;
  }

  /** One optimizer step; the loss before it. */
  async #step(): Promise<number> {
    const { optimizer, clipGradNorm: maxNorm } = this.#options;
    const name = `train step ${String(this.#state.step)}`;
    const loss = await this.#gradients(name);
    if (!Number.isFinite(loss)) {
      // What flowed back from such a loss is of no use to whoever catches the error.
      optimizer.zeroGrad();
      this.#failLoss(loss);
    }
    scope(name, () => {
      if (maxNorm !== undefined) clipGradNorm(this.#model.parameters(), maxNorm);
      optimizer.step();
    });
    return loss;
  }

  /** Forward and backward of the batch that is due; its loss, read while the parameters are still as they were. */
  async #gradients(name: string): Promise<number> {
    const { trainData, optimizer, loss: lossOf } = this.#options;
    const { epoch, batch } = this.#state;
    let loss: Tensor | undefined;
    scope(name, () => {
      const [inputs, target] = inputsAndTarget("fit", trainData.batch(epoch, batch));
      const output = lossOf(this.#model.forward(...inputs), target);
      optimizer.zeroGrad();
      backward(output);
      loss = keep(output);
    });
    try {
      return await loss!.item();
    } finally {
      loss!.dispose();
    }
  }

  #failLoss(value: number): never {
    const { epoch, batch, step } = this.#state;
    const where = `epoch ${String(epoch + 1)}, batch ${String(batch + 1)} (step ${String(step + 1)})`;
    const hint = "Lower the learning rate, clip gradients, or look for such values in the data.";
    throw new ValueError("fit", `the loss must be finite; got ${String(value)} in ${where}. ${hint}`);
  }

  /** Validates, and puts the epoch on record; false when the signal ended it, in which case validation is due again. */
  async #finishEpoch(): Promise<boolean> {
    const { trainData, epochs, optimizer } = this.#options;
    const { epoch, history, lossSum } = this.#state;
    const validation = await this.#validate();
    if (validation === null) return false;
    const loss = lossSum / trainData.samples;
    const record: EpochRecord = { epoch: epoch + 1, loss, learningRate: optimizer.lr, ...validation };
    this.#scheduler?.epochDone(record);
    const stopped = this.#earlyStop?.update(record) ?? false;
    this.#state = {
      ...this.#state,
      epoch: epoch + 1,
      batch: 0,
      lossSum: 0,
      history: [...history, record],
      earlyStop: this.#earlyStop?.state ?? null,
      stopped: stopped && epoch + 1 < epochs,
    };
    await emit(this.#callbacks, "onEpochEnd", record);
    return true;
  }

  async #validate(): Promise<Record<string, number> | null> {
    const { validationData, loss, metrics, signal, epochs } = this.#options;
    if (!validationData) return {};
    await emit(this.#callbacks, "onValidationStart", { epoch: this.#state.epoch + 1, epochs });
    try {
      const evaluation = await evaluate(this.#model, validationData, { loss, metrics, signal });
      const named = Object.entries(evaluation.metrics).map(
        ([name, value]) => [inRecord(name), value] as const,
      );
      return { valLoss: evaluation.loss, ...(Object.fromEntries(named) as Record<string, number>) };
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return null;
      throw error;
    }
  }

  async #save(): Promise<void> {
    const { checkpoint, optimizer } = this.#options;
    if (!checkpoint) return;
    const { path, metadata } = checkpoint;
    await saveCheckpoint(path, {
      model: this.#model,
      optimizer,
      scheduler: this.#scheduler?.scheduler,
      progress: this.#state,
      metadata: metadata?.(),
    });
    await emit(this.#callbacks, "onCheckpoint", { path });
  }

  async #resume(): Promise<void> {
    const { resume, checkpoint, optimizer, trainData } = this.#options;
    if (resume === undefined || resume === false) return;
    const path = resume === true ? checkpoint!.path : resume;
    const check = (progress: unknown): TrainingState => checkResumable("fit", path, progress, trainData);
    const target = { model: this.#model, optimizer, scheduler: this.#scheduler?.scheduler ?? null, check };
    const { progress } = await loadCheckpoint(path, target);
    this.#state = progress;
    if (this.#earlyStop && this.#state.earlyStop) this.#earlyStop.state = this.#state.earlyStop;
  }
}

/** The groups' rates as parts of the first one's, which a schedule keeps; where that is 0 the rates become equal. */
function proportionsOf({ optimizer: { groups, lr } }: FitOptions): Pick<TrainingState, "proportions"> {
  return { proportions: groups.map((group) => (lr === 0 ? 1 : group.lr / lr)) };
}

/** `accuracy` as an epoch's record has it: `valAccuracy`. */
const inRecord = (metric: string): string => `val${metric.charAt(0).toUpperCase()}${metric.slice(1)}`;

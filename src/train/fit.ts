// Training a model: what each step does to it, and validation, early stop and learning rates around the steps. The course of
// the run is run.ts's.
import { ValueError } from "../core/errors.ts";
import type { DataLoader } from "../data/loader.ts";
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
import type { Callback, EpochRecord, FitResult } from "./events.ts";
import type { Metric } from "./metrics.ts";
import { checkRun, requireBatches, Run } from "./run.ts";
import type { BatchFigures, RunOptions } from "./run.ts";
import { SchedulerSteps } from "./scheduler-steps.ts";
import type { SchedulerOptions } from "./scheduler-steps.ts";
import { checkResumable, startingState } from "./state.ts";
import type { TrainingState } from "./state.ts";
import type { Schedule } from "./schedule.ts";

export interface FitOptions extends RunOptions {
  readonly validationData?: DataLoader;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
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
  readonly earlyStop?: EarlyStopOptions;
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
  checkRun("fit", options);
  if (options.validationData) requireBatches("fit", "validationData", options.validationData);
  const run = new FitRun(model, options);
  const restoreModes = rememberModes(model);
  try {
    model.train();
    return await run.start();
  } finally {
    restoreModes();
  }
}

class FitRun extends Run<TrainingState> {
  readonly #model: Model;
  readonly #options: FitOptions;
  readonly #earlyStop: EarlyStop | null;
  readonly #scheduler: SchedulerSteps | null;

  constructor(model: Model, options: FitOptions) {
    const { trainData, validationData, optimizer, callbacks = [], schedule, earlyStop } = options;
    const scheduler = options.scheduler ? new SchedulerSteps(options.scheduler, options) : null;
    const state = { ...startingState(trainData), ...(schedule && proportionsOf(optimizer)) };
    super(options, callbacks, { model, optimizer, scheduler: scheduler?.scheduler ?? null }, state);
    this.#model = model;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#earlyStop = earlyStop ? new EarlyStop(earlyStop, validationData !== undefined) : null;
  }

  protected override check(source: string, progress: unknown): TrainingState {
    return checkResumable("fit", source, progress, this.#options.trainData);
  }

  protected override resumed(): void {
    if (this.#earlyStop && this.state.earlyStop) this.#earlyStop.state = this.state.earlyStop;
  }

  protected override async step(): Promise<BatchFigures> {
    const { trainData } = this.#options;
    const learningRate = this.#schedule();
    const left = trainData.samples - this.state.batch * trainData.batchSize;
    const samples = Math.min(trainData.batchSize, left);
    const loss = await this.#move();
    this.#scheduler?.batchDone();
    const { step, batch, lossSum } = this.state;
    this.state = { ...this.state, step: step + 1, batch: batch + 1, lossSum: lossSum + loss * samples };
    return { loss, samples, learningRate };
  }

  #schedule(): number {
    const { optimizer, schedule, epochs, trainData } = this.#options;
    const { step, epoch } = this.state;
    if (schedule) {
      const rate = schedule({ step, steps: epochs * trainData.length, epoch });
      if (!(rate >= 0)) throw new ValueError("fit", `schedule must give a rate >= 0; got ${String(rate)}.`);
      optimizer.groups.forEach((group, i) => {
        group.lr = rate * (this.state.proportions?.[i] ?? 1);
      });
    }
    return optimizer.lr;
  }

  /** One optimizer step; the loss before it. */
  async #move(): Promise<number> {
    const { optimizer, clipGradNorm: maxNorm } = this.#options;
    const name = `train step ${String(this.state.step)}`;
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
    const { epoch, batch } = this.state;
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
    const hint = "Lower the learning rate, clip gradients, or look for such values in the data.";
    throw new ValueError("fit", `the loss must be finite; got ${String(value)} in ${this.place}. ${hint}`);
  }

  /** Validates, and puts the epoch on record; false when the signal ended it, in which case validation is due again. */
  protected override async finishEpoch(): Promise<boolean> {
    const { trainData, epochs, optimizer } = this.#options;
    const { epoch, history, lossSum } = this.state;
    const validation = await this.#validate();
    if (validation === null) return false;
    const loss = lossSum / trainData.samples;
    const record: EpochRecord = { epoch: epoch + 1, loss, learningRate: optimizer.lr, ...validation };
    this.#scheduler?.epochDone(record);
    const stopped = this.#earlyStop?.update(record) ?? false;
    this.state = {
      ...this.state,
      epoch: epoch + 1,
      batch: 0,
      lossSum: 0,
      history: [...history, record],
      earlyStop: this.#earlyStop?.state ?? null,
      stopped: stopped && epoch + 1 < epochs,
    };
    await this.emit("onEpochEnd", record);
    return true;
  }

  async #validate(): Promise<Record<string, number> | null> {
    const { validationData, loss, metrics, signal, epochs } = this.#options;
    if (!validationData) return {};
    await this.emit("onValidationStart", { epoch: this.state.epoch + 1, epochs });
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
}

/** The groups' rates as parts of the first one's, which a schedule keeps; where that is 0 the rates become equal. */
function proportionsOf({ groups, lr }: Optimizer): Pick<TrainingState, "proportions"> {
  return { proportions: groups.map((group) => (lr === 0 ? 1 : group.lr / lr)) };
}

/** `accuracy` as an epoch's record has it: `valAccuracy`. */
const inRecord = (metric: string): string => `val${metric.charAt(0).toUpperCase()}${metric.slice(1)}`;

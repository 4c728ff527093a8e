// The course of a training run, whatever it trains: epochs of batches, callbacks, the signal, checkpoints, and going on from
// one. What a batch does and what an epoch ends with is the subclass's; what outlives a batch is plain data (state.ts).
import { ValueError } from "../core/errors.ts";
import { Pacer } from "../data/event-loop.ts";
import type { DataLoader } from "../data/loader.ts";
import { loadCheckpoint, saveCheckpoint } from "../io/checkpoint.ts";
import type { Optimizers } from "../io/checkpoint.ts";
import type { Module } from "../nn/module.ts";
import type { Scheduler } from "../optim/schedule/scheduler.ts";
import { emit } from "./events.ts";
import type { BatchEvent, Callback, FitOutcome, FitResult } from "./events.ts";
import type { TrainingState } from "./state.ts";

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

export interface RunOptions {
  readonly trainData: DataLoader;
  /** Epochs in all, those before a resume included. */
  readonly epochs: number;
  /** Ends the run after the current batch; a checkpoint is written first. */
  readonly signal?: AbortSignal;
  readonly checkpoint?: CheckpointOptions;
  /** Go on from this checkpoint file; `true` means `checkpoint.path`. */
  readonly resume?: string | boolean;
}

/** @throws ValueError, in the name of `op`, for options that make no sense. */
export function checkRun(op: string, { trainData, epochs, checkpoint, resume }: RunOptions): void {
  const counts = {
    epochs,
    "checkpoint.everyEpochs": checkpoint?.everyEpochs ?? 1,
    "checkpoint.everySteps": checkpoint?.everySteps ?? 1,
  };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new ValueError(op, `${name} must be a whole number above 0; got ${String(value)}.`);
  }
  requireBatches(op, "trainData", trainData);
  if (resume === true && !checkpoint) {
    const hint = "Pass the path itself.";
    throw new ValueError(op, `resume: true must come with checkpoint.path; got no path. ${hint}`);
  }
}

export function requireBatches(op: string, name: string, data: DataLoader): void {
  if (data.length === 0) throw new ValueError(op, `${name} must hold at least one batch; got none.`);
}

/** What a checkpoint keeps beside the state; a scheduler of null means that there must be none. */
export interface Kept {
  readonly model: Module;
  readonly optimizer: Optimizers;
  readonly scheduler?: Scheduler | null;
}

/** What a batch tells beside its place. */
export type BatchFigures = Pick<BatchEvent, "loss" | "samples" | "learningRate">;

export abstract class Run<S extends TrainingState> {
  protected state: S;
  readonly #options: RunOptions;
  readonly #callbacks: readonly Callback[];
  readonly #kept: Kept;
  readonly #pacer = new Pacer();

  constructor(options: RunOptions, callbacks: readonly Callback[], kept: Kept, state: S) {
    this.#options = options;
    this.#callbacks = callbacks;
    this.#kept = kept;
    this.state = state;
  }

  /** Trains by the batch that is due, and takes it into the state. */
  protected abstract step(): Promise<BatchFigures>;

  /** Puts the epoch whose batches are done on record; false when the signal ended that, in which case it is due again. */
  protected abstract finishEpoch(): Promise<boolean>;

  /** The progress that a checkpoint holds, once it is certain to be this run's. */
  protected abstract check(source: string, progress: unknown): S;

  /** Called where the state has come from a checkpoint. */
  protected resumed(): void {}

  async start(): Promise<FitResult> {
    await this.#resume();
    const { epochs, trainData } = this.#options;
    const { step, history } = this.state;
    const start = { epochs, batches: trainData.length, steps: epochs * trainData.length, step, history };
    await this.emit("onFitStart", start);
    const outcome = await this.#epochs();
    const { epoch, batch } = this.state;
    const result = { outcome, history: this.state.history, epoch, batch, step: this.state.step };
    await this.emit("onFitEnd", result);
    return result;
  }

  protected emit<K extends keyof Callback>(
    name: K,
    event: Parameters<NonNullable<Callback[K]>>[0],
  ): Promise<void> {
    return emit(this.#callbacks, name, event);
  }

  /** "epoch 2, batch 3 (step 10)": the batch that is due. */
  protected get place(): string {
    const { epoch, batch, step } = this.state;
    return `epoch ${String(epoch + 1)}, batch ${String(batch + 1)} (step ${String(step + 1)})`;
  }

  async #epochs(): Promise<FitOutcome> {
    const { epochs, checkpoint } = this.#options;
    while (this.state.epoch < epochs) {
      // An early stop that a checkpoint has on record stays one.
      if (this.state.stopped) return "stoppedEarly";
      if (!(await this.#trainEpoch()) || !(await this.finishEpoch())) {
        await this.#save();
        return "aborted";
      }
      const last = this.state.stopped || this.state.epoch === epochs;
      if (last || this.state.epoch % (checkpoint?.everyEpochs ?? 1) === 0) await this.#save();
    }
    return this.state.stopped ? "stoppedEarly" : "finished";
  }

  /** Runs the batches that the epoch has left; false when the signal ended it. */
  async #trainEpoch(): Promise<boolean> {
    const { trainData, checkpoint, signal, epochs } = this.#options;
    while (this.state.batch < trainData.length) {
      if (this.#pacer.due) await this.#pacer.turn();
      if (signal?.aborted) return false;
      const figures = await this.step();
      const { epoch, batch, step } = this.state;
      await this.emit("onBatchEnd", {
        ...figures,
        ...{ epoch: epoch + 1, epochs, batch, batches: trainData.length },
        ...{ step, steps: epochs * trainData.length },
      });
      if (checkpoint?.everySteps && step % checkpoint.everySteps === 0) await this.#save();
    }
    return true;
  }

  async #save(): Promise<void> {
    const { checkpoint } = this.#options;
    if (!checkpoint) return;
    const { path, metadata } = checkpoint;
    const { model, optimizer, scheduler } = this.#kept;
    const content = { model, optimizer, scheduler: scheduler ?? undefined };
    await saveCheckpoint(path, { ...content, progress: this.state, metadata: metadata?.() });
    await this.emit("onCheckpoint", { path });
  }

  async #resume(): Promise<void> {
    const { resume, checkpoint } = this.#options;
    if (resume === undefined || resume === false) return;
    const path = resume === true ? checkpoint!.path : resume;
    const check = (progress: unknown): S => this.check(path, progress);
    this.state = (await loadCheckpoint(path, { ...this.#kept, check })).progress;
    this.resumed();
  }
}

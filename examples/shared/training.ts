// Training as every example does it: `fit` with progress, a loss curve, a checkpoint, Ctrl-C and --resume.
import { fit } from "neurite/train";
import type { EpochRecord, FitOptions, Model } from "neurite/train";
import { Curve } from "./curve.ts";
import { print, printStopped } from "./program.ts";
import type { Run } from "./program.ts";
import { showProgress } from "./progress.ts";
import { checkpointPath, runMetadata } from "./saved-run.ts";

export interface TrainingOptions extends Omit<FitOptions, "signal" | "checkpoint" | "resume"> {
  /** What is counted per second: images, characters, ... */
  readonly unit: string;
  /** How many of them a sample holds. Default 1. */
  readonly unitsPerSample?: number;
  /** Write a checkpoint after every so many steps, too. */
  readonly checkpointSteps?: number;
}

export interface Training {
  readonly history: readonly EpochRecord[];
  /** The loss over training, averaged into at most 512 points. */
  readonly curve: readonly number[];
}

/** Trains a model in the run's output directory; null when Ctrl-C stopped it. */
export async function trainModel(run: Run, model: Model, options: TrainingOptions): Promise<Training | null> {
  const { unit, unitsPerSample = 1, checkpointSteps, callbacks = [], ...fitOptions } = options;
  const { name, mode, signal } = run;
  const curve = new Curve(options.epochs * options.trainData.length, run.curve);
  const progress = showProgress(process.stdout, options.epochs, { unit, unitsPerSample });
  const started = performance.now();
  try {
    const result = await fit(model, {
      ...fitOptions,
      callbacks: [progress, { onBatchEnd: ({ loss }) => curve.add(loss) }, ...callbacks],
      signal,
      checkpoint: {
        path: checkpointPath(mode.out),
        everySteps: checkpointSteps,
        metadata: () => runMetadata(name, { options: run.options, curve: curve.points }),
      },
      resume: mode.resume,
    });
    if (result.outcome === "aborted") {
      progress.stop();
      printStopped(run, `epoch ${String(result.epoch + 1)}, batch ${String(result.batch)}`);
      return null;
    }
    print(`trained in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return { history: result.history, curve: curve.points };
  } finally {
    progress.stop();
  }
}

export const parameterCount = (model: Model): string =>
  model
    .parameters()
    .reduce((sum, parameter) => sum + parameter.size, 0)
    .toLocaleString("en-US");

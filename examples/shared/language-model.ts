// Training a language model of characters, the same for every network: which windows, which rates, how it is judged.
import { crossEntropy } from "neurite";
import type { Tensor } from "neurite";
import { DataLoader, RandomSampler } from "neurite/data";
import { AdamW } from "neurite/optim";
import { cosineSchedule } from "neurite/train";
import type { Model } from "neurite/train";
import type { NumberOption } from "./options.ts";
import type { Run } from "./program.ts";
import { Windows } from "./text.ts";
import type { EncodedText } from "./text.ts";
import { trainModel } from "./training.ts";
import type { Training } from "./training.ts";

/** The options of such a run; `lr` is each example's own. */
export const languageModelNumbers = {
  steps: { type: "whole", fallback: 2000, fast: 40, least: 4, most: 1e7, help: "optimizer steps" },
  batchSize: { type: "whole", fallback: 16, least: 1, most: 4096, help: "windows per step" },
  context: { type: "whole", fallback: 64, fast: 32, least: 2, most: 4096, help: "characters per window" },
} as const satisfies Record<string, NumberOption>;

interface LanguageModelOptions {
  readonly steps: number;
  readonly batchSize: number;
  readonly context: number;
  readonly lr: number;
  readonly seed: number;
}

const TRAINED = 0.9; // share of the text, from its start
const VALIDATIONS = 4; // over a run, the last one at its end
const VALIDATION_BATCHES = 100;
const FAST_VALIDATION_BATCHES = 10;
const WARMUP_STEPS = 100;

/** Mean cross-entropy in nats per character: logits [B, T, V] against characters [B, T]. */
export const characterLoss = (logits: Tensor, target: Tensor): Tensor =>
  crossEntropy(logits.reshape([-1, logits.shape[2]]), target.reshape([-1]));

/**
 * AdamW with (0.9, 0.99), gradients clipped to norm 1, the rate warmed up over 100 steps and then led along a cosine to a
 * tenth. Batches are windows from random places of the first nine tenths of the text; validation is over 100 batches
 * (10 in a fast run) from the rest, the same every time.
 */
export function trainLanguageModel(
  run: Run<LanguageModelOptions & Run["options"]>,
  model: Model,
  { codes }: EncodedText,
): Promise<Training | null> {
  const { steps, batchSize, context, lr, seed } = run.options;
  const cut = Math.floor(codes.length * TRAINED);
  const windows = (part: Uint16Array, drawSeed: number, batches: number): DataLoader => {
    const dataset = new Windows(part, context);
    const samples = batches * batchSize;
    const sampler = new RandomSampler(dataset.length, drawSeed, { replacement: true, samples });
    return new DataLoader(dataset, { batchSize, sampler });
  };
  const validationBatches = run.mode.fast ? FAST_VALIDATION_BATCHES : VALIDATION_BATCHES;
  const warmup = Math.min(WARMUP_STEPS, Math.floor(steps / 10));
  return trainModel(run, model, {
    trainData: windows(codes.subarray(0, cut), seed, Math.ceil(steps / VALIDATIONS)),
    // A seed of its own: the validation batches do not depend on the run's.
    validationData: windows(codes.subarray(cut), 1, validationBatches),
    loss: characterLoss,
    optimizer: new AdamW(model.parameters(), { lr, betas: [0.9, 0.99] }),
    schedule: cosineSchedule(lr, { floor: lr / 10, warmup }),
    clipGradNorm: 1,
    epochs: VALIDATIONS,
    unit: "characters",
    unitsPerSample: context,
    checkpointSteps: 250,
  });
}

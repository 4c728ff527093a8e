// Training a generative adversarial network: the loop of `fit` for two models and two optimizers, of which the generator's
// may move less often, with a fixed set of latent vectors to see the samples grow by.
import { Generator } from "../core/rng.ts";
import { ValueError } from "../core/errors.ts";
import type { DataLoader } from "../data/loader.ts";
import { nonSaturatingLoss } from "../nn/adversarial.ts";
import type { AdversarialLoss } from "../nn/adversarial.ts";
import { Module } from "../nn/module.ts";
import { own } from "../nn/parameter.ts";
import { requireWhole } from "../ops/checks.ts";
import { randn } from "../ops/random.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { noGrad } from "../tensor/mode.ts";
import { composite, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { rememberModes } from "./evaluate.ts";
import type { Model } from "./evaluate.ts";
import type { BatchEvent, Callback, FitResult } from "./events.ts";
import { afterEpoch, afterStep, checkGanState, recordOf, startingGanState } from "./gan-state.ts";
import type { GanState, StepFigures } from "./gan-state.ts";
import { ganStep } from "./gan-step.ts";
import type { Game, StepLosses } from "./gan-step.ts";
import { checkRun, Run } from "./run.ts";
import type { BatchFigures, RunOptions } from "./run.ts";

export interface GanOptions {
  /** Latent vectors [N, ...latent] -> samples. */
  readonly generator: Model;
  /** Samples -> scores, one per sample. */
  readonly discriminator: Model;
  readonly generatorOptimizer: Optimizer;
  readonly discriminatorOptimizer: Optimizer;
  /** How many numbers a latent vector holds, or its shape. */
  readonly latent: number | readonly number[];
  /** Default: `nonSaturatingLoss`. */
  readonly loss?: AdversarialLoss;
  /** The discriminator's steps for each of the generator's. Default 1. */
  readonly nCritic?: number;
  /** Weight of the gradient penalty in the discriminator's loss: 10 for WGAN-GP. Default 0: none. */
  readonly gradientPenalty?: number;
  /** How many latent vectors are kept to watch the generator by. Default 64. */
  readonly samples?: number;
  /** Seed of those vectors, which come from a random stream of their own. Default 0. */
  readonly sampleSeed?: number;
}

/** A batch of a GAN's training; `loss` is the discriminator's, the weighted penalty included. */
export interface GanBatchEvent extends BatchEvent {
  /** Null where the generator did not move. */
  readonly generatorLoss: number | null;
  /** The gradient penalty, unweighted; null without one. */
  readonly penalty: number | null;
}

/** Callbacks of `fit` serve here too; epochs' records have `generatorLoss`, and `penalty` where there is one. */
export interface GanCallback extends Omit<Callback, "onBatchEnd"> {
  readonly onBatchEnd?: (event: GanBatchEvent) => void | Promise<void>;
}

/** `trainData` gives real samples: the first field of each batch. Others, such as labels, are left alone. */
export interface GanFitOptions extends RunOptions {
  readonly callbacks?: readonly GanCallback[];
}

/** Both sides and the fixed latent vectors, as one model for checkpoints. */
class Pair extends Module {
  readonly generator: Model;
  readonly discriminator: Model;
  readonly fixedLatent: Tensor;

  constructor(generator: Model, discriminator: Model, fixedLatent: Tensor) {
    super();
    this.generator = generator;
    this.discriminator = discriminator;
    this.fixedLatent = fixedLatent;
  }

  override forward(): Tensor {
    return this.generator.forward(this.fixedLatent);
  }
}

/**
 * Trains a generator against a discriminator.
 *
 * In each step the discriminator moves by a batch of real samples and as many generated ones; in every `nCritic`-th the
 * generator moves by the same generated samples, with the discriminator's parameters frozen. Memory stays flat, the event
 * loop gets its turns, and a run that was stopped and resumed ends with the same bits, all as in `fit`. Latent vectors are
 * drawn from the default random stream.
 */
export class GanTrainer {
  readonly #game: Game;
  readonly #nCritic: number;
  readonly #pair: Pair;

  /** @throws ValueError for counts and weights out of range, and where the two optimizers share a parameter. */
  constructor(options: GanOptions) {
    const {
      nCritic = 1,
      gradientPenalty = 0,
      samples = 64,
      sampleSeed = 0,
      loss = nonSaturatingLoss,
    } = options;
    const { generator, discriminator, generatorOptimizer, discriminatorOptimizer } = options;
    const latent = typeof options.latent === "number" ? [options.latent] : options.latent;
    for (const size of latent) requireWhole("GanTrainer", "latent", size, 1);
    requireWhole("GanTrainer", "samples", samples, 1);
    this.#nCritic = requireWhole("GanTrainer", "nCritic", nCritic, 1);
    if (!(gradientPenalty >= 0 && gradientPenalty < Infinity)) {
      const got = String(gradientPenalty);
      throw new ValueError("GanTrainer", `gradientPenalty must be a weight of at least 0; got ${got}.`);
    }
    const shared = generatorOptimizer.parameters.filter((p) => discriminatorOptimizer.parameters.includes(p));
    if (shared.length > 0) {
      const got = `${String(shared.length)} in both`;
      throw new ValueError("GanTrainer", `the two optimizers must have no parameter in common; got ${got}.`);
    }
    const sides = { generator, discriminator, generatorOptimizer, discriminatorOptimizer };
    this.#game = { ...sides, loss, gradientPenalty };
    this.#pair = new Pair(generator, discriminator, fixedLatent(generator, [samples, ...latent], sampleSeed));
  }

  /** The latent vectors that `sample` shows, [samples, ...latent]. */
  get fixedLatent(): Tensor {
    return this.#pair.fixedLatent;
  }

  /** What the generator makes of latent vectors, by default the fixed ones; in evaluation mode and unrecorded. */
  sample(latent: Tensor = this.fixedLatent): Tensor {
    const { generator } = this.#game;
    latent.assertAlive("GanTrainer");
    const restoreModes = rememberModes(generator);
    generator.eval();
    try {
      return noGrad<Tensor>(() => composite("sample", () => generator.forward(latent)));
    } finally {
      restoreModes();
    }
  }

  /**
   * Trains for a number of epochs, each all batches of the data.
   *
   * @throws ValueError for options that make no sense, and when a loss is not finite.
   * @throws FormatError when the checkpoint to resume from is of another model or other data.
   * @throws FileError when a checkpoint cannot be read or written.
   */
  async fit(options: GanFitOptions): Promise<FitResult> {
    checkRun("GanTrainer", options);
    const run = new GanRun(this.#game, this.#pair, this.#nCritic, options);
    const restoreModes = rememberModes(this.#pair);
    try {
      this.#pair.train();
      return await run.start();
    } finally {
      restoreModes();
    }
  }

  /** Releases the fixed latent vectors; models and optimizers are the caller's. */
  dispose(): void {
    this.#pair.fixedLatent.dispose();
  }
}

function fixedLatent(generator: Model, shape: readonly number[], seed: number): Tensor {
  const [first] = generator.parameters();
  const where = { device: first.device, dtype: first.dtype };
  return own(noGrad<Tensor>(() => randn(shape, { ...where, generator: new Generator(seed) })));
}

class GanRun extends Run<GanState> {
  readonly #game: Game;
  readonly #pair: Pair;
  readonly #nCritic: number;
  readonly #trainData: DataLoader;

  constructor(game: Game, pair: Pair, nCritic: number, options: GanFitOptions) {
    const { trainData, callbacks = [] } = options;
    const optimizer = { generator: game.generatorOptimizer, discriminator: game.discriminatorOptimizer };
    // Batch events are emitted with the figures of a GAN in them.
    super(options, callbacks as readonly Callback[], { model: pair, optimizer }, startingGanState(trainData));
    this.#game = game;
    this.#pair = pair;
    this.#nCritic = nCritic;
    this.#trainData = trainData;
  }

  protected override check(source: string, progress: unknown): GanState {
    return checkGanState(source, progress, this.#trainData);
  }

  protected override async step(): Promise<StepFigures & BatchFigures> {
    const figures = await this.#move();
    this.state = afterStep(this.state, figures);
    return { ...figures, learningRate: this.#game.discriminatorOptimizer.lr };
  }

  protected override async finishEpoch(): Promise<boolean> {
    const { discriminatorOptimizer, gradientPenalty } = this.#game;
    const { samples } = this.#trainData;
    const record = recordOf(this.state, samples, discriminatorOptimizer.lr, gradientPenalty > 0);
    this.state = afterEpoch(this.state, record);
    await this.emit("onEpochEnd", record);
    return true;
  }

  async #move(): Promise<StepFigures> {
    const { epoch, batch, step } = this.state;
    const generatorsTurn = (step + 1) % this.#nCritic === 0;
    let losses: StepLosses | undefined;
    let samples = 0;
    scope(`GAN step ${String(step)}`, () => {
      const [real] = this.#trainData.batch(epoch, batch);
      const { device, dtype, shape } = real;
      samples = shape[0];
      const latent = randn([samples, ...this.#pair.fixedLatent.shape.slice(1)], { device, dtype });
      losses = ganStep(this.#game, real, latent, generatorsTurn);
    });
    const { discriminator, penalty, generator } = losses!;
    try {
      const loss = await this.#read("discriminator", discriminator);
      return {
        samples,
        loss,
        penalty: penalty && (await this.#read("penalty", penalty)),
        generatorLoss: generator && (await this.#read("generator", generator)),
      };
    } finally {
      for (const tensor of [discriminator, penalty, generator]) tensor?.dispose();
    }
  }

  async #read(name: string, loss: Tensor): Promise<number> {
    const value = await loss.item();
    if (Number.isFinite(value)) return value;
    const what = name === "penalty" ? "the gradient penalty" : `the ${name}'s loss`;
    const hint = "Lower the learning rates, or look for such values in the data.";
    throw new ValueError(
      "GanTrainer",
      `${what} must be finite; got ${String(value)} in ${this.place}. ${hint}`,
    );
  }
}

// What the GAN examples have in common: the digits, the training, a picture and a distance after each epoch, and the figure
// at the end.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { backendInfo, Generator, randn } from "neurite";
import { DataLoader } from "neurite/data";
import type { GanCallback, GanTrainer } from "neurite/train";
import { drawCurve } from "../curve.ts";
import { loadMnist } from "../mnist.ts";
import type { NumberOption, RunOptions } from "../options.ts";
import { print, printStopped } from "../program.ts";
import type { Ending, Run } from "../program.ts";
import { showProgress } from "../progress.ts";
import { checkpointPath, runMetadata } from "../saved-run.ts";
import { frechetDistance } from "./frechet.ts";
import type { Features } from "./frechet.ts";
import { writeGrid } from "./grid.ts";
import { Judge, signedDigits } from "./judge.ts";

const COLUMNS = 8;
export const SAMPLES = COLUMNS * COLUMNS;

/** The options that both examples take. */
export const ganNumbers = {
  epochs: {
    type: "whole",
    fallback: 15,
    fast: 2,
    least: 1,
    most: 1000,
    help: "times to go through the training images",
  },
  batchSize: { type: "whole", fallback: 64, least: 2, most: 10_000, help: "images per step" },
  width: { type: "whole", fallback: 16, fast: 4, least: 1, most: 1024, help: "channels next to the image" },
  latent: { type: "whole", fallback: 64, least: 1, most: 1024, help: "numbers in a latent vector" },
  limit: {
    type: "whole",
    fallback: 20_000,
    fast: 2400,
    least: 240,
    most: 60_000,
    help: "use only the first N training images",
  },
  judged: {
    type: "whole",
    fallback: 10_000,
    fast: 500,
    least: 250,
    most: 10_000,
    help: "images that the distance is taken of",
  },
} as const satisfies Record<string, NumberOption>;

export type GanRun = Run<RunOptions<keyof typeof ganNumbers | "lr">>;

/** Trains, and reports; the trainer keeps `SAMPLES` latent vectors. */
export async function runGan(run: GanRun, trainer: GanTrainer, parameters: string): Promise<Ending> {
  const { epochs, batchSize, limit, judged, latent, seed } = run.options;
  const mnist = await loadMnist(limit);
  print(`${run.name}: ${parameters} parameters, ${backendInfo().build ?? "reference"} kernels`);
  // The judge has seen all digits, however few the generator is shown.
  const { fast, out } = run.mode;
  const judge = await Judge.make(out, fast ? mnist : await loadMnist(60_000), fast ? 2 : 3, run.signal);
  const real = await judge.ofReal(mnist.test, judged);
  const own = frechetDistance(
    (await judge.ofReal(mnist.train, Math.min(judged, limit / 2))).features,
    real.features,
  );
  print(`Fréchet distance of training images to test images: ${own.toFixed(3)}\n`);

  // A stream of its own: watching a run changes nothing in it, and each look is at the same latent vectors.
  const drawn = (): ReturnType<Judge["ofDrawn"]> => {
    const generator = new Generator(seed + 1);
    return judge.ofDrawn(judged, (size) => trainer.sample(randn([size, latent], { generator })));
  };
  const watch = new Watch(run.mode.out, trainer, async () => (await drawn()).features, real.features);
  const trainData = new DataLoader(signedDigits(mnist.train), {
    batchSize,
    shuffle: true,
    seed,
    dropLast: true,
  });
  const progress = showProgress(process.stdout, epochs, { unit: "images", unitsPerSample: 1 });
  const result = await trainer.fit({
    trainData,
    epochs,
    callbacks: [progress, watch.callback],
    signal: run.signal,
    checkpoint: {
      path: checkpointPath(run.mode.out),
      metadata: () => runMetadata(run.name, { options: run.options, curve: watch.distances }),
    },
    resume: run.mode.resume,
  });
  progress.stop();
  if (result.outcome === "aborted") {
    printStopped(run, `epoch ${String(result.epoch + 1)}, batch ${String(result.batch)}`);
    return null;
  }
  const { counts } = await drawn();
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => (100 * count) / total);
  if (epochs > 1) print(`\nFréchet distance by epoch (log scale)\n${drawCurve(watch.distances)}\n`);
  print(`digits drawn: ${shares.map((share, digit) => `${String(digit)} ${share.toFixed(1)} %`).join(", ")}`);
  const [first, last] = [watch.distances[0], watch.distances[watch.distances.length - 1]];
  const least = Math.min(...shares).toFixed(1);
  const ratio = (last / first).toFixed(3);
  const distances = `frechet ${last.toFixed(2)} = ${ratio} of epoch 1's ${first.toFixed(2)}`;
  return `result: ${run.name} ${distances} (train-test ${own.toFixed(2)}), rarest digit ${least} %`;
}

/** After each epoch a picture from the fixed latent vectors, and a distance, kept in a file for resumed runs. */
class Watch {
  readonly #out: string;
  readonly #trainer: GanTrainer;
  readonly #draw: () => Promise<Features>;
  readonly #real: Features;
  distances: number[] = [];

  constructor(out: string, trainer: GanTrainer, draw: () => Promise<Features>, real: Features) {
    this.#out = out;
    this.#trainer = trainer;
    this.#draw = draw;
    this.#real = real;
  }

  get callback(): GanCallback {
    return {
      onFitStart: async ({ history }) => {
        if (history.length === 0) return;
        this.distances = (JSON.parse(await readFile(this.#file, "utf8")) as number[]).slice(
          0,
          history.length,
        );
      },
      onEpochEnd: async ({ epoch }) => {
        const picture = join(this.#out, `samples-${String(epoch).padStart(3, "0")}.png`);
        const images = this.#trainer.sample();
        await writeGrid(picture, images, COLUMNS);
        images.dispose();
        const distance = frechetDistance(await this.#draw(), this.#real);
        this.distances.push(distance);
        await writeFile(this.#file, `${JSON.stringify(this.distances)}\n`);
        print(`  Fréchet distance ${distance.toFixed(2)}, ${picture}`);
      },
    };
  }

  get #file(): string {
    return join(this.#out, "frechet.json");
  }
}

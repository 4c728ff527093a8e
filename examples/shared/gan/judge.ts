// The judge of generated digits: a LeNet-5 trained on the real ones, which says what digit an image shows, and whose last
// hidden layer gives the features by which sets of images are compared.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { crossEntropy, Generator, noGrad, scope, tensor } from "neurite";
import type { Tensor } from "neurite";
import { DataLoader, mapDataset, Subset } from "neurite/data";
import type { Dataset } from "neurite/data";
import { loadWeights, saveWeights } from "neurite/io";
import { LeNet5 } from "neurite/models";
import { Adam } from "neurite/optim";
import { Accuracy, cosineSchedule, evaluate, fit, predictedClasses } from "neurite/train";
import { DEVIATION, MEAN } from "../mnist.ts";
import type { Mnist } from "../mnist.ts";
import { print } from "../program.ts";
import type { Features } from "./frechet.ts";

const BATCH = 250;
const WIDTH = 84;

/** From the judge's pixels, of mean 0 and variance 1, to the generator's, -1..1. */
const toSigned = (value: number): number => 2 * (value * DEVIATION + MEAN) - 1;

/** Real digits as a generator is to draw them. */
export const signedDigits = (digits: Dataset): Dataset =>
  mapDataset(digits, ([images]) => [{ ...images, data: Float32Array.from(images.data, toSigned) }]);

/** What the judge says of a set of images. */
export interface Verdict {
  readonly features: Features;
  /** Images that show each digit. */
  readonly counts: readonly number[];
}

export class Judge {
  readonly #model: LeNet5;

  private constructor(model: LeNet5) {
    this.#model = model.eval();
  }

  /** Reads the judge's weights from the output directory, or trains it and leaves them there. */
  static async make(out: string, mnist: Mnist, epochs: number, signal: AbortSignal): Promise<Judge> {
    const path = join(out, "judge.safetensors");
    const model = new LeNet5({ generator: new Generator(1) });
    if (existsSync(path)) await loadWeights(path, model);
    else {
      const optimizer = new Adam(model.parameters(), { lr: 2e-3 });
      const trainData = new DataLoader(mnist.train, { batchSize: 64, shuffle: true, seed: 1 });
      const schedule = cosineSchedule(2e-3);
      const { outcome } = await fit(model, {
        trainData,
        loss: crossEntropy,
        optimizer,
        epochs,
        schedule,
        signal,
      });
      optimizer.dispose();
      if (outcome === "aborted") signal.throwIfAborted();
      await saveWeights(path, model);
    }
    const metrics = { accuracy: new Accuracy() };
    const test = await evaluate(model, new DataLoader(mnist.test, { batchSize: BATCH }), { metrics, signal });
    print(`judge: LeNet-5, ${(100 * test.metrics.accuracy).toFixed(2)} % right on the test images`);
    return new Judge(model);
  }

  /** Judges the first `count` real images of a set. */
  async ofReal(digits: Dataset, count: number): Promise<Verdict> {
    const loader = new DataLoader(
      new Subset(
        digits,
        Array.from({ length: count }, (_, i) => i),
      ),
      { batchSize: BATCH },
    );
    return this.#judge(loader.length, (index) => loader.batch(0, index)[0]);
  }

  /** Judges images in -1..1 that `draw` makes, a batch at a time. */
  async ofDrawn(count: number, draw: (size: number) => Tensor): Promise<Verdict> {
    const mean = tensor(toSigned(0));
    try {
      return await this.#judge(Math.ceil(count / BATCH), () => {
        // The judge's own scale again.
        return draw(BATCH)
          .sub(mean)
          .mul(1 / (2 * DEVIATION));
      });
    } finally {
      mean.dispose();
    }
  }

  async #judge(batches: number, read: (index: number) => Tensor): Promise<Verdict> {
    const values = new Float32Array(batches * BATCH * WIDTH);
    const counts = new Array<number>(10).fill(0);
    let rows = 0;
    for (let index = 0; index < batches; index++) {
      const { features, scores } = scope(() => noGrad(() => this.#look(read(index))));
      values.set(await features.data(), rows * WIDTH);
      for (const digit of predictedClasses({
        data: await scores.data(),
        shape: scores.shape,
        dtype: "float32",
      }))
        counts[digit]++;
      rows += features.shape[0];
      features.dispose();
      scores.dispose();
    }
    return { features: { values: values.subarray(0, rows * WIDTH), width: WIDTH }, counts };
  }

  /** The scores of images, and what the last layer made them from. */
  #look(images: Tensor): { features: Tensor; scores: Tensor } {
    let features = images;
    const unhook = this.#model.fc3.registerForwardPreHook((_, [x]) => {
      features = x as Tensor;
    });
    const scores = this.#model.forward(images);
    unhook();
    return { features, scores };
  }
}

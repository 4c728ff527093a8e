// What the tests of training train: points of the plane whose class is told by the quadrant, small networks for them, and
// a run that is begun, stopped and gone on with as programs do it.
import { ArrayDataset, DataLoader } from "../../src/data/index.ts";
import { crossEntropy, manualSeed, mul, randn } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { Linear, Module, ReLU, Sequential } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { Accuracy, cosineSchedule, fit } from "../../src/train/index.ts";
import type { BatchEvent, FitOptions } from "../../src/train/index.ts";
import { own } from "../disposables.ts";

/** Points of the plane, the class told by the quadrant: needs a hidden layer. */
export function quadrants(count: number): ArrayDataset {
  const points = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i * 12.9898) * 1.5);
  const classes = Int32Array.from({ length: count }, (_, i) =>
    points[2 * i] > 0 === points[2 * i + 1] > 0 ? 1 : 0,
  );
  return new ArrayDataset({ data: points, shape: [count, 2] }, { data: classes });
}

/** An MLP that draws a random number in every training step, so that the random state matters. */
export class Noisy extends Module {
  readonly layers = new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 2));

  override forward(x: Tensor): Tensor {
    const y = this.layers.forward(x);
    return this.training ? mul(y, randn([1])) : y;
  }
}

export const perceptron = (): Sequential =>
  own(new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 2)));

export const weights = (model: Module): number[] =>
  [...model.stateDict().values()].flatMap((x) => [...x.dataSync()]);

export const batchesOf = (count = 64, batchSize = 10): DataLoader =>
  new DataLoader(quadrants(count), { batchSize, shuffle: true, seed: 1 });

/** Seeds, makes model and optimizer, and trains: everything that a program does that was started anew. */
export async function program(
  options: Partial<FitOptions> = {},
): Promise<{ model: Noisy; history: readonly unknown[]; outcome: string }> {
  manualSeed(3);
  const model = own(new Noisy());
  const result = await fit(model, {
    trainData: batchesOf(),
    validationData: new DataLoader(quadrants(30), { batchSize: 8 }),
    metrics: { accuracy: new Accuracy() },
    loss: crossEntropy,
    optimizer: own(new Adam(model.parameters(), { lr: 0.01 })),
    schedule: cosineSchedule(0.01),
    epochs: 3,
    ...options,
  });
  return { model, ...result };
}

export const abortAfter = (steps: number): Partial<FitOptions> => {
  const controller = new AbortController();
  const onBatchEnd = ({ step }: BatchEvent) => {
    if (step === steps) controller.abort();
  };
  return { signal: controller.signal, callbacks: [{ onBatchEnd }] };
};

export const failure = async (action: Promise<unknown>): Promise<Error> =>
  (await action.then(
    () => new Error("did not fail"),
    (error: unknown) => error,
  )) as Error;

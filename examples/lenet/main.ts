// Trains LeNet-5 on MNIST: `npm start`. Shows progress, validates after each epoch, can be stopped and resumed, and ends
// with the accuracy on the 10,000 test images.
import { join } from "node:path";
import { backendInfo, crossEntropy } from "neurite";
import { DataLoader } from "neurite/data";
import { saveWeights } from "neurite/io";
import { LeNet5 } from "neurite/models";
import { Adam } from "neurite/optim";
import { Accuracy, cosineSchedule } from "neurite/train";
import { drawCurve } from "../shared/curve.ts";
import { loadMnist } from "../shared/mnist.ts";
import type { Mnist } from "../shared/mnist.ts";
import type { RunOptions } from "../shared/options.ts";
import { print, runProgram } from "../shared/program.ts";
import type { Run } from "../shared/program.ts";
import { parameterCount, trainModel } from "../shared/training.ts";
import { lenetProgram } from "./program.ts";
import { reportTest } from "./report.ts";

type LeNetRun = Run<RunOptions<keyof typeof lenetProgram.numbers>>;

const count = (value: number): string => value.toLocaleString("en-US");

await runProgram(lenetProgram, async (run) => {
  const model = new LeNet5();
  const mnist = await loadMnist(run.options.limit);
  announce(run, model, mnist);
  const training = await train(run, model, mnist);
  if (training === null) return null;
  if (training.curve.length > 1) print(`\ntraining loss (log scale)\n${drawCurve(training.curve)}\n`);
  const weights = join(run.mode.out, "lenet5.safetensors");
  await saveWeights(weights, model);
  print(`weights in ${weights}\n`);
  return reportTest(model, mnist, run.signal, print);
});

function announce({ options }: LeNetRun, model: LeNet5, { train, validation, test }: Mnist): void {
  const { epochs, batchSize, seed } = options;
  print(`LeNet-5: ${parameterCount(model)} trainable parameters`);
  print(
    `MNIST: ${count(train.length)} training, ${count(validation.length)} validation, ${count(test.length)} test images`,
  );
  print(
    `${String(epochs)} epochs, batches of ${String(batchSize)}, seed ${String(seed)}, ${backendInfo().build ?? "reference"} kernels\n`,
  );
}

function train(run: LeNetRun, model: LeNet5, mnist: Mnist): ReturnType<typeof trainModel> {
  const { epochs, batchSize, lr, seed } = run.options;
  return trainModel(run, model, {
    trainData: new DataLoader(mnist.train, { batchSize, shuffle: true, seed }),
    validationData: new DataLoader(mnist.validation, { batchSize: 250 }),
    loss: crossEntropy,
    optimizer: new Adam(model.parameters(), { lr }),
    schedule: cosineSchedule(lr),
    epochs,
    metrics: { accuracy: new Accuracy() },
    unit: "images",
  });
}

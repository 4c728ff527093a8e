// Trains a small vision transformer on MNIST: `npm run example vit`. Ends with the accuracy on the 10,000 test images and a
// picture of where the network looks.
import { join } from "node:path";
import { backendInfo, crossEntropy } from "neurite";
import { DataLoader } from "neurite/data";
import { saveWeights } from "neurite/io";
import { ViT } from "neurite/models";
import { AdamW } from "neurite/optim";
import { Accuracy, cosineSchedule, evaluate } from "neurite/train";
import { drawCurve } from "../shared/curve.ts";
import { loadMnist } from "../shared/mnist.ts";
import type { Program } from "../shared/options.ts";
import { lossPlot, writePlot } from "../shared/plot.ts";
import { print, runProgram } from "../shared/program.ts";
import { parameterCount, trainModel } from "../shared/training.ts";
import { writeAttention } from "./attention.ts";

const program = {
  name: "vit",
  summary: "Trains a small vision transformer on MNIST and reports its accuracy on the 10,000 test images.",
  command: "npm run example vit",
  numbers: {
    epochs: {
      type: "whole",
      fallback: 4,
      fast: 1,
      least: 1,
      most: 1000,
      help: "times through the training images",
    },
    batchSize: { type: "whole", fallback: 64, least: 1, most: 10_000, help: "images per step" },
    lr: {
      type: "decimal",
      fallback: 2e-3,
      least: 1e-8,
      most: 1,
      help: "learning rate after the warm-up; falls to 0",
    },
    limit: {
      type: "whole",
      fallback: 60_000,
      fast: 1200,
      least: 24,
      most: 60_000,
      help: "use only the first N images",
    },
    patch: {
      type: "whole",
      fallback: 4,
      fast: 8,
      least: 1,
      most: 32,
      help: "side of a patch; must divide 32",
    },
    width: { type: "whole", fallback: 64, least: 4, most: 4096, help: "features per patch" },
    layers: { type: "whole", fallback: 3, least: 1, most: 48, help: "encoder layers" },
    heads: { type: "whole", fallback: 4, least: 1, most: 64, help: "attention heads; must divide the width" },
  },
} as const satisfies Program;

await runProgram(program, async (run) => {
  const { epochs, batchSize, lr, limit, patch, width, layers, heads, seed } = run.options;
  const model = new ViT({
    ...{ imageSize: 32, patchSize: patch, channels: 1, classes: 10, width, layers, heads, hidden: 2 * width },
  });
  const mnist = await loadMnist(limit);
  print(
    `ViT: ${parameterCount(model)} parameters, ${String((32 / patch) ** 2)} patches of ${String(patch)} x ${String(patch)}`,
  );
  print(
    `MNIST: ${mnist.train.length.toLocaleString("en-US")} training images; ${backendInfo().build ?? "reference"} kernels\n`,
  );
  const trainData = new DataLoader(mnist.train, { batchSize, shuffle: true, seed });
  const steps = epochs * trainData.length;
  const training = await trainModel(run, model, {
    trainData,
    validationData: new DataLoader(mnist.validation, { batchSize: 250 }),
    loss: crossEntropy,
    optimizer: new AdamW(model.parameters(), { lr, weightDecay: 0.05 }),
    schedule: cosineSchedule(lr, { warmup: Math.min(200, Math.floor(steps / 10)) }),
    clipGradNorm: 1,
    epochs,
    metrics: { accuracy: new Accuracy() },
    unit: "images",
    checkpointSteps: 200,
  });
  if (training === null) return null;
  print(`\ntraining loss (log scale)\n${drawCurve(training.curve)}\n`);
  const { out } = run.mode;
  await saveWeights(join(out, "vit.safetensors"), model);
  await writePlot(join(out, "loss.svg"), lossPlot("ViT on MNIST", "cross-entropy", steps, training));
  await writeAttention(join(out, "attention.svg"), model, mnist.test);
  print(`weights, loss.svg and attention.svg in ${out}\n`);
  const { metrics, samples } = await evaluate(model, new DataLoader(mnist.test, { batchSize: 250 }), {
    metrics: { accuracy: new Accuracy() },
    signal: run.signal,
  });
  return `result: vit test accuracy ${(100 * metrics.accuracy).toFixed(2)}% (${String(samples)} images)`;
});

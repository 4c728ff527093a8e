// Trains LeNet-5 on MNIST: `npm start`. Shows progress, validates after each epoch, can be stopped and resumed, and ends
// with the accuracy on the 10,000 test images.
import { mkdir } from "node:fs/promises";
import { backendInfo, crossEntropy, init, manualSeed, NeuriteError } from "neurite";
import { DataLoader } from "neurite/data";
import { saveWeights } from "neurite/io";
import { LeNet5 } from "neurite/models";
import { Adam } from "neurite/optim";
import { Accuracy, cosineSchedule, fit } from "neurite/train";
import { Curve } from "./curve.ts";
import { loadMnist } from "./data.ts";
import type { Mnist } from "./data.ts";
import { helpText, parseOptions, resumedOptions, UsageError } from "./options.ts";
import type { Options } from "./options.ts";
import { drawCurve } from "./drawing.ts";
import { showProgress } from "./progress.ts";
import { reportTest } from "./report.ts";
import { checkpointPath, readSavedRun, runMetadata, weightsPath } from "./run.ts";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const count = (value: number): string => value.toLocaleString("en-US");

async function main(args: readonly string[]): Promise<number> {
  const asked = parseOptions(args);
  if (asked === null) {
    print(helpText());
    return 0;
  }
  const saved = asked.resume ? await readSavedRun(asked.out) : null;
  const options = saved ? resumedOptions(asked, saved.options) : asked;
  const interrupt = interruptSignal();
  await mkdir(options.out, { recursive: true });
  await init({ relaxedSimd: !options.deterministic, deterministic: options.deterministic });
  manualSeed(options.seed);
  const model = new LeNet5();
  const mnist = await loadMnist(options.limit);
  announce(options, model, mnist);

  const outcome = await train(model, mnist, options, saved?.curve ?? [], interrupt);
  if (outcome === "aborted") return 130;
  await saveWeights(weightsPath(options.out), model);
  print(`weights in ${weightsPath(options.out)}\n`);
  await reportTest(model, mnist, interrupt, print);
  return 0;
}

/** Aborts on the first Ctrl-C, so that the run can leave a checkpoint; the second one ends the process. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted());
  });
  return controller.signal;
}

class Interrupted extends Error {}

function announce(options: Options, model: LeNet5, { train, validation, test }: Mnist): void {
  const parameters = model.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  const { build } = backendInfo();
  print(`LeNet-5: ${count(parameters)} trainable parameters`);
  print(
    `MNIST: ${count(train.length)} training, ${count(validation.length)} validation, ${count(test.length)} test images`,
  );
  print(
    `${String(options.epochs)} epochs, batches of ${String(options.batchSize)}, seed ${String(options.seed)}, ${build ?? "reference"} kernels\n`,
  );
}

async function train(
  model: LeNet5,
  mnist: Mnist,
  options: Options,
  curveSoFar: readonly number[],
  signal: AbortSignal,
): Promise<"done" | "aborted"> {
  const { epochs, batchSize, lr, seed, limit, out } = options;
  const trainData = new DataLoader(mnist.train, { batchSize, shuffle: true, seed });
  const curve = new Curve(epochs * trainData.length, curveSoFar);
  const progress = showProgress(process.stdout, epochs);
  const started = performance.now();
  try {
    const result = await fit(model, {
      trainData,
      validationData: new DataLoader(mnist.validation, { batchSize: 250 }),
      loss: crossEntropy,
      optimizer: new Adam(model.parameters(), { lr }),
      schedule: cosineSchedule(lr),
      epochs,
      metrics: { accuracy: new Accuracy() },
      callbacks: [progress, { onBatchEnd: ({ loss }) => curve.add(loss) }],
      signal,
      checkpoint: {
        path: checkpointPath(out),
        metadata: () => runMetadata({ options: { epochs, batchSize, lr, limit, seed }, curve: curve.points }),
      },
      resume: options.resume,
    });
    if (result.outcome === "aborted") {
      progress.stop();
      const where = `epoch ${String(result.epoch + 1)}, batch ${String(result.batch)}`;
      print(
        `\nstopped in ${where}; to go on: npm start -- --resume${out === "runs/lenet" ? "" : ` --out ${out}`}`,
      );
      return "aborted";
    }
  } finally {
    progress.stop();
  }
  print(`trained in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (curve.points.length > 1) print(`\ntraining loss (log scale)\n${drawCurve(curve.points)}\n`);
  return "done";
}

function explain(error: unknown): number {
  if (error instanceof Interrupted) {
    print("\nstopped; the training is done, and --resume shows the test again");
    return 130;
  }
  if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\n`);
    return 2;
  }
  if (error instanceof NeuriteError || (error as NodeJS.ErrnoException).syscall !== undefined) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
    return 1;
  }
  throw error;
}

process.exitCode = await main(process.argv.slice(2)).catch(explain);

// Trains a small BERT to fill in hidden characters of a text: `npm run example bert`. Ends with how often it is right on text
// that it has not seen, beside guesses by pairs of neighbours.
import { join } from "node:path";
import { backendInfo, crossEntropy, noGrad, scope } from "neurite";
import type { Tensor } from "neurite";
import { DataLoader, RandomSampler } from "neurite/data";
import { saveWeights } from "neurite/io";
import { BERT } from "neurite/models";
import { AdamW } from "neurite/optim";
import { cosineSchedule } from "neurite/train";
import { drawCurve } from "../shared/curve.ts";
import type { Program } from "../shared/options.ts";
import { lossPlot, writePlot } from "../shared/plot.ts";
import { print, runProgram } from "../shared/program.ts";
import { loadText } from "../shared/text.ts";
import { parameterCount, trainModel } from "../shared/training.ts";
import { Bigrams, IGNORED, MaskedWindows } from "./masking.ts";

const program = {
  name: "bert",
  summary: "Trains a small BERT to fill in hidden characters, and compares it with pairs of neighbours.",
  command: "npm run example bert",
  numbers: {
    steps: { type: "whole", fallback: 2000, fast: 40, least: 4, most: 1e7, help: "optimizer steps" },
    batchSize: { type: "whole", fallback: 32, fast: 8, least: 1, most: 4096, help: "windows per step" },
    context: { type: "whole", fallback: 64, fast: 32, least: 2, most: 4096, help: "characters per window" },
    layers: { type: "whole", fallback: 4, least: 1, most: 100, help: "encoder layers" },
    width: { type: "whole", fallback: 128, least: 1, most: 8192, help: "features per character" },
    heads: {
      type: "whole",
      fallback: 4,
      least: 1,
      most: 256,
      help: "attention heads; must divide the width",
    },
    lr: { type: "decimal", fallback: 1e-3, least: 1e-8, most: 1, help: "learning rate after the warm-up" },
  },
  texts: { text: { value: "FILE", fallback: "", help: "a text of your own instead of the Brown corpus" } },
} as const satisfies Program;

const EPOCHS = 4; // validations over a run

/** Mean over the characters that are asked for. */
const maskedLoss = (scores: Tensor, target: Tensor): Tensor =>
  crossEntropy(scores.reshape([-1, scores.shape[2]]), target.reshape([-1]), { ignoreIndex: IGNORED });

await runProgram(program, async (run) => {
  const { steps, batchSize, context, layers, width, heads, lr, seed } = run.options;
  const { codes, vocabulary } = await loadText(run.options.text);
  const characters = vocabulary.length;
  const model = new BERT({
    ...{
      vocabSize: characters + 1,
      maxLength: context,
      segments: 1,
      positions: "rotary",
      width,
      layers,
      heads,
      dropout: 0,
    },
  });
  print(`BERT: ${parameterCount(model)} parameters, ${String(layers)} layers of width ${String(width)}`);
  print(
    `${codes.length.toLocaleString("en-US")} characters, ${String(characters)} of them distinct; ` +
      `${backendInfo().build ?? "reference"} kernels\n`,
  );
  const cut = Math.floor(codes.length * 0.9);
  const windows = (part: Uint16Array, drawSeed: number, batches: number): DataLoader => {
    const dataset = new MaskedWindows(part, context, characters, drawSeed);
    const samples = batches * batchSize;
    const sampler = new RandomSampler(dataset.length, drawSeed, { replacement: true, samples });
    return new DataLoader(dataset, { batchSize, sampler });
  };
  const validation = (): DataLoader => windows(codes.subarray(cut), 1, run.mode.fast ? 10 : 100);
  const training = await trainModel(run, model, {
    trainData: windows(codes.subarray(0, cut), seed, Math.ceil(steps / EPOCHS)),
    validationData: validation(),
    loss: maskedLoss,
    optimizer: new AdamW(model.parameters(), { lr, betas: [0.9, 0.99] }),
    schedule: cosineSchedule(lr, { floor: lr / 10, warmup: Math.min(100, Math.floor(steps / 10)) }),
    clipGradNorm: 1,
    epochs: EPOCHS,
    unit: "characters",
    unitsPerSample: context,
    checkpointSteps: 250,
  });
  if (training === null) return null;
  print(`\ntraining loss (log scale)\n${drawCurve(training.curve)}\n`);
  const { out } = run.mode;
  await saveWeights(join(out, "bert.safetensors"), model);
  await writePlot(
    join(out, "loss.svg"),
    lossPlot("BERT on characters", "nats per hidden character", steps, training),
  );
  print(`weights and loss.svg in ${out}\n`);
  const shares = await judge(model.eval(), validation(), new Bigrams(codes.subarray(0, cut), characters), {
    vocabulary,
    signal: run.signal,
  });
  const [own, left, both] = shares.map((share) => `${(100 * share).toFixed(2)}%`);
  return `result: bert masked accuracy ${own} (pairs with the character before: ${left}, with both neighbours: ${both})`;
});

/** How often the model, and counted pairs, are right about what was asked; shows one window. */
async function judge(
  model: BERT,
  loader: DataLoader,
  pairs: Bigrams,
  { vocabulary, signal }: { readonly vocabulary: readonly string[]; readonly signal: AbortSignal },
): Promise<number[]> {
  const right = [0, 0, 0];
  let asked = 0;
  for await (const [input, target] of loader) {
    signal.throwIfAborted();
    const guesses = scope(() => noGrad(() => model.forward(input).argmax({ axis: 2 })).dataSync());
    const [seen, wanted] = [input.dataSync(), target.dataSync()];
    const [length] = input.shape.slice(1);
    if (asked === 0) show(vocabulary, seen.subarray(0, length), guesses.subarray(0, length), wanted);
    for (const x of [input, target]) x.dispose();
    wanted.forEach((character, i) => {
      if (character === IGNORED) return;
      asked++;
      const before = i % length === 0 ? vocabulary.length : seen[i - 1];
      const after = i % length === length - 1 ? vocabulary.length : seen[i + 1];
      const answers = [guesses[i], pairs.guess(before), pairs.guess(before, after)];
      answers.forEach((answer, k) => (right[k] += Number(answer === character)));
    });
  }
  return right.map((count) => count / asked);
}

/** A window as the model sees it, with what it makes of it, and as it is. */
function show(
  vocabulary: readonly string[],
  seen: ArrayLike<number>,
  guesses: ArrayLike<number>,
  wanted: ArrayLike<number>,
): void {
  const line = (character: (code: number, i: number) => number): string =>
    Array.from(seen, (code, i) => (vocabulary[character(code, i)] ?? "_").replace(/\s/, " ")).join("");
  print(`hidden   ${line((code) => code)}`);
  print(`filled   ${line((code, i) => (wanted[i] === IGNORED ? code : guesses[i]))}`);
  print(`truth    ${line((code, i) => (wanted[i] === IGNORED ? code : wanted[i]))}\n`);
}

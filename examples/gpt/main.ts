// Trains a small GPT on characters: `npm run example gpt`. Validates four times on the way, draws the loss and what a head
// looks at, and streams a sample.
import { join } from "node:path";
import { backendInfo } from "neurite";
import { saveWeights } from "neurite/io";
import { generate, GPT } from "neurite/models";
import { drawCurve } from "../shared/curve.ts";
import { languageModelNumbers, trainLanguageModel } from "../shared/language-model.ts";
import type { Program } from "../shared/options.ts";
import { lossPlot, writePlot } from "../shared/plot.ts";
import { print, runProgram } from "../shared/program.ts";
import { loadText } from "../shared/text.ts";
import type { EncodedText } from "../shared/text.ts";
import { parameterCount } from "../shared/training.ts";

const program = {
  name: "gpt",
  summary: "Trains a small GPT to predict the next character of a text, and streams a sample of its own.",
  command: "npm run example gpt",
  numbers: {
    ...languageModelNumbers,
    layers: { type: "whole", fallback: 4, least: 1, most: 100, help: "blocks" },
    width: { type: "whole", fallback: 128, least: 1, most: 8192, help: "features per character" },
    heads: {
      type: "whole",
      fallback: 4,
      least: 1,
      most: 256,
      help: "attention heads; must divide the width",
    },
    lr: { type: "decimal", fallback: 1e-3, least: 1e-8, most: 1, help: "learning rate after the warm-up" },
    sample: {
      type: "whole",
      fallback: 600,
      fast: 60,
      least: 0,
      most: 1e6,
      help: "characters to write at the end",
    },
  },
  texts: { text: { value: "FILE", fallback: "", help: "a text of your own instead of the Brown corpus" } },
} as const satisfies Program;

await runProgram(program, async (run) => {
  const { context, layers, width, heads, steps, sample, seed } = run.options;
  const text = await loadText(run.options.text);
  const { codes, vocabulary } = text;
  const model = new GPT({ vocabSize: vocabulary.length, contextLength: context, width, layers, heads });
  print(`GPT: ${parameterCount(model)} parameters, ${String(layers)} layers of width ${String(width)}`);
  print(
    `${codes.length.toLocaleString("en-US")} characters, ${String(vocabulary.length)} of them distinct; ` +
      `${backendInfo().build ?? "reference"} kernels\n`,
  );
  const training = await trainLanguageModel(run, model, text);
  if (training === null) return null;
  print(`\ntraining loss (log scale)\n${drawCurve(training.curve)}\n`);
  const { out } = run.mode;
  await saveWeights(join(out, "gpt.safetensors"), model);
  await writePlot(
    join(out, "loss.svg"),
    lossPlot("GPT on characters", "nats per character", steps, training),
  );
  print(`weights and loss.svg in ${out}\n`);
  await writeSample(model.eval(), text, sample, seed, run.signal);
  const valLoss = training.history.at(-1)?.valLoss ?? NaN;
  return `result: gpt validation ${valLoss.toFixed(4)} nats/char after ${String(steps)} steps`;
});

/** Streams characters as they are chosen, after a newline or whatever comes first. */
async function writeSample(
  model: GPT,
  { vocabulary }: EncodedText,
  length: number,
  seed: number,
  signal: AbortSignal,
): Promise<void> {
  const start = Math.max(0, vocabulary.indexOf("\n"));
  const options = { maxNewTokens: length, temperature: 0.8, topK: 40, seed };
  for await (const token of generate(model, [start], options)) {
    signal.throwIfAborted();
    process.stdout.write(vocabulary[token]);
  }
  print("\n");
}

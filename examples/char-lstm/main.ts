// Learns to write character by character: `npm run example char-lstm`. Ends with the validation loss in nats a character.
import { join } from "node:path";
import { backendInfo } from "neurite";
import { saveWeights } from "neurite/io";
import { CharLSTM } from "neurite/models";
import { trainLanguageModel } from "../shared/language-model.ts";
import { lossPlot, writePlot } from "../shared/plot.ts";
import { print, runProgram } from "../shared/program.ts";
import { loadText } from "../shared/text.ts";
import { parameterCount } from "../shared/training.ts";
import { charLstmProgram } from "./program.ts";
import { writeSample } from "./sample.ts";

await runProgram(charLstmProgram, async (run) => {
  const { steps, hidden, sample, temperature, seed, text: path } = run.options;
  const text = await loadText(path);
  const model = new CharLSTM(text.vocabulary.length, { hidden });
  print(
    `CharLSTM: ${parameterCount(model)} parameters; ${text.codes.length.toLocaleString("en-US")} characters, ` +
      `${String(text.vocabulary.length)} distinct; seed ${String(seed)}, ${backendInfo().build ?? "reference"} kernels\n`,
  );
  const training = await trainLanguageModel(run, model, text);
  if (training === null) return null;
  await saveWeights(join(run.mode.out, "char-lstm.safetensors"), model);
  const plot = join(run.mode.out, "loss.svg");
  await writePlot(plot, lossPlot("CharLSTM", "nats per character", steps, training));
  print(`loss curve in ${plot}\n`);
  await writeSample(model, text.vocabulary, { length: sample, temperature, signal: run.signal });
  const loss = training.history.at(-1)?.valLoss ?? NaN;
  return `result: char-lstm validation ${loss.toFixed(4)} nats/character (${String(steps)} steps)`;
});

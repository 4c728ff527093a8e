// Translates: `npm run example translate`. Dates in many forms to ISO dates, or pairs of lines from a file; ends with the
// share of exact translations of texts that training never saw.
import { join } from "node:path";
import { crossEntropy } from "neurite";
import { DataLoader } from "neurite/data";
import { saveWeights } from "neurite/io";
import { Seq2SeqLstm } from "neurite/models";
import { AdamW } from "neurite/optim";
import { bleu, cosineSchedule } from "neurite/train";
import { writePlot } from "../shared/plot.ts";
import { print, runProgram } from "../shared/program.ts";
import { parameterCount, trainModel } from "../shared/training.ts";
import { Codes, IGNORED } from "./codes.ts";
import { datePairs } from "./dates.ts";
import type { Pair } from "./dates.ts";
import { drawAttention } from "./drawing.ts";
import { readPairs } from "./lines.ts";
import { translateProgram } from "./program.ts";
import { translate } from "./writing.ts";
import type { Translation } from "./writing.ts";

const TESTS = 2000;
const TEST_BATCH = 250;
const SHOWN = 2;

await runProgram(translateProgram, async (run) => {
  const { epochs, batchSize, pairs, hidden, lr, seed, file } = run.options;
  const { train, test } = await load(file, pairs, seed, run.mode.fast);
  const codes = new Codes(train);
  const model = new Seq2SeqLstm(codes.sourceSize, codes.targetSize, { hidden });
  print(
    `Seq2SeqLstm: ${parameterCount(model)} parameters, ${String(train.length)} training and ${String(test.length)} test pairs`,
  );
  print(
    `${String(codes.source.length)} characters read, ${String(codes.target.length)} written; seed ${String(seed)}\n`,
  );
  const training = await trainModel(run, model, {
    trainData: new DataLoader(codes.dataset(train), { batchSize, shuffle: true, seed }),
    loss: (scores, target) =>
      crossEntropy(scores.reshape([-1, codes.targetSize]), target.reshape([-1]), { ignoreIndex: IGNORED }),
    optimizer: new AdamW(model.parameters(), { lr }),
    schedule: cosineSchedule(lr, { warmup: 50 }),
    clipGradNorm: 1,
    epochs,
    unit: "pairs",
  });
  if (training === null) return null;
  await saveWeights(join(run.mode.out, "translate.safetensors"), model);
  const longest = Math.max(...train.map(([, target]) => target.length)) + 2;
  const translations: Translation[] = [];
  for (let i = 0; i < test.length; i += TEST_BATCH) {
    const sources = test.slice(i, i + TEST_BATCH).map(([source]) => source);
    translations.push(...translate(model, codes, sources, longest));
    await new Promise((resolve) => setTimeout(resolve, 0));
    run.signal.throwIfAborted();
  }
  for (let i = 0; i < 5; i++) print(`${test[i][0].padEnd(32)} ${translations[i].text}`);
  const plot = join(run.mode.out, "attention.svg");
  const shown = test.slice(0, SHOWN).map(([source], i) => ({ source, translation: translations[i] }));
  await writePlot(plot, drawAttention(shown));
  print(`\nattention in ${plot}\n`);
  return report(test, translations, file !== "");
});

async function load(
  file: string,
  count: number,
  seed: number,
  isFast: boolean,
): Promise<{ train: Pair[]; test: Pair[] }> {
  if (file === "") return { train: datePairs(count, seed, false), test: datePairs(TESTS, seed, true) };
  const read = await readPairs(file);
  const all = isFast ? read.slice(0, count) : read;
  const cut = all.length - Math.min(TESTS, Math.floor(all.length / 20));
  return { train: all.slice(0, cut), test: all.slice(cut) };
}

function report(test: readonly Pair[], translations: readonly Translation[], isText: boolean): string {
  const right = test.filter(([, target], i) => translations[i].text === target).length;
  const exact = `${((100 * right) / test.length).toFixed(2)} % of ${String(test.length)} exact`;
  if (!isText) return `result: translate ${exact}`;
  const words = (text: string): string[] => text.split(" ");
  const score = bleu(
    translations.map(({ text }) => words(text)),
    test.map(([, target]) => [words(target)]),
  );
  return `result: translate BLEU ${(100 * score).toFixed(2)}, ${exact}`;
}

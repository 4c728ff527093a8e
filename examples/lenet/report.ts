// The end of a run: the model on the 10,000 test images, as a confusion matrix, some digits, and the accuracy.
import { DataLoader } from "neurite/data";
import type { LeNet5 } from "neurite/models";
import { ConfusionMatrix, evaluate, predictedClasses } from "neurite/train";
import type { Mnist } from "../shared/mnist.ts";
import { drawConfusion, drawDigits } from "./drawing.ts";
import type { Answer } from "./drawing.ts";

const PIXELS = 28 * 28;

/** Evaluates, prints what it found, and returns the figure: `test accuracy 98.93% (10000 images)`. */
export async function reportTest(
  model: LeNet5,
  { test, testPixels }: Mnist,
  signal: AbortSignal,
  print: (text: string) => void,
): Promise<string> {
  const answers: Answer[] = [];
  const evaluation = await evaluate(model, new DataLoader(test, { batchSize: 250 }), {
    metrics: { confusion: new ConfusionMatrix(10) },
    signal,
    onBatch(output, target) {
      predictedClasses(output).forEach((said, row) => {
        const start = answers.length * PIXELS;
        answers.push({
          pixels: testPixels.subarray(start, start + PIXELS),
          label: target.data[row],
          said,
          confidence: probability(output.data.subarray(row * 10, (row + 1) * 10), said),
        });
      });
    },
  });
  const { confusion } = evaluation.metrics;
  const right = confusion.reduce((sum, row, digit) => sum + row[digit], 0);
  const mistakes = answers.filter(({ label, said }) => label !== said);
  print(`confusion matrix of the test images\n${drawConfusion(confusion)}\n`);
  print(
    `the first test digits, and the first mistakes\n${drawDigits([...answers.slice(0, 3), ...mistakes.slice(0, 3)])}\n`,
  );
  return `test accuracy ${((100 * right) / evaluation.samples).toFixed(2)}% (${String(evaluation.samples)} images)`;
}

/** Softmax of one row of scores at one class. */
function probability(scores: ArrayLike<number>, index: number): number {
  const all = Array.from(scores);
  const largest = Math.max(...all);
  const total = all.reduce((sum, score) => sum + Math.exp(score - largest), 0);
  return Math.exp(scores[index] - largest) / total;
}

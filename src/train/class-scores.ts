// Precision, recall and F1: what a confusion matrix says about each class, and the ways to average that over classes.
import { ValueError } from "../core/errors.ts";
import type { HostArray } from "../data/host-array.ts";
import { ConfusionMatrix } from "./metrics.ts";
import type { Metric } from "./metrics.ts";

/**
 * How the classes' figures become one. `macro`: their plain mean, all classes alike. `weighted`: their mean by how often
 * each class is the target. `micro`: from the counts of all classes together, which for one class per row is the accuracy.
 */
export type Average = "macro" | "micro" | "weighted";

export interface ClassScores {
  /** Of the rows taken for the class, the share that are of it; 0 where none was taken for it. */
  readonly precision: number;
  /** Of the rows of the class, the share that were taken for it; 0 where there is none. */
  readonly recall: number;
  /** The harmonic mean of both, `2 tp / (2 tp + fp + fn)`; 0 where that is undefined. */
  readonly f1: number;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

const scoresOf = (right: number, taken: number, actual: number): ClassScores => ({
  precision: ratio(right, taken),
  recall: ratio(right, actual),
  f1: ratio(2 * right, taken + actual),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The scores of each class from a confusion matrix, `confusion[true][predicted]`. */
export function perClassScores(confusion: readonly (readonly number[])[]): ClassScores[] {
  return confusion.map((row, i) => scoresOf(row[i], sum(confusion.map((other) => other[i])), sum(row)));
}

/** The scores over all classes of a confusion matrix, `confusion[true][predicted]`. NaN without a row. */
export function classScores(
  confusion: readonly (readonly number[])[],
  average: Average = "macro",
): ClassScores {
  const total = sum(confusion.flat());
  if (total === 0) return { precision: NaN, recall: NaN, f1: NaN };
  if (average === "micro") return scoresOf(sum(confusion.map((row, i) => row[i])), total, total);
  const weights = confusion.map((row) => (average === "macro" ? 1 / confusion.length : sum(row) / total));
  const scores = perClassScores(confusion);
  const mean = (name: keyof ClassScores): number => sum(scores.map((score, i) => weights[i] * score[name]));
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

export interface ClassScoreOptions {
  readonly classes: number;
  /** Default `macro`. */
  readonly average?: Average;
}

class ClassScore implements Metric {
  readonly #confusion: ConfusionMatrix;
  readonly #average: Average;
  readonly #name: keyof ClassScores;

  constructor(op: string, name: keyof ClassScores, { classes, average = "macro" }: ClassScoreOptions) {
    if (!["macro", "micro", "weighted"].includes(average)) {
      throw new ValueError(op, `average must be macro, micro or weighted; got ${JSON.stringify(average)}.`);
    }
    this.#confusion = new ConfusionMatrix(classes, op);
    this.#average = average;
    this.#name = name;
  }

  update(output: HostArray, target: HostArray): void {
    this.#confusion.update(output, target);
  }

  /** NaN before the first row. */
  compute(): number {
    return classScores(this.#confusion.compute(), this.#average)[this.#name];
  }

  reset(): void {
    this.#confusion.reset();
  }
}

/**
 * The share of right ones among the rows taken for a class, averaged over classes: output [N, C], target [N].
 *
 * A class that was never predicted counts as 0. Macro averages go over all `classes`, seen or not.
 */
export class Precision extends ClassScore {
  constructor(options: ClassScoreOptions) {
    super("Precision", "precision", options);
  }
}

/** The share of a class's rows that were taken for it, averaged over classes; otherwise as `Precision`. */
export class Recall extends ClassScore {
  constructor(options: ClassScoreOptions) {
    super("Recall", "recall", options);
  }
}

/** The harmonic mean of precision and recall of each class, averaged over classes; otherwise as `Precision`. */
export class F1Score extends ClassScore {
  constructor(options: ClassScoreOptions) {
    super("F1Score", "f1", options);
  }
}

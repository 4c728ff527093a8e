// Metrics: numbers about how good a model is, gathered over the batches of an evaluation in host memory.
import { IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { HostArray } from "../data/host-array.ts";

/** Gathers over batches: `reset`, then `update` per batch, then `compute`. */
export interface Metric<T = number> {
  /** Takes in one batch: what the model put out, and the last field of the data. */
  update(output: HostArray, target: HostArray): void;
  compute(): T;
  reset(): void;
}

/**
 * The position of the largest score in each row of `scores` [N, C]; the first of equal ones.
 *
 * @throws ShapeError unless the scores have two axes, the second not empty.
 */
export function predictedClasses(scores: HostArray, op = "predictedClasses"): Uint32Array {
  const [rows, classes] = scores.shape;
  if (scores.shape.length !== 2 || classes === 0) {
    throw new ShapeError(
      op,
      `the output must be scores of shape [N, classes]; got ${formatShape(scores.shape)}.`,
    );
  }
  const predicted = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    let best = 0;
    for (let i = 1; i < classes; i++) if (scores.data[start + i] > scores.data[start + best]) best = i;
    predicted[row] = best;
  }
  return predicted;
}

function checkTarget(op: string, output: HostArray, target: HostArray): void {
  if (target.shape.length === 1 && target.shape[0] === output.shape[0]) return;
  const got = `${formatShape(target.shape)} for an output of ${formatShape(output.shape)}`;
  throw new ShapeError(op, `the target must be one class per row, shape [N]; got ${got}.`);
}

/** The share of rows whose largest score is that of the target class: output [N, C], target [N]. From 0 to 1. */
export class Accuracy implements Metric {
  #right = 0;
  #total = 0;

  update(output: HostArray, target: HostArray): void {
    const predicted = predictedClasses(output, "Accuracy");
    checkTarget("Accuracy", output, target);
    for (let i = 0; i < predicted.length; i++) if (predicted[i] === target.data[i]) this.#right++;
    this.#total += predicted.length;
  }

  /** NaN before the first row. */
  compute(): number {
    return this.#right / this.#total;
  }

  reset(): void {
    this.#right = 0;
    this.#total = 0;
  }
}

/** How often each class was taken for each: `compute()[true][predicted]`. Output [N, C], target [N]. */
export class ConfusionMatrix implements Metric<number[][]> {
  readonly #classes: number;
  #counts: number[][];

  /** @throws ValueError unless `classes` is a whole number above 0. */
  constructor(classes: number) {
    if (!Number.isSafeInteger(classes) || classes < 1) {
      throw new ValueError(
        "ConfusionMatrix",
        `classes must be a whole number above 0; got ${String(classes)}.`,
      );
    }
    this.#classes = classes;
    this.#counts = this.#zeros();
  }

  /** @throws IndexError for a target that is no class; ShapeError for an output with another number of classes. */
  update(output: HostArray, target: HostArray): void {
    const predicted = predictedClasses(output, "ConfusionMatrix");
    checkTarget("ConfusionMatrix", output, target);
    if (output.shape[1] !== this.#classes) {
      const rule = `the output must have ${String(this.#classes)} classes`;
      throw new ShapeError("ConfusionMatrix", `${rule}; got ${formatShape(output.shape)}.`);
    }
    for (let i = 0; i < predicted.length; i++) {
      const row: number[] | undefined = this.#counts[target.data[i]];
      if (row === undefined) {
        const range = `0..${String(this.#classes - 1)}`;
        throw new IndexError(
          "ConfusionMatrix",
          `targets must lie in ${range}; got ${String(target.data[i])}.`,
        );
      }
      row[predicted[i]]++;
    }
  }

  compute(): number[][] {
    return this.#counts.map((row) => [...row]);
  }

  reset(): void {
    this.#counts = this.#zeros();
  }

  #zeros(): number[][] {
    return Array.from({ length: this.#classes }, () => new Array<number>(this.#classes).fill(0));
  }
}

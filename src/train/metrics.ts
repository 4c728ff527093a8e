// Metrics: numbers about how good a model is, gathered over the batches of an evaluation in host memory.
import { IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
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
  checkScores(op, scores.shape);
  const [rows, classes] = scores.shape;
  const predicted = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    let best = 0;
    for (let i = 1; i < classes; i++) if (scores.data[start + i] > scores.data[start + best]) best = i;
    predicted[row] = best;
  }
  return predicted;
}

function checkScores(op: string, shape: Shape): void {
  if (shape.length === 2 && shape[1] > 0) return;
  throw new ShapeError(op, `the output must be scores of shape [N, classes]; got ${formatShape(shape)}.`);
}

/** @throws IndexError unless the target is one of the classes. */
export function checkClass(op: string, target: number, classes: number): number {
  if (Number.isInteger(target) && target >= 0 && target < classes) return target;
  throw new IndexError(op, `targets must lie in 0..${String(classes - 1)}; got ${String(target)}.`);
}

export function checkTarget(op: string, output: HostArray, target: HostArray): void {
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

/**
 * The share of rows whose target class is among the k largest scores: output [N, C], target [N]. From 0 to 1. Of equal
 * scores the first counts as larger, and NaN is never among them; `new TopKAccuracy(1)` is `Accuracy` for finite scores.
 */
export class TopKAccuracy implements Metric {
  readonly #k: number;
  #right = 0;
  #total = 0;

  /** @throws ValueError unless k is a whole number above 0. */
  constructor(k: number) {
    if (!Number.isSafeInteger(k) || k < 1) {
      throw new ValueError("TopKAccuracy", `k must be a whole number above 0; got ${String(k)}.`);
    }
    this.#k = k;
  }

  /** @throws ShapeError unless the output has two axes; IndexError for a target that is no class. */
  update({ data, shape }: HostArray, target: HostArray): void {
    checkScores("TopKAccuracy", shape);
    checkTarget("TopKAccuracy", { data, shape, dtype: "float32" }, target);
    const [rows, classes] = shape;
    for (let row = 0; row < rows; row++) {
      const label = checkClass("TopKAccuracy", target.data[row], classes);
      const own = data[row * classes + label];
      let before = 0;
      for (let i = 0; i < classes; i++) {
        const score = data[row * classes + i];
        if (score > own || (score === own && i < label)) before++;
      }
      if (before < this.#k && !Number.isNaN(own)) this.#right++;
    }
    this.#total += rows;
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
  readonly #op: string;
  #counts: number[][];

  /**
   * @param op What errors call the metric.
   * @throws ValueError unless `classes` is a whole number above 0.
   */
  constructor(classes: number, op = "ConfusionMatrix") {
    if (!Number.isSafeInteger(classes) || classes < 1) {
      throw new ValueError(op, `classes must be a whole number above 0; got ${String(classes)}.`);
    }
    this.#classes = classes;
    this.#op = op;
    this.#counts = this.#zeros();
  }

  /** @throws IndexError for a target that is no class; ShapeError for an output with another number of classes. */
  update(output: HostArray, target: HostArray): void {
    const predicted = predictedClasses(output, this.#op);
    checkTarget(this.#op, output, target);
    if (output.shape[1] !== this.#classes) {
      const rule = `the output must have ${String(this.#classes)} classes`;
      throw new ShapeError(this.#op, `${rule}; got ${formatShape(output.shape)}.`);
    }
    for (let i = 0; i < predicted.length; i++) {
      this.#counts[checkClass(this.#op, target.data[i], this.#classes)][predicted[i]]++;
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

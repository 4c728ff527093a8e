// The area under the ROC curve: how often a row of a class scores higher than a row that is not of it.
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { HostArray } from "../data/host-array.ts";
import { checkClass, checkTarget } from "./metrics.ts";
import type { Metric } from "./metrics.ts";

/**
 * The area under the ROC curve, from 0 to 1; 0.5 is chance. Equal scores count half. The target [N] holds classes.
 *
 * Output [N] or [N, 1]: scores of class 1 against 0, logits or probabilities. Output [N, 2]: the second minus the first.
 * Output [N, C]: each class against the rest, the areas averaged (macro). All scores are kept until `reset`.
 *
 * Source: Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic curve", 1982.
 */
export class RocAuc implements Metric {
  /** Scores by class; a single list for two classes. */
  #scores: number[][] = [];
  #targets: number[] = [];

  /** @throws ShapeError for an output of another shape, or other classes than before; IndexError for a target that is no class. */
  update(output: HostArray, target: HostArray): void {
    const { data, shape } = output;
    checkTarget("RocAuc", output, target);
    if (shape.length < 1 || shape.length > 2 || shape[1] === 0) {
      throw new ShapeError(
        "RocAuc",
        `the output must have shape [N] or [N, classes]; got ${formatShape(shape)}.`,
      );
    }
    const [rows, columns = 1] = shape;
    const lists = columns <= 2 ? 1 : columns;
    if (this.#scores.length === 0) this.#scores = Array.from({ length: lists }, () => []);
    if (this.#scores.length !== lists) {
      const rule = `the output must have as many classes as before (${String(this.#scores.length)})`;
      throw new ShapeError("RocAuc", `${rule}; got ${formatShape(shape)}.`);
    }
    const labels = Array.from({ length: rows }, (_, i) =>
      checkClass("RocAuc", target.data[i], Math.max(2, columns)),
    );
    for (let row = 0; row < rows; row++) {
      const at = row * columns;
      if (columns === 2) this.#scores[0].push(data[at + 1] - data[at]);
      else for (let i = 0; i < lists; i++) this.#scores[i].push(data[at + i]);
    }
    for (const label of labels) this.#targets.push(label);
  }

  /** NaN before the first row, where a class has no row or no other, and where a score is NaN. */
  compute(): number {
    const binary = this.#scores.length === 1;
    const areas = this.#scores.map((scores, i) =>
      area(
        scores,
        this.#targets.map((target) => target === (binary ? 1 : i)),
      ),
    );
    return areas.reduce((sum, value) => sum + value, 0) / areas.length;
  }

  reset(): void {
    this.#scores = [];
    this.#targets = [];
  }
}

/** The Mann-Whitney statistic by ranks, those of equal scores averaged. */
function area(scores: readonly number[], positive: readonly boolean[]): number {
  if (scores.some((score) => Number.isNaN(score))) return NaN;
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => {
    if (scores[a] === scores[b]) return 0;
    return scores[a] < scores[b] ? -1 : 1;
  });
  let rankSum = 0;
  let positives = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let among = 0;
    for (; end < order.length && scores[order[end]] === scores[order[start]]; end++) {
      if (positive[order[end]]) among++;
    }
    rankSum += (among * (start + 1 + end)) / 2;
    positives += among;
    start = end;
  }
  const negatives = scores.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

// Metrics against scikit-learn and NLTK, fed in batches of uneven size.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { hostArray } from "../../src/data/host-array.ts";
import { classScores, F1Score, perClassScores, Precision, Recall } from "../../src/train/class-scores.ts";
import { Accuracy, ConfusionMatrix, TopKAccuracy } from "../../src/train/metrics.ts";
import type { Metric } from "../../src/train/metrics.ts";
import { RocAuc } from "../../src/train/roc-auc.ts";
import { bleu, Perplexity } from "../../src/train/text-metrics.ts";

interface Case {
  readonly name: string;
  readonly shape: [number, number];
  readonly scores: number[];
  readonly target: number[];
  readonly macro: number[];
  readonly micro: number[];
  readonly weighted: number[];
  readonly perClass: number[][];
  readonly topK: number[];
  readonly auc?: number;
  readonly perplexity: number;
}

const fixture = JSON.parse(readFileSync(new URL("../fixtures/metrics.json", import.meta.url), "utf8")) as {
  cases: Case[];
  binary: { scores: number[]; target: number[]; auc: number };
  bleu: {
    name: string;
    candidates: string[];
    references: string[][];
    maxOrder: number;
    plain: number;
    smooth: number;
  }[];
};

/** Feeds 7 rows at a time, and computes. */
function compute<T>(
  metric: Metric<T>,
  scores: readonly number[],
  shape: number[],
  target: readonly number[],
): T {
  metric.reset();
  const columns = shape[1] ?? 1;
  for (let at = 0; at < target.length; at += 7) {
    const rows = target.slice(at, at + 7);
    const data = Float64Array.from(scores.slice(at * columns, (at + rows.length) * columns));
    metric.update(
      hostArray(data, { shape: [rows.length, ...shape.slice(1)] }),
      hostArray(Int32Array.from(rows)),
    );
  }
  return metric.compute();
}

const near = (received: number, expected: number): void =>
  expect(Math.abs(received - expected), `${received} for ${expected}`).toBeLessThan(1e-12);

describe("metrics of classes", () => {
  it.each(fixture.cases)("agree with scikit-learn: $name", ({ shape, scores, target, ...golden }) => {
    const classes = shape[1];
    const of = <T>(metric: Metric<T>): T => compute(metric, scores, shape, target);
    for (const average of ["macro", "micro", "weighted"] as const) {
      near(of(new Precision({ classes, average })), golden[average][0]);
      near(of(new Recall({ classes, average })), golden[average][1]);
      near(of(new F1Score({ classes, average })), golden[average][2]);
    }
    near(of(new F1Score({ classes })), golden.macro[2]);
    perClassScores(of(new ConfusionMatrix(classes))).forEach(({ precision, recall, f1 }, i) => {
      near(precision, golden.perClass[0][i]);
      near(recall, golden.perClass[1][i]);
      near(f1, golden.perClass[2][i]);
    });
    golden.topK.forEach((share, i) => near(of(new TopKAccuracy(i + 1)), share));
    expect(of(new TopKAccuracy(1))).toBe(of(new Accuracy()));
    expect(of(new TopKAccuracy(classes))).toBe(1);
    if (golden.auc !== undefined) near(of(new RocAuc()), golden.auc);
    near(of(new Perplexity()) / golden.perplexity, 1);
  });

  it("break ties towards the first class, and never count NaN", () => {
    expect(compute(new TopKAccuracy(1), [1, 1, 1, 1], [2, 2], [0, 1])).toBe(0.5);
    expect(compute(new TopKAccuracy(2), [NaN, 1, 2], [1, 3], [0])).toBe(0);
  });

  it("say NaN where nothing was seen, and forget on reset", () => {
    const f1 = new F1Score({ classes: 2 });
    expect(f1.compute()).toBeNaN();
    expect(compute(f1, [1, 0], [1, 2], [0])).toBe(0.5);
    f1.reset();
    expect(f1.compute()).toBeNaN();
    expect(new TopKAccuracy(1).compute()).toBeNaN();
    expect(classScores([[0]])).toEqual({ precision: NaN, recall: NaN, f1: NaN });
  });

  it("refuse what makes no sense", () => {
    expect(() => new TopKAccuracy(0)).toThrow(ValueError);
    expect(() => new F1Score({ classes: 2, average: "none" as never })).toThrow(
      'F1Score: average must be macro, micro or weighted; got "none".',
    );
    expect(() => new Recall({ classes: 0 })).toThrow(/^Recall: classes must be/);
    expect(() => compute(new Precision({ classes: 2 }), [1, 0], [1, 2], [2])).toThrow(
      /^Precision: targets must lie/,
    );
    expect(() => compute(new TopKAccuracy(1), [1, 0], [1, 2], [2])).toThrow(IndexError);
    expect(() => compute(new TopKAccuracy(1), [1], [1], [0])).toThrow(ShapeError);
  });
});

describe("RocAuc", () => {
  const { scores, target, auc } = fixture.binary;

  it("takes scores of one class with ties, as scikit-learn does", () => {
    near(compute(new RocAuc(), scores, [50], target), auc);
    near(compute(new RocAuc(), scores, [50, 1], target), auc);
    near(
      compute(
        new RocAuc(),
        scores.flatMap((s) => [0, s]),
        [50, 2],
        target,
      ),
      auc,
    );
    expect(compute(new RocAuc(), [0.1, 0.9], [2], [0, 1])).toBe(1);
    expect(compute(new RocAuc(), [-Infinity, Infinity], [2], [1, 0])).toBe(0);
  });

  it("is NaN where it has no meaning", () => {
    expect(new RocAuc().compute()).toBeNaN();
    expect(compute(new RocAuc(), [1, 2], [2], [1, 1])).toBeNaN();
    expect(compute(new RocAuc(), [1, NaN], [2], [0, 1])).toBeNaN();
    expect(compute(new RocAuc(), [1, 2, 3, 3, 2, 1], [2, 3], [0, 1])).toBeNaN();
  });

  it("refuses other shapes and targets, and keeps nothing of them", () => {
    const metric = new RocAuc();
    metric.update(hostArray(Float32Array.of(1, 0)), hostArray(Int32Array.of(1, 0)));
    expect(() => compute(new RocAuc(), [1], [1], [2])).toThrow(IndexError);
    const wide = hostArray(new Float32Array(3), { shape: [1, 3] });
    expect(() => metric.update(wide, hostArray(Int32Array.of(0)))).toThrow(ShapeError);
    expect(() => metric.update(hostArray(new Float32Array(1)), hostArray(Int32Array.of(5)))).toThrow(
      IndexError,
    );
    expect(metric.compute()).toBe(1);
  });
});

describe("Perplexity", () => {
  it("takes the class axis where it is, and leaves ignored targets out", () => {
    // [1, C = 2, T = 2]: even odds at the first place, 3 : 1 at the second.
    const data = Float32Array.of(0, Math.log(3), 0, 0);
    const metric = new Perplexity();
    const target = hostArray(Int32Array.of(0, 0), { shape: [1, 2] });
    metric.update(hostArray(data, { shape: [1, 2, 2] }), target);
    expect(metric.compute()).toBeCloseTo(Math.sqrt(8 / 3), 6);
    const last = new Perplexity({ classAxis: -1, ignoreIndex: 9 });
    const masked = hostArray(Int32Array.of(9, 0), { shape: [1, 2] });
    last.update(hostArray(Float32Array.of(0, 0, 1000, 1000), { shape: [1, 2, 2] }), masked);
    near(last.compute(), 2);
    expect(new Perplexity().compute()).toBeNaN();
    expect(() => last.update(hostArray(data), target)).toThrow(ShapeError);
  });
});

describe("bleu", () => {
  it.each(fixture.bleu)("agrees with NLTK: $name", ({ candidates, references, maxOrder, plain, smooth }) => {
    const [texts, allowed] = [
      candidates.map((c) => c.split(" ")),
      references.map((r) => r.map((t) => t.split(" "))),
    ];
    // NLTK gives the smallest double where a share is zero.
    near(bleu(texts, allowed, { maxOrder }), plain < 1e-100 ? 0 : plain);
    near(bleu(texts, allowed, { maxOrder, smooth: true }), smooth);
  });

  it("tells tokens apart by what they are", () => {
    expect(bleu([["a b", "c"]], [[["a", "b c"]]], { maxOrder: 1 })).toBe(0);
    expect(bleu([[1, 2]], [[[1, 2]]], { maxOrder: 2 })).toBe(1);
    expect(bleu([[]], [[["a"]]])).toBe(0);
    expect(bleu([], [])).toBe(0);
  });

  it("refuses what makes no sense", () => {
    expect(() => bleu([["a"]], [])).toThrow(ValueError);
    expect(() => bleu([["a"]], [[]])).toThrow(ValueError);
    expect(() => bleu([["a"]], [[["a"]]], { maxOrder: 0 })).toThrow(ValueError);
  });
});

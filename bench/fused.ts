// Fused ops through the library: normalisations, softmax and losses, forward and with their backward, in milliseconds.
import { batchNorm, crossEntropy, grad, layerNorm, noGrad, rmsNorm, softmax, tensor } from "neurite";
import type { Tensor } from "neurite";
import { runPerElement } from "./suite.ts";
import type { Context, ElementCase, Suite } from "./suite.ts";
import { logSoftmax } from "./plain.ts";
import { checkClose, floats, randomFloats } from "./verify.ts";

const EPS = 1e-5;

interface Fused {
  readonly name: string;
  readonly shape: readonly number[];
  readonly op: (x: Tensor, weight: Tensor, bias: Tensor) => Tensor;
  /** What the op gives, from x, weight and bias; checked before anything is timed. */
  readonly plain: (x: Float32Array, weight: Float32Array, bias: Float32Array) => ArrayLike<number>;
  readonly features: number;
}

// (x - mean) / sqrt(variance + eps), for the elements that `of` gives to each group.
function normalised(
  x: Float32Array,
  groups: number,
  of: (i: number) => number,
  centred: boolean,
): Float64Array {
  const [sums, squares, counts] = [0, 1, 2].map(() => new Float64Array(groups));
  x.forEach((value, i) => {
    counts[of(i)]++;
    sums[of(i)] += value;
  });
  const mean = (i: number): number => (centred ? sums[of(i)] / counts[of(i)] : 0);
  x.forEach((value, i) => (squares[of(i)] += (value - mean(i)) ** 2));
  return Float64Array.from(
    x,
    (value, i) => (value - mean(i)) / Math.sqrt(squares[of(i)] / counts[of(i)] + EPS),
  );
}

const rowsOf =
  (n: number, centred: boolean): Fused["plain"] =>
  (x, weight, bias) =>
    normalised(x, x.length / n, (i) => Math.floor(i / n), centred).map(
      (value, i) => value * weight[i % n] + (centred ? bias[i % n] : 0),
    );

const channelsOf = (channels: number, inner: number): Fused["plain"] => {
  const of = (i: number): number => Math.floor(i / inner) % channels;
  return (x, weight, bias) =>
    normalised(x, channels, of, true).map((value, i) => value * weight[of(i)] + bias[of(i)]);
};

const training = { training: true, eps: EPS };

const targets = (rows: number, classes: number): Int32Array =>
  Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes);

function lossCase(rows: number, classes: number): Fused {
  const at = targets(rows, classes);
  const target = tensor(at);
  return {
    ...{ name: `crossEntropy ${String(rows)}x${String(classes)}`, shape: [rows, classes], features: classes },
    op: (x) => crossEntropy(x, target),
    plain: (x) => {
      const logarithms = logSoftmax(x, classes);
      return [-at.reduce((sum, t, row) => sum + logarithms[row * classes + t], 0) / rows];
    },
  };
}

const cases = (): readonly Fused[] => [
  {
    ...{ name: "layerNorm 512x512", shape: [512, 512], features: 512, plain: rowsOf(512, true) },
    op: (x, w, b) => layerNorm(x, 512, w, b, { eps: EPS }),
  },
  {
    ...{ name: "rmsNorm 512x512", shape: [512, 512], features: 512, plain: rowsOf(512, false) },
    op: (x, w) => rmsNorm(x, 512, w, { eps: EPS }),
  },
  {
    ...{ name: "batchNorm 32x64x14x14", shape: [32, 64, 14, 14], features: 64, plain: channelsOf(64, 196) },
    op: (x, w, b) => batchNorm(x, null, null, w, b, training),
  },
  {
    ...{ name: "batchNorm 256x256", shape: [256, 256], features: 256, plain: channelsOf(256, 1) },
    op: (x, w, b) => batchNorm(x, null, null, w, b, training),
  },
  {
    ...{ name: "softmax 512x512", shape: [512, 512], features: 512 },
    op: (x) => softmax(x),
    plain: (x) => logSoftmax(x, 512).map(Math.exp),
  },
  lossCase(64, 10),
  lossCase(1024, 65),
  lossCase(512, 512),
];

/** The op without a graph, and with its backward. */
function pairOf({ name, shape, op, plain, features }: Fused): readonly [ElementCase, ElementCase] {
  const size = shape.reduce((product, n) => product * n, 1);
  const data = [randomFloats(size, 1, -3, 3), randomFloats(features, 2), randomFloats(features, 3)];
  const shapes = [shape, [features], [features]];
  const [x, w, b] = data.map((values, i) => tensor(values, { shape: shapes[i], requiresGrad: true }));
  const y = op(x, w, b);
  checkClose(name, y.dataSync(), plain(data[0], data[1], data[2]), 2e-5);
  const wanted = [x, w, b];
  const gradOutput = tensor(
    floats(y.size, (i) => Math.sin(i)),
    { shape: y.shape },
  );
  y.dispose();
  const both = (): void => {
    const result = op(x, w, b);
    for (const gradient of grad(result, wanted, { gradOutput, allowUnused: true })) gradient?.dispose();
    result.dispose();
  };
  return [
    { name, elements: size, call: () => noGrad(() => op(x, w, b)).dispose() },
    { name: `${name}, and backward`, elements: size, call: both },
  ];
}

export const fused: Suite = {
  name: "fused",
  about: "normalisations, softmax and cross-entropy, forward and with backward",
  run(context: Context) {
    const pairs = cases().map(pairOf);
    runPerElement(
      context,
      "forward, no graph",
      pairs.map(([forward]) => forward),
    );
    runPerElement(
      context,
      "forward and backward",
      pairs.map(([, both]) => both),
    );
  },
};

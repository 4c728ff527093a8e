// Attention by tiles, forward and backward, beside the same maths in plain ops (which hold all scores at once) and beside
// the peak. The arithmetic that counts is the two products of forward and the five of backward; the softmax comes on top.
import {
  grad,
  matmul,
  mul,
  noGrad,
  scaledDotProductAttention,
  scope,
  softmax,
  tensor,
  transpose,
} from "neurite";
import type { Tensor } from "neurite";
import { runBesidePeak } from "./suite.ts";
import type { Context, FlopCase, Suite } from "./suite.ts";
import { checkClose, randomFloats } from "./verify.ts";

interface Size {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  readonly causal: boolean;
}

const SIZES: readonly Size[] = [
  { batch: 16, heads: 4, length: 64, width: 32, causal: true },
  { batch: 16, heads: 4, length: 64, width: 32, causal: false },
  { batch: 2, heads: 4, length: 512, width: 64, causal: false },
  { batch: 1, heads: 1, length: 2048, width: 64, causal: true },
];

const titleOf = ({ batch, heads, length, width, causal }: Size): string =>
  `[${[batch, heads, length, width].join(", ")}]${causal ? " causal" : ""}`;

/** Multiply-adds of one product of the scores' size: all of them, or the triangle that a causal mask leaves. */
function productFlop({ batch, heads, length, width, causal }: Size): number {
  const scores = causal ? (length * (length + 1)) / 2 : length * length;
  return 2 * batch * heads * scores * width;
}

/** The last query's output by plain loops: with or without the mask it sees every key. */
function plainRow(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  length: number,
  width: number,
): number[] {
  const from = (length - 1) * width;
  const scores = Array.from({ length }, (_, j) => {
    let sum = 0;
    for (let e = 0; e < width; e++) sum += q[from + e] * k[j * width + e];
    return Math.exp(sum / Math.sqrt(width));
  });
  const total = scores.reduce((a, b) => a + b);
  return Array.from({ length: width }, (_, e) =>
    scores.reduce((sum, score, j) => sum + (score / total) * v[j * width + e], 0),
  );
}

function verify(size: Size, data: readonly Float32Array[], y: Tensor): void {
  const { length, width } = size;
  const first = data.map((x) => x.subarray(0, length * width));
  const got = y.dataSync().slice((length - 1) * width, length * width);
  checkClose(`attention ${titleOf(size)}`, got, plainRow(first[0], first[1], first[2], length, width), 1e-5);
}

function plainOps(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const scores = mul(matmul(q, transpose(k)), 1 / Math.sqrt(q.shape[3]));
  return matmul(softmax(scores), v);
}

function runSize(context: Context, size: Size): void {
  const { batch, heads, length, width, causal } = size;
  const shape = [batch, heads, length, width];
  const data = [1, 2, 3, 4].map((seed) => randomFloats(batch * heads * length * width, seed));
  const [q, k, v, g] = data.map((values) => tensor(values, { shape }));
  const inputs = [q, k, v].map((x) => x.setRequiresGrad(true));
  const attend = (): Tensor => scaledDotProductAttention(q, k, v, { causal });
  const forward = (run: () => Tensor) => (): void => scope(() => void noGrad(() => run()));
  scope(() => {
    verify(size, data, attend());
  });
  const y = attend();
  const flop = productFlop(size);
  const cases: FlopCase[] = [
    { name: "forward", flop: 2 * flop, call: forward(attend) },
    {
      name: "backward",
      flop: 5 * flop,
      call: () => scope(() => void grad(y, inputs, { gradOutput: g, retainGraph: true })),
    },
  ];
  if (!causal)
    cases.push({ name: "forward, plain ops", flop: 2 * flop, call: forward(() => plainOps(q, k, v)) });
  runBesidePeak(context, titleOf(size), cases);
  for (const x of [y, q, k, v, g]) x.dispose();
}

export const attention: Suite = {
  name: "attention",
  about: "attention by tiles, forward and backward",
  run(context) {
    for (const size of context.quick ? SIZES.slice(0, 2) : SIZES) runSize(context, size);
  },
};

// What one small op costs beside its kernel: `apply` with checks, shape rule, buffer, record and release. Small models
// and scalar losses consist of nothing else.
import Benchmark from "benchmark";
import { add, exp, matmul, memory, mul, noGrad, relu, scope, sub, sum, tanh, tensor } from "neurite";
import type { Tensor } from "neurite";
import { interleave } from "./interleave.ts";
import type { Timing } from "./interleave.ts";
import { formatTime } from "./report.ts";
import type { Context, Suite } from "./suite.ts";
import { checkClose, floats, randomFloats } from "./verify.ts";

const SIDE = 4;
const SIZE = SIDE * SIDE;
/** The budget of one small op: forward, record, release. */
const BAR_MS = 0.3e-3;
/** Rotations of all primitives per call, so that the clock is read seldom. */
const ROTATIONS = 64;

type Op = (a: Tensor, b: Tensor) => Tensor;
type Plain = (a: Float32Array, b: Float32Array) => Float32Array;

interface SmallOp {
  readonly name: string;
  readonly op: Op;
  readonly plain: Plain;
}

const each =
  (f: (x: number, y: number) => number): Plain =>
  (a, b) =>
    floats(SIZE, (i) => f(a[i], b[i]));

const multiplyPlain: Plain = (a, b) =>
  floats(SIZE, (i) => {
    let total = 0;
    for (let p = 0; p < SIDE; p++) total += a[i - (i % SIDE) + p] * b[p * SIDE + (i % SIDE)];
    return total;
  });

const ops: readonly SmallOp[] = [
  { name: "add", op: (a, b) => add(a, b), plain: each((x, y) => x + y) },
  { name: "mul", op: (a, b) => mul(a, b), plain: each((x, y) => x * y) },
  { name: "sub", op: (a, b) => sub(a, b), plain: each((x, y) => x - y) },
  { name: "relu", op: (a) => relu(a), plain: each((x) => Math.max(x, 0)) },
  { name: "exp", op: (a) => exp(a), plain: each((x) => Math.exp(x)) },
  { name: "tanh", op: (a) => tanh(a), plain: each((x) => Math.tanh(x)) },
  { name: "matmul 4x4", op: (a, b) => matmul(a, b), plain: multiplyPlain },
  { name: "sum", op: (a) => sum(a), plain: (a) => Float32Array.of(a.reduce((total, x) => total + x, 0)) },
];

// The eight by name, not by an array: as a program would call them.
function rotate(a: Tensor, b: Tensor): void {
  add(a, b).dispose();
  mul(a, b).dispose();
  sub(a, b).dispose();
  relu(a).dispose();
  exp(a).dispose();
  tanh(a).dispose();
  matmul(a, b).dispose();
  sum(a).dispose();
}

function rotateInScope(a: Tensor, b: Tensor): void {
  scope(() => {
    add(a, b);
    mul(a, b);
    sub(a, b);
    relu(a);
    exp(a);
    tanh(a);
    matmul(a, b);
    sum(a);
  });
}

// A chain, where every op's graph holds the one before: what a forward pass is.
function chain(a: Tensor, b: Tensor): void {
  scope(() => void sum(matmul(tanh(exp(relu(sub(mul(add(a, b), b), a)))), b)));
}

function repeated(body: (a: Tensor, b: Tensor) => void, a: Tensor, b: Tensor): () => void {
  return () => {
    for (let i = 0; i < ROTATIONS; i++) body(a, b);
  };
}

const perOp = ({ best, median, ...rest }: Timing): Timing => {
  const calls = ROTATIONS * ops.length;
  return {
    ...rest,
    samples: rest.samples.map((ms) => ms / calls),
    best: best / calls,
    median: median / calls,
  };
};

function verify(a: Tensor, b: Tensor, aData: Float32Array, bData: Float32Array): void {
  for (const { name, op, plain } of ops) {
    const y = op(a, b);
    if (!y.requiresGrad) throw new Error(`apply: ${name} must be recorded`);
    checkClose(`apply: ${name}`, y.dataSync(), plain(aData, bData), 1e-5);
    y.dispose();
  }
}

const inUse = (): string => {
  const { tensors, buffers, bytes } = memory();
  return `${String(tensors)} tensors, ${String(buffers)} buffers, ${String(bytes)} bytes`;
};

function runRotation({ report, pace }: Context, a: Tensor, b: Tensor): void {
  const before = inUse();
  const timings = interleave(
    [
      { name: "recorded, then disposed", call: repeated(rotate, a, b) },
      { name: "recorded, freed by a scope", call: repeated(rotateInScope, a, b) },
      { name: "recorded as a chain of 8", call: repeated(chain, a, b) },
      { name: "not recorded (noGrad)", call: () => noGrad(repeated(rotate, a, b)) },
    ],
    { ...pace, warmupMs: Math.max(pace.warmupMs, 100) },
  ).map(perOp);
  if (inUse() !== before) throw new Error(`apply: memory must stay at ${before}; got ${inUse()}`);
  report.section("one op of 16 floats, 8 in turn");
  for (const timing of timings) {
    report.row({ label: timing.name, timing, rate: { value: 1e-3 / timing.best, unit: "Mop/s" } });
  }
  report.note(`memory flat: ${before}`);
  report.gate("small recorded op, median", timings[0].median, BAR_MS, formatTime, true);
}

// Each primitive alone, by the benchmark package: its samples are long, its statistics are those of the mean.
function runEach({ report, quick }: Context, a: Tensor, b: Tensor): void {
  report.section("each op alone (benchmark)");
  const budget = quick ? { maxTime: 0.05, minTime: 0.002 } : { maxTime: 0.4, minTime: 0.005 };
  for (const { name, op } of ops) {
    const bench = new Benchmark(name, () => op(a, b).dispose(), {
      ...budget,
      initCount: 1000,
      minSamples: 20,
    });
    bench.run();
    // A benchmark that throws ends early and carries its error; the types do not know the field's type.
    if (bench.error !== undefined) throw new Error(`apply: ${name} threw`, { cause: bench.error });
    const samples = bench.stats.sample.map((seconds) => seconds * 1e3).sort((x, y) => x - y);
    const timing = {
      ...{ name, samples, repeats: bench.count, preempted: 0 },
      ...{ best: samples[0], median: samples[samples.length >> 1] },
    };
    report.row({ label: name, timing, rate: { value: bench.stats.rme, unit: "% rme" } });
  }
}

export const apply: Suite = {
  name: "apply",
  about: "one small op: forward, record, release",
  run(context) {
    const [aData, bData] = [randomFloats(SIZE, 1), randomFloats(SIZE, 2)];
    const a = tensor(aData, { shape: [SIDE, SIDE], requiresGrad: true });
    const b = tensor(bData, { shape: [SIDE, SIDE], requiresGrad: true });
    verify(a, b, aData, bData);
    runRotation(context, a, b);
    runEach(context, a, b);
    a.dispose();
    b.dispose();
  },
};

// What threads bring: the same call with one thread and with several, in turn, after their outputs were found to have
// the same bits.
import { availableParallelism } from "node:os";
import { add, backendInfo, backward, conv2d, crossEntropy, exp, grad, layerNorm, manualSeed } from "neurite";
import { matmul, scope, setNumThreads, softmax, sum, tensor } from "neurite";
import type { Tensor } from "neurite";
import { GPT } from "neurite/models";
import { Adam } from "neurite/optim";
import { interleave, ratio } from "./interleave.ts";
import type { Case } from "./interleave.ts";
import type { Context, Suite } from "./suite.ts";
import { randomFloats } from "./verify.ts";

interface Work {
  readonly name: string;
  /** Speed-up that two threads must reach. */
  readonly bar?: number;
  readonly quick?: boolean;
  /** Makes the inputs and returns the call; its outputs are compared. */
  readonly make: () => () => readonly Tensor[];
}

const random = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    randomFloats(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { shape },
  );

const gemm = (size: number): Work => ({
  name: `matmul ${String(size)}`,
  bar: 1.8,
  quick: size === 256,
  make: () => {
    const [a, b] = [random([size, size], 1), random([size, size], 2)];
    return () => [matmul(a, b)];
  },
});

const elementwise = (
  name: string,
  op: (x: Tensor, y: Tensor) => Tensor,
  size: number,
  bar?: number,
): Work => ({
  name,
  bar,
  make: () => {
    const [x, y] = [random([size], 1), random([size], 2)];
    return () => [op(x, y)];
  },
});

const rows = (name: string, op: (x: Tensor) => Tensor): Work => ({
  name,
  make: () => {
    const x = random([512, 512], 1);
    return () => [op(x)];
  },
});

/** The convolution that image models are made of: 16 to 32 channels, 28 x 28, batch 32. */
function convOperands(): { readonly x: Tensor; readonly w: Tensor } {
  return { x: random([32, 16, 28, 28], 1), w: random([32, 16, 3, 3], 2) };
}

const GPT_STEP = { batch: 16, length: 64, vocabSize: 65, width: 128, layers: 4, heads: 4 };

function gptStep(): () => readonly Tensor[] {
  const { batch, length, vocabSize, width, layers, heads } = GPT_STEP;
  const model = new GPT({ vocabSize, width, layers, heads, contextLength: length });
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const tokens = (seed: number): Tensor =>
    tensor(Int32Array.from(randomFloats(batch * length, seed, 0, vocabSize)), { shape: [batch, length] });
  const [x, target] = [tokens(1), tokens(2).reshape([batch * length])];
  return () => {
    const loss = crossEntropy(model.forward(x).reshape([batch * length, vocabSize]), target);
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
    return [loss];
  };
}

const works: readonly Work[] = [
  ...[gemm(256), gemm(512), gemm(1024)],
  {
    name: "conv2d 3x3 16->32 28x28 b32",
    bar: 1.8,
    quick: true,
    make: () => {
      const { x, w } = convOperands();
      return () => [conv2d(x, w, undefined, { padding: 1 })];
    },
  },
  {
    name: "the same, with gradients",
    make: () => {
      const { x, w } = convOperands();
      for (const t of [x, w]) t.setRequiresGrad(true);
      return () => grad(sum(conv2d(x, w, undefined, { padding: 1 })), [x, w]);
    },
  },
  {
    name: "conv2d 3x3 64->64 28x28 b1",
    make: () => {
      const [x, w] = [random([1, 64, 28, 28], 1), random([64, 64, 3, 3], 2)];
      return () => [conv2d(x, w, undefined, { padding: 1 })];
    },
  },
  { ...elementwise("add 1M", add, 2 ** 20, 1.7), quick: true },
  elementwise("add 64K", add, 2 ** 16),
  elementwise("exp 1M", (x) => exp(x), 2 ** 20),
  elementwise("sum 1M", (x) => sum(x), 2 ** 20),
  rows("softmax 512x512", (x) => softmax(x, 1)),
  rows("layerNorm 512x512", (x) => layerNorm(x, [512])),
  { name: "step of a GPT", bar: 1.7, make: gptStep },
];

const ROUNDS = { rounds: 30, maxRounds: 60 };

function measure({ report, pace, quick }: Context, work: Work, most: number): void {
  verify(work, most);
  const call = work.make();
  const on = (threads: number): Case => ({
    name: `${work.name}, ${String(threads)}`,
    byClock: true,
    call: () => {
      setNumThreads(threads);
      scope(() => void call());
    },
  });
  const counts = most > 2 ? [1, 2, most] : [1, 2];
  const [one, ...several] = interleave(counts.map(on), { ...pace, ...(quick ? {} : ROUNDS) });
  report.row({ label: one.name, timing: one });
  several.forEach((timing) => {
    report.row({ label: timing.name, timing, share: ratio(one, timing) });
  });
  if (work.bar !== undefined) {
    const { best } = ratio(one, several[0]);
    report.gate(`${work.name}, 2 threads over 1, best`, best, work.bar, (x) => `${x.toFixed(2)}x`);
  }
}

/** @throws Error where a bit differs. Twice, since a training step changes what the next one reads. */
function verify({ name, make }: Work, threads: number): void {
  const outputs = (count: number): Float32Array[] => {
    setNumThreads(count);
    manualSeed(1);
    return scope(() => {
      const call = make();
      call();
      return call().map((x) => x.dataSync() as Float32Array);
    });
  };
  const expected = outputs(1);
  outputs(threads).forEach((values, k) => {
    const at = values.findIndex((value, i) => !Object.is(value, expected[k][i]));
    if (at < 0) return;
    throw new Error(`${name}: ${String(threads)} threads must give one's bits; got others at ${String(at)}`);
  });
}

/** Returns when the workers take part: calls never wait for them, so the first would run on one thread. */
async function untilReady(threads: number): Promise<void> {
  const [x, y] = [random([2 ** 20], 1), random([2 ** 20], 2)];
  setNumThreads(threads);
  for (let i = 0; i < 100; i++) {
    scope(() => void add(x, y));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const t of [x, y]) t.dispose();
}

export const threads: Suite = {
  name: "threads",
  about: "ops on several threads beside one",
  async run(context) {
    const { report, quick } = context;
    const most = Math.min(context.threads, availableParallelism());
    if (most < 2) {
      report.note(`one thread: ${backendInfo().threadsReason}`);
      return;
    }
    await untilReady(most);
    report.section(`1 to ${String(most)} threads`, "one thread");
    for (const work of works.filter((it) => !quick || it.quick === true)) measure(context, work, most);
    setNumThreads(1);
  },
};

// Whole training steps of six small networks, forward, backward, optimizer and the loss read: the workloads that the peers
// are measured on (bench/peers).
import { backward, memory, resetPeakMemory, scope } from "neurite";
import type { Tensor } from "neurite";
import { Adam, SGD } from "neurite/optim";
import type { Module } from "neurite/nn";
import { buildGan, buildModel } from "./peers/neurite-models.mjs";
import { work } from "./peers/lib/spec.mjs";
import type { Work } from "./peers/lib/spec.mjs";
import { runBesidePeak } from "./suite.ts";
import type { Context, Suite } from "./suite.ts";
import { checkClose } from "./verify.ts";

/** One product of [m, k] and [k, n], and its two gradients unless the first operand is the input. */
const product = (m: number, k: number, n: number, gradients = 2): number => 2 * m * k * n * (1 + gradients);

/** Multiplications and additions of matrix products and convolutions alone; what else a step does is not counted. */
const FLOP: Readonly<Record<string, number>> = {
  xor: product(4, 2, 8, 1) + product(4, 8, 1),
  mlp: product(64, 784, 256, 1) + product(64, 256, 128) + product(64, 128, 10),
  lenet:
    product(64 * 784, 25, 6, 1) +
    product(64 * 100, 150, 16) +
    product(64, 400, 120) +
    product(64, 120, 84) +
    product(64, 84, 10),
  lstm: product(1024, 64, 512) + product(1024, 128, 512) + product(1024, 128, 65),
  // Per layer qkv, proj, up and down; scores and their use, over whole squares as the peers compute them; the head.
  gpt: 4 * (product(1024, 128, 12 * 128) + 2 * product(64 * 64, 32, 64)) + product(1024, 128, 65),
  // The generator without and with gradients, the discriminator twice with and once for its input's gradient.
  gan:
    product(32, 64, 3136, 0) * 3 +
    product(32 * 49 * 4, 64 * 4, 32, 0) * 3 +
    product(32 * 196 * 4, 32 * 4, 1, 0) * 3 +
    (product(32 * 196, 16, 32, 0) + product(32 * 49, 512, 64, 0)) * 8,
};

/** The loss before the first step, as every framework of bench/peers has it. */
const FIRST_LOSS: Readonly<Record<string, number>> = {
  xor: 0.26551,
  mlp: 2.31825,
  lenet: 2.30345,
  lstm: 4.1715,
  gpt: 4.35732,
  gan: 1.40864,
};

const optimizerOf = ({ opt }: Work, model: Module): SGD | Adam =>
  opt.kind === "sgd"
    ? new SGD(model.parameters(), { lr: opt.lr })
    : new Adam(model.parameters(), { lr: opt.lr });

function minimize(optimizer: SGD | Adam, loss: Tensor): number {
  optimizer.zeroGrad();
  backward(loss);
  optimizer.step();
  return loss.itemSync();
}

/** A step on the next batch that returns the loss before it; of the discriminator, where there are two networks. */
function trainingStep(w: Work): () => number {
  let count = 0;
  const next = () => w.batches[count++ % w.nBatch];
  if (w.name !== "gan") {
    const { model, loss } = buildModel(w);
    const optimizer = optimizerOf(w, model);
    return () => scope(() => minimize(optimizer, loss(next())));
  }
  const { generator, discriminator, lossD, lossG } = buildGan(w);
  const [ofD, ofG] = [optimizerOf(w, discriminator), optimizerOf(w, generator)];
  return () =>
    scope(() => {
      const batch = next();
      const loss = minimize(ofD, lossD(batch));
      discriminator.requiresGrad(false);
      minimize(ofG, lossG(batch));
      discriminator.requiresGrad(true);
      return loss;
    });
}

/** The first loss must be the peers', and the loss must fall. */
function verified(name: string): () => number {
  const step = trainingStep(work(name));
  const first = step();
  checkClose(`${name} loss`, [first], [FIRST_LOSS[name]], 2e-5);
  let last = first;
  for (let i = 0; i < 24; i++) last = step();
  if (!(last < first))
    throw new Error(`${name}: the loss must fall; got ${String(first)}, then ${String(last)}`);
  return step;
}

function run(context: Context): void {
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  for (const [name, flop] of Object.entries(FLOP)) {
    const step = verified(name);
    const before = memory();
    resetPeakMemory();
    step();
    const { peakBytes } = memory();
    runBesidePeak(context, name, [{ name: "training step", flop, call: () => void step() }]);
    const after = memory();
    if (after.tensors !== before.tensors) throw new Error(`${name}: a step must leave no tensor behind`);
    const own = mebibytes(peakBytes - before.bytes);
    context.report.note(`a step takes at most ${own} MiB beside ${mebibytes(before.bytes)} MiB that stay`);
  }
}

export const steps: Suite = {
  name: "steps",
  about: "training steps of six small networks",
  run,
};

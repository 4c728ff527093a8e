// Ten thousand training steps of a small network in a process of its own: `node long-run.mjs xor|lstm|gpt`. Prints as JSON
// what is held after the first two thousand and after all, and the loss before and after.
import { crossEntropy, init, manualSeed, memory, mseLoss, randint, scope, tensor } from "neurite";
import { CharLSTM, GPT } from "neurite/models";
import { Linear, Sequential, Sigmoid, Tanh } from "neurite/nn";
import { Adam } from "neurite/optim";

const [STEPS, WARM] = [10_000, 2_000];

await init({ relaxedSimd: true });
manualSeed(0);

function xor() {
  const x = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const target = tensor([[0], [1], [1], [0]]);
  const model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1), new Sigmoid());
  return { model, loss: () => mseLoss(model.forward(x), target) };
}

/** Learns the successor of each of 65 tokens; every step uploads tokens of its own. */
function language(model) {
  const [batch, length, vocabulary] = [1, 16, 65];
  const loss = () => {
    const x = randint(0, vocabulary, [batch, length]);
    const target = x
      .mul(3)
      .add(7)
      .remainder(vocabulary)
      .reshape([batch * length]);
    return crossEntropy(model.forward(x).reshape([batch * length, vocabulary]), target);
  };
  return { model, loss };
}

const programs = {
  xor,
  lstm: () => language(new CharLSTM(65, { embedding: 32, hidden: 32 })),
  gpt: () => language(new GPT({ vocabSize: 65, contextLength: 16, width: 32, layers: 2, heads: 2 })),
};

const { model, loss } = programs[process.argv[2]]();
const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
const step = () =>
  scope(() => {
    const value = loss();
    optimizer.zeroGrad();
    value.backward();
    optimizer.step();
    return value.itemSync();
  });

const { gc } = globalThis;
function held() {
  gc();
  gc();
  const { tensors, buffers, bytes, peakBytes, reservedBytes } = memory();
  const { heapUsed, rss } = process.memoryUsage();
  return { library: { tensors, buffers, bytes, peakBytes, reservedBytes }, heapUsed, rss };
}

const first = step();
for (let i = 1; i < WARM; i++) step();
const early = held();
let largest = early.rss;
let last = first;
for (let i = WARM; i < STEPS; i++) {
  last = step();
  if (i % WARM === 0) {
    gc();
    largest = Math.max(largest, process.memoryUsage.rss());
  }
}
console.log(JSON.stringify({ early, late: held(), largest, first, last }));

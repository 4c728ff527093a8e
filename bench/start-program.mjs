// One training step of a small network, as soon as possible: `node start-program.mjs xor|gpt [steps]`. Prints when each
// part was done, and, after all steps, the largest memory that the process had.
const [which, count = "1"] = process.argv.slice(2);
const node = performance.now();
const programs = { xor, gpt };
const { imported, initialised, step } = await programs[which]();
let loss = step();
const stepped = performance.now();
const first = loss;
for (let i = 1; i < Number(count); i++) loss = step();
if (Number(count) > 1 && !(loss < first)) throw new Error(`${which}: the loss must fall`);
console.log(JSON.stringify({ node, imported, initialised, stepped, peakBytes: peakBytes() }));

// The system's own figure for the process may be that of the one that started it, which Linux hands on; hence its file.
function peakBytes() {
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  if (!existsSync("/proc/self/status")) return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
}

/** The exclusive or: 2-8-1. */
async function xor() {
  const { init, mseLoss, scope, tensor } = await import("neurite");
  const { Linear, Sequential, Sigmoid, Tanh } = await import("neurite/nn");
  const { Adam } = await import("neurite/optim");
  const imported = performance.now();
  await init({ relaxedSimd: true });
  const initialised = performance.now();
  const x = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const target = tensor([[0], [1], [1], [0]]);
  const model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1), new Sigmoid());
  const optimizer = new Adam(model.parameters(), { lr: 0.05 });
  const step = () =>
    scope(() => {
      const loss = mseLoss(model.forward(x), target);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.itemSync();
    });
  return { imported, initialised, step };
}

/** A GPT of four layers of 128, 16 sequences of 64 tokens. */
async function gpt() {
  const { crossEntropy, init, scope, tensor } = await import("neurite");
  const { GPT } = await import("neurite/models");
  const { Adam } = await import("neurite/optim");
  const imported = performance.now();
  await init({ relaxedSimd: true });
  const initialised = performance.now();
  const [batch, length, vocabSize] = [16, 64, 65];
  const tokens = Int32Array.from({ length: batch * length }, (_, i) => (i * i + 7 * i) % vocabSize);
  const x = tensor(tokens, { shape: [batch, length] });
  const target = tensor(tokens.map((token) => (3 * token + 7) % vocabSize));
  const model = new GPT({ vocabSize, contextLength: length, width: 128, layers: 4, heads: 4 });
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const step = () =>
    scope(() => {
      const loss = crossEntropy(model.forward(x).reshape([batch * length, vocabSize]), target);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.itemSync();
    });
  return { imported, initialised, step };
}

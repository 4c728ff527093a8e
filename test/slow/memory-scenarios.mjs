// Loops that never release a tensor, each run in a process of its own by memory.test.ts: `node memory-scenarios.mjs NAME`.
// The last line is JSON: the largest resident set and wasm memory seen, what was live, how much was allocated in all.
import { add, crossEntropy, init, memory, mul, randn, sum, tensor } from "neurite";
import { Linear, ReLU, Sequential } from "neurite/nn";
import { SGD } from "neurite/optim";

await init({ relaxedSimd: true });

const GIGABYTES = 20e9;
const peak = { rss: 0, wasm: 0 };
const look = () => {
  peak.rss = Math.max(peak.rss, process.memoryUsage.rss());
  peak.wasm = Math.max(peak.wasm, memory().reservedBytes);
};

const BATCH = 256;
const mlp = () =>
  new Sequential(new Linear(784, 256), new ReLU(), new Linear(256, 256), new ReLU(), new Linear(256, 10));
// What one forward pass allocates: input copy, two hidden layers with their rectified forms, scores.
const FORWARD_BYTES = 4 * BATCH * (784 + 4 * 256 + 10);
// And a backward pass: gradients of the two hidden layers in both forms, and of the weights.
const BACKWARD_BYTES = 4 * BATCH * 4 * 256 + 4 * (784 * 256 + 256 * 256 + 256 * 10);

const scenarios = {
  train() {
    const model = mlp();
    const optimizer = new SGD(model.parameters(), { lr: 0.01 });
    const x = randn([BATCH, 784]);
    const target = tensor(Int32Array.from({ length: BATCH }, (_, i) => i % 10));
    let allocated = 0;
    let loss = 0;
    for (let step = 0; allocated < GIGABYTES; step++) {
      const y = crossEntropy(model.forward(add(x, 0)), target);
      optimizer.zeroGrad();
      y.backward();
      optimizer.step();
      allocated += FORWARD_BYTES + BACKWARD_BYTES;
      if (step % 16 === 0) look();
      loss = y.itemSync();
    }
    return { allocated, correct: loss < 0.1, live: 4 * (3 * model.parameterCount() + BATCH * 784) };
  },

  evaluate() {
    const model = mlp();
    const x = randn([BATCH, 784]);
    const first = model.forward(x).dataSync();
    let allocated = 0;
    let last = first;
    for (let step = 0; allocated < GIGABYTES; step++) {
      const y = model.forward(add(x, 0));
      allocated += FORWARD_BYTES;
      if (step % 16 === 0) look();
      if (step % 1024 === 0) last = y.dataSync();
    }
    const correct = last.every((value, i) => value === first[i]);
    return { allocated, correct, live: 4 * (2 * model.parameterCount() + BATCH * 784) };
  },

  tape() {
    // y = x * 1.001^n through a graph that holds 2 MiB a step: far more than the soft limit.
    const steps = 300;
    const x = randn([512, 512], { requiresGrad: true });
    const one = tensor(new Float32Array(512 * 512).fill(1.001), { shape: [512, 512] });
    let y = x;
    for (let i = 0; i < steps; i++) {
      y = mul(y, add(one, 0));
      look();
    }
    sum(y).backward();
    look();
    const expected = 1.001 ** steps;
    const correct = x.grad.dataSync().every((g) => Math.abs(g - expected) < 1e-4 * expected);
    return { allocated: steps * 2 * 2 ** 20, correct, live: steps * 2 * 2 ** 20 };
  },

  kept() {
    const size = 65536;
    const kept = Array.from({ length: 1000 }, (_, i) => {
      look();
      return add(tensor(new Float32Array(size).fill(i)), 0);
    });
    const correct = kept.every((t, i) => {
      if (i % 50 === 0) look();
      return t.dataSync().every((value) => value === i);
    });
    return { allocated: 2 * 1000 * size * 4, correct, live: 1000 * size * 4 };
  },
};

const result = scenarios[process.argv[2]]();
look();
console.log(JSON.stringify({ ...result, ...peak }));

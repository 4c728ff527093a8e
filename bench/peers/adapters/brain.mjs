// brain.js: MLP only. It has no mini-batches, softmax, cross-entropy or (in 1.6.1) Adam: one iteration is one pass of
// per-sample SGD with momentum on squared error, so a "step" here is the batch's samples seen one after the other.
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
export default async function open() {
  const brain = require("brain.js");
  return {
    info: () => ({ backend: "JS", version: "1.6.1", threads: 1 }),
    trainer(w) {
      const S = { xor: [[8], 2, "tanh"], mlp: [[256, 128], 784, "sigmoid"] }[w.name];
      if (!S) throw new Error("not expressible: feed-forward sigmoid/relu/tanh networks only");
      const net = new brain.NeuralNetwork({
        hiddenLayers: S[0],
        activation: S[2],
        learningRate: w.name === "xor" ? 0.3 : 0.01,
      });
      const sets = w.batches.map((b) =>
        Array.from({ length: w.B }, (_, i) => ({
          input: Array.from(b.x.subarray(i * S[1], (i + 1) * S[1])),
          output: w.name === "xor" ? [b.y[i]] : Array.from({ length: 10 }, (_, k) => +(k === b.y[i])),
        })),
      );
      return {
        note: "per-sample SGD, squared error",
        step: (i) => net.train(sets[i % w.nBatch], { iterations: 1, errorThresh: 1e-12 }).error,
      };
    },
  };
}

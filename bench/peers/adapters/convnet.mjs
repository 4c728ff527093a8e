// convnetjs (2014, per-sample, plain JS): xor, mlp and LeNet with gradients summed over the batch. Its Adam has no layer fusion or batching.
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
export default async function open() {
  const C = require("convnetjs");
  return {
    info: () => ({ backend: "JS", version: "0.3.0", threads: 1 }),
    trainer(w) {
      const fc = (n) => ({ type: "fc", num_neurons: n, activation: "relu" }),
        sm = { type: "softmax", num_classes: 10 };
      const def = {
        mlp: [{ type: "input", out_sx: 1, out_sy: 1, out_depth: 784 }, fc(256), fc(128), sm],
        xor: [
          { type: "input", out_sx: 1, out_sy: 1, out_depth: 2 },
          { type: "fc", num_neurons: 8, activation: "tanh" },
          { type: "regression", num_neurons: 1 },
        ],
        lenet: [
          { type: "input", out_sx: 32, out_sy: 32, out_depth: 1 },
          { type: "conv", sx: 5, filters: 6, stride: 1, pad: 0, activation: "relu" },
          { type: "pool", sx: 2, stride: 2 },
          { type: "conv", sx: 5, filters: 16, stride: 1, pad: 0, activation: "relu" },
          { type: "pool", sx: 2, stride: 2 },
          fc(120),
          fc(84),
          sm,
        ],
      }[w.name];
      if (!def) throw new Error("not expressible: no recurrent, attention or transposed-convolution layers");
      const net = new C.Net();
      net.makeLayers(def);
      const tr = new C.Trainer(
        net,
        w.name === "xor"
          ? { method: "sgd", learning_rate: 0.1, momentum: 0, batch_size: 4, l2_decay: 0 }
          : {
              method: "adam",
              learning_rate: 1e-3,
              beta1: 0.9,
              beta2: 0.999,
              eps: 1e-8,
              batch_size: w.B,
              l2_decay: 0,
            },
      );
      const n = w.batches[0].x.length / w.B;
      return {
        step(i) {
          const b = w.batches[i % w.nBatch];
          let loss = 0;
          for (let s = 0; s < w.B; s++) {
            const v = w.name === "lenet" ? new C.Vol(32, 32, 1, 0) : new C.Vol(1, 1, n, 0);
            for (let j = 0; j < n; j++) v.w[j] = b.x[s * n + j];
            loss += tr.train(v, w.name === "xor" ? [b.y[s]] : b.y[s]).cost_loss;
          }
          return loss / w.B;
        },
      };
    },
  };
}

// Long sequences and long runs: a backward of 5,000 steps by the kernel and by the plain ops, and memory that stays where
// it was over 1,000 training steps.
import { expect, it } from "vitest";
import { lookupDevice } from "../../src/backend/device.ts";
import { crossEntropy, grad, lstm, manualSeed, memory, scope, sum, tensor } from "../../src/index.ts";
import { CharLSTM } from "../../src/models/index.ts";
import { LSTM } from "../../src/nn/index.ts";
import { AdamW } from "../../src/optim/index.ts";
import { own } from "../disposables.ts";
import { worstMismatch } from "../closeness.ts";

const STEPS = 5000;
const wave = (n: number, rate: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(rate * i));

it("walks back through 5,000 steps, by the kernel and by plain ops alike", () => {
  const fused = lookupDevice("test", "wasm").kernels.fused as Record<string, unknown>;
  const kernel = fused["lstm"];
  const gradients = (): number[][] =>
    scope<number[][]>(() => {
      const leaf = (n: number, rate: number, ...shape: number[]) =>
        tensor(wave(n, rate), { shape, device: "wasm", requiresGrad: true });
      const x = leaf(STEPS * 2, 0.7, STEPS, 1, 2);
      const weightIh = leaf(32, 1.1, 16, 2);
      const weightHh = leaf(64, 1.3, 16, 4);
      const { y, c } = lstm(x, { weightIh, weightHh });
      return grad(sum(y).add(sum(c)), [x, weightIh, weightHh]).map((g) => Array.from(g.dataSync()));
    });
  const direct = gradients();
  fused["lstm"] = "decompose";
  try {
    gradients().forEach((plain, i) => {
      const size = Math.max(...plain.map(Math.abs));
      expect(worstMismatch(direct[i], plain, { rtol: 1e-3, atol: 1e-4 * size })).toBeNull();
    });
  } finally {
    fused["lstm"] = kernel;
  }
});

it("keeps memory flat over 1,000 steps", { timeout: 240_000 }, () => {
  manualSeed(1);
  const model = own(new CharLSTM(40, { embedding: 16, hidden: 32, layers: 2, dropout: 0.1 }));
  const both = own(new LSTM(32, 8, { bidirectional: true }));
  const optimizer = own(new AdamW([...model.parameters(), ...both.parameters()], { lr: 1e-3 }));
  const step = (seed: number): void =>
    scope(() => {
      const values = Array.from({ length: 4 * 13 }, (_, i) => (i * 7 + seed) % 40);
      const x = tensor(values, { shape: [4, 13], dtype: "int32" });
      const [scores] = model.next(x, null);
      const [y] = both.forward(scores.slice(2, 0, 32), null, {
        lengths: [4, 4, 1, 2, 3, 1, 4, 2, 2, 3, 1, 4, 3],
      });
      optimizer.zeroGrad();
      crossEntropy(scores.reshape([-1, 40]), x.reshape([-1]))
        .add(y.mean())
        .backward();
      optimizer.step();
    });
  for (let i = 0; i < 10; i++) step(i);
  const before = memory("wasm");
  for (let i = 0; i < 1000; i++) step(i);
  const after = memory("wasm");
  expect([after.tensors, after.buffers, after.bytes]).toEqual([before.tensors, before.buffers, before.bytes]);
  expect(after.reservedBytes).toBe(before.reservedBytes);
  expect(after.peakBytes).toBe(before.peakBytes);
  optimizer.zeroGrad();
});

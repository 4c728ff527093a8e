// The memory of attention and of GPT: bounded by what must be held, and flat over a thousand steps.
import { describe, expect, it } from "vitest";
import {
  crossEntropy,
  Generator,
  grad,
  memory,
  randn,
  scaledDotProductAttention,
  scope,
  tensor,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { lookupDevice } from "../../src/backend/device.ts";
import { GPT } from "../../src/models/index.ts";
import { Adam } from "../../src/optim/index.ts";

const peakAbove = (run: () => void): number => {
  lookupDevice("test", "wasm").resetPeak();
  const before = memory().bytes;
  run();
  return memory().peakBytes - before;
};

describe("attention over 4,096 tokens", () => {
  const T = 4096;
  const scores = T * T * 4;

  it.each([false, true])(
    "takes less than a tenth of T x T bytes, forward and backward (causal: %s)",
    (causal) => {
      const shape = [1, 1, T, 64];
      const inputs = [1, 2, 3].map((seed) =>
        randn(shape, { generator: new Generator(seed) }).setRequiresGrad(true),
      );
      const g = randn(shape, { generator: new Generator(4) });
      const [q, k, v] = inputs;
      const peak = peakAbove(() => {
        scope(() => {
          const y = scaledDotProductAttention(q, k, v, { causal });
          for (const gradient of grad(y, inputs, { gradOutput: g })) {
            const values = gradient.dataSync() as Float32Array;
            expect(values.some((value) => value !== 0)).toBe(true);
            expect(values.every(Number.isFinite)).toBe(true);
          }
        });
      });
      expect(peak).toBeGreaterThan(T * 64 * 4);
      expect(peak).toBeLessThan(0.1 * scores);
      // With its inputs, too.
      expect(peak + 4 * T * 64 * 4).toBeLessThan(0.2 * scores);
      for (const x of [...inputs, g]) x.dispose();
    },
  );
});

describe("GPT", () => {
  const [B, T, V, C, L] = [8, 32, 50, 64, 2];

  function setUp(): { readonly model: GPT; readonly step: () => number; readonly close: () => void } {
    const model = new GPT({ vocabSize: V, contextLength: T, width: C, layers: L, heads: 4 });
    const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
    const ids = (start: number, shape: readonly number[]): Tensor =>
      tensor(
        Int32Array.from({ length: B * T }, (_, i) => (start + i * 7) % V),
        { shape },
      );
    const [tokens, targets] = [ids(0, [B, T]), ids(7, [B * T])];
    const step = (): number =>
      scope(() => {
        const loss = crossEntropy(model.forward(tokens).reshape([B * T, V]), targets);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss.itemSync();
      });
    const close = (): void => {
      for (const x of [tokens, targets]) x.dispose();
      model.zeroGrad();
      model.dispose();
      optimizer.dispose();
    };
    return { model, step, close };
  }

  it("keeps memory flat over a thousand steps, and learns", () => {
    const { step, close } = setUp();
    const first = step();
    step();
    const before = memory();
    let last = first;
    for (let i = 0; i < 1000; i++) last = step();
    const after = memory();
    expect([after.tensors, after.buffers, after.bytes]).toEqual([
      before.tensors,
      before.buffers,
      before.bytes,
    ]);
    expect(after.reservedBytes).toBe(before.reservedBytes);
    expect(last).toBeLessThan(first / 10);
    close();
  });

  it("peaks within 1.5 times parameters, optimizer, gradients and what the graph must save", () => {
    const { model, step, close } = setUp();
    const parameters = model.parameterCount() * 4;
    step();
    const rest = memory().bytes; // parameters, gradients and Adam's two moments
    expect(rest).toBeGreaterThan(4 * parameters);
    // Per token and layer: two norms' inputs, the three parts, the attention's output and the two inputs of the last
    // products (C each), the hidden layer before and after gelu (4 C each); the norm at the end and the scores twice.
    const perLayer = 2 * C + 3 * C + C + 2 * C + 8 * C;
    const saved = B * T * (L * perLayer + 2 * C + 2 * V) * 4;
    const peak = peakAbove(() => void step());
    expect(peak).toBeGreaterThan(saved / 2);
    expect(rest + peak).toBeLessThan(1.5 * (4 * parameters + saved));
    close();
  });
});

// LeNet-5: its size, its shapes, one training step that leaves nothing behind, and the same step on both devices.
import { describe, expect, it } from "vitest";
import { crossEntropy, Generator, memory, noGrad, rand, scope, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { LeNet5 } from "../../src/models/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { scoped } from "../scoped.ts";

const images = (n: number, device: string): Tensor =>
  rand([n, 1, 32, 32], { device, generator: new Generator(4) });
const labels = (n: number, device: string): Tensor =>
  tensor(
    Array.from({ length: n }, (_, i) => (i * 7) % 10),
    { device, dtype: "int32" },
  );

describe("LeNet5", () => {
  it(
    "has 61,706 parameters under PyTorch's keys",
    scoped(() => {
      const model = new LeNet5();
      expect(model.parameterCount()).toBe(61_706);
      expect(model.namedParameters().map(([key, { shape }]) => `${key} [${shape.join(", ")}]`)).toEqual([
        "conv1.weight [6, 1, 5, 5]",
        "conv1.bias [6]",
        "conv2.weight [16, 6, 5, 5]",
        "conv2.bias [16]",
        "fc1.weight [120, 400]",
        "fc1.bias [120]",
        "fc2.weight [84, 120]",
        "fc2.bias [84]",
        "fc3.weight [10, 84]",
        "fc3.bias [10]",
      ]);
      expect(noGrad(() => model.forward(images(3, "wasm"))).shape).toEqual([3, 10]);
      model.dispose();
    }),
  );

  it("takes a training step that leaves memory as it was", () => {
    const model = new LeNet5();
    const optimizer = new Adam(model.parameters());
    const step = (): number =>
      scope(() => {
        optimizer.zeroGrad();
        const loss = crossEntropy(model.forward(images(8, "wasm")), labels(8, "wasm"));
        loss.backward();
        optimizer.step();
        return loss.itemSync();
      });
    const first = step();
    const before = memory();
    const losses = Array.from({ length: 5 }, step);
    const after = memory();
    expect([after.tensors, after.buffers, after.bytes]).toEqual([
      before.tensors,
      before.buffers,
      before.bytes,
    ]);
    expect(losses.at(-1)).toBeLessThan(first);
    model.dispose();
    optimizer.dispose();
  });

  it(
    "gives the same loss and gradients on wasm as on the reference device",
    scoped(() => {
      const run = (device: string): { loss: number; grads: Float32Array[] } => {
        const model = new LeNet5({ device, generator: new Generator(2) });
        const loss = crossEntropy(model.forward(images(2, device)), labels(2, device));
        loss.backward();
        const grads = model.parameters().map((p) => p.grad!.dataSync() as Float32Array);
        model.dispose();
        return { loss: loss.itemSync(), grads };
      };
      const [wasm, reference] = [run("wasm"), run("reference")];
      expect(wasm.loss).toBeCloseTo(reference.loss, 5);
      wasm.grads.forEach((g, i) =>
        expect(g).toBeCloseToTensor(reference.grads[i], { rtol: 1e-4, atol: 1e-6 }),
      );
    }),
  );
});

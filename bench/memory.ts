// What releasing costs: the same training step inside a scope, and without any, where the oldest buffers have to be moved
// out of the wasm memory for the garbage collector to find.
import { backward, crossEntropy, memory as memoryInfo, relu, scope, tensor } from "neurite";
import type { Tensor } from "neurite";
import { Linear, Sequential } from "neurite/nn";
import { SGD } from "neurite/optim";
import { interleave, ratio } from "./interleave.ts";
import { matmulRows } from "./plain.ts";
import type { Context, Suite } from "./suite.ts";
import { checkClose, randomFloats } from "./verify.ts";

const [BATCH, INPUTS, HIDDEN, CLASSES] = [128, 784, 256, 10];
const MOST_STEPS_TO_LIMIT = 1000;

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function verify(layer: Linear, x: Tensor): void {
  scope(() => {
    const y = layer.forward(x).dataSync();
    const operands = {
      ...{ a: x.dataSync() as Float32Array, aRow: INPUTS, aCol: 1 },
      ...{ b: layer.weight.dataSync() as Float32Array, bRow: 1, bCol: INPUTS },
    };
    const bias = layer.bias!.dataSync();
    const product = matmulRows({ n: HIDDEN, k: INPUTS }, operands, [0, BATCH - 1]);
    const expected = product.map((value, i) => value + bias[i % HIDDEN]);
    checkClose("linear", [...y.subarray(0, HIDDEN), ...y.subarray(y.length - HIDDEN)], expected, 1e-4);
  });
}

function run({ report, pace, quick }: Context): void {
  const layers = [new Linear(INPUTS, HIDDEN), new Linear(HIDDEN, CLASSES)] as const;
  const model = new Sequential(...layers);
  const optimizer = new SGD(model.parameters(), { lr: 0.01 });
  const x = tensor(randomFloats(BATCH * INPUTS, 1), { shape: [BATCH, INPUTS] });
  const target = tensor(Int32Array.from(randomFloats(BATCH, 2, 0, CLASSES), Math.floor));
  verify(layers[0], x);
  const step = (): void => {
    optimizer.zeroGrad();
    backward(crossEntropy(layers[1].forward(relu(layers[0].forward(x))), target));
    optimizer.step();
  };
  scope(step);
  const before = memoryInfo();
  // What is not released gathers up to the soft limit first; from then on the allocator has to move buffers out.
  for (let i = 0; i < MOST_STEPS_TO_LIMIT && memoryInfo().spills === before.spills; i++) step();
  const steady = { ...pace, rounds: quick ? 20 : 60, maxRounds: quick ? 20 : 60 };
  const [scoped, loose] = interleave(
    [
      { name: "step in a scope", call: () => scope(step) },
      { name: "step without any scope", call: step },
    ],
    steady,
  );
  const after = memoryInfo();
  report.section(`MLP ${[INPUTS, HIDDEN, CLASSES].join("-")}, batch ${String(BATCH)}, SGD`);
  report.row({ label: scoped.name, timing: scoped });
  report.row({ label: loose.name, timing: loose });
  const cost = ratio(loose, scoped);
  report.note(`without a scope: ${cost.best.toFixed(2)}x at best, ${cost.median.toFixed(2)}x by the median`);
  const moved = after.spills - before.spills;
  report.note(`${String(moved)} buffers moved out; wasm memory ${mib(after.reservedBytes)}`);
}

export const memory: Suite = {
  name: "memory",
  about: "a training step with and without a scope",
  run,
};

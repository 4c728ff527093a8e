// A whole training step of LeNet-5 as users run it: batch 64, cross-entropy, Adam, inside a scope.
import { backward, crossEntropy, memory, noGrad, scope, tensor } from "neurite";
import type { Tensor } from "neurite";
import { LeNet5 } from "neurite/models";
import { Adam } from "neurite/optim";
import * as plain from "./plain.ts";
import { runBesidePeak, runPerElement } from "./suite.ts";
import type { Context, FlopCase, Suite } from "./suite.ts";
import { checkClose, randomFloats } from "./verify.ts";

const BATCH = 64;
const CLASSES = 10;
const VERIFIED = 4;

/** Multiply-adds per image and layer: conv1, conv2, and the three linear layers. */
const LAYERS = [784 * 6 * 25, 100 * 16 * 150, 400 * 120, 120 * 84, 84 * 10];
const FORWARD_FLOP = 2 * BATCH * LAYERS.reduce((total, layer) => total + layer);
/** Each layer costs the same again for its input's gradient, but for the first, and for its weight's. */
const STEP_FLOP = 3 * FORWARD_FLOP - 2 * BATCH * LAYERS[0];

/** The mean loss of the first images, from plain loops over the same weights. */
function plainLoss(model: LeNet5, images: Float32Array, labels: Int32Array): number {
  const values = (x: Tensor): Float32Array => x.dataSync() as Float32Array;
  const relu = (x: Float64Array): Float32Array => Float32Array.from(x, (value) => Math.max(value, 0));
  const layer = (x: Float32Array, inputs: number, outputs: number, it: LeNet5["fc1"]): Float64Array => {
    const operands = { a: x, aRow: inputs, aCol: 1, b: values(it.weight), bRow: 1, bCol: inputs };
    const rows = Array.from({ length: VERIFIED }, (_, row) => row);
    const bias = values(it.bias!);
    return plain
      .matmulRows({ n: outputs, k: inputs }, operands, rows)
      .map((value, i) => value + bias[i % outputs]);
  };
  const block = (
    x: Float32Array,
    it: LeNet5["conv1"],
    channels: number,
    filters: number,
    size: number,
  ): Float32Array => {
    const shape = { images: VERIFIED, channels, filters, size, kernel: 5, stride: 1, padding: 0 };
    const y = relu(plain.conv(shape, x, values(it.weight), values(it.bias!)));
    return Float32Array.from(plain.maxPool(y, VERIFIED * filters, size - 4).y);
  };
  const a = block(images, model.conv1, 1, 6, 32);
  const b = block(a, model.conv2, 6, 16, 14);
  const c = relu(layer(b, 400, 120, model.fc1));
  const d = relu(layer(c, 120, 84, model.fc2));
  const logarithms = plain.logSoftmax(layer(d, 84, CLASSES, model.fc3), CLASSES);
  let total = 0;
  for (let i = 0; i < VERIFIED; i++) total -= logarithms[i * CLASSES + labels[i]];
  return total / VERIFIED;
}

function verify(model: LeNet5, images: Float32Array, labels: Int32Array): void {
  const some = { images: images.slice(0, VERIFIED * 1024), labels: labels.slice(0, VERIFIED) };
  const loss = scope(() => {
    const x = tensor(some.images, { shape: [VERIFIED, 1, 32, 32] });
    return noGrad(() => crossEntropy(model.forward(x), tensor(some.labels)).itemSync());
  });
  checkClose("lenet loss", [loss], [plainLoss(model, some.images, some.labels)], 1e-5);
}

interface Training {
  readonly step: () => number;
  readonly cases: readonly FlopCase[];
}

/** A step that returns the loss before it, and the parts of it as cases of their own. */
function training(model: LeNet5, images: Float32Array, labels: Int32Array): Training {
  const x = tensor(images, { shape: [BATCH, 1, 32, 32] });
  const target = tensor(labels);
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const forward = (): Tensor => crossEntropy(model.forward(x), target);
  const step = (): number =>
    scope(() => {
      const loss = forward();
      optimizer.zeroGrad();
      backward(loss);
      optimizer.step();
      return loss.itemSync();
    });
  const gradients = (): void =>
    scope(() => {
      const loss = forward();
      optimizer.zeroGrad();
      backward(loss);
    });
  const cases = [
    { name: "training step, Adam", flop: STEP_FLOP, call: () => void step() },
    { name: "forward + backward", flop: STEP_FLOP, call: gradients },
    { name: "forward, recorded", flop: FORWARD_FLOP, call: () => scope(() => void forward()) },
    { name: "forward, noGrad", flop: FORWARD_FLOP, call: () => scope(() => void noGrad(() => forward())) },
    { name: "Adam over 61,706 parameters", flop: 0, call: () => optimizer.step() },
  ];
  return { step, cases };
}

function run(context: Context): void {
  const { report } = context;
  const images = randomFloats(BATCH * 1024, 1, 0, 1);
  const labels = Int32Array.from(randomFloats(BATCH, 2, 0, CLASSES), Math.floor);
  const model = new LeNet5();
  verify(model, images, labels);
  const { step, cases } = training(model, images, labels);
  const first = step();
  for (let i = 0; i < 30; i++) step();
  const last = step();
  if (!(last < first))
    throw new Error(`lenet: the loss must fall; got ${String(first)}, then ${String(last)}`);
  const before = memory();
  const { timings } = runBesidePeak(context, `LeNet-5, batch ${String(BATCH)}`, cases);
  const after = memory();
  if (after.tensors !== before.tensors || after.bytes !== before.bytes) {
    const text = ({ tensors, bytes }: typeof before): string =>
      `${String(tensors)} tensors, ${String(bytes)} bytes`;
    throw new Error(`lenet: a step must leave memory at ${text(before)}; got ${text(after)}`);
  }
  // On its own: uploads leave garbage, and the collector would charge it to whoever comes next.
  const upload = (): void => tensor(images, { shape: [BATCH, 1, 32, 32] }).dispose();
  const bytes = images.byteLength;
  runPerElement(context, "input", [
    { name: "upload of a batch", elements: images.length, bytes, call: upload },
  ]);
  const perSecond = (ms: number): string => ((BATCH / ms) * 1000).toFixed(0);
  report.note(
    `${perSecond(timings[0].best)} images/s at best, ${perSecond(timings[0].median)} by the median`,
  );
}

export const lenet: Suite = {
  name: "lenet",
  about: "a training step of LeNet-5 and its parts",
  run,
};

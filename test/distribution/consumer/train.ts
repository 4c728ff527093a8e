// The program that every environment runs: a network learns the exclusive or, its weights go to the bytes of a file and
// come back into another network. Only what a user of the package may import, and nothing that one runtime alone has.
import { backendInfo, init, manualSeed, mseLoss, noGrad, scope, tensor } from "neurite";
import type { InitOptions, Tensor } from "neurite";
import { fileToTensor, readSafetensors, tensorToFile, writeSafetensors } from "neurite/io";
import type { FileTensor } from "neurite/io";
import { Linear, Sequential, Sigmoid, Tanh } from "neurite/nn";
import { Adam } from "neurite/optim";
import type { Outcome } from "./outcome.js";

const steps = 200;

const network = (): Sequential =>
  new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1), new Sigmoid());

async function weightsOf(model: Sequential): Promise<Uint8Array> {
  const tensors = new Map<string, FileTensor>();
  for (const [name, values] of model.stateDict()) tensors.set(name, await tensorToFile(values));
  return writeSafetensors({ tensors });
}

function loadInto(model: Sequential, bytes: Uint8Array): void {
  const { tensors } = readSafetensors(bytes);
  model.loadStateDict(new Map([...tensors].map(([name, file]) => [name, fileToTensor(file)])));
}

const answers = (model: Sequential, x: Tensor): Float32Array =>
  scope(() => noGrad(() => model.forward(x).dataSync())) as Float32Array;

async function train(options: InitOptions): Promise<Outcome> {
  await init(options);
  manualSeed(1);
  const x = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const target = tensor([[0], [1], [1], [0]]);
  const model = network();
  const optimizer = new Adam(model.parameters(), { lr: 0.05 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    scope(() => {
      const loss = mseLoss(model.forward(x), target);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      losses.push(loss.itemSync());
    });
  }
  const copy = network();
  loadInto(copy, await weightsOf(model));
  const expected = answers(model, x);
  const restored = answers(copy, x).every((value, i) => value === expected[i]);
  return { first: losses[0], last: losses[steps - 1], restored, backend: backendInfo() };
}

/** Trains, and prints the outcome on one line, where whoever started the program looks for it. */
export async function report(options: InitOptions): Promise<void> {
  console.log(`outcome ${JSON.stringify(await train(options))}`);
}

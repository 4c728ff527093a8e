// GPT at the size of the peers' workload: the training step and its parts beside the peak, and a token with the cache.
import { backward, crossEntropy, noGrad, scope, slice, tensor } from "neurite";
import type { Tensor } from "neurite";
import { GPT } from "neurite/models";
import { Adam } from "neurite/optim";
import { runBesidePeak, runPerElement } from "./suite.ts";
import type { Context, FlopCase, Suite } from "./suite.ts";
import { checkClose, randomFloats } from "./verify.ts";

const [BATCH, LENGTH, VOCABULARY, WIDTH, LAYERS, HEADS] = [16, 64, 65, 128, 4, 4];

/** Products of forward, as the peers count them: scores over whole squares, though the causal mask leaves half. */
const FORWARD_FLOP =
  2 * BATCH * LENGTH * (LAYERS * (12 * WIDTH * WIDTH + 2 * LENGTH * WIDTH) + WIDTH * VOCABULARY);

/** With a cache the scores come out token by token as all at once. */
function verify(model: GPT, tokens: Tensor): void {
  scope(() => {
    const row = slice(tokens, 0, 0, 1);
    const whole = noGrad(() => model.forward(row));
    const cache = model.makeCache();
    for (let t = 0; t < 8; t++) {
      const scores = noGrad(() => model.forward(slice(row, 1, t, t + 1), { cache }));
      checkClose("gpt with cache", scores.dataSync(), slice(whole, 1, t, t + 1).dataSync(), 1e-4);
    }
    for (const one of cache) one.dispose();
  });
}

function run(context: Context): void {
  const model = new GPT({
    ...{ vocabSize: VOCABULARY, contextLength: LENGTH, width: WIDTH, layers: LAYERS, heads: HEADS },
  });
  const draw = (seed: number, shape: readonly number[]): Tensor =>
    tensor(Int32Array.from(randomFloats(BATCH * LENGTH, seed, 0, VOCABULARY), Math.floor), { shape });
  const [tokens, targets] = [draw(1, [BATCH, LENGTH]), draw(2, [BATCH * LENGTH])];
  verify(model, tokens);
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const loss = (): Tensor => crossEntropy(model.forward(tokens).reshape([-1, VOCABULARY]), targets);
  const gradients = (): number =>
    scope(() => {
      const value = loss();
      optimizer.zeroGrad();
      backward(value);
      return value.itemSync();
    });
  const step = (): number => {
    const value = gradients();
    optimizer.step();
    return value;
  };
  const first = step();
  for (let i = 0; i < 10; i++) step();
  if (!(step() < first)) throw new Error("gpt: the loss must fall");
  const cases: FlopCase[] = [
    { name: "training step, Adam", flop: 3 * FORWARD_FLOP, call: () => void step() },
    { name: "forward + backward", flop: 3 * FORWARD_FLOP, call: () => void gradients() },
    { name: "forward, noGrad", flop: FORWARD_FLOP, call: () => scope(() => void noGrad(loss)) },
  ];
  runBesidePeak(context, "GPT, 4 layers, width 128, [16, 64] tokens", cases);
  const cache = model.makeCache();
  const one = slice(tokens, 0, 0, 1);
  const next = slice(one, 1, 0, 1);
  scope(() => void noGrad(() => model.forward(slice(one, 1, 0, 48), { cache })));
  const token = (): void =>
    scope(() => {
      for (const layer of cache) layer.truncate(48);
      noGrad(() => model.forward(next, { cache }));
    });
  const whole = (): void => scope(() => void noGrad(() => model.forward(one)));
  runPerElement(context, "a token behind 48", [
    { name: "with a cache", elements: 1, call: token },
    { name: "all 64 anew", elements: 1, call: whole },
  ]);
  for (const layer of cache) layer.dispose();
  for (const x of [tokens, targets, one, next]) x.dispose();
  model.zeroGrad();
  model.dispose();
  optimizer.dispose();
}

export const gpt: Suite = {
  name: "gpt",
  about: "a training step of GPT, its parts, and a generated token",
  run,
};

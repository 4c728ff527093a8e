// The smallest training there is: a network of 33 parameters learns the exclusive or. Uses nothing of Node, so it runs in
// a web page as it stands.
import { init, manualSeed, mseLoss, noGrad, scope, tensor } from "neurite";
import { Linear, Sequential, Sigmoid, Tanh } from "neurite/nn";
import { Adam } from "neurite/optim";

await init();
manualSeed(1);

const inputs = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const x = tensor(inputs);
const target = tensor([[0], [1], [1], [0]]);

const model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1), new Sigmoid());
const optimizer = new Adam(model.parameters(), { lr: 0.05 });

/** One step; the loss before it. What the step makes is released when the scope ends, except the loss it returns. */
async function step(): Promise<number> {
  const loss = scope(() => {
    const error = mseLoss(model.forward(x), target);
    optimizer.zeroGrad();
    error.backward();
    optimizer.step();
    return error;
  });
  const value = await loss.item();
  loss.dispose();
  return value;
}

const enough = 0.001;
let steps = 0;
for (let loss = Infinity; loss > enough && steps < 2000; steps++) {
  loss = await step();
  if (steps % 10 === 0) console.log(`step ${String(steps).padStart(4)}  loss ${loss.toFixed(4)}`);
}

const answers = scope(() => noGrad(() => model.forward(x)));
const values = await answers.data();
inputs.forEach(([a, b], i) => console.log(`${String(a)} xor ${String(b)} = ${values[i].toFixed(3)}`));
const right = inputs.every(([a, b], i) => Math.round(values[i]) === (a ^ b));
console.log(right ? `solved in ${String(steps)} steps` : "not solved");

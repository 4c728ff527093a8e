// One training step of a network that learns the exclusive or, as soon as possible; prints when each part was done.
const node = performance.now();
const { init, mseLoss, scope, tensor } = await import("neurite");
const { Linear, Sequential, Sigmoid, Tanh } = await import("neurite/nn");
const { Adam } = await import("neurite/optim");
const imported = performance.now();
await init({ relaxedSimd: true });
const initialised = performance.now();
const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const target = tensor([[0], [1], [1], [0]]);
const model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1), new Sigmoid());
const optimizer = new Adam(model.parameters(), { lr: 0.05 });
scope(() => {
  const loss = mseLoss(model.forward(x), target);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  loss.itemSync();
});
console.log(JSON.stringify({ node, imported, initialised, stepped: performance.now() }));

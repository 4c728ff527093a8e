// The public surface of "neurite/optim".
export { Optimizer } from "./optimizer.ts";
export type { Hyperparameters, OptimizerState } from "./optimizer.ts";
export { Adam, AdamW } from "./adam.ts";
export type { AdamOptions } from "./adam.ts";
export { SGD } from "./sgd.ts";
export type { SGDOptions } from "./sgd.ts";

// The public surface of "neurite/nn".
export { Module } from "./module.ts";
export type { LoadReport, StateDict } from "./module.ts";
export { parameter } from "./parameter.ts";
export type { ParameterOptions } from "./init.ts";
export { Linear } from "./linear.ts";
export type { LinearOptions } from "./linear.ts";
export { Conv2d, MaxPool2d } from "./conv.ts";
export type { Conv2dOptions } from "./conv.ts";
export { LogSoftmax, ReLU, Sigmoid, Softmax, Tanh } from "./activation.ts";
export { Flatten, Sequential } from "./container.ts";
export type { TensorModule } from "./container.ts";

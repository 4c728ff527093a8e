// Ops that act on each element alone, and those of two tensors that broadcast: the front of the folder beside it.
export * from "./elementwise/activation.ts";
export * from "./elementwise/agreement.ts";
export * from "./elementwise/comparison.ts";
export * from "./elementwise/exponential.ts";
export * from "./elementwise/extremes.ts";
export * from "./elementwise/rectifier.ts";
export * from "./elementwise/rounding.ts";
export * from "./elementwise/special.ts";
export * from "./elementwise/trigonometric.ts";

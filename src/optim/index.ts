// The public surface of "neurite/optim".
export { Optimizer } from "./optimizer.ts";
export type { OptimizerState, Update } from "./optimizer.ts";
export { ParameterState } from "./parameter-state.ts";
export type { BaseOptions, GroupOptions, Hyperparameters, ParameterGroup, ParameterSource } from "./group.ts";
export { Adam, AdamW } from "./adam.ts";
export type { AdamOptions, AdamSettings } from "./adam.ts";
export { Adamax, NAdam, RAdam } from "./adam-family.ts";
export type {
  AdamaxOptions,
  AdamaxSettings,
  NAdamOptions,
  NAdamSettings,
  RAdamOptions,
  RAdamSettings,
} from "./adam-family.ts";
export { Adadelta, Adagrad, RMSprop } from "./adaptive.ts";
export type {
  AdadeltaOptions,
  AdadeltaSettings,
  AdagradOptions,
  AdagradSettings,
  RMSpropOptions,
  RMSpropSettings,
} from "./adaptive.ts";
export { Adafactor } from "./adafactor.ts";
export type { AdafactorOptions, AdafactorSettings } from "./adafactor.ts";
export { LBFGS } from "./lbfgs.ts";
export type { LBFGSOptions, LBFGSSettings } from "./lbfgs.ts";
export { Lion } from "./lion.ts";
export type { LionOptions, LionSettings } from "./lion.ts";
export { SGD } from "./sgd.ts";
export type { SGDOptions, SGDSettings } from "./sgd.ts";
export { clipGradNorm, clipGradValue } from "./clip.ts";
export type { ClipOptions } from "./clip.ts";
export { WeightAverage } from "./weight-average.ts";
export type { WeightAverageOptions } from "./weight-average.ts";
export * from "./schedule/index.ts";

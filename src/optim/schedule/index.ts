// Schedulers of the learning rate.
export { Scheduler } from "./scheduler.ts";
export type { SchedulerState } from "./scheduler.ts";
export {
  ConstantLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  StepLR,
} from "./factor.ts";
export type { RateFunction } from "./factor.ts";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts, warmupCosine } from "./cosine.ts";
export { CyclicLR, OneCycleLR } from "./cycle.ts";
export type { CyclicOptions, MomentumCycle, OneCycleOptions } from "./cycle.ts";
export { ChainedScheduler, SequentialLR } from "./combined.ts";
export { ReduceLROnPlateau } from "./plateau.ts";
export type { PlateauOptions } from "./plateau.ts";

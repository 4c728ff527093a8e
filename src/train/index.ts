// `neurite/train`: the training loop and what belongs to it.
export type { EarlyStopOptions } from "./early-stop.ts";
export { evaluate } from "./evaluate.ts";
export type { EvaluateOptions, Evaluation, Loss, Metrics, Model } from "./evaluate.ts";
export type { BatchEvent, Callback, EpochRecord, FitOutcome, FitResult, FitStartEvent } from "./events.ts";
export { fit } from "./fit.ts";
export type { CheckpointOptions, FitOptions } from "./fit.ts";
export { Accuracy, ConfusionMatrix, predictedClasses } from "./metrics.ts";
export type { Metric } from "./metrics.ts";
export { cosineSchedule, stepSchedule } from "./schedule.ts";
export type { Progress, Schedule } from "./schedule.ts";

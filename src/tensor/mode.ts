// Whether ops are being recorded for differentiation. A mode of the moment, set around a function.
import { GradError } from "../core/errors.ts";

let recording = true;

export const isRecording = (): boolean => recording;

/** Runs `fn` with recording switched on or off, and switches back whatever happens. */
export function withRecording<T>(on: boolean, fn: () => T): T {
  const before = recording;
  recording = on;
  try {
    return fn();
  } finally {
    recording = before;
  }
}

let recomputing = false;

/**
 * Whether a checkpointed function is being run for the second time, for its gradients. What a function does besides
 * computing its outputs (running statistics, counters) it should then leave out: it was done the first time.
 */
export const isRecomputing = (): boolean => recomputing;

/** Runs `fn` as the second run of a checkpointed function. */
export function withRecomputing<T>(fn: () => T): T {
  const before = recomputing;
  recomputing = true;
  try {
    return fn();
  } finally {
    recomputing = before;
  }
}

/**
 * Runs `fn` without recording: no graph, nothing saved for backward.
 *
 * @throws GradError when `fn` returns a promise: the mode ends with the synchronous part, and what follows an await
 * would be recorded after all.
 */
export function noGrad<T>(fn: () => T extends PromiseLike<unknown> ? never : T): T {
  const result = withRecording<T>(false, fn);
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== "function") return result;
  throw new GradError(
    "noGrad",
    "the function must be synchronous; got one that returned a promise. Await outside and wrap the synchronous parts.",
  );
}

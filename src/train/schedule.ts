// Learning rates as pure functions of the step, so that a resumed run needs nothing saved to go on with the right one.

/** Where training stands, for a schedule: `step` of `steps` optimizer steps in all, counted from 0. */
export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
}

/** The learning rate of each step. */
export type Schedule = (progress: Progress) => number;

/**
 * Rises linearly over `warmup` steps to `peak`, then falls to `floor` along half a cosine:
 * `floor + (peak - floor) (1 + cos(pi t)) / 2`, t from 0 to 1 over the steps that remain.
 *
 * Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
 */
export function cosineSchedule(
  peak: number,
  { floor = 0, warmup = 0 }: { readonly floor?: number; readonly warmup?: number } = {},
): Schedule {
  return ({ step, steps }) => {
    if (step < warmup) return (peak * (step + 1)) / warmup;
    const t = (step - warmup) / Math.max(1, steps - warmup);
    return floor + ((peak - floor) * (1 + Math.cos(Math.PI * t))) / 2;
  };
}

/** Multiplies `start` by `factor` after every `epochs` epochs. */
export const stepSchedule =
  (
    start: number,
    { epochs, factor = 0.1 }: { readonly epochs: number; readonly factor?: number },
  ): Schedule =>
  ({ epoch }) =>
    start * factor ** Math.floor(epoch / epochs);

// How far to go along a direction: a length at which the loss has fallen enough and the slope has flattened enough (the
// strong Wolfe conditions), bracketed first and then narrowed by cubic interpolation (Nocedal & Wright, chapter 3).
import { dot, largest } from "./vector.ts";
import type { Vector } from "./vector.ts";

/** The loss and its gradient somewhere. */
export interface Point {
  readonly loss: number;
  readonly gradient: Vector;
}

export interface Start extends Point {
  readonly direction: Vector;
  /** Of the loss along the direction. */
  readonly slope: number;
}

export interface Found extends Point {
  readonly length: number;
  readonly evaluations: number;
}

/** A trial length and what was found there. */
interface Trial extends Point {
  readonly length: number;
  readonly slope: number;
}

const ENOUGH_FALL = 1e-4;
const ENOUGH_FLATTENING = 0.9;
const NARROWEST = 1e-9;

/** `probe(length)` evaluates the loss; `limit` bounds how often the search goes on. */
export function strongWolfe(
  probe: (length: number) => Point,
  start: Start,
  first: number,
  limit: number,
): Found {
  let evaluations = 0;
  const at = (length: number): Trial => {
    evaluations++;
    const point = probe(length);
    return { ...point, length, slope: dot(point.gradient, start.direction) };
  };
  const tooHigh = ({ length, loss }: Trial): boolean =>
    loss > start.loss + ENOUGH_FALL * length * start.slope;
  const flat = ({ slope }: Trial): boolean => Math.abs(slope) <= -ENOUGH_FLATTENING * start.slope;
  const origin: Trial = { ...start, length: 0 };

  // Lengthens until the wanted point lies between two trials.
  let bracket: [Trial, Trial] | null = null;
  let previous = origin;
  let trial = at(first);
  let rounds = 0;
  for (; rounds < limit; rounds++) {
    if (!tooHigh(trial) && !(rounds > 1 && trial.loss >= previous.loss)) {
      if (flat(trial)) return { ...trial, evaluations };
      if (trial.slope < 0) {
        const low = trial.length + 0.01 * (trial.length - previous.length);
        const next = at(lowestOfCubic(previous, trial, low, trial.length * 10));
        previous = trial;
        trial = next;
        continue;
      }
    }
    bracket = [previous, trial];
    break;
  }
  bracket ??= [origin, trial];

  // Narrows; low is the better end.
  let [low, high] = bracket[0].loss <= bracket[1].loss ? bracket : [bracket[1], bracket[0]];
  const reach = largest(start.direction);
  let stuck = false;
  for (; rounds < limit; rounds++) {
    const [left, right] = [Math.min(low.length, high.length), Math.max(low.length, high.length)];
    if ((right - left) * reach < NARROWEST) break;
    // The order of a bracket's ends matters to rounding alone.
    let length = lowestOfCubic(low, high, left, right);
    const margin = 0.1 * (right - left);
    const near = Math.min(right - length, length - left) < margin;
    if (near && (stuck || length >= right || length <= left)) {
      // Close to an end twice: step well inside.
      length = right - length < length - left ? right - margin : left + margin;
      stuck = false;
    } else stuck = near;
    const next = at(length);
    if (tooHigh(next) || next.loss >= low.loss) {
      high = next;
      if (high.loss < low.loss) [low, high] = [high, low];
      continue;
    }
    if (flat(next)) return { ...next, evaluations };
    if (next.slope * (high.length - low.length) >= 0) high = low;
    low = next;
  }
  return { ...low, evaluations };
}

/** The lowest point of the cubic through two trials and their slopes, kept within bounds; their middle where it has none. */
function lowestOfCubic(a: Trial, b: Trial, low: number, high: number): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.length - b.length);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const [near, far] = a.length <= b.length ? [a, b] : [b, a];
  const lowest =
    far.length - (far.length - near.length) * ((far.slope + d2 - d1) / (far.slope - near.slope + 2 * d2));
  return Math.min(Math.max(lowest, low), high);
}

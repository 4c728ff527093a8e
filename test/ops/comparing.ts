// How the outcome of a row is compared with what the oracle says, element by element, and in which layouts rows run.
import { coordinates, worstExcess, worstMismatch } from "../closeness.ts";
import type { Tolerance } from "../closeness.ts";
import { layouts, repeatFirst } from "./layouts.ts";
import type { Filled, Layout } from "./layouts.ts";
import { record } from "./recorder.ts";
import type { Backend } from "./recorder.ts";
import type { Row } from "./row.ts";
import type { Outcome } from "./running.ts";

/** Returns the worst error as a multiple of the tolerance; throws where it is above 1. */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  shape: readonly number[],
  tolerance: Tolerance,
): number {
  if (actual.length !== expected.length)
    throw new Error(`${what}: got ${actual.length} numbers, expected ${expected.length}`);
  const excess = worstExcess(actual, expected, tolerance);
  if (excess <= 1) return excess;
  const worst = worstMismatch(actual, expected, tolerance)!;
  throw new Error(
    `${what} at ${coordinates(worst.position, shape)}: got ${worst.actual}, expected ${worst.expected} ` +
      `(${worst.excess.toPrecision(3)} times the tolerance; ${worst.count} of ${expected.length} outside)`,
  );
}

/** Gradients by input; null where there is none. Returns the worst error, or null where no input has a gradient. */
export function compareGradients(
  where: string,
  actual: Outcome["grads"],
  expected: Outcome["grads"],
  filled: readonly Filled[],
  tolerance: Tolerance,
): number | null {
  let worst: number | null = null;
  expected.forEach((grad, i) => {
    const got = actual[i];
    if ((got === null) !== (grad === null))
      throw new Error(`${where}: gradient ${i} is ${got ? "there" : "absent"}`);
    if (got && grad)
      worst = Math.max(
        worst ?? 0,
        expectClose(`${where}: gradient ${i}`, got, grad, filled[i].shape, tolerance),
      );
  });
  return worst;
}

/** Output and gradients of one run; both are recorded. */
export function compare(
  row: Row,
  backend: Backend,
  where: string,
  actual: Outcome,
  expected: Outcome,
  filled: readonly Filled[],
): void {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`${where}: shape [${actual.shape.join()}] instead of [${expected.shape.join()}]`);
  }
  const { tolerance } = row;
  const forward = expectClose(`${where}: output`, actual.output, expected.output, expected.shape, tolerance);
  record(row.op, backend, "forward", forward);
  const backward = compareGradients(where, actual.grads, expected.grads, filled, tolerance);
  if (backward !== null) record(row.op, backend, "backward", backward);
}

/** Which layouts the inputs take together: all alike, and each alone among dense ones. */
export function* combinations(
  inputs: readonly Filled[],
): Generator<{ name: string; chosen: Layout[]; filled: Filled[] }> {
  for (const [name, layout] of Object.entries(layouts)) {
    const everyone = inputs.map((_, i) => i);
    const sets =
      name === "dense" || inputs.length === 1 ? [everyone] : [everyone, ...everyone.map((i) => [i])];
    for (const set of sets) {
      const filled = inputs.map((input, i) =>
        name === "broadcast" && set.includes(i) ? repeatFirst(input) : input,
      );
      const chosen = inputs.map((_, i) => (set.includes(i) ? layout : layouts.dense));
      yield { name: set.length === inputs.length ? name : `${name} input ${set.join()}`, chosen, filled };
    }
  }
}

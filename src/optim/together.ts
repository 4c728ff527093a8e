// One step over many parameters in one kernel call: what optimizers with a kernel of their own share.
import { sameShape } from "../core/shape.ts";
import { requireFloat, requireSameDType, requireSameShape } from "../ops/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Update } from "./optimizer.ts";

/** The shape rule of a primitive whose inputs are tuples of a parameter, its gradient and its state. */
export function inferTuples(op: string, inputs: readonly Tensor[], width: number): readonly never[] {
  requireFloat(op, inputs[0]);
  for (let i = 0; i < inputs.length; i++) {
    const p = inputs[i - (i % width)];
    const { view, dtype } = inputs[i];
    if (dtype === p.dtype && (view === p.view || sameShape(view.shape, p.shape))) continue;
    const tuple = inputs.slice(i - (i % width), i - (i % width) + width);
    requireSameDType(op, tuple, NAMES);
    requireSameShape(op, tuple, NAMES);
  }
  return NONE;
}

const NONE: readonly never[] = [];
const NAMES = ["parameter", "gradient", "state", "state"];

/** Updates that may share a call, as their key and device say: usually all of them. */
export function alike<K>(
  updates: readonly Update[],
  keyOf: (update: Update) => K,
): (readonly [K, Update[]])[] {
  const sets: (readonly [K, Update[]])[] = [];
  let last: readonly [K, Update[]] | undefined;
  for (let i = 0; i < updates.length; i++) {
    const update = updates[i];
    const key = keyOf(update);
    // The neighbour's set is nearly always the one.
    if (last === undefined || !belongs(update, key, last))
      last = sets.find((set) => belongs(update, key, set));
    if (last === undefined) sets.push((last = [key, []]));
    last[1].push(update);
  }
  return sets;
}

function belongs<K>(update: Update, key: K, set: readonly [K, Update[]]): boolean {
  if (key !== set[0]) return false;
  const other = set[1][0].p;
  return update.p.storage.device === other.storage.device && update.p.dtype === other.dtype;
}

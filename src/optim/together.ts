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
    if (inputs[i].dtype === p.dtype && sameShape(inputs[i].shape, p.shape)) continue;
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
  const sets: {
    readonly key: K;
    readonly device: unknown;
    readonly dtype: unknown;
    readonly list: Update[];
  }[] = [];
  for (const update of updates) {
    const { device, dtype } = update.p;
    const key = keyOf(update);
    const set = sets.find((other) => other.key === key && other.device === device && other.dtype === dtype);
    if (set) set.list.push(update);
    else sets.push({ key, device, dtype, list: [update] });
  }
  return sets.map(({ key, list }) => [key, list]);
}

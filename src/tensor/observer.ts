// Who watches ops as they run: anomaly mode. One at a time, null nearly always, so that an op pays one comparison.
import type { Node } from "./node.ts";
import type { AnyPrimitive } from "./primitive.ts";
import type { Tensor } from "./tensor.ts";

export interface Observer {
  /** After an op, recorded or not; where it throws, the outputs are released. */
  made(p: AnyPrimitive, inputs: readonly Tensor[], outputs: readonly Tensor[]): void;
  /** After an op that overwrote some of its inputs. */
  changed(p: AnyPrimitive, inputs: readonly Tensor[]): void;
  /** Around the computation of a node's gradients; calls `compute` and returns its result. */
  differentiate(
    node: Node,
    incoming: readonly (Tensor | null)[],
    compute: () => readonly (Tensor | null)[],
  ): readonly (Tensor | null)[];
}

let observer: Observer | null = null;

export const currentObserver = (): Observer | null => observer;

/** Runs `fn` under an observer. */
export function withObserver<T>(watching: Observer | null, fn: () => T): T {
  const before = observer;
  observer = watching;
  try {
    return fn();
  } finally {
    observer = before;
  }
}

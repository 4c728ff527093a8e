// How losses become one number, and the checks that they share.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sum } from "../algebra.ts";
import { requireFloat, requireSameDevice } from "../checks.ts";
import { mean } from "../reduce/mean.ts";

/** How a loss per example becomes the result. */
export type Reduction = "mean" | "sum" | "none";

export interface LossOptions {
  readonly reduction?: Reduction;
}

export function requireReduction(op: string, reduction: string): void {
  if (["mean", "sum", "none"].includes(reduction)) return;
  throw new ValueError(op, `reduction must be "mean", "sum" or "none"; got ${JSON.stringify(reduction)}.`);
}

export function reduced(perElement: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return perElement;
  return reduction === "mean" ? mean(perElement) : sum(perElement);
}

/** Refuses inputs that are not alive, not floating (the first), or not of one shape. */
export function requireAlike(op: string, named: Readonly<Record<string, Tensor>>): void {
  const tensors = Object.values(named);
  for (const x of tensors) x.assertAlive(op);
  requireSameDevice(op, tensors);
  requireFloat(op, tensors[0]);
  if (tensors.every((x) => sameShape(x.shape, tensors[0].shape))) return;
  const names = Object.keys(named);
  const list = (words: readonly string[]): string =>
    `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
  throw new ShapeError(
    op,
    `${list(names)} must have one shape; got ${list(tensors.map((x) => formatShape(x.shape)))}.`,
  );
}

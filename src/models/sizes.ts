// What constructors of models ask of their numbers, under the names that the user gave them and before anything is made.
import { requireWhole } from "../ops/checks.ts";
import { requireProbability } from "../ops/dropout.ts";

/** @throws ShapeError for a size that is no whole number above 0; ValueError for a dropout outside 0..1. */
export function requireSizes(op: string, sizes: Readonly<Record<string, number>>, dropout = 0): void {
  for (const [name, size] of Object.entries(sizes)) requireWhole(op, name, size, 1);
  requireProbability(op, dropout, "dropout");
}

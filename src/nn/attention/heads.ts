// Whether a width can be shared among heads: asked by all that have some, before they make anything.
import { ShapeError } from "../../core/errors.ts";
import { requireWhole } from "../../ops/checks.ts";

/** `names`: what the user calls width and heads. */
export function requireHeads(
  op: string,
  width: number,
  heads: number,
  names: readonly [width: string, heads: string] = ["width", "heads"],
): void {
  requireWhole(op, names[0], width, 1);
  requireWhole(op, names[1], heads, 1);
  if (width % heads === 0) return;
  const got = `${String(width)} and ${String(heads)}`;
  throw new ShapeError(op, `${names[0]} must divide into ${names[1]}; got ${got}.`);
}

// What models that read tokens ask of them.
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** @throws ShapeError unless tokens are [B, T], neither of them 0. */
export function requireTokens(op: string, name: string, tokens: Tensor): void {
  tokens.assertAlive(op);
  if (tokens.rank === 2 && tokens.size > 0) return;
  throw new ShapeError(op, `${name} must be [B, T], neither of them 0; got ${formatShape(tokens.shape)}.`);
}

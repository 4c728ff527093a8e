// PyTorch's two masks of attention layers, brought to the one that the op takes. Here a bool says what is hidden; there it
// says what takes part.
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import { noGrad } from "../../tensor/mode.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, reshape } from "../../ops/algebra.ts";
import { logicalNot, logicalOr, where } from "../../ops/elementwise.ts";

export interface AttentionMasks {
  /** Shape [B, S], or [S] for one sequence. Keys that no query of a sequence sees (bool, true: hidden), or what is added to their scores. */
  readonly keyPaddingMask?: Tensor | null;
  /** Shape [T, S], [B H, T, S] or [B, H, T, S]. Bool, true where a query must not see a key, or what is added to the scores. */
  readonly attnMask?: Tensor | null;
}

/** Sizes of the scores that a mask belongs to. */
export interface ScoreSizes {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
}

function requireMask(op: string, name: string, mask: Tensor, shapes: readonly Shape[], like: Tensor): void {
  mask.assertAlive(op);
  if (mask.dtype !== "bool" && mask.dtype !== like.dtype) {
    throw new DTypeError(
      op,
      `${name} must be bool (true: hidden) or ${like.dtype} (added); got ${mask.dtype}.`,
    );
  }
  if (shapes.some((shape) => sameShape(shape, mask.shape))) return;
  throw new ShapeError(
    op,
    `${name} must be ${shapes.map(formatShape).join(" or ")}; got ${formatShape(mask.shape)}.`,
  );
}

const hidden = (mask: Tensor): Tensor => (mask.dtype === "bool" ? where(mask, -Infinity, 0) : mask);

/** The mask for `scaledDotProductAttention`, with four axes; null where nothing is hidden. */
export function combineMasks(
  op: string,
  { keyPaddingMask, attnMask }: AttentionMasks,
  { batch, heads, queries, keys }: ScoreSizes,
  like: Tensor,
): Tensor | null {
  if (!keyPaddingMask && !attnMask) return null;
  if (keyPaddingMask) {
    const isOfOne = batch === 1 && keyPaddingMask.rank === 1;
    requireMask(op, "keyPaddingMask", keyPaddingMask, [isOfOne ? [keys] : [batch, keys]], like);
  }
  const matrix = [queries, keys];
  if (attnMask) {
    const shapes = [matrix, [batch * heads, ...matrix], [batch, heads, ...matrix]];
    requireMask(op, "attnMask", attnMask, shapes, like);
  }
  const masks: Tensor[] = [];
  if (keyPaddingMask) masks.push(reshape(keyPaddingMask, [batch, 1, 1, keys]));
  if (attnMask)
    masks.push(reshape(attnMask, [...(attnMask.rank === 2 ? [1, 1] : [batch, heads]), ...matrix]));
  if (masks.every(({ dtype }) => dtype === "bool"))
    return noGrad<Tensor>(() => logicalNot(masks.reduce((a, b) => logicalOr(a, b))));
  return masks.map(hidden).reduce((a, b) => add(a, b));
}

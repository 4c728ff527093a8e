// What models of images ask of them, and of the latent vectors that images are made from.
import { ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** @throws ShapeError unless x is [N, channels, side, side]. */
export function requireImages(op: string, x: Tensor, channels: number, side: number): void {
  x.assertAlive(op);
  const image = [channels, side, side];
  if (x.rank === 4 && sameShape(x.shape.slice(1), image)) return;
  throw new ShapeError(op, `images must be [N, ${image.join(", ")}]; got ${formatShape(x.shape)}.`);
}

/** @throws ShapeError unless z is [N, latent]. */
export function requireLatent(op: string, z: Tensor, latent: number): void {
  z.assertAlive(op);
  if (z.rank === 2 && z.shape[1] === latent) return;
  throw new ShapeError(op, `latent vectors must be [N, ${String(latent)}]; got ${formatShape(z.shape)}.`);
}

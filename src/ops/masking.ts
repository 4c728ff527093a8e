// Ops under a mask: overwriting, choosing, and finding what is true.
import { DTypeError, ShapeError } from "../core/errors.ts";
import { broadcastShapes, broadcastsTo, formatShape } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expand, reshape } from "./algebra.ts";
import { requireSameDevice, storable } from "./checks.ts";
import { tensor } from "./creation.ts";
import { indexSelectFor } from "./selection.ts";

const maskedFillPrimitive: Primitive<number> = primitive({
  name: "maskedFill",
  inputs: ["x", "mask"],
  infer: ([x], _: number) => x,
  kernel: (k, [x, mask], y, value) => {
    k.copy(x, y);
    k.maskedFill(mask, y, value);
  },
  saves: ["mask"],
  vjp: { x: (g, { mask }) => apply(maskedFillPrimitive, [g, mask], 0) },
});

function requireMask(op: string, mask: Tensor): void {
  mask.assertAlive(op);
  if (mask.dtype === "bool") return;
  throw new DTypeError(op, `the mask must be bool; got ${mask.dtype}. Convert with cast(mask, "bool").`);
}

/** Stretches x and the mask to their common shape. */
function together(op: string, x: Tensor, mask: Tensor): Shape {
  x.assertAlive(op);
  requireMask(op, mask);
  requireSameDevice(op, [x, mask]);
  const shape = broadcastShapes(x.shape, mask.shape);
  if (shape !== null) return shape;
  throw new ShapeError(
    op,
    `x and the mask must broadcast; got x ${formatShape(x.shape)} and mask ${formatShape(mask.shape)}.`,
  );
}

/**
 * x with `value` where the mask is true; the two broadcast. The gradient is zero where x was overwritten, also where the
 * incoming one is not finite.
 */
export function maskedFill(x: Tensor, mask: Tensor, value: number): Tensor {
  const shape = together("maskedFill", x, mask);
  const stored = storable("maskedFill", x.dtype, value);
  return composite("maskedFill", () => {
    const inputs = [x, mask].map((one) => (broadcastsTo(shape, one.shape) ? one : expand(one, shape)));
    return apply(maskedFillPrimitive, inputs, stored);
  });
}

/** The positions of what is not zero, one per row: int32 [count, rank]. Reads the values, so the device must be synchronous. */
export function nonzero(x: Tensor): Tensor {
  x.assertAlive("nonzero");
  const coordinates = truePositions(x);
  const count = coordinates[0]?.length ?? Number(x.itemSync() !== 0);
  const rows = new Int32Array(count * x.rank);
  coordinates.forEach((axis, k) => {
    axis.forEach((at, i) => (rows[i * x.rank + k] = at));
  });
  return tensor(rows, { shape: [count, x.rank], device: x.device });
}

/** Per axis: the coordinates of what is not zero, in row-major order. */
export function truePositions(x: Tensor): number[][] {
  const data = x.dataSync();
  const coordinates = x.shape.map(() => [] as number[]);
  for (let flat = 0; flat < data.length; flat++) {
    if (data[flat] === 0) continue;
    let rest = flat;
    for (let axis = x.rank - 1; axis >= 0; axis--) {
      const n = x.shape[axis];
      coordinates[axis].push(rest % n);
      rest = Math.floor(rest / n);
    }
  }
  return coordinates;
}

/**
 * The elements of x where the mask is true, as a vector in row-major order; the two broadcast. Reads the mask, since the
 * size of the result depends on it: the device must be synchronous.
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  const shape = together("maskedSelect", x, mask);
  return composite("maskedSelect", () => {
    const chosen: number[] = [];
    expand(mask, shape)
      .dataSync()
      .forEach((one, i) => {
        if (one !== 0) chosen.push(i);
      });
    const flat = reshape(expand(x, shape), [-1]);
    return indexSelectFor("maskedSelect", flat, 0, tensor(Int32Array.from(chosen), { device: x.device }));
  });
}

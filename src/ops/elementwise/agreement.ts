// Whether two tensors agree: one boolean for all elements. For tests; both read the values.
import { ValueError } from "../../core/errors.ts";
import { sameShape } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { View } from "../../core/view.ts";
import { broadcastSpec } from "../checks.ts";

export interface AllcloseOptions {
  /** Allowed error relative to b. */
  readonly rtol?: number;
  /** Allowed error beside that. */
  readonly atol?: number;
  /** Whether NaN is close to NaN. */
  readonly equalNan?: boolean;
}

/**
 * Whether |a - b| <= atol + rtol |b| everywhere, broadcasting. For tests: it reads the values of both, which stops
 * whatever still runs.
 *
 * @throws ShapeError where the shapes do not broadcast; ValueError where a tolerance is negative.
 */
export function allclose(a: Tensor, b: Tensor, options: AllcloseOptions = {}): boolean {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  a.assertAlive("allclose");
  b.assertAlive("allclose");
  const { shape } = broadcastSpec("allclose", a, b).view;
  if (!(rtol >= 0 && atol >= 0)) {
    throw new ValueError(
      "allclose",
      `rtol and atol must be >= 0; got rtol ${String(rtol)} and atol ${String(atol)}.`,
    );
  }
  const [left, right] = [stretched(a, shape), stretched(b, shape)];
  return left.every((x, i) => {
    const y = right[i];
    if (x === y) return true;
    if (Number.isNaN(x) && Number.isNaN(y)) return equalNan;
    return Number.isFinite(y) && Math.abs(x - y) <= atol + rtol * Math.abs(y);
  });
}

/** Whether shape and values are the same; NaN equals nothing. It reads the values, like `allclose`. */
export function equal(a: Tensor, b: Tensor): boolean {
  a.assertAlive("equal");
  b.assertAlive("equal");
  if (!sameShape(a.shape, b.shape)) return false;
  const [left, right] = [a.dataSync(), b.dataSync()];
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/** The values of a tensor, repeated to a shape that it broadcasts to. */
function stretched(x: Tensor, shape: Shape): number[] {
  const values = x.dataSync();
  const { strides } = View.of(x.shape).expand(shape);
  return positions(shape, strides).map((at) => values[at]);
}

function positions(shape: Shape, strides: readonly number[]): number[] {
  let found = [0];
  shape.forEach((n, axis) => {
    found = found.flatMap((at) => Array.from({ length: n }, (_, i) => at + i * strides[axis]));
  });
  return found;
}

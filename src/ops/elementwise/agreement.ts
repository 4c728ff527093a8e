// Whether two tensors agree: one boolean for all elements. For tests; both read the values.
import type { TensorData } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import { sameShape } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import { noGrad } from "../../tensor/mode.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expand } from "../algebra.ts";
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
  for (let i = 0; i < left.length; i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y || (equalNan && Number.isNaN(x) && Number.isNaN(y))) continue;
    if (!(Number.isFinite(y) && Math.abs(x - y) <= atol + rtol * Math.abs(y))) return false;
  }
  return true;
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
const stretched = (x: Tensor, shape: Shape): TensorData =>
  sameShape(x.shape, shape) ? x.dataSync() : scope(() => noGrad(() => expand(x, shape).dataSync()));

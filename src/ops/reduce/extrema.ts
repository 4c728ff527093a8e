// The largest and the smallest element, and where they are.
import type { ReduceOp } from "../../backend/scalars.ts";
import { ShapeError } from "../../core/errors.ts";
import { checkAxis, formatShape } from "../../core/shape.ts";
import { View } from "../../core/view.ts";
import { apply } from "../../tensor/apply.ts";
import { noGrad } from "../../tensor/mode.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { axisForm, cast, div, mul, reshape, sum } from "../algebra.ts";
import type { ReduceOptions } from "../algebra.ts";
import { requireNumber } from "../checks.ts";
import { eq, isnan, logicalOr } from "../elementwise.ts";
import { onesAt, overAxes, requireElements, runSpec } from "./axes.ts";
import type { Run } from "./axes.ts";

/** The gradient of an element picked over a run of axes: shared evenly by the elements equal to it. */
export function shareEvenly(g: Tensor, x: Tensor, y: Tensor, run: Run): Tensor {
  const shape = onesAt(x.shape, run);
  const axis = shape.flatMap((_, i) => (i >= run.start && i < run.end ? [i] : []));
  return composite("share", () => {
    // Where an element is NaN, so is what was picked.
    const mask = cast(logicalOr(eq(x, reshape(y, shape)), isnan(x)), x.dtype);
    const count = noGrad<Tensor>(() => sum(mask, { axis, keepDims: true }));
    return mul(mask, div(reshape(g, shape), count));
  });
}

const extremum = (op: ReduceOp & ("max" | "min")): Primitive<Run> =>
  primitive({
    name: op,
    inputs: ["x"],
    infer: ([x], run: Run) => {
      requireNumber(op, x);
      return runSpec(x, run);
    },
    kernel: (k, [x], y, { start, end }) => k.reduce(op, x, y, axisForm(x.view.shape, start, end)),
    saves: ["x", "y"],
    vjp: { x: (g, { x, y }, run) => shareEvenly(g, x, y, run) },
  });

const maxPrimitive = extremum("max");
const minPrimitive = extremum("min");

function reduceTo(p: Primitive<Run>, x: Tensor, options: ReduceOptions): Tensor {
  x.assertAlive(p.name);
  requireElements(p.name, x, options.axis);
  return overAxes(p.name, x, options, (y, run) => apply(p, [y], run));
}

/**
 * Largest element over some axes, or all. NaN counts as largest. `maxWithIndices` says where along one axis it is.
 *
 * The gradient is shared evenly by the elements that are equal to the maximum.
 *
 * @throws ShapeError where the reduced axes hold nothing.
 */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceTo(maxPrimitive, x, options);
}

/**
 * Smallest element over some axes, or all. NaN counts as smallest. `minWithIndices` says where along one axis it is.
 *
 * The gradient is shared evenly by the elements that are equal to the minimum.
 *
 * @throws ShapeError where the reduced axes hold nothing.
 */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceTo(minPrimitive, x, options);
}

/** One axis, or the flattened tensor. */
export interface PositionOptions {
  readonly axis?: number;
  readonly keepDims?: boolean;
}

const argument = (op: "argmax" | "argmin"): Primitive<number> =>
  primitive({
    name: op,
    inputs: ["x"],
    infer: ([x], axis: number) => {
      requireNumber(op, x);
      if (x.shape[axis] === 0) {
        throw new ShapeError(
          op,
          `the axis must not be empty; got ${formatShape(x.shape)} along axis ${String(axis)}.`,
        );
      }
      return { view: View.of(x.shape.filter((_, i) => i !== axis)), dtype: "int32" };
    },
    kernel: (k, [x], y, axis) => {
      const form = axisForm(x.view.shape, axis, axis + 1);
      if (op === "argmax") k.argmax(x, y, form);
      else k.argmin(x, y, form);
    },
  });

const argmaxPrimitive = argument("argmax");
const argminPrimitive = argument("argmin");

function positionOf(p: Primitive<number>, x: Tensor, { axis, keepDims = false }: PositionOptions): Tensor {
  x.assertAlive(p.name);
  const at = axis === undefined ? 0 : checkAxis(p.name, axis, x.rank);
  return composite(p.name, () => {
    const y = apply(p, [axis === undefined ? reshape(x, [x.size]) : x], at);
    if (!keepDims) return y;
    return reshape(
      y,
      x.shape.map((n, i) => (axis === undefined || i === at ? 1 : n)),
    );
  });
}

/**
 * Position of the largest element along an axis, as int32; of the whole tensor, flattened, where no axis is named.
 * The first of equals wins; NaN counts as largest. No gradient.
 */
export function argmax(x: Tensor, options: PositionOptions = {}): Tensor {
  return positionOf(argmaxPrimitive, x, options);
}

/**
 * Position of the smallest element along an axis, as int32; of the whole tensor, flattened, where no axis is named.
 * The first of equals wins; NaN counts as smallest. No gradient.
 */
export function argmin(x: Tensor, options: PositionOptions = {}): Tensor {
  return positionOf(argminPrimitive, x, options);
}

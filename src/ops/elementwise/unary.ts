// How ops of one element are made: the record that all of them share, and the checks of those made of other ops.
import type { BinaryOp, UnaryOp, UnaryWithOp } from "../../backend/scalars.ts";
import { apply, applyOver } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive, PrimitiveRecord } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expand, fill } from "../algebra.ts";
import { requireFloat } from "../checks.ts";

type Name = "x" | "y";
export type UnaryVjp<S extends Name> = (g: Tensor, saved: Readonly<Record<S, Tensor>>) => Tensor;

// Named, and written at each op: inferred types would have to look into Tensor, whose methods these become.
export type UnaryFunction = (x: Tensor) => Tensor;

interface UnaryOptions<S extends Name> {
  /** A backward in one kernel, used only when it is not itself recorded. */
  readonly vjpKernel?: UnaryVjp<S>;
  /** Which dtypes it takes; floating ones by default. */
  readonly check?: (op: string, x: Tensor) => void;
}

/** A function of one element: the kernel of its name, what its derivative is written in, and the derivative. */
export function unary<S extends Name>(
  name: UnaryOp,
  saves: readonly S[],
  vjp: UnaryVjp<S>,
  { vjpKernel, check = requireFloat }: UnaryOptions<S> = {},
): UnaryFunction {
  const record: Primitive<null> = primitive({
    name,
    inputs: ["x"],
    infer: ([x], _: null) => {
      check(name, x);
      return x;
    },
    kernel: (k, [x], y) => k.unary(name, x, y),
    saves,
    vjp: { x: vjp },
    ...(vjpKernel && { vjpKernel: (g: Tensor, saved: Readonly<Record<S, Tensor>>) => [vjpKernel(g, saved)] }),
  });
  return (x) => apply(record, [x], null);
}

/** The constants of a parameterised op. */
export interface Constants {
  /** The op as the user typed it. */
  readonly op: string;
  readonly a: number;
  readonly b: number;
}

/** A function of one element and two constants. */
export const unaryWith = <S extends Name>(
  name: UnaryWithOp,
  saves: readonly S[],
  vjp: (g: Tensor, saved: Readonly<Record<S, Tensor>>, constants: Constants) => Tensor,
  fast: Pick<PrimitiveRecord<"x", readonly ["y"], S, Constants>, "vjpKernel" | "fusedVjp"> = {},
): Primitive<Constants> =>
  primitive({
    name,
    inputs: ["x"],
    infer: ([x], { op }: Constants) => {
      requireFloat(op, x);
      return x;
    },
    kernel: (k, [x], y, { a, b }) => k.unaryWith(name, x, y, a, b),
    saves,
    vjp: { x: vjp },
    ...fast,
  });

/**
 * The gradient of an activation in one pass over g and what it saved; not differentiable itself. It may be written over g,
 * which nothing reads any more.
 */
export function activationGrad(name: BinaryOp): (g: Tensor, saved: Tensor) => Tensor {
  const record: Primitive<null> = primitive({
    name,
    inputs: ["g", "y"],
    infer: ([g], _: null) => g,
    kernel: (k, [g, y], gx) => k.binary(name, g, y, gx),
  });
  return (g, y) => applyOver(record, [g, y], null);
}

/** An op made of others, whose checks speak in its own name. */
export function floatComposite(op: string, x: Tensor, fn: () => Tensor): Tensor {
  x.assertAlive(op);
  requireFloat(op, x);
  return composite(op, fn);
}

/** The gradient of functions that are constant between their steps. */
export const zeroGradient = (g: Tensor): Tensor => expand(fill(g.device, [], 0, g.dtype), g.shape);

// Derivatives of functions, as matrices and as products with vectors.
import { ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { add, mul, reshape, sum } from "../ops/algebra.ts";
import { detach, tensor, zerosLike } from "../ops/creation.ts";
import { stack } from "../ops/placement.ts";
import { withRecording } from "../tensor/mode.ts";
import { scope } from "../tensor/scope.ts";
import { Tensor } from "../tensor/tensor.ts";
import { grad } from "./grad.ts";

/** A function of one or several tensors with one result. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

export interface FunctionalOptions {
  /** Record the derivatives too, so that they can be differentiated again; default false. */
  readonly createGraph?: boolean;
}

type Inputs = Tensor | readonly Tensor[];
/** One tensor for one input, a list for a list. */
type Like<I> = I extends Tensor ? Tensor : Tensor[];

const listOf = (inputs: Inputs): readonly Tensor[] => (inputs instanceof Tensor ? [inputs] : inputs);
const asGiven = <I extends Inputs>(inputs: I, results: Tensor[]): Like<I> =>
  (inputs instanceof Tensor ? results[0] : results) as Like<I>;

// Where results are to be differentiable by an input it stands for itself; else a leaf of its own stands for it, so that
// nothing is walked behind it.
const standIns = (inputs: Inputs, { createGraph = false }: FunctionalOptions): Tensor[] =>
  listOf(inputs).map((x) => {
    x.assertAlive("functional");
    return createGraph && x.requiresGrad ? x : detach(x).setRequiresGrad(true);
  });

function evaluate<T>(fn: () => T): T {
  return withRecording(true, () => scope(fn as () => never));
}

/**
 * The Jacobian: J[i, j] = d y[i] / d x[j], with the axes of y before those of x; one for each input where several are
 * given. Costs one backward walk for each element of y.
 */
export function jacobian<I extends Inputs>(
  fn: TensorFunction,
  inputs: I,
  options: FunctionalOptions = {},
): Like<I> {
  return evaluate(() => {
    const xs = standIns(inputs, options);
    const results = rowsOf(fn(...xs), xs, options);
    return asGiven(inputs, results);
  });
}

function rowsOf(y: Tensor, xs: readonly Tensor[], { createGraph = false }: FunctionalOptions): Tensor[] {
  const rows: Tensor[][] = xs.map(() => []);
  for (let i = 0; i < y.size; i++) {
    const unit = new Float64Array(y.size);
    unit[i] = 1;
    const gradOutput = tensor(unit, { shape: y.shape, dtype: y.dtype, device: y.device });
    const found = y.requiresGrad
      ? grad(y, xs, { gradOutput, createGraph, retainGraph: true, allowUnused: true })
      : xs.map(() => null);
    found.forEach((g, k) => rows[k].push(g ?? zerosLike(xs[k])));
  }
  return xs.map((x, k) =>
    rows[k].length === 0
      ? reshape(zerosLike(x), [...y.shape, ...x.shape])
      : reshape(stack(rows[k]), [...y.shape, ...x.shape]),
  );
}

/**
 * The Hessian of a scalar function: H[i, j] = d² y / dx[i] dx[j], of shape [...x.shape, ...x.shape]; for several inputs
 * a list of lists, `result[a][b]` by inputs a and b.
 *
 * @throws ShapeError where y holds more than one element.
 */
export function hessian(fn: TensorFunction, inputs: Tensor, options?: FunctionalOptions): Tensor;
export function hessian(
  fn: TensorFunction,
  inputs: readonly Tensor[],
  options?: FunctionalOptions,
): Tensor[][];
export function hessian(
  fn: TensorFunction,
  inputs: Inputs,
  options: FunctionalOptions = {},
): Tensor | Tensor[][] {
  return evaluate((): Tensor | Tensor[][] => {
    const xs = standIns(inputs, options);
    const y = scalarOf("hessian", fn(...xs));
    const blocks = gradients(y, xs, undefined, true).map((g) => rowsOf(g, xs, options));
    return inputs instanceof Tensor ? blocks[0][0] : blocks;
  });
}

/**
 * The product of a vector with the Jacobian, vᵀ J, by one backward walk.
 *
 * @returns [fn(...inputs), the product: one tensor for each input].
 * @throws ShapeError where v has not the shape of y; it may be left out where y holds one element.
 */
export function vjp<I extends Inputs>(
  fn: TensorFunction,
  inputs: I,
  v?: Tensor,
  options: FunctionalOptions = {},
): [Tensor, Like<I>] {
  return evaluate((): [Tensor, Like<I>] => {
    const xs = standIns(inputs, options);
    const y = fn(...xs);
    if (v) requireShapes("vjp", "v", [v], [y]);
    else scalarOf("vjp", y);
    const results = gradients(y, xs, v, options.createGraph ?? false);
    return [options.createGraph ? y : detach(y), asGiven(inputs, results)];
  });
}

/**
 * The product of the Jacobian with a vector, J v: how y changes as the inputs move along v. Two backward walks: vᵀ J is
 * linear in v, and its derivative by v is J.
 *
 * @returns [fn(...inputs), the product, of the shape of y].
 * @throws ShapeError where v has not the shapes of the inputs.
 */
export function jvp(
  fn: TensorFunction,
  inputs: Inputs,
  v: Inputs,
  options: FunctionalOptions = {},
): [Tensor, Tensor] {
  return evaluate((): [Tensor, Tensor] => {
    const xs = standIns(inputs, options);
    const tangents = listOf(v);
    requireShapes("jvp", "v", tangents, xs);
    const y = fn(...xs);
    const probe = zerosLike(y).setRequiresGrad(true);
    const pulled = gradients(y, xs, probe, true);
    const [result] = gradients(
      innerProduct(pulled, tangents),
      [probe],
      undefined,
      options.createGraph ?? false,
    );
    return [options.createGraph ? y : detach(y), result];
  });
}

/**
 * The product of a scalar function's Hessian with a vector, H v, by two backward walks and without the matrix.
 *
 * @returns [fn(...inputs), the product: one tensor for each input].
 * @throws ShapeError where y holds more than one element, or v has not the shapes of the inputs.
 */
export function hvp<I extends Inputs>(
  fn: TensorFunction,
  inputs: I,
  v: I,
  options: FunctionalOptions = {},
): [Tensor, Like<I>] {
  return evaluate((): [Tensor, Like<I>] => {
    const xs = standIns(inputs, options);
    const along = listOf(v);
    requireShapes("hvp", "v", along, xs);
    const y = scalarOf("hvp", fn(...xs));
    const slope = innerProduct(gradients(y, xs, undefined, true), along);
    const results = gradients(slope, xs, undefined, options.createGraph ?? false);
    return [options.createGraph ? y : detach(y), asGiven(inputs, results)];
  });
}

/** Gradients with zeros for tensors that have no part. */
function gradients(
  y: Tensor,
  xs: readonly Tensor[],
  gradOutput: Tensor | undefined,
  createGraph: boolean,
): Tensor[] {
  if (!y.requiresGrad) return xs.map((x) => zerosLike(x));
  const options = { createGraph, retainGraph: true, allowUnused: true, ...(gradOutput && { gradOutput }) };
  return grad(y, xs, options).map((g, i) => g ?? zerosLike(xs[i]));
}

const innerProduct = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
  a.map((x, i) => sum(mul(x, b[i]))).reduce((left, right) => add(left, right));

function scalarOf(op: string, y: Tensor): Tensor {
  if (y.size === 1) return y;
  throw new ShapeError(op, `the function must return one element; got shape ${formatShape(y.shape)}.`);
}

function requireShapes(op: string, name: string, given: readonly Tensor[], like: readonly Tensor[]): void {
  if (given.length === like.length && given.every((x, i) => sameShape(x.shape, like[i].shape))) return;
  const show = (list: readonly Tensor[]): string => list.map(({ shape }) => formatShape(shape)).join(", ");
  throw new ShapeError(op, `${name} must have the shapes ${show(like)}; got ${show(given)}.`);
}

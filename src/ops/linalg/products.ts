// Products of tensors that are a matrix product in another shape.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { broadcastShapes, checkAxes, checkAxis, formatShape, sizeOf } from "../../core/shape.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, fill, mul, permute, reshape, sub, sum } from "../algebra.ts";
import { requireFloat, requireRank, requireSameDType, requireSameDevice } from "../checks.ts";
import { where } from "../elementwise.ts";
import { norm } from "../reduce/norm.ts";
import { matmul } from "./matmul.ts";

function checkInputs(op: string, inputs: readonly Tensor[], names: readonly string[]): void {
  for (const x of inputs) x.assertAlive(op);
  requireSameDevice(op, inputs);
  for (const x of inputs) requireFloat(op, x);
  requireSameDType(op, inputs, names);
}

/** The sum of products of two vectors, a · b. Shapes: a [n], b [n] -> scalar. */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkInputs("dot", [a, b], ["a", "b"]);
  if (a.rank !== 1 || b.rank !== 1 || a.size !== b.size) {
    throw new ShapeError(
      "dot",
      `a and b must be vectors of one size; got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
    );
  }
  return matmul(a, b);
}

/** All products of two vectors, y[i, j] = a[i] b[j]. Shapes: a [n], b [m] -> [n, m]. */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkInputs("outer", [a, b], ["a", "b"]);
  requireRank("outer", "a", a, 1, "[n]");
  requireRank("outer", "b", b, 1, "[m]");
  return composite("outer", () => mul(reshape(a, [a.size, 1]), b));
}

/** The matrix products of two batches, without broadcasting. Shapes: a [B, n, k], b [B, k, m] -> [B, n, m]. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkInputs("bmm", [a, b], ["a", "b"]);
  const fits = a.rank === 3 && b.rank === 3 && a.shape[0] === b.shape[0] && a.shape[2] === b.shape[1];
  if (fits) return matmul(a, b);
  throw new ShapeError(
    "bmm",
    `a must be [B, n, k] and b [B, k, m]; got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
  );
}

export interface AddmmOptions {
  /** Scales the matrix that is added; default 1. With 0 its values do not count, be they NaN. */
  readonly beta?: number;
  /** Scales the product; default 1. */
  readonly alpha?: number;
}

/** A matrix product on top of another matrix: beta c + alpha a b. Shapes: a [n, k], b [k, m], c that broadcasts to [n, m]. */
export function addmm(c: Tensor, a: Tensor, b: Tensor, { beta = 1, alpha = 1 }: AddmmOptions = {}): Tensor {
  checkInputs("addmm", [c, a, b], ["c", "a", "b"]);
  const shape = [a.shape[0], b.shape[1]];
  const fits = a.rank === 2 && b.rank === 2 && a.shape[1] === b.shape[0] && c.rank <= 2;
  if (!fits || formatShape(broadcastShapes(c.shape, shape) ?? []) !== formatShape(shape)) {
    throw new ShapeError(
      "addmm",
      `a must be [n, k], b [k, m], and c broadcast to [n, m]; got c ${formatShape(c.shape)}, ` +
        `a ${formatShape(a.shape)} and b ${formatShape(b.shape)}.`,
    );
  }
  const scaled = (x: Tensor, by: number): Tensor => (by === 1 ? x : mul(x, by));
  // Zeros that still hang on c in the graph.
  const ignored = (x: Tensor): Tensor => where(fill(x.device, [], 1, "bool"), 0, x);
  return composite("addmm", () =>
    add(beta === 0 ? ignored(c) : scaled(c, beta), scaled(matmul(a, b), alpha)),
  );
}

/**
 * The sum of products over pairs of axes; the other axes of a come first, then those of b.
 *
 * `axes`: a count (the last ones of a with the first ones of b; default 2), or the axes of a and those of b, in pairs.
 */
export function tensordot(
  a: Tensor,
  b: Tensor,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  checkInputs("tensordot", [a, b], ["a", "b"]);
  const [inA, inB] = typeof axes === "number" ? countedAxes(a, b, axes) : namedPairs(a, b, axes);
  if (!inA.every((axis, i) => a.shape[axis] === b.shape[inB[i]])) {
    throw new ShapeError(
      "tensordot",
      `paired axes must have one size; got a ${formatShape(a.shape)} over ${formatShape(inA)} ` +
        `and b ${formatShape(b.shape)} over ${formatShape(inB)}.`,
    );
  }
  const outA = a.shape.flatMap((_, i) => (inA.includes(i) ? [] : [i]));
  const outB = b.shape.flatMap((_, i) => (inB.includes(i) ? [] : [i]));
  const sizesOf = (x: Tensor, which: readonly number[]): number[] => which.map((axis) => x.shape[axis]);
  return composite("tensordot", () => {
    const inner = sizeOf(sizesOf(a, inA));
    const left = reshape(permute(a, [...outA, ...inA]), [sizeOf(sizesOf(a, outA)), inner]);
    const right = reshape(permute(b, [...inB, ...outB]), [inner, sizeOf(sizesOf(b, outB))]);
    return reshape(matmul(left, right), [...sizesOf(a, outA), ...sizesOf(b, outB)]);
  });
}

function countedAxes(a: Tensor, b: Tensor, count: number): [number[], number[]] {
  if (!Number.isInteger(count) || count < 0 || count > Math.min(a.rank, b.rank)) {
    throw new ShapeError(
      "tensordot",
      `axes must be a count of axes that both have; got ${String(count)} for a ${formatShape(a.shape)} and b ${formatShape(b.shape)}.`,
    );
  }
  const numbers = Array.from({ length: count }, (_, i) => i);
  return [numbers.map((i) => a.rank - count + i), numbers];
}

function namedPairs(
  a: Tensor,
  b: Tensor,
  [inA, inB]: readonly [readonly number[], readonly number[]],
): [number[], number[]] {
  checkAxes("tensordot", inA, a.rank);
  checkAxes("tensordot", inB, b.rank);
  if (inA.length === inB.length) {
    return [
      inA.map((axis) => checkAxis("tensordot", axis, a.rank)),
      inB.map((axis) => checkAxis("tensordot", axis, b.rank)),
    ];
  }
  throw new ShapeError(
    "tensordot",
    `axes must come in pairs; got ${formatShape(inA)} of a and ${formatShape(inB)} of b.`,
  );
}

/**
 * The distances of all pairs of rows: y[i, j] = norm(a[i] - b[j], p). The gradient at distance 0 is 0.
 *
 * Shapes: a [..., n, k], b [..., m, k] -> [..., n, m], leading axes broadcast. All n m k differences are held at once.
 */
export function cdist(a: Tensor, b: Tensor, { p = 2 }: { readonly p?: number } = {}): Tensor {
  checkInputs("cdist", [a, b], ["a", "b"]);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (a.rank < 2 || b.rank < 2 || a.shape[a.rank - 1] !== b.shape[b.rank - 1] || !batch) {
    throw new ShapeError(
      "cdist",
      `a must be [..., n, k] and b [..., m, k]; got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`,
    );
  }
  if (!(p >= 0)) throw new ValueError("cdist", `p must be at least 0; got ${String(p)}.`);
  const width = a.shape[a.rank - 1];
  return composite("cdist", () => {
    const rows = reshape(a, [...a.shape.slice(0, -1), 1, width]);
    const others = reshape(b, [...b.shape.slice(0, -2), 1, ...b.shape.slice(-2)]);
    const differences = sub(rows, others);
    return width === 0 ? sum(differences, { axis: -1 }) : norm(differences, { p, axis: -1 });
  });
}

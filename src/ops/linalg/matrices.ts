// What the decompositions share: checks, constant matrices, and the words for matrices that they refuse.
import type { Kernels, Operand } from "../../backend/kernels.ts";
import type { MatrixAlgorithm, MatrixBatch } from "../../core/matrices/batch.ts";
import { LinearAlgebraError, ShapeError } from "../../core/errors.ts";
import { broadcastShapes, formatShape, sizeOf } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import { View } from "../../core/view.ts";
import type { OutputSpec } from "../../tensor/primitive.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expand, reshape } from "../algebra.ts";
import { requireFloat, requireSameDType, requireSameDevice } from "../checks.ts";
import { tensor } from "../creation.ts";

/** What the user called, for errors. */
export interface OpAttrs {
  readonly op: string;
}

export const leading = (x: { readonly shape: Shape }): number[] => x.shape.slice(0, -2);

export const spec = (shape: Shape, like: Tensor): OutputSpec => ({ view: View.of(shape), dtype: like.dtype });

export function requireMatrix(op: string, name: string, x: Tensor): void {
  requireFloat(op, x);
  if (x.rank >= 2) return;
  throw new ShapeError(op, `${name} must be a matrix [..., m, n]; got ${formatShape(x.shape)}.`);
}

export function requireSquare(op: string, name: string, x: Tensor): void {
  requireFloat(op, x);
  if (x.rank >= 2 && x.shape[x.rank - 1] === x.shape[x.rank - 2]) return;
  throw new ShapeError(op, `${name} must be a square matrix [..., n, n]; got ${formatShape(x.shape)}.`);
}

/** Runs an algorithm on each matrix of a batch; refusals end in an error that says what must hold. */
export function run(
  k: Kernels,
  algorithm: MatrixAlgorithm,
  inputs: readonly Operand[],
  outputs: readonly Operand[],
  { op, mustBe = "", triangle }: OpAttrs & Pick<MatrixBatch, "triangle"> & { readonly mustBe?: string },
): void {
  const { shape } = inputs[0].view;
  const batch = sizeOf(shape.slice(0, -2));
  const [rows, columns] = shape.slice(-2);
  const refused = k.factorize(algorithm, inputs, outputs, { batch, rows, columns, triangle });
  if (refused < 0) return;
  const which = batch > 1 ? `, number ${String(refused)} of the batch of ${String(batch)}` : "";
  throw new LinearAlgebraError(op, `the matrix must be ${mustBe}; got one that is not${which}.`);
}

/** A system a x = b with its batches stretched to one, and b as a matrix; `finish` undoes the latter. */
export interface System {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly finish: (x: Tensor) => Tensor;
}

/** Refuses what is no system; nothing is allocated. Whether b holds vectors: [n], or [..., n] beside a [..., n, n]. */
export function checkSystem(op: string, a: Tensor, b: Tensor, vectors: boolean): boolean {
  requireSameDevice(op, [a, b]);
  requireSquare(op, "a", a);
  requireSameDType(op, [a, b], ["a", "b"]);
  const n = a.shape[a.rank - 1];
  const batchOfVectors = b.rank === a.rank - 1 && formatShape(b.shape) === formatShape(a.shape.slice(0, -1));
  if (vectors && (b.rank === 1 || batchOfVectors) && b.shape[b.rank - 1] === n) return true;
  if (b.rank >= 2 && b.shape[b.rank - 2] === n && broadcastShapes(leading(a), leading(b))) return false;
  throw new ShapeError(
    op,
    `b must have as many rows as a, and leading axes that broadcast; got a ${formatShape(a.shape)} and b ${formatShape(b.shape)}.`,
  );
}

export function systemOf(a: Tensor, b: Tensor, isVector: boolean): System {
  const matrix = isVector ? reshape(b, [...b.shape, 1]) : b;
  const batch = broadcastShapes(leading(a), leading(matrix))!;
  const finish = (x: Tensor): Tensor => (isVector ? reshape(x, x.shape.slice(0, -1)) : x);
  return {
    a: expand(a, [...batch, ...a.shape.slice(-2)]),
    b: expand(matrix, [...batch, ...matrix.shape.slice(-2)]),
    finish,
  };
}

/** A constant [rows, columns] on x's device, by a rule on row and column. */
export function constant(
  x: Tensor,
  rows: number,
  columns: number,
  value: (i: number, j: number) => number,
): Tensor {
  const values = Float64Array.from({ length: rows * columns }, (_, at) =>
    value(Math.floor(at / columns), at % columns),
  );
  return tensor(values, { shape: [rows, columns], device: x.device, dtype: x.dtype });
}

export const identity = (x: Tensor, n: number): Tensor => constant(x, n, n, (i, j) => (i === j ? 1 : 0));

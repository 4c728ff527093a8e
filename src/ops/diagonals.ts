// Diagonals of matrices, and the triangles on either side of them.
import { ShapeError, ValueError } from "../core/errors.ts";
import { checkAxes, checkAxis, formatShape } from "../core/shape.ts";
import { apply } from "../tensor/apply.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { permute, reshape, slice } from "./algebra.ts";
import { tensor } from "./creation.ts";
import { maskedFill } from "./masking.ts";
import { relocating, whole } from "./placement.ts";

const diagPrimitive = relocating("diagEmbed");

/**
 * The diagonals of the matrices that two axes make: y[..., i] = x[..., i, i + offset], below the main one for a negative
 * offset. The two axes go, the diagonal comes last. A view where x is dense.
 */
export function diagonal(x: Tensor, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions = {}): Tensor {
  x.assertAlive("diagonal");
  const [a, b] = [checkAxis("diagonal", axis1, x.rank), checkAxis("diagonal", axis2, x.rank)];
  checkAxes("diagonal", [a, b], x.rank);
  requireOffset("diagonal", offset);
  const rest = x.shape.map((_, i) => i).filter((i) => i !== a && i !== b);
  const [m, n] = [x.shape[a], x.shape[b]];
  const length = Math.max(0, offset >= 0 ? Math.min(m, n - offset) : Math.min(m + offset, n));
  const start = offset >= 0 ? offset : -offset * n;
  const lead = rest.map((i) => x.shape[i]);
  return composite("diagonal", () => {
    const flat = reshape(permute(x, [...rest, a, b]), [...lead, m * n]);
    if (length === 0) return slice(flat, -1, 0, 0);
    return slice(flat, -1, start, start + (length - 1) * (n + 1) + 1, n + 1);
  });
}

export interface DiagonalOptions {
  /** Which diagonal: 0 the main one, positive ones above it. Default 0. */
  readonly offset?: number;
  /** The rows' axis; default 0. */
  readonly axis1?: number;
  /** The columns' axis; default 1. */
  readonly axis2?: number;
}

function requireOffset(op: string, offset: number): void {
  if (!Number.isSafeInteger(offset))
    throw new ValueError(op, `the offset must be a whole number; got ${String(offset)}.`);
}

/**
 * Square matrices with the last axis of x on one diagonal and zeros elsewhere: the adjoint of `diagonal`.
 *
 * Shapes: x [..., n] -> [..., n + |offset|, n + |offset|].
 */
export function diagEmbed(x: Tensor, { offset = 0 }: { readonly offset?: number } = {}): Tensor {
  x.assertAlive("diagEmbed");
  checkAxis("diagEmbed", -1, x.rank);
  requireOffset("diagEmbed", offset);
  const lead = x.shape.slice(0, -1);
  const n = x.shape[x.rank - 1];
  const side = n + Math.abs(offset);
  const start = offset >= 0 ? offset : -offset * side;
  const piece = {
    from: x.shape.map(whole),
    to: [...lead.map(whole), { start, length: n, step: side + 1 }],
  };
  const shape = [...lead, side * side];
  return composite("diagEmbed", () =>
    reshape(apply(diagPrimitive, [x], { shape, from: x.shape, value: 0, pieces: [piece] }), [
      ...lead,
      side,
      side,
    ]),
  );
}

/** The diagonal of a matrix, or the square matrix with a vector on its diagonal. */
export function diag(x: Tensor, offset = 0): Tensor {
  x.assertAlive("diag");
  if (x.rank === 1) return diagEmbed(x, { offset });
  if (x.rank === 2) return diagonal(x, { offset });
  throw new ShapeError("diag", `x must be a vector or a matrix; got ${formatShape(x.shape)}.`);
}

// Keeps the elements for which `outside` is false. The mask is small beside a batch of matrices, which it broadcasts to.
function withoutTriangle(
  op: string,
  x: Tensor,
  offset: number,
  outside: (distance: number) => boolean,
): Tensor {
  x.assertAlive(op);
  requireOffset(op, offset);
  if (x.rank < 2) throw new ShapeError(op, `x must have two axes or more; got ${formatShape(x.shape)}.`);
  const [m, n] = x.shape.slice(-2);
  const mask = new Uint8Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) mask[i * n + j] = Number(outside(j - i - offset));
  return composite(op, () =>
    maskedFill(x, tensor(mask, { shape: [m, n], dtype: "bool", device: x.device }), 0),
  );
}

/**
 * The lower triangle of matrices [..., m, n], the rest zero: elements with column - row <= offset are kept. The gradient of
 * the others is zero.
 */
export const tril = (x: Tensor, offset = 0): Tensor =>
  withoutTriangle("tril", x, offset, (distance) => distance > 0);

/** The upper triangle of matrices [..., m, n], the rest zero: elements with column - row >= offset are kept. */
export const triu = (x: Tensor, offset = 0): Tensor =>
  withoutTriangle("triu", x, offset, (distance) => distance < 0);

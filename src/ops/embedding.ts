// Tables of vectors: their rows by index, and what a table may ask for besides.
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { apply } from "../tensor/apply.ts";
import { noGrad } from "../tensor/mode.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, expand, fill, mul, reshape } from "./algebra.ts";
import { assign } from "./assign.ts";
import { requireFloat, requireIndex, requireSameDevice } from "./checks.ts";
import { gt, where } from "./elementwise.ts";
import { scatter } from "./indexing.ts";
import { norm } from "./reduce/norm.ts";
import { indexSelectFor, indexSumFor } from "./selection.ts";

const clearRowPrimitive: Primitive<number> = primitive({
  name: "embedding",
  inputs: ["x"],
  infer: ([x], _: number) => x,
  kernel: (k, [x], y, row) => {
    k.copy(x, y);
    k.fill({ storage: y.storage, view: y.view.slice(0, row, 1, 1) }, 0);
  },
  vjp: { x: (g, _, row) => apply(clearRowPrimitive, [g], row) },
});

// The table itself; its gradient without one row.
const frozenRowPrimitive: Primitive<number> = primitive({
  name: "embedding",
  inputs: ["x"],
  view: (x, _: number) => x.view,
  vjp: { x: (g, _, row) => apply(clearRowPrimitive, [g], row) },
});

// The rows themselves; their gradient times a factor per row.
const weighedGradPrimitive: Primitive<null> = primitive({
  name: "embedding",
  inputs: ["x", "factor"],
  view: (x, _: null) => x.view,
  saves: ["factor"],
  vjp: { x: (g, { factor }) => mul(g, factor) },
});

export interface EmbeddingOptions {
  /** A row that gets no gradient; negative counts from the end. */
  readonly paddingIdx?: number;
  /** Rows that are looked up and whose norm is above this are first scaled down to it, in the table itself. */
  readonly maxNorm?: number;
  /** The p of that norm; default 2. */
  readonly normType?: number;
  /** Divide each row's gradient by how often the row occurs in the index; default false. */
  readonly scaleGradByFreq?: boolean;
}

/**
 * Rows of a table: y[..., :] = weight[index[...], :].
 *
 * Shapes: index int32 [...], weight [V, D] -> [..., D]. The gradient adds up where indices repeat, in a fixed order; the row
 * `paddingIdx` (negative: from the end) gets none. `maxNorm` changes the table in place, unrecorded: rows become
 * row maxNorm / (norm + 1e-7).
 *
 * @throws IndexError naming the first index outside 0..V-1.
 */
export function embedding(index: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  const op = "embedding";
  index.assertAlive(op);
  weight.assertAlive(op);
  requireIndex(op, index);
  requireSameDevice(op, [index, weight]);
  if (weight.rank !== 2)
    throw new ShapeError(op, `the weight must have the axes [V, D]; got ${formatShape(weight.shape)}.`);
  const [rows, width] = weight.shape;
  const { maxNorm, normType = 2, scaleGradByFreq = false } = options;
  const frozen = frozenRow(options.paddingIdx, rows);
  if (maxNorm !== undefined && !(maxNorm > 0))
    throw new ValueError(op, `maxNorm must be a number above 0; got ${String(maxNorm)}.`);
  return composite(op, () => {
    const flat = reshape(index, [index.size]);
    if (maxNorm !== undefined) shorten(weight, flat, maxNorm, normType);
    const table = frozen === undefined ? weight : apply(frozenRowPrimitive, [weight], frozen);
    const picked = indexSelectFor(op, table, 0, flat);
    const y = scaleGradByFreq ? apply(weighedGradPrimitive, [picked, shares(flat, weight)], null) : picked;
    return reshape(y, [...index.shape, width]);
  });
}

function frozenRow(paddingIdx: number | undefined, rows: number): number | undefined {
  const row = paddingIdx === undefined || paddingIdx >= 0 ? paddingIdx : paddingIdx + rows;
  if (row === undefined || (Number.isInteger(row) && row >= 0 && row < rows)) return row;
  throw new ShapeError(
    "embedding",
    `paddingIdx must be a whole number in ${String(-rows)}..${String(rows - 1)}; got ${String(paddingIdx)}.`,
  );
}

// Where an index repeats, every occurrence writes the same row.
function shorten(weight: Tensor, flat: Tensor, maxNorm: number, p: number): void {
  requireFloat("embedding", weight);
  noGrad(() => {
    const rows = indexSelectFor("embedding", weight, 0, flat);
    const lengths = norm(rows, { p, axis: 1, keepDims: true });
    const scale = where(gt(lengths, maxNorm), div(maxNorm, add(lengths, 1e-7)), 1);
    const places = expand(reshape(flat, [flat.size, 1]), rows.shape);
    assign(weight, scatter(weight, 0, places, mul(rows, scale)));
  });
}

/** One over how often each index occurs, as a column. */
const shares = (flat: Tensor, weight: Tensor): Tensor =>
  noGrad<Tensor>(() => {
    const ones = fill(weight.device, flat.shape, 1, weight.dtype);
    const counts = indexSumFor("embedding", ones, 0, flat, weight.shape[0]);
    return reshape(div(1, indexSelectFor("embedding", counts, 0, flat)), [flat.size, 1]);
  });

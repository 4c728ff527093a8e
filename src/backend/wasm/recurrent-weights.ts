// Recurrent layers on the wasm device: the sizes of their gates, and the products that forward and backward share.
import type { Operand } from "../kernels.ts";
import type { RecurrentForm } from "../recurrent.ts";
import { pointer } from "./exports.ts";
import type { KernelExports } from "./exports.ts";

export type Cell = "rnn" | "lstm" | "gru";

/** A spare tile of the kernels, rounded up. */
export const TILE_BYTES = 256;

/** A run of gates: columns of the gates' buffer, and rows of the recurrent weights that feed them. */
interface GateRun {
  readonly column: number;
  readonly row: number;
  readonly size: number;
}

export interface CellSizes {
  /** Rows of the weights. */
  readonly width: number;
  /** Columns of the gates' buffer: the gru keeps the recurrent part of n apart. */
  readonly columns: number;
  readonly runs: readonly GateRun[];
}

export function cellSizes(cell: Cell, hidden: number): CellSizes {
  if (cell === "gru") {
    const runs = [
      { column: 0, row: 0, size: 2 * hidden },
      { column: 3 * hidden, row: 2 * hidden, size: hidden },
    ];
    return { width: 3 * hidden, columns: 4 * hidden, runs };
  }
  const width = cell === "rnn" ? hidden : 4 * hidden;
  return { width, columns: width, runs: [{ column: 0, row: 0, size: width }] };
}

export const optional = (x: Operand | undefined): number => (x ? pointer(x) : 0);

export const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** A matrix in the wasm memory; strides in elements. */
export interface Matrix {
  readonly ptr: number;
  readonly rowStride: number;
  readonly colStride: number;
}

export const matrix = (ptr: number, rowStride: number): Matrix => ({ ptr, rowStride, colStride: 1 });

export const turned = ({ ptr, rowStride, colStride }: Matrix): Matrix => ({
  ptr,
  rowStride: colStride,
  colStride: rowStride,
});

/** [rows, columns, depth] of a product. */
export type ProductSizes = readonly [m: number, n: number, k: number];

/** y [m, n] = bias + a [m, k] b [k, n], or y += a b. */
export function multiply(
  e: KernelExports,
  [a, b, y]: readonly [Matrix, Matrix, Matrix],
  [m, n, k]: ProductSizes,
  pack: number,
  { bias = 0, accumulate = 0 } = {},
): void {
  if (m === 0 || n === 0) return;
  // Threads share the longer side of y.
  const [kernel, units] = m >= n ? [e.gemm_f32, m] : [e.gemm_columns_f32, n];
  kernel(
    a.ptr,
    a.rowStride,
    a.colStride,
    b.ptr,
    b.rowStride,
    b.colStride,
    y.ptr,
    y.rowStride,
    bias,
    m,
    n,
    k,
    accumulate,
    pack,
    0,
    units,
  );
}

/** Bytes of a matrix [k, n] in panels of 8 columns. */
const panelBytes = (k: number, n: number): number => Math.ceil(n / 8) * 8 * k * 4;

const packPanels = (e: KernelExports, b: Matrix, k: number, n: number, panelsPtr: number): number =>
  e.pack_columns_f32(b.ptr, b.rowStride, b.colStride, k, n, panelsPtr, 0, Math.ceil(n / 8));

/** Bytes of the recurrent weights packed for the steps; a batch of one takes them as they are. */
export function weightPanelBytes(
  runs: CellSizes["runs"],
  { batch, outputs }: RecurrentForm,
  forward: boolean,
): number {
  if (batch === 1) return 0;
  const bytes = (size: number): number => (forward ? panelBytes(outputs, size) : panelBytes(size, outputs));
  return align(runs.reduce((sum, { size }) => sum + bytes(size), 0));
}

/** Packs the recurrent weights, run behind run: turned for forward steps, as they are for backward ones. */
export function packWeights(
  e: KernelExports,
  weightHh: Operand,
  runs: CellSizes["runs"],
  { outputs }: RecurrentForm,
  forward: boolean,
  panelsPtr: number,
): void {
  let ptr = panelsPtr;
  for (const { row, size } of runs) {
    const part = matrix(pointer(weightHh) + row * outputs * 4, outputs);
    if (forward) packPanels(e, turned(part), outputs, size, ptr);
    else packPanels(e, part, size, outputs, ptr);
    ptr += forward ? panelBytes(outputs, size) : panelBytes(size, outputs);
  }
}

/** The same for the projection [outputs, hidden]. */
export const projectionPanelBytes = ({ batch, hidden, outputs }: RecurrentForm): number =>
  batch === 1 ? 0 : align(Math.max(panelBytes(hidden, outputs), panelBytes(outputs, hidden)));

export function packProjection(
  e: KernelExports,
  weightHr: Operand,
  { hidden, outputs }: RecurrentForm,
  forward: boolean,
  panelsPtr: number,
): void {
  const weight = matrix(pointer(weightHr), hidden);
  if (forward) packPanels(e, turned(weight), hidden, outputs, panelsPtr);
  else packPanels(e, weight, outputs, hidden, panelsPtr);
}

/** y = x, or zeros. */
export function copyOrClear(e: KernelExports, x: Operand | undefined, y: Operand): void {
  if (y.view.size === 0) return;
  if (x) e.copy_f32(pointer(x), pointer(y), 0, y.view.size);
  else e.fill_f32(pointer(y), 0, 0, y.view.size);
}

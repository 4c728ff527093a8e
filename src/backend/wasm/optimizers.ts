// In-place steps over many tensors on the wasm device: one call for all parameters, by a table of addresses. Scalars that
// depend only on the step are folded here, in double.
import type { KernelFamilies, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";

/** Elements of one row of the table: a unit of work that threads may share out. */
const PIECE = 1 << 14;
const COLUMNS = 5;
const ROW_BYTES = 4 * COLUMNS;

interface Table {
  readonly ptr: number;
  readonly rows: number;
  /** Behind the table: a float per row. */
  readonly sumsPtr: number;
}

/** Rows of addresses and a length for tuples of `width` operands of one size, cut into pieces. */
function tableOf(workspace: Workspace, tuples: readonly Operand[], width: number): Table {
  let rows = 0;
  for (let i = 0; i < tuples.length; i += width) rows += Math.ceil(tuples[i].view.size / PIECE);
  const ptr = workspace.shared(rows * (ROW_BYTES + 4));
  const table = workspace.heap.words();
  let at = ptr >>> 2;
  for (let i = 0; i < tuples.length; i += width) {
    const { size } = tuples[i].view;
    for (let start = 0; start < size; start += PIECE) {
      for (let k = 0; k < COLUMNS - 1; k++)
        table[at + k] = k < width ? pointer(tuples[i + k]) + 4 * start : 0;
      table[at + COLUMNS - 1] = Math.min(PIECE, size - start);
      at += COLUMNS;
    }
  }
  return { ptr, rows, sumsPtr: ptr + rows * ROW_BYTES };
}

export function optimizerKernels(
  e: KernelExports,
  workspace: Workspace,
): Pick<KernelFamilies, "adam" | "sgd" | "squaresSum" | "scaleAll"> {
  return {
    adam(tuples, o) {
      const { ptr, rows } = tableOf(workspace, tuples, 4);
      const stepSize = o.lr / o.biasCorrection1;
      const vScale = 1 / Math.sqrt(o.biasCorrection2);
      const decay = o.decoupled ? 1 - o.lr * o.weightDecay : 1;
      const l2 = o.decoupled ? 0 : o.weightDecay;
      const { beta1, beta2, eps } = o;
      e.adam_table_f32(ptr, stepSize, beta1, 1 - beta1, beta2, 1 - beta2, vScale, eps, l2, decay, 0, rows);
    },
    sgd(tuples, { lr, momentum, dampening, weightDecay, nesterov, first }) {
      const { ptr, rows } = tableOf(workspace, tuples, momentum === 0 ? 2 : 3);
      const gradScale = first ? 1 : 1 - dampening;
      e.sgd_table_f32(ptr, lr, momentum, gradScale, weightDecay, Number(nesterov), 0, rows);
    },
    squaresSum(xs, y) {
      const { ptr, rows, sumsPtr } = tableOf(workspace, xs, 1);
      e.squares_table_f32(ptr, sumsPtr, 0, rows);
      e.sum_f32(sumsPtr, pointer(y), rows, 1, 0, 1);
    },
    scaleAll(pairs) {
      if (pairs.length === 0) return;
      const { ptr, rows } = tableOf(workspace, pairs, 2);
      e.scale_table_f32(ptr, pointer(pairs[1]), 0, rows);
    },
  };
}

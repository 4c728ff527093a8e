// Functions of two and three operands that broadcast, on the wasm device: their kernels walk rows and columns with
// column steps of 0 or 1; other layouts are brought to that form here.
import type { View } from "../../core/view.ts";
import type { KernelFamilies, Operand } from "../kernels.ts";
import type { BinaryOp, CompareOp } from "../scalars.ts";
import { copyTo } from "./elementwise.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";
import { fold, forEachOuter } from "./layout.ts";

type Kernel = (...args: number[]) => number;

const COMPARE_CODES: Record<CompareOp, number> = {
  eq: 0,
  ne: 1,
  lt: 2,
  le: 3,
  gt: 4,
  ge: 5,
  and: 6,
  or: 7,
  // Bools differ where exactly one holds.
  xor: 1,
};

/** Codes of the binary ops that whole numbers have. */
const INTEGER_CODES: Partial<Record<BinaryOp, number>> = {
  add: 0,
  sub: 1,
  mul: 2,
  minimum: 3,
  maximum: 4,
  remainder: 5,
};

export function broadcastKernels(
  e: KernelExports,
  workspace: Workspace,
): Pick<KernelFamilies, "binary" | "compare" | "where"> {
  const binary: Record<BinaryOp, Kernel> = {
    add: e.add_f32,
    sub: e.sub_f32,
    mul: e.mul_f32,
    div: e.div_f32,
    remainder: e.remainder_f32,
    pow: e.pow_f32,
    atan2: e.atan2_f32,
    minimum: e.minimum_f32,
    maximum: e.maximum_f32,
    reluGrad: e.relu_grad_f32,
    tanhGrad: e.tanh_grad_f32,
    sigmoidGrad: e.sigmoid_grad_f32,
    siluGrad: e.silu_grad_f32,
    geluGrad: e.gelu_grad_f32,
    geluTanhGrad: e.gelu_tanh_grad_f32,
  };

  return {
    binary(op, a, b, y) {
      const code = INTEGER_CODES[op];
      const isInteger = a.storage.dtype !== "float32" && code !== undefined;
      const kernel: Kernel = isInteger ? (...args) => e.binary_i32(code, ...args) : binary[op];
      const n = y.view.size;
      if (a.view.dense && b.view.dense) kernel(pointer(a), 0, 1, pointer(b), 0, 1, pointer(y), n, 0, n);
      else overRows(e, workspace, kernel, [place(a), place(b)], place(y));
    },
    compare(op, a, b, y) {
      const compare = a.storage.dtype === "float32" ? e.compare_f32 : e.compare_i32;
      const kernel: Kernel = (...args) => compare(COMPARE_CODES[op], ...args);
      overRows(e, workspace, kernel, [place(a), place(b)], place(y));
    },
    where(condition, a, b, y) {
      overRows(e, workspace, e.where_f32, [place(condition), place(a), place(b)], place(y));
    },
  };
}

// An operand as an address and a layout; copies made for one kernel call have no storage.
interface Placed {
  readonly ptr: number;
  readonly view: View;
}

const place = (x: Operand): Placed => ({ ptr: pointer(x), view: x.view });

// Axes outside the rows are looped over here. Operands with another innermost step than 0 and 1 (transposed ones) are
// copied out first.
function overRows(
  e: KernelExports,
  workspace: Workspace,
  kernel: Kernel,
  inputs: readonly Placed[],
  y: Placed,
): void {
  const { size } = y.view;
  if (size === 0) return;
  const awkward = inputs.map(({ view }) => innerStep(view) > 1 || innerStep(view) < 0);
  workspace.borrow(4 * size * awkward.filter(Boolean).length, (ptr) => {
    let at = ptr;
    const even = inputs.map((x, i) => {
      if (!awkward[i]) return x;
      const copy = { ptr: at, view: y.view };
      at += 4 * size;
      copyTo(e, x.view, x.ptr, y.view, copy.ptr);
      return copy;
    });
    runRows(kernel, even, y);
  });
}

// Step along the last axis that has more than one position.
function innerStep({ shape, strides }: View): number {
  for (let axis = shape.length - 1; axis >= 0; axis--) if (shape[axis] !== 1) return strides[axis];
  return 0;
}

function runRows(kernel: Kernel, inputs: readonly Placed[], y: Placed): void {
  const folded = fold([y.view, ...inputs.map(({ view }) => view)]);
  const rank = folded.sizes.length;
  const nCols = folded.sizes[rank - 1] ?? 1;
  const nRows = folded.sizes[rank - 2] ?? 1;
  const [, ...steps] = folded.strides.map((of) => [of[rank - 2] ?? 0, of[rank - 1] ?? 0]);
  forEachOuter(folded, Math.max(0, rank - 2), ([yAt, ...at]) => {
    const places = inputs.flatMap(({ ptr }, k) => [ptr + at[k] * 4, ...steps[k]]);
    kernel(...places, y.ptr + yAt * 4, nCols, 0, nRows * nCols);
  });
}

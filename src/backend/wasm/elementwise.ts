// fill, copy, cast, unary and binary on the wasm device.
import type { View } from "../../core/view.ts";
import type { KernelFamilies, Operand } from "../kernels.ts";
import type { BinaryOp, UnaryOp } from "../scalars.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";
import { fold, forEachOuter } from "./layout.ts";
import type { Folded } from "./layout.ts";

type Kernel = (...args: number[]) => number;
type Families = Pick<KernelFamilies, "fill" | "copy" | "cast" | "unary" | "binary">;

export function elementwiseKernels(e: KernelExports, workspace: Workspace): Families {
  const unary: Record<UnaryOp, Kernel> = {
    neg: e.neg_f32,
    exp: e.exp_f32,
    log: e.log_f32,
    sqrt: e.sqrt_f32,
    relu: e.relu_f32,
    tanh: e.tanh_f32,
    sigmoid: e.sigmoid_f32,
  };
  const binary: Record<BinaryOp, Kernel> = {
    add: e.add_f32,
    sub: e.sub_f32,
    mul: e.mul_f32,
    div: e.div_f32,
    reluGrad: e.relu_grad_f32,
    tanhGrad: e.tanh_grad_f32,
    sigmoidGrad: e.sigmoid_grad_f32,
  };

  return {
    fill(y, value) {
      // int32 and bool buffers are windows of integers: a float bit pattern would not do.
      if (y.storage.dtype === "float32") e.fill_f32(pointer(y), value, 0, y.view.size);
      else workspace.heap.window(y.storage.dtype, pointer(y), y.view.size).fill(value);
    },
    copy(x, y) {
      copyTo(e, x.view, pointer(x), y.view, pointer(y));
    },
    cast(x, y) {
      const from = x.storage.dtype;
      const to = y.storage.dtype;
      if (from === "float32" && to === "int32") e.cast_f32_i32(pointer(x), pointer(y), 0, x.view.size);
      else if (from !== "float32" && to === "float32") e.cast_i32_f32(pointer(x), pointer(y), 0, x.view.size);
      else castToBool(workspace, x, y);
    },
    unary(op, x, y) {
      unary[op](pointer(x), pointer(y), 0, x.view.size);
    },
    binary(op, a, b, y) {
      const n = y.view.size;
      if (a.view.dense && b.view.dense) binary[op](pointer(a), 0, 1, pointer(b), 0, 1, pointer(y), n, 0, n);
      else broadcastBinary(e, workspace, binary[op], place(a), place(b), place(y));
    },
  };
}

// bool to int32 keeps the bits; anything to bool compares with zero. Rare, so a plain loop over the memory does.
function castToBool(workspace: Workspace, x: Operand, y: Operand): void {
  const n = x.view.size;
  const source = workspace.heap.window(x.storage.dtype, pointer(x), n);
  const target = workspace.heap.window(y.storage.dtype, pointer(y), n);
  for (let i = 0; i < n; i++) target[i] = y.storage.dtype === "bool" ? Number(source[i] !== 0) : source[i];
}

/** Copies between two layouts of the same shape; pointers are to the first elements. */
export function copyTo(e: KernelExports, from: View, xPtr: number, to: View, yPtr: number): void {
  if (from.dense && to.dense) {
    e.copy_f32(xPtr, yPtr, 0, from.size);
    return;
  }
  const folded = fold([from, to]);
  const outer = Math.max(0, folded.sizes.length - 4);
  const pad = <T>(values: T[], filler: T): T[] =>
    [filler, filler, filler, filler, ...values.slice(outer)].slice(-4);
  const [n0, n1, n2, n3] = pad(folded.sizes, 1);
  const [x0, x1, x2, x3] = pad(folded.strides[0], 0);
  const [y0, y1, y2, y3] = pad(folded.strides[1], 0);
  if (from.size === 0) return;
  forEachOuter(folded, outer, ([xAt, yAt]) => {
    const x = xPtr + xAt * 4;
    const y = yPtr + yAt * 4;
    e.copy_strided_f32(x, x0, x1, x2, x3, y, y0, y1, y2, y3, n0, n1, n2, n3, 0, n0 * n1 * n2);
  });
}

// An operand as an address and a layout; copies made for one kernel call have no storage.
interface Placed {
  readonly ptr: number;
  readonly view: View;
}

const place = (x: Operand): Placed => ({ ptr: pointer(x), view: x.view });

// The kernel walks rows and columns with column steps of 0 or 1; axes further out are looped over here. Operands with
// another innermost step (transposed ones) are copied out first.
function broadcastBinary(
  e: KernelExports,
  workspace: Workspace,
  kernel: Kernel,
  a: Placed,
  b: Placed,
  y: Placed,
): void {
  const { size } = y.view;
  if (size === 0) return;
  const awkward = [a, b].map((x) => innerStep(x.view) > 1 || innerStep(x.view) < 0);
  workspace.borrow(4 * size * awkward.filter(Boolean).length, (ptr) => {
    let at = ptr;
    const [left, right] = [a, b].map((x, i) => {
      if (!awkward[i]) return x;
      const copy = { ptr: at, view: y.view };
      at += 4 * size;
      copyTo(e, x.view, x.ptr, y.view, copy.ptr);
      return copy;
    });
    runRows(kernel, fold([y.view, left.view, right.view]), left.ptr, right.ptr, y.ptr);
  });
}

// Step along the last axis that has more than one position.
function innerStep({ shape, strides }: View): number {
  for (let axis = shape.length - 1; axis >= 0; axis--) if (shape[axis] !== 1) return strides[axis];
  return 0;
}

function runRows(kernel: Kernel, folded: Folded, aPtr: number, bPtr: number, yPtr: number): void {
  const rank = folded.sizes.length;
  const nCols = folded.sizes[rank - 1] ?? 1;
  const nRows = folded.sizes[rank - 2] ?? 1;
  const [, [aRow, aStep], [bRow, bStep]] = folded.strides.map((s) => [s[rank - 2] ?? 0, s[rank - 1] ?? 0]);
  forEachOuter(folded, Math.max(0, rank - 2), ([yAt, aAt, bAt]) => {
    kernel(aPtr + aAt * 4, aRow, aStep, bPtr + bAt * 4, bRow, bStep, yPtr + yAt * 4, nCols, 0, nRows * nCols);
  });
}

// Matrix products on the wasm device: the kernel takes any strides, so transposed operands cost nothing.
import type { KernelFamilies, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";
import { fold, forEachOuter } from "./layout.ts";
import { View } from "../../core/view.ts";

// Leading axes of a matrix operand.
const batchView = ({ shape, strides }: View): View => new View(shape.slice(0, -2), strides.slice(0, -2), 0);

export function matmulKernels(e: KernelExports, workspace: Workspace): Pick<KernelFamilies, "matmul"> {
  function single(a: Operand, b: Operand, bias: Operand | null, y: Operand): void {
    const { shape, strides } = a.view;
    const m = shape[0];
    const k = shape[1];
    const n = b.view.shape[1];
    const bRow = b.view.strides[0];
    const bCol = b.view.strides[1];
    const biasPtr = bias ? pointer(bias) : 0;
    const pack = workspace.scratch(e.gemm_scratch_bytes(m, n, k));
    e.gemm_f32(
      pointer(a),
      strides[0],
      strides[1],
      pointer(b),
      bRow,
      bCol,
      pointer(y),
      n,
      biasPtr,
      m,
      n,
      k,
      0,
      pack,
      0,
      m,
    );
  }

  function batched(a: Operand, b: Operand, bias: Operand | null, y: Operand): void {
    const rank = y.view.shape.length;
    const [m, n] = y.view.shape.slice(-2);
    const k = a.view.shape[rank - 1];
    const [aRow, aCol] = a.view.strides.slice(-2);
    const [bRow, bCol] = b.view.strides.slice(-2);
    const biasPtr = bias ? pointer(bias) : 0;
    const pack = workspace.scratch(e.gemm_scratch_bytes(m, n, k));
    const folded = fold([batchView(y.view), batchView(a.view), batchView(b.view)]);
    const last = folded.sizes.length - 1;
    const count = folded.sizes[last] ?? 1;
    const [yBatch, aBatch, bBatch] = folded.strides.map((strides) => strides[last] ?? 0);
    const [aPtr, bPtr, yPtr] = [pointer(a), pointer(b), pointer(y)];
    forEachOuter(folded, Math.max(0, last), ([yAt, aAt, bAt]) => {
      const aFirst = aPtr + aAt * 4;
      const bFirst = bPtr + bAt * 4;
      const yFirst = yPtr + yAt * 4;
      e.gemm_batch_f32(
        ...[
          aFirst,
          aBatch,
          aRow,
          aCol,
          bFirst,
          bBatch,
          bRow,
          bCol,
          yFirst,
          yBatch,
          n,
          biasPtr,
          m,
          n,
          k,
          0,
          pack,
        ],
        ...[0, count],
      );
    });
  }

  return {
    matmul(a, b, bias, y) {
      if (y.view.size === 0) return;
      if (y.view.shape.length === 2) single(a, b, bias, y);
      else batched(a, b, bias, y);
    },
  };
}

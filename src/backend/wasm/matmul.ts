// Matrix products on the wasm device: the kernel takes any strides, so transposed operands cost nothing.
import type { KernelFamilies, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";
import { fold, forEachOuter } from "./layout.ts";
import { View } from "../../core/view.ts";

// Leading axes of a matrix operand.
const batchView = ({ shape, strides }: View): View => new View(shape.slice(0, -2), strides.slice(0, -2), 0);

/** What is the same for every matrix of a batch; strides in elements. */
interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly aRow: number;
  readonly aCol: number;
  readonly bRow: number;
  readonly bCol: number;
  readonly biasPtr: number;
  readonly pack: number;
}

export function matmulKernels(e: KernelExports, workspace: Workspace): Pick<KernelFamilies, "matmul"> {
  function describe(a: View, b: View, bias: Operand | null): Product {
    const column = a.shape.length - 1;
    const row = column - 1;
    const m = a.shape[row];
    const n = b.shape[column];
    const k = a.shape[column];
    const pack = workspace.scratch(e.gemm_scratch_bytes(m, n, k));
    return {
      m,
      n,
      k,
      pack,
      biasPtr: bias ? pointer(bias) : 0,
      aRow: a.strides[row],
      aCol: a.strides[column],
      bRow: b.strides[row],
      bCol: b.strides[column],
    };
  }

  // Cut along the longer side of y: each chunk packs the whole of the other operand.
  function cut(aPtr: number, bPtr: number, yPtr: number, p: Product): void {
    const { m, n, k, aRow, aCol, bRow, bCol, biasPtr, pack } = p;
    if (m >= n) e.gemm_f32(aPtr, aRow, aCol, bPtr, bRow, bCol, yPtr, n, biasPtr, m, n, k, 0, pack, 0, m);
    else e.gemm_columns_f32(aPtr, aRow, aCol, bPtr, bRow, bCol, yPtr, n, biasPtr, m, n, k, 0, pack, 0, n);
  }

  function one(aPtr: number, bPtr: number, yPtr: number, p: Product): void {
    const { m, n, k, aRow, bCol, biasPtr } = p;
    // An outer product, as the weight gradient of a batch of one is, is no work for tiles.
    if (k === 1 && bCol === 1 && biasPtr === 0) e.mul_f32(aPtr, aRow, 0, bPtr, 0, 1, yPtr, n, 0, m * n);
    else cut(aPtr, bPtr, yPtr, p);
  }

  /** Matrices in even steps: whole ones for each thread, or where there are fewer than threads one after the other. */
  function several(pointers: Pointers, steps: Pointers, count: number, p: Product): void {
    const [aPtr, bPtr, yPtr] = pointers;
    const [aStep, bStep, yStep] = steps;
    if (count === 1) {
      one(aPtr, bPtr, yPtr, p);
      return;
    }
    if (count < workspace.threads) {
      for (let i = 0; i < count; i++) {
        cut(aPtr + i * aStep * 4, bPtr + i * bStep * 4, yPtr + i * yStep * 4, p);
      }
      return;
    }
    const { m, n, k, aRow, aCol, bRow, bCol, biasPtr, pack } = p;
    const a = [aPtr, aStep, aRow, aCol];
    const b = [bPtr, bStep, bRow, bCol];
    e.gemm_batch_f32(...a, ...b, yPtr, yStep, n, biasPtr, m, n, k, 0, pack, 0, count);
  }

  function batched(a: Operand, b: Operand, bias: Operand | null, y: Operand): void {
    const product = describe(a.view, b.view, bias);
    const folded = fold([batchView(y.view), batchView(a.view), batchView(b.view)]);
    const last = folded.sizes.length - 1;
    const [yStep, aStep, bStep] = folded.strides.map((strides) => strides[last] ?? 0);
    const [aPtr, bPtr, yPtr] = [pointer(a), pointer(b), pointer(y)];
    forEachOuter(folded, Math.max(0, last), ([yAt, aAt, bAt]) => {
      const pointers: Pointers = [aPtr + aAt * 4, bPtr + bAt * 4, yPtr + yAt * 4];
      several(pointers, [aStep, bStep, yStep], folded.sizes[last] ?? 1, product);
    });
  }

  return {
    matmul(a, b, bias, y) {
      if (y.view.size === 0) return;
      if (y.view.shape.length > 2) batched(a, b, bias, y);
      else one(pointer(a), pointer(b), pointer(y), describe(a.view, b.view, bias));
    },
  };
}

type Pointers = readonly [a: number, b: number, y: number];

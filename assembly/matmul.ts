/*
 * The matrix product y = init + A B, blocked for the caches around the register tiles of matmul-kernel.ts.
 *
 * Every element of y is one sum over k in order, started from its bias, its old value or zero, whichever path or tile
 * computes it; only products with one row or one column (matmul-vector.ts) sum in another fixed order. So the bits do
 * not depend on how rows or columns are shared out, nor on the block sizes.
 *
 * Parameters of the three kernels. Strides count elements and may be anything, so a transposed operand costs nothing:
 *   aPtr aRowStride aColStride   A [m, k]: element (i, p) is a[i * aRowStride + p * aColStride]
 *   bPtr bRowStride bColStride   B [k, n] likewise
 *   yPtr yRowStride              y [m, n], dense within a row
 *   biasPtr                      n values or 0: every row of y starts from them (ignored when accumulate is 1)
 *   accumulate                   1: y += A B, 0: y = bias + A B
 *   packPtr                      gemm_scratch_bytes(m, n, k) bytes of this thread's own
 * y must not overlap A, B or the bias. k = 0 leaves the bias or zeros.
 */
import { blockBytes, multiplyBlocks } from "./matmul-blocks";
import { multiplyDirect, multiplyTurned, turnedBytes } from "./matmul-direct";
import { BIAS_AT, PANELS_AT, ZEROS_AT } from "./matmul-scratch";
import { TILE_COLUMNS, TILE_ROWS } from "./matmul-kernel";
import { dot, multiplyVector } from "./matmul-vector";
import { bytes } from "./simd";

/** Below this many multiply-adds packing costs more than it gains (measured: up to 48^3). */
const DIRECT_WORK: i64 = 48 * 48 * 48;
/** A with few rows and at most so many bytes is packed instead of B, where B's columns are dense. */
const FLAT_ROWS: i32 = 96;
const FLAT_BYTES: i32 = 3 << 18;

/** y = bias + A B for rows [start, end) of y. */
export function gemm_f32(
  aPtr: usize,
  aRowStride: i32,
  aColStride: i32,
  bPtr: usize,
  bRowStride: i32,
  bColStride: i32,
  yPtr: usize,
  yRowStride: i32,
  biasPtr: usize,
  m: i32,
  n: i32,
  k: i32,
  accumulate: i32,
  packPtr: usize,
  start: i32,
  end: i32,
): void {
  multiplyRange(
    aPtr + bytes(start) * <usize>aRowStride,
    bytes(aRowStride),
    bytes(aColStride),
    bPtr,
    bytes(bRowStride),
    bytes(bColStride),
    yPtr + bytes(start) * <usize>yRowStride,
    bytes(yRowStride),
    biasPtr,
    end - start,
    n,
    m,
    n,
    k,
    accumulate,
    packPtr,
  );
}

/** y = bias + A B for columns [start, end) of y: the split to take when y is wider than high. */
export function gemm_columns_f32(
  aPtr: usize,
  aRowStride: i32,
  aColStride: i32,
  bPtr: usize,
  bRowStride: i32,
  bColStride: i32,
  yPtr: usize,
  yRowStride: i32,
  biasPtr: usize,
  m: i32,
  n: i32,
  k: i32,
  accumulate: i32,
  packPtr: usize,
  start: i32,
  end: i32,
): void {
  multiplyRange(
    aPtr,
    bytes(aRowStride),
    bytes(aColStride),
    bPtr + bytes(start) * <usize>bColStride,
    bytes(bRowStride),
    bytes(bColStride),
    yPtr + bytes(start),
    bytes(yRowStride),
    biasPtr ? biasPtr + bytes(start) : 0,
    m,
    end - start,
    m,
    n,
    k,
    accumulate,
    packPtr,
  );
}

/** y[i] = bias + A[i] B[i] for matrices i in [start, end), *BatchStride elements apart (0: the same one every time). */
export function gemm_batch_f32(
  aPtr: usize,
  aBatchStride: i32,
  aRowStride: i32,
  aColStride: i32,
  bPtr: usize,
  bBatchStride: i32,
  bRowStride: i32,
  bColStride: i32,
  yPtr: usize,
  yBatchStride: i32,
  yRowStride: i32,
  biasPtr: usize,
  m: i32,
  n: i32,
  k: i32,
  accumulate: i32,
  packPtr: usize,
  start: i32,
  end: i32,
): void {
  for (let i = start; i < end; ++i) {
    multiplyRange(
      aPtr + bytes(i) * <usize>aBatchStride,
      bytes(aRowStride),
      bytes(aColStride),
      bPtr + bytes(i) * <usize>bBatchStride,
      bytes(bRowStride),
      bytes(bColStride),
      yPtr + bytes(i) * <usize>yBatchStride,
      bytes(yRowStride),
      biasPtr,
      m,
      n,
      m,
      n,
      k,
      accumulate,
      packPtr,
    );
  }
}

/** How many bytes packPtr must point to, for a product of this shape in any range. */
export function gemm_scratch_bytes(m: i32, n: i32, k: i32): i32 {
  let panels = blockBytes(m, n, k);
  if (m == 1 || n == 1 || isSmall(m, n, k)) panels = max(panels, k * TILE_COLUMNS * 4);
  if (isFlat(m, n, k)) panels = max(panels, turnedBytes(m, k));
  return <i32>PANELS_AT + panels;
}


@inline
function isSmall(m: i32, n: i32, k: i32): bool {
  return <i64>m * <i64>n * <i64>k <= DIRECT_WORK;
}

/** Tiles that cover [m, n]. */
@inline
function tileCount(m: i32, n: i32): i32 {
  return ((m + TILE_ROWS - 1) / TILE_ROWS) * ((n + TILE_COLUMNS - 1) / TILE_COLUMNS);
}

/** Whether A has few rows, beside B or at all, and stays in the second-level cache when packed. */
@inline
function isFlat(m: i32, n: i32, k: i32): bool {
  return (m <= FLAT_ROWS || 2 * m <= n) && turnedBytes(m, k) <= FLAT_BYTES;
}

/** The product for nRows x nColumns of y; m and n are the whole product's, because they alone choose the path. */
function multiplyRange(
  aPtr: usize,
  aRow: usize,
  aStep: usize,
  bPtr: usize,
  bRow: usize,
  bStep: usize,
  yPtr: usize,
  yRow: usize,
  biasPtr: usize,
  nRows: i32,
  nColumns: i32,
  m: i32,
  n: i32,
  k: i32,
  accumulate: i32,
  packPtr: usize,
): void {
  if (nRows <= 0 || nColumns <= 0) return;
  if (m == 1) {
    const aVector = denseVector(aPtr, aStep, k, packPtr);
    const initPtr = accumulate ? yPtr : biasPtr;
    if (n == 1 && bRow == 4) store<f32>(yPtr, (initPtr ? load<f32>(initPtr) : 0) + dot(aVector, bPtr, k));
    else multiplyVector(bPtr, bStep, bRow, aVector, initPtr, 4, yPtr, 4, nColumns, k);
    return;
  }
  if (n == 1) {
    const bVector = denseVector(bPtr, bRow, k, packPtr);
    const initPtr = accumulate ? yPtr : biasPtr;
    multiplyVector(aPtr, aRow, aStep, bVector, initPtr, accumulate ? yRow : 0, yPtr, yRow, nRows, k);
    return;
  }
  const isDirect = isSmall(m, n, k);
  if (accumulate) biasPtr = 0;
  else if (bRow == 4 && isFlat(m, n, k) && (!isDirect || tileCount(n, m) < tileCount(m, n))) {
    multiplyTurned(aPtr, aRow, aStep, bPtr, bStep, yPtr, yRow, biasPtr, nRows, nColumns, k, packPtr);
    return;
  }
  v128.store(packPtr + ZEROS_AT, f32x4.splat(0));
  v128.store(packPtr + ZEROS_AT, f32x4.splat(0), 16);
  const nTail = nColumns % TILE_COLUMNS;
  if (biasPtr && nTail) {
    memory.copy(packPtr + BIAS_AT, biasPtr + bytes(nColumns - nTail), bytes(nTail));
  }
  if (isDirect) {
    multiplyDirect(
      aPtr,
      aRow,
      aStep,
      bPtr,
      bRow,
      bStep,
      yPtr,
      yRow,
      biasPtr,
      nRows,
      nColumns,
      k,
      accumulate,
      packPtr,
    );
  } else {
    multiplyBlocks(
      aPtr,
      aRow,
      aStep,
      bPtr,
      bRow,
      bStep,
      yPtr,
      yRow,
      biasPtr,
      nRows,
      nColumns,
      k,
      accumulate,
      packPtr,
    );
  }
}


@inline
function denseVector(vPtr: usize, step: usize, k: i32, packPtr: usize): usize {
  if (step == 4) return vPtr;
  const dense = packPtr + PANELS_AT;
  for (let i = 0; i < k; ++i) {
    store<f32>(dense + bytes(i), load<f32>(vPtr));
    vPtr += step;
  }
  return dense;
}

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
import { TILE_COLUMNS, TILE_ROWS, copyTile, multiplyTile, multiplyTileInPlace } from "./matmul-kernel";
import { packColumns, packEightColumns, packRows } from "./matmul-pack";
import { multiplyVector } from "./matmul-vector";
import { bytes } from "./simd";

/** Rows of A, depth, and columns of B in one packed block: 96 KB of A and 1 MB of B for L2, 16 KB of B for L1. */
const BLOCK_ROWS: i32 = 48;
const BLOCK_DEPTH: i32 = 512;
const BLOCK_COLUMNS: i32 = 512;

/** Below this many multiply-adds packing costs more than it gains (measured: up to 48^3). */
const DIRECT_WORK: i64 = 48 * 48 * 48;

/** The scratch begins with a spare tile for edges, eight zeros, and the last bias values padded to eight. */
const TILE_STRIDE: usize = 32;
const ZEROS_AT: usize = 192;
const BIAS_AT: usize = 224;
const PANELS_AT: usize = 256;

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
  const depth = min(k, BLOCK_DEPTH);
  const rows = roundUp(min(m, BLOCK_ROWS), TILE_ROWS);
  const columns = roundUp(min(n, BLOCK_COLUMNS), TILE_COLUMNS);
  const blocked = depth * (rows + columns) * 4;
  const isDirect = m == 1 || n == 1 || isSmall(m, n, k);
  return <i32>PANELS_AT + (isDirect ? max(blocked, k * TILE_COLUMNS * 4) : blocked);
}


@inline
function roundUp(n: i32, step: i32): i32 {
  return ((n + step - 1) / step) * step;
}


@inline
function isSmall(m: i32, n: i32, k: i32): bool {
  return <i64>m * <i64>n * <i64>k <= DIRECT_WORK;
}

/** The largest equal blocks of at most `limit` that cover n, each a multiple of `step`. */
@inline
function blockSize(n: i32, limit: i32, step: i32): i32 {
  if (n <= limit) return roundUp(n, step);
  const nBlocks = (n + limit - 1) / limit;
  return roundUp((n + nBlocks - 1) / nBlocks, step);
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
    multiplyVector(bPtr, bStep, bRow, aVector, initPtr, 4, yPtr, 4, nColumns, k);
    return;
  }
  if (n == 1) {
    const bVector = denseVector(bPtr, bRow, k, packPtr);
    const initPtr = accumulate ? yPtr : biasPtr;
    multiplyVector(aPtr, aRow, aStep, bVector, initPtr, accumulate ? yRow : 0, yPtr, yRow, nRows, k);
    return;
  }
  v128.store(packPtr + ZEROS_AT, f32x4.splat(0));
  v128.store(packPtr + ZEROS_AT, f32x4.splat(0), 16);
  if (accumulate) biasPtr = 0;
  const nTail = nColumns % TILE_COLUMNS;
  if (biasPtr && nTail) {
    memory.copy(packPtr + BIAS_AT, biasPtr + bytes(nColumns - nTail), bytes(nTail));
  }
  if (isSmall(m, n, k)) {
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

/** Where the tile at column j starts from when it does not start from y: its bias (padded at the edge) or zeros. */
@inline
function tileInit(biasPtr: usize, j: i32, width: i32, packPtr: usize): usize {
  if (!biasPtr) return packPtr + ZEROS_AT;
  return width == TILE_COLUMNS ? biasPtr + bytes(j) : packPtr + BIAS_AT;
}

/** Small products: A in place, B in place where its rows are dense, else one packed panel at a time. */
function multiplyDirect(
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
  k: i32,
  accumulate: i32,
  packPtr: usize,
): void {
  for (let j = 0; j < nColumns; j += TILE_COLUMNS) {
    const width = min(nColumns - j, TILE_COLUMNS);
    const init = tileInit(biasPtr, j, width, packPtr);
    let panel = bPtr + <usize>j * bStep;
    let panelRow = bRow;
    if (bStep != 4 || width < TILE_COLUMNS) {
      packEightColumns(panel, bRow, bStep, k, width, packPtr + PANELS_AT);
      panel = packPtr + PANELS_AT;
      panelRow = 32;
    }
    let a = aPtr;
    let y = yPtr + bytes(j);
    for (let i = 0; i < nRows; i += TILE_ROWS) {
      const height = min(nRows - i, TILE_ROWS);
      if (height == TILE_ROWS && width == TILE_COLUMNS) {
        const from = accumulate ? y : init;
        multiplyTileInPlace(
          a,
          aRow,
          aStep,
          TILE_ROWS,
          panel,
          panelRow,
          k,
          from,
          accumulate ? yRow : 0,
          y,
          yRow,
        );
      } else {
        if (accumulate) copyTile(y, yRow, packPtr, TILE_STRIDE, height, width);
        const from = accumulate ? packPtr : init;
        const fromStride = accumulate ? TILE_STRIDE : 0;
        multiplyTileInPlace(
          a,
          aRow,
          aStep,
          height,
          panel,
          panelRow,
          k,
          from,
          fromStride,
          packPtr,
          TILE_STRIDE,
        );
        copyTile(packPtr, TILE_STRIDE, y, yRow, height, width);
      }
      a += <usize>TILE_ROWS * aRow;
      y += <usize>TILE_ROWS * yRow;
    }
  }
}

/** Large products: blocks of B packed once per block of columns and depth, blocks of A packed for each of them. */
function multiplyBlocks(
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
  k: i32,
  accumulate: i32,
  packPtr: usize,
): void {
  const blockRows = blockSize(nRows, BLOCK_ROWS, TILE_ROWS);
  const blockColumns = blockSize(nColumns, BLOCK_COLUMNS, TILE_COLUMNS);
  const blockDepth = blockSize(k, BLOCK_DEPTH, 1);
  const packedA = packPtr + PANELS_AT;
  const packedB = packedA + bytes(blockRows) * <usize>blockDepth;
  for (let j = 0; j < nColumns; j += blockColumns) {
    const columns = min(nColumns - j, blockColumns);
    for (let p = 0; p < k; p += blockDepth) {
      const depth = min(k - p, blockDepth);
      const fromY = accumulate != 0 || p > 0;
      packColumns(bPtr + <usize>j * bStep + <usize>p * bRow, bRow, bStep, depth, columns, packedB);
      for (let i = 0; i < nRows; i += blockRows) {
        const rows = min(nRows - i, blockRows);
        packRows(aPtr + <usize>i * aRow + <usize>p * aStep, aRow, aStep, rows, depth, packedA);
        const y = yPtr + <usize>i * yRow;
        multiplyBlock(packedA, packedB, y, yRow, biasPtr, j, rows, columns, depth, fromY, packPtr);
      }
    }
  }
}

/** One packed block of A times one of B: panels of B outside (they stay in L1), panels of A inside. */
function multiplyBlock(
  packedA: usize,
  packedB: usize,
  yPtr: usize,
  yRow: usize,
  biasPtr: usize,
  firstColumn: i32,
  rows: i32,
  columns: i32,
  depth: i32,
  fromY: bool,
  packPtr: usize,
): void {
  for (let j = 0; j < columns; j += TILE_COLUMNS) {
    const width = min(columns - j, TILE_COLUMNS);
    const init = tileInit(biasPtr, firstColumn + j, width, packPtr);
    let a = packedA;
    let y = yPtr + bytes(firstColumn + j);
    for (let i = 0; i < rows; i += TILE_ROWS) {
      const height = min(rows - i, TILE_ROWS);
      if (height == TILE_ROWS && width == TILE_COLUMNS) {
        multiplyTile(a, packedB, depth, fromY ? y : init, fromY ? yRow : 0, y, yRow);
      } else {
        if (fromY) copyTile(y, yRow, packPtr, TILE_STRIDE, height, width);
        multiplyTile(
          a,
          packedB,
          depth,
          fromY ? packPtr : init,
          fromY ? TILE_STRIDE : 0,
          packPtr,
          TILE_STRIDE,
        );
        copyTile(packPtr, TILE_STRIDE, y, yRow, height, width);
      }
      a += <usize>depth * 24;
      y += <usize>TILE_ROWS * yRow;
    }
    packedB += <usize>depth * 32;
  }
}

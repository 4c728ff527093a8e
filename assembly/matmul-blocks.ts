/*
 * Large matrix products: both operands packed to panels, in blocks for the caches.
 */
import { TILE_COLUMNS, TILE_ROWS, copyTile, multiplyTile } from "./matmul-kernel";
import { packColumns, packRows } from "./matmul-pack";
import { PANELS_AT, TILE_STRIDE, tileInit } from "./matmul-scratch";
import { bytes } from "./simd";

/** Rows of A, depth, and columns of B in one packed block: 96 KB of A and 1 MB of B for L2, 16 KB of B for L1. */
const BLOCK_ROWS: i32 = 48;
const BLOCK_DEPTH: i32 = 512;
const BLOCK_COLUMNS: i32 = 512;

/** Bytes of the packed blocks of a product of this shape in any range. */
export function blockBytes(m: i32, n: i32, k: i32): i32 {
  const rows = roundUp(min(m, BLOCK_ROWS), TILE_ROWS);
  const columns = roundUp(min(n, BLOCK_COLUMNS), TILE_COLUMNS);
  return min(k, BLOCK_DEPTH) * (rows + columns) * 4;
}


@inline
function roundUp(n: i32, step: i32): i32 {
  return ((n + step - 1) / step) * step;
}

/** The largest equal blocks of at most `limit` that cover n, each a multiple of `step`. */
@inline
function blockSize(n: i32, limit: i32, step: i32): i32 {
  if (n <= limit) return roundUp(n, step);
  const nBlocks = (n + limit - 1) / limit;
  return roundUp((n + nBlocks - 1) / nBlocks, step);
}

/** Large products: blocks of B packed once per block of columns and depth, blocks of A packed for each of them. */
export function multiplyBlocks(
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

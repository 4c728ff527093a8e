/*
 * Matrix products that pack at most one operand: small ones, and those of a few rows with transposed weights.
 */
import { storePixels } from "./conv-kernel";
import { TILE_COLUMNS, TILE_ROWS, copyTile, multiplyTileInPlace } from "./matmul-kernel";
import { packColumns, packEightColumns } from "./matmul-pack";
import { PANELS_AT, PLACES_AT, START_AT, TILE_STRIDE, tileInit } from "./matmul-scratch";
import { bytes } from "./simd";

/** Small products: A in place, B in place where its rows are dense, else one packed panel at a time. */
export function multiplyDirect(
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

/** Bytes that multiplyTurned packs. */
@inline
export function turnedBytes(m: i32, k: i32): i32 {
  return ((m + TILE_COLUMNS - 1) & -TILE_COLUMNS) * k * 4;
}

/**
 * The same product turned round, y^T = B^T A^T, for columns of B that are dense: they are read in place, as the rows of
 * a left operand, and only A is packed. With few rows of A that spares packing the much larger B, which would take a
 * tenth of the time (64 rows), and reads it once, while multiplying.
 */
export function multiplyTurned(
  aPtr: usize,
  aRow: usize,
  aStep: usize,
  bPtr: usize,
  bStep: usize,
  yPtr: usize,
  yRow: usize,
  biasPtr: usize,
  nRows: i32,
  nColumns: i32,
  k: i32,
  packPtr: usize,
): void {
  const start = packPtr + START_AT;
  const places = packPtr + PLACES_AT;
  packColumns(aPtr, aStep, aRow, k, nRows, packPtr + PANELS_AT);
  for (let j = 0; j < nColumns; j += TILE_ROWS) {
    const height = min(nColumns - j, TILE_ROWS);
    for (let i = 0; i < TILE_ROWS; ++i) {
      const from = biasPtr && i < height ? v128.load32_splat(biasPtr + bytes(j + i)) : f32x4.splat(0);
      v128.store(start + <usize>i * TILE_STRIDE, from);
      v128.store(start + <usize>i * TILE_STRIDE, from, 16);
      store<i32>(places + bytes(i), i << 2);
    }
    let panel = packPtr + PANELS_AT;
    let y = yPtr + bytes(j);
    for (let i = 0; i < nRows; i += TILE_COLUMNS) {
      multiplyTileInPlace(bPtr, bStep, 4, height, panel, 32, k, start, TILE_STRIDE, packPtr, TILE_STRIDE);
      storePixels(packPtr, y, places, yRow, height, min(nRows - i, TILE_COLUMNS));
      panel += <usize>k * 32;
      y += <usize>TILE_COLUMNS * yRow;
    }
    bPtr += <usize>TILE_ROWS * bStep;
  }
}

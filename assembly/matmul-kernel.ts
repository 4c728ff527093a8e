/*
 * The register tiles of the matrix product: 6 rows x 8 columns in 12 accumulators, with 2 vectors of B and 1 splat of A
 * exactly the 15 registers that a wasm engine leaves to us.
 *
 * The form is measured, not free: no unrolling over k, a top-tested loop, accumulators that start from memory and are
 * stored raw. On V8 11 and 12 a do-while loop, or arithmetic between the loop and the store, spills inside the loop and
 * costs 35 %. Hence bias, zero and accumulation all come in through initPtr, and edges go through a spare tile.
 */
import { madd } from "./simd";

export const TILE_ROWS: i32 = 6;
export const TILE_COLUMNS: i32 = 8;

/**
 * y = init + A B for one tile of packed panels: A is [k][6], B is [k][8]; rows of init and y are initStride and yStride
 * bytes apart (initStride 0: the same row six times). y may be init.
 */
export function multiplyTile(
  aPtr: usize,
  bPtr: usize,
  k: i32,
  initPtr: usize,
  initStride: usize,
  yPtr: usize,
  yStride: usize,
): void {
  let c00 = v128.load(initPtr);
  let c01 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c10 = v128.load(initPtr);
  let c11 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c20 = v128.load(initPtr);
  let c21 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c30 = v128.load(initPtr);
  let c31 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c40 = v128.load(initPtr);
  let c41 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c50 = v128.load(initPtr);
  let c51 = v128.load(initPtr, 16);
  for (; k > 0; --k) {
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(aPtr);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(aPtr, 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(aPtr, 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(aPtr, 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(aPtr, 16);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(aPtr, 20);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    aPtr += 24;
    bPtr += 32;
  }
  v128.store(yPtr, c00);
  v128.store(yPtr, c01, 16);
  yPtr += yStride;
  v128.store(yPtr, c10);
  v128.store(yPtr, c11, 16);
  yPtr += yStride;
  v128.store(yPtr, c20);
  v128.store(yPtr, c21, 16);
  yPtr += yStride;
  v128.store(yPtr, c30);
  v128.store(yPtr, c31, 16);
  yPtr += yStride;
  v128.store(yPtr, c40);
  v128.store(yPtr, c41, 16);
  yPtr += yStride;
  v128.store(yPtr, c50);
  v128.store(yPtr, c51, 16);
}

/**
 * The same tile with A left where it is: element (i, k) at aPtr + i * aRow + k * aStep bytes, rows of B bRow bytes apart.
 * Rows at and beyond nRows repeat the last one (the caller drops them), so that nothing outside A is read.
 */
export function multiplyTileInPlace(
  aPtr: usize,
  aRow: usize,
  aStep: usize,
  nRows: i32,
  bPtr: usize,
  bRow: usize,
  k: i32,
  initPtr: usize,
  initStride: usize,
  yPtr: usize,
  yStride: usize,
): void {
  let a1 = aPtr + (nRows > 1 ? aRow : 0);
  let a2 = a1 + (nRows > 2 ? aRow : 0);
  let a3 = a2 + (nRows > 3 ? aRow : 0);
  let a4 = a3 + (nRows > 4 ? aRow : 0);
  let a5 = a4 + (nRows > 5 ? aRow : 0);
  let c00 = v128.load(initPtr);
  let c01 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c10 = v128.load(initPtr);
  let c11 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c20 = v128.load(initPtr);
  let c21 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c30 = v128.load(initPtr);
  let c31 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c40 = v128.load(initPtr);
  let c41 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c50 = v128.load(initPtr);
  let c51 = v128.load(initPtr, 16);
  for (; k > 0; --k) {
    const b0 = v128.load(bPtr);
    const b1 = v128.load(bPtr, 16);
    let a = v128.load32_splat(aPtr);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(a1);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(a2);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(a3);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(a4);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(a5);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    aPtr += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    a4 += aStep;
    a5 += aStep;
    bPtr += bRow;
  }
  v128.store(yPtr, c00);
  v128.store(yPtr, c01, 16);
  yPtr += yStride;
  v128.store(yPtr, c10);
  v128.store(yPtr, c11, 16);
  yPtr += yStride;
  v128.store(yPtr, c20);
  v128.store(yPtr, c21, 16);
  yPtr += yStride;
  v128.store(yPtr, c30);
  v128.store(yPtr, c31, 16);
  yPtr += yStride;
  v128.store(yPtr, c40);
  v128.store(yPtr, c41, 16);
  yPtr += yStride;
  v128.store(yPtr, c50);
  v128.store(yPtr, c51, 16);
}

/** Copies the nRows x nColumns corner (at most 6 x 8) of one tile to another; strides in bytes. */
export function copyTile(
  xPtr: usize,
  xStride: usize,
  yPtr: usize,
  yStride: usize,
  nRows: i32,
  nColumns: i32,
): void {
  for (; nRows > 0; --nRows) {
    if (nColumns == TILE_COLUMNS) {
      v128.store(yPtr, v128.load(xPtr));
      v128.store(yPtr, v128.load(xPtr, 16), 16);
    } else {
      for (let j: usize = 0; j < (<usize>nColumns) << 2; j += 4) {
        store<f32>(yPtr + j, load<f32>(xPtr + j));
      }
    }
    xPtr += xStride;
    yPtr += yStride;
  }
}

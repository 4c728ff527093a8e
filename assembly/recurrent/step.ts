/*
 * What the three recurrent layers share: the product of a few rows with weights that stay the same for all steps, one
 * vector or one lane at a time, and the order of steps.
 *
 * The weights are packed once per sequence to the panels of the matrix product (pack_columns_f32); a batch of one takes
 * them as they are, as matrix times vector. The sum over k is in order either way of cutting the rows.
 */
import { TILE_COLUMNS, TILE_ROWS, copyTile, multiplyTileInPlace } from "../matmul-kernel";
import { packColumns } from "../matmul-pack";
import { multiplyVector } from "../matmul-vector";
import { bytes } from "../simd";

/** Depth of a panel that is worked on at once: 16 KB stay in L1 beside the rows. */
const BLOCK_DEPTH: i32 = 512;
const TILE_STRIDE: usize = 32;
/** scratchPtr: a spare tile of 6 x 8. */
export const TILE_BYTES: usize = 192;

/**
 * Packs B [k, n], element (p, j) at b[p * rowStride + j * colStride], to panels of 8 columns, [k][8] each. The range
 * counts panels, ceil(n / 8).
 */
export function pack_columns_f32(
  bPtr: usize,
  rowStride: i32,
  colStride: i32,
  k: i32,
  n: i32,
  panelsPtr: usize,
  start: i32,
  end: i32,
): void {
  const first = start * TILE_COLUMNS;
  const columns = min(end * TILE_COLUMNS, n) - first;
  if (columns <= 0) return;
  const from = bPtr + bytes(first) * <usize>colStride;
  packColumns(from, bytes(rowStride), bytes(colStride), k, columns, panelsPtr + <usize>start * <usize>k * 32);
}

/** y += A B for rows of A and y aRow and yRow bytes apart, B [k, n] in panels. */
export function addProduct(
  aPtr: usize,
  aRow: usize,
  nRows: i32,
  panelsPtr: usize,
  k: i32,
  n: i32,
  yPtr: usize,
  yRow: usize,
  scratchPtr: usize,
): void {
  for (let j = 0; j < n; j += TILE_COLUMNS) {
    const width = min(n - j, TILE_COLUMNS);
    for (let p = 0; p < k; p += BLOCK_DEPTH) {
      const depth = min(k - p, BLOCK_DEPTH);
      const panel = panelsPtr + <usize>p * 32;
      let a = aPtr + bytes(p);
      let y = yPtr + bytes(j);
      for (let i = 0; i < nRows; i += TILE_ROWS) {
        const height = min(nRows - i, TILE_ROWS);
        if (height == TILE_ROWS && width == TILE_COLUMNS) {
          multiplyTileInPlace(a, aRow, 4, TILE_ROWS, panel, 32, depth, y, yRow, y, yRow);
        } else {
          copyTile(y, yRow, scratchPtr, TILE_STRIDE, height, width);
          multiplyTileInPlace(
            a,
            aRow,
            4,
            height,
            panel,
            32,
            depth,
            scratchPtr,
            TILE_STRIDE,
            scratchPtr,
            TILE_STRIDE,
          );
          copyTile(scratchPtr, TILE_STRIDE, y, yRow, height, width);
        }
        a += <usize>TILE_ROWS * aRow;
        y += <usize>TILE_ROWS * yRow;
      }
    }
    panelsPtr += <usize>k * 32;
  }
}

/** y += A W^T with W [n, k] row-major: forward through a layer. Without panels A is one row. */
export function addThrough(
  aPtr: usize,
  aRow: usize,
  nRows: i32,
  weightPtr: usize,
  panelsPtr: usize,
  k: i32,
  n: i32,
  yPtr: usize,
  yRow: usize,
  scratchPtr: usize,
): void {
  if (panelsPtr) addProduct(aPtr, aRow, nRows, panelsPtr, k, n, yPtr, yRow, scratchPtr);
  else if (nRows > 0) multiplyVector(weightPtr, bytes(k), 4, aPtr, yPtr, 4, yPtr, 4, n, k);
}

/** y += A W with W [k, n] row-major: back through a layer. Without panels A is one row. */
export function addBack(
  aPtr: usize,
  aRow: usize,
  nRows: i32,
  weightPtr: usize,
  panelsPtr: usize,
  k: i32,
  n: i32,
  yPtr: usize,
  yRow: usize,
  scratchPtr: usize,
): void {
  if (panelsPtr) addProduct(aPtr, aRow, nRows, panelsPtr, k, n, yPtr, yRow, scratchPtr);
  else if (nRows > 0) multiplyVector(weightPtr, 4, bytes(n), aPtr, yPtr, 4, yPtr, 4, n, k);
}

/** Panels of n columns take this many bytes. */
@inline
export function panelBytes(k: i32, n: i32): usize {
  return <usize>((n + TILE_COLUMNS - 1) / TILE_COLUMNS) * <usize>k * 32;
}

/** Four lanes, or one and zeros. */
@inline
export function take(ptr: usize, one: bool): v128 {
  return one ? v128.load32_zero(ptr) : v128.load(ptr);
}


@inline
export function put(ptr: usize, value: v128, one: bool): void {
  if (one) v128.store32_lane(ptr, value, 0);
  else v128.store(ptr, value);
}

/** Zero where x is denormal: states and gradients decay into such numbers, and each product of one costs 90 times more. */
@inline
export function flush(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(1.17549435e-38)));
}


@inline
export function clear(ptr: usize, n: i32): void {
  memory.fill(ptr, 0, bytes(n));
}

/** Whether position t of a row lies beyond its length: the state passes it by. lengthsPtr 0: none does. */
@inline
export function isPadding(lengthsPtr: usize, row: i32, t: i32): bool {
  return lengthsPtr != 0 && t >= load<i32>(lengthsPtr + bytes(row));
}

/** Whether t is the position that a row starts from: its state before it is the initial one. */
@inline
export function isFirst(lengthsPtr: usize, row: i32, t: i32, nSteps: i32, reverse: i32): bool {
  if (!reverse) return t == 0;
  return t == (lengthsPtr ? load<i32>(lengthsPtr + bytes(row)) : nSteps) - 1;
}

/** dh += g over one row. */
@inline
export function addRow(hPtr: usize, gPtr: usize, n: i32): void {
  let j: usize = 0;
  const end = bytes(n);
  const vectorEnd = bytes(n & -4);
  for (; j < vectorEnd; j += 16) v128.store(hPtr + j, f32x4.add(v128.load(hPtr + j), v128.load(gPtr + j)));
  for (; j < end; j += 4) store<f32>(hPtr + j, load<f32>(hPtr + j) + load<f32>(gPtr + j));
}

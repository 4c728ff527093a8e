/*
 * What an attention looks like to its kernels, and the steps that forward and backward share.
 *
 * Both work on panels of 8 queries and blocks of keys. The scores of a panel lie transposed, [key][8 queries]: that is how
 * the 6 x 8 register tile leaves them when keys are its rows and queries its columns, it is the packed form that the
 * next product wants, and the softmax runs down the keys with one query per lane, without horizontal sums.
 */
import { packEightColumns } from "../matmul-pack";
import { multiplyTile, TILE_COLUMNS, TILE_ROWS } from "../matmul-kernel";
import { expMinusOneReduced, LOG2_E, reduce, ROUNDER } from "../math";
import { bernoulliRange } from "../random";
import { bytes, madd, storeTransposed } from "../simd";

/** Queries and keys of one block, multiples of the tile's 8 and 6. */
export const QUERY_BLOCK: i32 = 64;
export const KEY_BLOCK: i32 = 96;
/** Bytes of one key's scores: 8 queries. */
export const ROW: usize = 32;

export const NO_MASK: i32 = 0;
/** i32: a key takes part where it is not 0. */
export const BOOL_MASK: i32 = 1;
/** f32, added to the scores. */
export const ADDED_MASK: i32 = 2;

/** The words at shapePtr. Strides in elements; queries are [batch, heads, nQueries, width] whatever their layout. */
@unmanaged
export class Attention {
  /** Heads of the queries, and of keys and values: consecutive query heads share one of the latter. */
  heads: i32;
  keyHeads: i32;
  nQueries: i32;
  nKeys: i32;
  width: i32;
  valueWidth: i32;
  /** 1: query i sees the keys up to i + offset. */
  causal: i32;
  offset: i32;
  maskKind: i32;
  maskBatch: i32;
  maskHead: i32;
  maskRow: i32;
  maskColumn: i32;
  scale: f32;
  /** 1: probabilities are kept with probability keep, times keepValue, by the stream of these words. */
  dropout: i32;
  keep: f32;
  keepValue: f32;
  seedLo: i32;
  seedHi: i32;
  counterLo: i32;
  counterHi: i32;
  qBatch: i32;
  qHead: i32;
  qRow: i32;
  qColumn: i32;
  kBatch: i32;
  kHead: i32;
  kRow: i32;
  kColumn: i32;
  vBatch: i32;
  vHead: i32;
  vRow: i32;
  vColumn: i32;
  /** Outputs are dense along their last axis. */
  yBatch: i32;
  yHead: i32;
  yRow: i32;
  gBatch: i32;
  gHead: i32;
  gRow: i32;
  gColumn: i32;
  gqBatch: i32;
  gqHead: i32;
  gqRow: i32;
  gkBatch: i32;
  gkHead: i32;
  gkRow: i32;
  gvBatch: i32;
  gvHead: i32;
  gvRow: i32;
}


@inline
export function roundUp(n: i32, step: i32): i32 {
  return ((n + step - 1) / step) * step;
}

/** Bytes of a panel block of `n` rows or columns and depth k. */
@inline
export function panelBytes(n: i32, k: i32): usize {
  return bytes(n) * <usize>k;
}

/** How many of nKeys keys from firstKey on any of the 8 queries from firstQuery on may see. */
@inline
export function visibleKeys(a: Attention, firstQuery: i32, firstKey: i32, nKeys: i32): i32 {
  if (!a.causal) return nKeys;
  const last = min(firstQuery + TILE_COLUMNS, a.nQueries) + a.offset;
  return max(0, min(nKeys, last - firstKey));
}

/** Panels of 8 columns of x [nQueries, n] with rows as columns: [n][8 queries], times scale. */
export function packQueries(
  xPtr: usize,
  row: usize,
  column: usize,
  nQueries: i32,
  n: i32,
  scale: f32,
  packPtr: usize,
): void {
  const panel = <usize>n * ROW;
  for (let i = 0; i < nQueries; i += TILE_COLUMNS) {
    packEightColumns(xPtr + <usize>i * row, column, row, n, min(nQueries - i, TILE_COLUMNS), packPtr);
    if (scale != 1) {
      const factor = f32x4.splat(scale);
      for (let at: usize = 0; at < panel; at += 16) {
        v128.store(packPtr + at, f32x4.mul(v128.load(packPtr + at), factor));
      }
    }
    packPtr += panel;
  }
}

/** [key][8 queries] = keys [6-row panels] times queries [width][8]; rows up to the next multiple of 6 are written. */
export function scoreTiles(
  keysPtr: usize,
  queriesPtr: usize,
  width: i32,
  nKeys: i32,
  zerosPtr: usize,
  yPtr: usize,
): void {
  const panel = panelBytes(TILE_ROWS, width);
  for (let j = 0; j < nKeys; j += TILE_ROWS) {
    multiplyTile(keysPtr, queriesPtr, width, zerosPtr, 0, yPtr, ROW);
    keysPtr += panel;
    yPtr += <usize>TILE_ROWS * ROW;
  }
}

/** acc [rows][8 queries] += panels of 6 rows [key][6] times weights [key][8 queries]. panel: bytes from one to the next. */
export function accumulateTiles(
  panelsPtr: usize,
  panel: usize,
  weightsPtr: usize,
  nKeys: i32,
  nRows: i32,
  accPtr: usize,
): void {
  for (let r = 0; r < nRows; r += TILE_ROWS) {
    multiplyTile(panelsPtr, weightsPtr, nKeys, accPtr, ROW, accPtr, ROW);
    panelsPtr += panel;
    accPtr += <usize>TILE_ROWS * ROW;
  }
}

/** Hides scores [key][8 queries] by the mask and by causality. bufferPtr: KEY_BLOCK rows of working space. */
export function hideScores(
  a: Attention,
  maskPtr: usize,
  firstQuery: i32,
  firstKey: i32,
  nKeys: i32,
  scoresPtr: usize,
  bufferPtr: usize,
): void {
  const hidden = f32x4.splat(-Infinity);
  if (a.maskKind != NO_MASK) {
    const row = bytes(a.maskRow);
    const column = bytes(a.maskColumn);
    const nQueries = min(a.nQueries - firstQuery, TILE_COLUMNS);
    const from = maskPtr + <usize>firstQuery * row + <usize>firstKey * column;
    packEightColumns(from, column, row, nKeys, nQueries, bufferPtr);
    const end = <usize>nKeys * ROW;
    for (let at: usize = 0; at < end; at += 16) {
      const m = v128.load(bufferPtr + at);
      const s = v128.load(scoresPtr + at);
      const shown =
        a.maskKind == ADDED_MASK ? f32x4.add(s, m) : v128.bitselect(hidden, s, i32x4.eq(m, i32x4.splat(0)));
      v128.store(scoresPtr + at, shown);
    }
  }
  if (a.causal) {
    // Keys that the first query of the panel sees, all of them see.
    const first = max(0, firstQuery + a.offset + 1 - firstKey);
    const last0 = i32x4.add(i32x4.splat(firstQuery + a.offset - firstKey), i32x4(0, 1, 2, 3));
    const last1 = i32x4.add(last0, i32x4.splat(4));
    for (let j = first; j < nKeys; ++j) {
      const s = scoresPtr + <usize>j * ROW;
      const key = i32x4.splat(j);
      v128.store(s, v128.bitselect(hidden, v128.load(s), i32x4.gt_s(key, last0)));
      v128.store(s, v128.bitselect(hidden, v128.load(s, 16), i32x4.gt_s(key, last1)), 16);
    }
  }
}

/** What dropout multiplies probabilities [key][8 queries] with. drawPtr: 8 x KEY_BLOCK floats of working space. */
export function drawDropout(
  a: Attention,
  batchHead: i32,
  firstQuery: i32,
  firstKey: i32,
  nKeys: i32,
  yPtr: usize,
  drawPtr: usize,
): void {
  const counter = ((<u64>(<u32>a.counterHi)) << 32) | (<u64>(<u32>a.counterLo));
  const nQueries = min(a.nQueries - firstQuery, TILE_COLUMNS);
  const rowBytes = bytes(KEY_BLOCK);
  for (let i = 0; i < nQueries; ++i) {
    // The element's place in the whole [batch, heads, nQueries, nKeys], which may pass 2^32.
    const row = <u64>batchHead * <u64>a.nQueries + <u64>(firstQuery + i);
    const place = row * <u64>a.nKeys + <u64>firstKey;
    const lead = <i32>(place & 3);
    bernoulliRange(
      a.seedLo,
      a.seedHi,
      counter + (place >> 2),
      a.keep,
      a.keepValue,
      drawPtr + <usize>i * rowBytes - bytes(lead),
      lead,
      lead + nKeys,
    );
  }
  packEightColumns(drawPtr, 4, rowBytes, nKeys, nQueries, yPtr);
}

/** y [nQueries rows][n] from its transpose x [n][8 queries]. */
export function storeQueries(xPtr: usize, n: i32, nQueries: i32, yPtr: usize, row: usize): void {
  let r = 0;
  if (nQueries == TILE_COLUMNS) {
    const low = yPtr + 4 * row;
    for (; r + 4 <= n; r += 4) {
      const x = xPtr + <usize>r * ROW;
      storeTransposed(
        v128.load(x),
        v128.load(x, 32),
        v128.load(x, 64),
        v128.load(x, 96),
        yPtr + bytes(r),
        row,
      );
      storeTransposed(
        v128.load(x, 16),
        v128.load(x, 48),
        v128.load(x, 80),
        v128.load(x, 112),
        low + bytes(r),
        row,
      );
    }
  }
  for (; r < n; ++r) {
    for (let i = 0; i < nQueries; ++i) {
      store<f32>(yPtr + <usize>i * row + bytes(r), load<f32>(xPtr + <usize>r * ROW + bytes(i)));
    }
  }
}

/** e^x for x <= 0, or barely above: at most 1.3 ulp, 0 below -87.33654. */
@inline
export function expBelow4(x: v128): v128 {
  const clamped = f32x4.pmax(x, f32x4.splat(-87.33654));
  const shifted = madd(clamped, f32x4.splat(LOG2_E), f32x4.splat(ROUNDER));
  const r = reduce(clamped, f32x4.sub(shifted, f32x4.splat(ROUNDER)));
  const p = f32x4.add(expMinusOneReduced(r), f32x4.splat(1));
  const y = i32x4.add(p, i32x4.shl(shifted, 23));
  return v128.andnot(y, f32x4.lt(x, f32x4.splat(-87.33654)));
}

/** Puts zeros into rows [key][8 queries] from nKeys up to the next multiple of 6. */
@inline
export function clearTail(yPtr: usize, nKeys: i32): void {
  memory.fill(yPtr + <usize>nKeys * ROW, 0, <usize>(roundUp(nKeys, TILE_ROWS) - nKeys) * ROW);
}

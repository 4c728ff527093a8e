/*
 * Attention, forward: y = softmax(scale q kT + mask) v by tiles, never holding more than a block of scores (Dao et al.
 * 2022, "FlashAttention"). Per query a running maximum and a running sum; what was accumulated under an older maximum is
 * scaled down. Maximum and sum are kept for the backward pass, which recomputes the scores: apart, since the logarithm of the
 * sum would vanish beside a large maximum.
 *
 * A query that sees no key at all gets zeros. Units: batch * heads * blocks of QUERY_BLOCK queries.
 */
import { packRows } from "../matmul-pack";
import { TILE_COLUMNS, TILE_ROWS } from "../matmul-kernel";
import { bytes } from "../simd";
import {
  accumulateTiles,
  Attention,
  drawDropout,
  expBelow4,
  hideScores,
  KEY_BLOCK,
  NO_MASK,
  packQueries,
  panelBytes,
  QUERY_BLOCK,
  roundUp,
  ROW,
  scoreTiles,
  storeQueries,
  visibleKeys,
} from "./attention-shape";

/** Bytes at scratchPtr for heads of these widths. */
export function attention_scratch_bytes(width: i32, valueWidth: i32): i32 {
  const outputs = roundUp(valueWidth, TILE_ROWS);
  const floats =
    8 +
    (QUERY_BLOCK + KEY_BLOCK) * width +
    (QUERY_BLOCK + KEY_BLOCK) * outputs +
    24 * KEY_BLOCK +
    2 * QUERY_BLOCK;
  return floats * 4;
}

/** How many units there are. */
export function attention_units(batch: i32, heads: i32, nQueries: i32): i32 {
  return batch * heads * ((nQueries + QUERY_BLOCK - 1) / QUERY_BLOCK);
}

/** y and normaliser [batch, heads, nQueries, 2] for units [start, end). maskPtr optional. */
export function attention_f32(
  qPtr: usize,
  kPtr: usize,
  vPtr: usize,
  maskPtr: usize,
  yPtr: usize,
  normaliserPtr: usize,
  shapePtr: usize,
  scratchPtr: usize,
  unitMadds: i32,
  start: i32,
  end: i32,
): void {
  const a = changetype<Attention>(shapePtr);
  const nBlocks = (a.nQueries + QUERY_BLOCK - 1) / QUERY_BLOCK;
  const group = a.heads / a.keyHeads;
  for (let unit = start; unit < end; ++unit) {
    const batchHead = unit / nBlocks;
    const batch = batchHead / a.heads;
    const head = batchHead % a.heads;
    const keyHead = head / group;
    const firstQuery = (unit % nBlocks) * QUERY_BLOCK;
    attendBlock(
      a,
      batchHead,
      firstQuery,
      qPtr + bytes(batch) * a.qBatch + bytes(head) * a.qHead + bytes(firstQuery) * a.qRow,
      kPtr + bytes(batch) * a.kBatch + bytes(keyHead) * a.kHead,
      vPtr + bytes(batch) * a.vBatch + bytes(keyHead) * a.vHead,
      maskPtr + bytes(batch) * a.maskBatch + bytes(head) * a.maskHead,
      yPtr + bytes(batch) * a.yBatch + bytes(head) * a.yHead + bytes(firstQuery) * a.yRow,
      normaliserPtr + bytes(2 * batchHead) * a.nQueries + bytes(2 * firstQuery),
      scratchPtr,
    );
  }
}

function attendBlock(
  a: Attention,
  batchHead: i32,
  firstQuery: i32,
  qPtr: usize,
  kPtr: usize,
  vPtr: usize,
  maskPtr: usize,
  yPtr: usize,
  normaliserPtr: usize,
  scratchPtr: usize,
): void {
  const nQueries = min(a.nQueries - firstQuery, QUERY_BLOCK);
  const outputs = roundUp(a.valueWidth, TILE_ROWS);
  const zeros = scratchPtr;
  const queries = zeros + ROW;
  const keys = queries + panelBytes(QUERY_BLOCK, a.width);
  const values = keys + panelBytes(KEY_BLOCK, a.width);
  const scores = values + panelBytes(KEY_BLOCK, outputs);
  const buffer = scores + <usize>KEY_BLOCK * ROW;
  const draws = buffer + <usize>KEY_BLOCK * ROW;
  const sums = draws + <usize>KEY_BLOCK * ROW;
  const largest = sums + bytes(QUERY_BLOCK);
  const accumulated = largest + bytes(QUERY_BLOCK);
  const accPanel = <usize>outputs * ROW;
  memory.fill(zeros, 0, ROW);
  memory.fill(sums, 0, bytes(QUERY_BLOCK));
  memory.fill(accumulated, 0, panelBytes(roundUp(nQueries, TILE_COLUMNS), outputs));
  for (let i: usize = 0; i < bytes(QUERY_BLOCK); i += 16) v128.store(largest + i, f32x4.splat(-Infinity));
  packQueries(qPtr, bytes(a.qRow), bytes(a.qColumn), nQueries, a.width, a.scale, queries);
  const seen = a.causal ? max(0, min(a.nKeys, firstQuery + nQueries + a.offset)) : a.nKeys;
  for (let firstKey = 0; firstKey < seen; firstKey += KEY_BLOCK) {
    const nKeys = min(seen - firstKey, KEY_BLOCK);
    const k = kPtr + bytes(firstKey) * a.kRow;
    const v = vPtr + bytes(firstKey) * a.vRow;
    packRows(k, bytes(a.kRow), bytes(a.kColumn), nKeys, a.width, keys);
    packRows(v, bytes(a.vColumn), bytes(a.vRow), a.valueWidth, nKeys, values);
    for (let i = 0; i < nQueries; i += TILE_COLUMNS) {
      const n = visibleKeys(a, firstQuery + i, firstKey, nKeys);
      if (n == 0) continue;
      scoreTiles(keys, queries + panelBytes(i, a.width), a.width, n, zeros, scores);
      if (a.causal || a.maskKind != NO_MASK) {
        hideScores(a, maskPtr, firstQuery + i, firstKey, n, scores, buffer);
      }
      const acc = accumulated + <usize>(i / TILE_COLUMNS) * accPanel;
      weigh(scores, n, largest + bytes(i), sums + bytes(i), acc, accPanel);
      if (a.dropout) {
        drawDropout(a, batchHead, firstQuery + i, firstKey, n, buffer, draws);
        multiplyRows(scores, buffer, n);
      }
      accumulateTiles(values, panelBytes(TILE_ROWS, nKeys), scores, n, a.valueWidth, acc);
    }
  }
  for (let i = 0; i < nQueries; i += TILE_COLUMNS) {
    finishPanel(
      a,
      accumulated + <usize>(i / TILE_COLUMNS) * accPanel,
      largest + bytes(i),
      sums + bytes(i),
      min(nQueries - i, TILE_COLUMNS),
      yPtr + bytes(i) * a.yRow,
      normaliserPtr + bytes(2 * i),
    );
  }
}

/** Scores [key][8 queries] become e^(score - maximum so far); maximum, sum and accumulator are brought along. */
function weigh(
  scoresPtr: usize,
  nKeys: i32,
  maxPtr: usize,
  sumPtr: usize,
  accPtr: usize,
  accBytes: usize,
): void {
  const end = <usize>nKeys * ROW;
  const old0 = v128.load(maxPtr);
  const old1 = v128.load(maxPtr, 16);
  let max0 = old0;
  let max1 = old1;
  for (let at: usize = 0; at < end; at += ROW) {
    max0 = f32x4.pmax(max0, v128.load(scoresPtr + at));
    max1 = f32x4.pmax(max1, v128.load(scoresPtr + at, 16));
  }
  v128.store(maxPtr, max0);
  v128.store(maxPtr, max1, 16);
  const none = f32x4.splat(-Infinity);
  // Where nothing was visible yet, -infinity minus itself would be NaN.
  const base0 = v128.andnot(max0, f32x4.eq(max0, none));
  const base1 = v128.andnot(max1, f32x4.eq(max1, none));
  const shrink0 = expBelow4(f32x4.sub(old0, base0));
  const shrink1 = expBelow4(f32x4.sub(old1, base1));
  let sum0 = f32x4.mul(v128.load(sumPtr), shrink0);
  let sum1 = f32x4.mul(v128.load(sumPtr, 16), shrink1);
  for (let at: usize = 0; at < end; at += ROW) {
    const e0 = expBelow4(f32x4.sub(v128.load(scoresPtr + at), base0));
    const e1 = expBelow4(f32x4.sub(v128.load(scoresPtr + at, 16), base1));
    v128.store(scoresPtr + at, e0);
    v128.store(scoresPtr + at, e1, 16);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
  }
  v128.store(sumPtr, sum0);
  v128.store(sumPtr, sum1, 16);
  const one = f32x4.splat(1);
  if (i32x4.all_true(v128.and(f32x4.eq(shrink0, one), f32x4.eq(shrink1, one)))) return;
  for (let at: usize = 0; at < accBytes; at += ROW) {
    v128.store(accPtr + at, f32x4.mul(v128.load(accPtr + at), shrink0));
    v128.store(accPtr + at, f32x4.mul(v128.load(accPtr + at, 16), shrink1), 16);
  }
}

function multiplyRows(xPtr: usize, zPtr: usize, nKeys: i32): void {
  const end = <usize>nKeys * ROW;
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(xPtr + at, f32x4.mul(v128.load(xPtr + at), v128.load(zPtr + at)));
  }
}


@inline
function inverseOrZero(sum: v128): v128 {
  return v128.andnot(f32x4.div(f32x4.splat(1), sum), f32x4.eq(sum, f32x4.splat(0)));
}

/** Divides by the sums, turns the panel into rows of y, and writes max and 1 / sum; zeros for a query that saw nothing. */
function finishPanel(
  a: Attention,
  accPtr: usize,
  maxPtr: usize,
  sumPtr: usize,
  nQueries: i32,
  yPtr: usize,
  normaliserPtr: usize,
): void {
  const sum0 = v128.load(sumPtr);
  const sum1 = v128.load(sumPtr, 16);
  const scale0 = inverseOrZero(sum0);
  const scale1 = inverseOrZero(sum1);
  for (let at: usize = 0; at < <usize>a.valueWidth * ROW; at += ROW) {
    v128.store(accPtr + at, f32x4.mul(v128.load(accPtr + at), scale0));
    v128.store(accPtr + at, f32x4.mul(v128.load(accPtr + at, 16), scale1), 16);
  }
  storeQueries(accPtr, a.valueWidth, nQueries, yPtr, bytes(a.yRow));
  v128.store(maxPtr, v128.and(v128.load(maxPtr), f32x4.ne(sum0, f32x4.splat(0))));
  v128.store(maxPtr, v128.and(v128.load(maxPtr, 16), f32x4.ne(sum1, f32x4.splat(0))), 16);
  v128.store(sumPtr, scale0);
  v128.store(sumPtr, scale1, 16);
  for (let i = 0; i < nQueries; ++i) {
    store<f32>(normaliserPtr + bytes(2 * i), load<f32>(maxPtr + bytes(i)));
    store<f32>(normaliserPtr + bytes(2 * i), load<f32>(sumPtr + bytes(i)), 4);
  }
}

/*
 * Attention, backward: the probabilities are recomputed block by block from the saved maxima and sums.
 *
 * With p = e^(s - max) / sum, z what dropout multiplied with (1 without it), D = sum(g y) per query:
 *   gv = (p z)T g      ds = p (z (g vT) - D) scale      gq = ds k      gk = dsT q
 * Scores and ds lie [key][8 queries]: gq comes from them as they are, gv and gk sum over queries and take them as packed
 * panels of 6 keys. Units: batch * keyHeads; the query heads that share keys are added in order.
 */
import { packColumns, packRows, packSixRows } from "../matmul-pack";
import { copyTile, multiplyTile, TILE_COLUMNS, TILE_ROWS } from "../matmul-kernel";
import { bytes, madd } from "../simd";
import {
  accumulateTiles,
  Attention,
  clearTail,
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

/** Where the parts of the working space begin, as byte offsets. */
@unmanaged
class Places {
  tile: usize;
  zeros: usize;
  scores: usize;
  gradients: usize;
  buffer: usize;
  draws: usize;
  maxima: usize;
  inverses: usize;
  products: usize;
  queryPanels: usize;
  gPanels: usize;
  queryRows: usize;
  gRows: usize;
  queryGrads: usize;
  keyPanels: usize;
  keyColumns: usize;
  valuePanels: usize;
  weights: usize;
  weightGrads: usize;
  end: usize;
}

const PLACES_BYTES: usize = 128;

function layOut(place: Places, base: usize, width: i32, valueWidth: i32): void {
  const rows = <usize>KEY_BLOCK * ROW;
  place.tile = base + PLACES_BYTES;
  place.zeros = place.tile + 6 * ROW;
  place.scores = place.zeros + ROW;
  place.gradients = place.scores + rows;
  place.buffer = place.gradients + rows;
  place.draws = place.buffer + rows;
  place.maxima = place.draws + rows;
  place.inverses = place.maxima + bytes(QUERY_BLOCK);
  place.products = place.inverses + bytes(QUERY_BLOCK);
  place.queryPanels = place.products + bytes(QUERY_BLOCK);
  place.gPanels = place.queryPanels + panelBytes(QUERY_BLOCK, width);
  place.queryRows = place.gPanels + panelBytes(QUERY_BLOCK, valueWidth);
  place.gRows = place.queryRows + panelBytes(QUERY_BLOCK, roundUp(width, TILE_COLUMNS));
  place.queryGrads = place.gRows + panelBytes(QUERY_BLOCK, roundUp(valueWidth, TILE_COLUMNS));
  place.keyPanels = place.queryGrads + panelBytes(QUERY_BLOCK, roundUp(width, TILE_ROWS));
  place.keyColumns = place.keyPanels + panelBytes(KEY_BLOCK, width);
  place.valuePanels = place.keyColumns + panelBytes(KEY_BLOCK, roundUp(width, TILE_ROWS));
  place.weights = place.valuePanels + panelBytes(KEY_BLOCK, valueWidth);
  place.weightGrads = place.weights + panelBytes(KEY_BLOCK, QUERY_BLOCK);
  place.end = place.weightGrads + panelBytes(KEY_BLOCK, QUERY_BLOCK);
}

/** Bytes at scratchPtr for heads of these widths. */
export function attention_grad_scratch_bytes(width: i32, valueWidth: i32): i32 {
  const perWidth = QUERY_BLOCK + KEY_BLOCK;
  const widths = perWidth * (width + roundUp(width, TILE_ROWS)) + QUERY_BLOCK * roundUp(width, TILE_COLUMNS);
  const valueWidths = perWidth * valueWidth + QUERY_BLOCK * roundUp(valueWidth, TILE_COLUMNS);
  const floats = 56 + 32 * KEY_BLOCK + 3 * QUERY_BLOCK + widths + valueWidths + 2 * KEY_BLOCK * QUERY_BLOCK;
  return floats * 4 + <i32>PLACES_BYTES;
}

/** gq, gk and gv for units [start, end). y and normaliser are what forward gave; maskPtr optional. */
export function attention_grad_f32(
  gPtr: usize,
  qPtr: usize,
  kPtr: usize,
  vPtr: usize,
  maskPtr: usize,
  yPtr: usize,
  normaliserPtr: usize,
  gqPtr: usize,
  gkPtr: usize,
  gvPtr: usize,
  shapePtr: usize,
  scratchPtr: usize,
  unitMadds: i32,
  start: i32,
  end: i32,
): void {
  const a = changetype<Attention>(shapePtr);
  const place = changetype<Places>(scratchPtr);
  layOut(place, scratchPtr, a.width, a.valueWidth);
  memory.fill(place.zeros, 0, ROW);
  const group = a.heads / a.keyHeads;
  for (let unit = start; unit < end; ++unit) {
    const batch = unit / a.keyHeads;
    const keyHead = unit % a.keyHeads;
    const k = kPtr + bytes(batch) * a.kBatch + bytes(keyHead) * a.kHead;
    const v = vPtr + bytes(batch) * a.vBatch + bytes(keyHead) * a.vHead;
    const gk = gkPtr + bytes(batch) * a.gkBatch + bytes(keyHead) * a.gkHead;
    const gv = gvPtr + bytes(batch) * a.gvBatch + bytes(keyHead) * a.gvHead;
    for (let j = 0; j < a.nKeys; ++j) {
      memory.fill(gk + bytes(j) * a.gkRow, 0, bytes(a.width));
      memory.fill(gv + bytes(j) * a.gvRow, 0, bytes(a.valueWidth));
    }
    for (let head = keyHead * group; head < (keyHead + 1) * group; ++head) {
      const batchHead = batch * a.heads + head;
      const g = gPtr + bytes(batch) * a.gBatch + bytes(head) * a.gHead;
      const q = qPtr + bytes(batch) * a.qBatch + bytes(head) * a.qHead;
      const y = yPtr + bytes(batch) * a.yBatch + bytes(head) * a.yHead;
      const mask = maskPtr + bytes(batch) * a.maskBatch + bytes(head) * a.maskHead;
      const normaliser = normaliserPtr + bytes(2 * batchHead) * a.nQueries;
      const gq = gqPtr + bytes(batch) * a.gqBatch + bytes(head) * a.gqHead;
      for (let firstQuery = 0; firstQuery < a.nQueries; firstQuery += QUERY_BLOCK) {
        packBlock(a, place, firstQuery, g, q, y, normaliser);
        const nQueries = min(a.nQueries - firstQuery, QUERY_BLOCK);
        const seen = a.causal ? max(0, min(a.nKeys, firstQuery + nQueries + a.offset)) : a.nKeys;
        for (let firstKey = 0; firstKey < seen; firstKey += KEY_BLOCK) {
          const nKeys = min(seen - firstKey, KEY_BLOCK);
          const kBlock = k + bytes(firstKey) * a.kRow;
          const vBlock = v + bytes(firstKey) * a.vRow;
          packRows(kBlock, bytes(a.kRow), bytes(a.kColumn), nKeys, a.width, place.keyPanels);
          packRows(kBlock, bytes(a.kColumn), bytes(a.kRow), a.width, nKeys, place.keyColumns);
          packRows(vBlock, bytes(a.vRow), bytes(a.vColumn), nKeys, a.valueWidth, place.valuePanels);
          for (let i = 0; i < nQueries; i += TILE_COLUMNS) {
            passBack(a, place, batchHead, mask, firstQuery, i, firstKey, nKeys);
          }
          const gvBlock = gv + bytes(firstKey) * a.gvRow;
          const gkBlock = gk + bytes(firstKey) * a.gkRow;
          addKeyGrads(
            a,
            place,
            place.weights,
            place.gRows,
            a.valueWidth,
            firstQuery,
            firstKey,
            nKeys,
            gvBlock,
            a.gvRow,
          );
          addKeyGrads(
            a,
            place,
            place.weightGrads,
            place.queryRows,
            a.width,
            firstQuery,
            firstKey,
            nKeys,
            gkBlock,
            a.gkRow,
          );
        }
        const panel = panelBytes(TILE_COLUMNS, roundUp(a.width, TILE_ROWS));
        for (let i = 0; i < nQueries; i += TILE_COLUMNS) {
          const gradients = place.queryGrads + <usize>(i / TILE_COLUMNS) * panel;
          const to = gq + bytes(firstQuery + i) * a.gqRow;
          storeQueries(gradients, a.width, min(nQueries - i, TILE_COLUMNS), to, bytes(a.gqRow));
        }
      }
    }
  }
}

/** Packs a block of queries and of their incoming gradients, both ways, with D = sum(g y) and the normaliser per query. */
function packBlock(
  a: Attention,
  place: Places,
  firstQuery: i32,
  gPtr: usize,
  qPtr: usize,
  yPtr: usize,
  normaliserPtr: usize,
): void {
  const nQueries = min(a.nQueries - firstQuery, QUERY_BLOCK);
  const gRow = bytes(a.gRow);
  const gColumn = bytes(a.gColumn);
  const qRow = bytes(a.qRow);
  const qColumn = bytes(a.qColumn);
  const g = gPtr + <usize>firstQuery * gRow;
  const q = qPtr + <usize>firstQuery * qRow;
  const y = yPtr + bytes(firstQuery) * a.yRow;
  // The outputs are needed for D alone, so they borrow the place of the rows of g.
  packQueries(y, bytes(a.yRow), 4, nQueries, a.valueWidth, 1, place.gRows);
  packQueries(g, gRow, gColumn, nQueries, a.valueWidth, 1, place.gPanels);
  for (let i = 0; i < nQueries; i += TILE_COLUMNS) {
    let d0 = f32x4.splat(0);
    let d1 = d0;
    const from = panelBytes(i, a.valueWidth);
    const end = from + <usize>a.valueWidth * ROW;
    for (let at = from; at < end; at += ROW) {
      d0 = madd(v128.load(place.gPanels + at), v128.load(place.gRows + at), d0);
      d1 = madd(v128.load(place.gPanels + at, 16), v128.load(place.gRows + at, 16), d1);
    }
    v128.store(place.products + bytes(i), d0);
    v128.store(place.products + bytes(i), d1, 16);
  }
  packColumns(g, gRow, gColumn, nQueries, a.valueWidth, place.gRows);
  packQueries(q, qRow, qColumn, nQueries, a.width, a.scale, place.queryPanels);
  packColumns(q, qRow, qColumn, nQueries, a.width, place.queryRows);
  for (let i = 0; i < roundUp(nQueries, TILE_COLUMNS); ++i) {
    // Lanes beyond the last query repeat it, as the packed panels do.
    const from = normaliserPtr + bytes(2 * (firstQuery + min(i, nQueries - 1)));
    store<f32>(place.maxima + bytes(i), load<f32>(from));
    store<f32>(place.inverses + bytes(i), load<f32>(from, 4));
  }
  memory.fill(place.queryGrads, 0, panelBytes(roundUp(nQueries, TILE_COLUMNS), roundUp(a.width, TILE_ROWS)));
}

/** Probabilities and ds of 8 queries and one block of keys; adds to the queries' gradient, packs both for the keys'. */
function passBack(
  a: Attention,
  place: Places,
  batchHead: i32,
  maskPtr: usize,
  blockStart: i32,
  i: i32,
  firstKey: i32,
  nKeys: i32,
): void {
  const firstQuery = blockStart + i;
  const n = visibleKeys(a, firstQuery, firstKey, nKeys);
  if (n == 0) return;
  const scores = place.scores;
  const gradients = place.gradients;
  const buffer = place.buffer;
  scoreTiles(place.keyPanels, place.queryPanels + panelBytes(i, a.width), a.width, n, place.zeros, scores);
  scoreTiles(
    place.valuePanels,
    place.gPanels + panelBytes(i, a.valueWidth),
    a.valueWidth,
    n,
    place.zeros,
    gradients,
  );
  if (a.causal || a.maskKind != NO_MASK) hideScores(a, maskPtr, firstQuery, firstKey, n, scores, buffer);
  if (a.dropout) drawDropout(a, batchHead, firstQuery, firstKey, n, buffer, place.draws);
  differentiate(a, place, i, scores, gradients, buffer, n);
  const panel = panelBytes(TILE_COLUMNS, roundUp(a.width, TILE_ROWS));
  accumulateTiles(
    place.keyColumns,
    panelBytes(TILE_ROWS, nKeys),
    gradients,
    n,
    a.width,
    place.queryGrads + <usize>(i / TILE_COLUMNS) * panel,
  );
  clearTail(scores, n);
  clearTail(gradients, n);
  let at = panelBytes(TILE_ROWS, i);
  for (let j: usize = 0; j < <usize>n * ROW; j += <usize>TILE_ROWS * ROW) {
    packSixRows(scores + j, ROW, 4, TILE_ROWS, TILE_COLUMNS, place.weights + at);
    packSixRows(gradients + j, ROW, 4, TILE_ROWS, TILE_COLUMNS, place.weightGrads + at);
    at += panelBytes(TILE_ROWS, QUERY_BLOCK);
  }
}

/** scores -> p z; gradients (g vT) -> p (z (g vT) - D) scale. */
function differentiate(
  a: Attention,
  place: Places,
  i: i32,
  scoresPtr: usize,
  gradientsPtr: usize,
  dropoutPtr: usize,
  nKeys: i32,
): void {
  const end = <usize>nKeys * ROW;
  const scale = f32x4.splat(a.scale);
  for (let lane: usize = 0; lane < ROW; lane += 16) {
    const largest = v128.load(place.maxima + bytes(i) + lane);
    const inverse = v128.load(place.inverses + bytes(i) + lane);
    const product = v128.load(place.products + bytes(i) + lane);
    for (let at = lane; at < end; at += ROW) {
      let p = f32x4.mul(expBelow4(f32x4.sub(v128.load(scoresPtr + at), largest)), inverse);
      let dp = v128.load(gradientsPtr + at);
      const scaled = f32x4.mul(p, scale);
      if (a.dropout) {
        const z = v128.load(dropoutPtr + at);
        dp = f32x4.mul(dp, z);
        p = f32x4.mul(p, z);
      }
      v128.store(scoresPtr + at, p);
      v128.store(gradientsPtr + at, f32x4.mul(scaled, f32x4.sub(dp, product)));
    }
  }
}

/** y [nKeys rows][width] += weights [key][query] times rows [query][width], over the queries that see each key. */
function addKeyGrads(
  a: Attention,
  place: Places,
  weightsPtr: usize,
  rowsPtr: usize,
  width: i32,
  blockStart: i32,
  firstKey: i32,
  nKeys: i32,
  yPtr: usize,
  yRow: i32,
): void {
  const nQueries = min(a.nQueries - blockStart, QUERY_BLOCK);
  const row = bytes(yRow);
  let from = 0;
  for (let j = 0; j < nKeys; j += TILE_ROWS) {
    // Panels of queries that see none of these keys hold nothing.
    while (visibleKeys(a, blockStart + from, firstKey, nKeys) <= j) from += TILE_COLUMNS;
    const weights = weightsPtr + panelBytes(j, QUERY_BLOCK) + panelBytes(TILE_ROWS, from);
    const height = min(nKeys - j, TILE_ROWS);
    let rows = rowsPtr + <usize>from * ROW;
    let y = yPtr + <usize>j * row;
    for (let c = 0; c < width; c += TILE_COLUMNS) {
      const columns = min(width - c, TILE_COLUMNS);
      if (height == TILE_ROWS && columns == TILE_COLUMNS) {
        multiplyTile(weights, rows, nQueries - from, y, row, y, row);
      } else {
        copyTile(y, row, place.tile, ROW, height, columns);
        multiplyTile(weights, rows, nQueries - from, place.tile, ROW, place.tile, ROW);
        copyTile(place.tile, ROW, y, row, height, columns);
      }
      rows += <usize>nQueries * ROW;
      y += ROW;
    }
  }
}

/*
 * The gated recurrent unit (Cho et al. 2014, with the reset gate behind the product) over a whole sequence:
 *   r, z = sigmoid of x_t W_ih^T + b + h_(t-1) W_hh^T;  q = h_(t-1) W_hn^T + b_hn;  n = tanh(x_t W_in^T + b_in + r q);
 *   h_t = n + z (h_(t-1) - n).
 * The range counts rows of the batch: rows are independent over all steps.
 *
 * Shapes: gates [T, B, 4 H] in the order r z n q, y [T, B, H], state h [B, H], lengths [B] (0: none); weights
 * [3 H, H] in the order r z n. panelsPtr: those of r and z, behind them those of n; 0: a batch of one, weights as they are.
 */
import { sigmoid4, tanh4 } from "../math";
import { bytes, madd } from "../simd";
import {
  addBack,
  addRow,
  addThrough,
  clear,
  flush,
  isFirst,
  isPadding,
  panelBytes,
  put,
  take,
  TILE_BYTES,
} from "./step";


@inline
function cell(gates: usize, row: usize, h: usize, y: usize, one: bool): void {
  const r = sigmoid4(take(gates, one));
  const z = sigmoid4(take(gates + row, one));
  const n = tanh4(madd(r, take(gates + 3 * row, one), take(gates + 2 * row, one)));
  const state = flush(madd(z, f32x4.sub(take(h, one), n), n));
  put(gates, r, one);
  put(gates + row, z, one);
  put(gates + 2 * row, n, one);
  put(h, state, one);
  put(y, state, one);
}

/**
 * gates hold x W_ih^T + b in the columns of r z n on entry, r z n q on return; h the initial state, then the last one.
 * biasPtr: b_hn, or 0.
 */
export function gru_f32(
  gatesPtr: usize,
  biasPtr: usize,
  weightPtr: usize,
  panelsPtr: usize,
  hPtr: usize,
  yPtr: usize,
  lengthsPtr: usize,
  nSteps: i32,
  nBatch: i32,
  nHidden: i32,
  reverse: i32,
  scratchPtr: usize,
  start: i32,
  end: i32,
): void {
  const row = bytes(nHidden);
  const vectorEnd = bytes(nHidden & -4);
  const nRows = end - start;
  const weightOfN = weightPtr + 2 * <usize>nHidden * row;
  const panelsOfN = panelsPtr ? panelsPtr + panelBytes(nHidden, 2 * nHidden) : <usize>0;
  const h = hPtr + <usize>start * row;
  memory.fill(scratchPtr, 0, TILE_BYTES);
  for (let s = 0; s < nSteps; ++s) {
    const t = reverse ? nSteps - 1 - s : s;
    const first = <usize>(t * nBatch + start);
    const gates = gatesPtr + first * 4 * row;
    const q = gates + 3 * row;
    for (let b = 0; b < nRows; ++b) {
      if (biasPtr) memory.copy(q + <usize>b * 4 * row, biasPtr, row);
      else clear(q + <usize>b * 4 * row, nHidden);
    }
    addThrough(h, row, nRows, weightPtr, panelsPtr, nHidden, 2 * nHidden, gates, 4 * row, scratchPtr);
    addThrough(h, row, nRows, weightOfN, panelsOfN, nHidden, nHidden, q, 4 * row, scratchPtr);
    for (let b = start; b < end; ++b) {
      const at = <usize>(b - start) * row;
      const y = yPtr + first * row + at;
      if (isPadding(lengthsPtr, b, t)) {
        clear(y, nHidden);
        continue;
      }
      let j: usize = 0;
      for (; j < vectorEnd; j += 16) cell(gates + 4 * at + j, row, h + at + j, y + j, false);
      for (; j < row; j += 4) cell(gates + 4 * at + j, row, h + at + j, y + j, true);
    }
  }
}


@inline
function cellBack(gates: usize, row: usize, before: usize, dh: usize, g: usize, one: bool): void {
  const r = take(gates, one);
  const z = take(gates + row, one);
  const n = take(gates + 2 * row, one);
  const q = take(gates + 3 * row, one);
  const unit = f32x4.splat(1);
  const d = take(dh, one);
  const dz = f32x4.mul(d, f32x4.sub(take(before, one), n));
  const slope = f32x4.sub(unit, f32x4.mul(n, n));
  const dn = flush(f32x4.mul(f32x4.mul(d, f32x4.sub(unit, z)), slope));
  put(g, flush(f32x4.mul(f32x4.mul(dn, q), f32x4.mul(r, f32x4.sub(unit, r)))), one);
  put(g + row, flush(f32x4.mul(dz, f32x4.mul(z, f32x4.sub(unit, z)))), one);
  put(g + 2 * row, dn, one);
  put(g + 3 * row, flush(f32x4.mul(dn, r)), one);
  put(dh, flush(f32x4.mul(d, z)), one);
}

/**
 * gPtr [T, B, 4 H] becomes the gradient before the activations of r z n, and of q; h that of the last state, on return of
 * the first.
 */
export function gru_grad_f32(
  gyPtr: usize,
  gatesPtr: usize,
  yPtr: usize,
  h0Ptr: usize,
  weightPtr: usize,
  panelsPtr: usize,
  hPtr: usize,
  gPtr: usize,
  lengthsPtr: usize,
  nSteps: i32,
  nBatch: i32,
  nHidden: i32,
  reverse: i32,
  scratchPtr: usize,
  start: i32,
  end: i32,
): void {
  const row = bytes(nHidden);
  const vectorEnd = bytes(nHidden & -4);
  const nRows = end - start;
  const weightOfN = weightPtr + 2 * <usize>nHidden * row;
  const panelsOfN = panelsPtr ? panelsPtr + panelBytes(2 * nHidden, nHidden) : <usize>0;
  const h = hPtr + <usize>start * row;
  memory.fill(scratchPtr, 0, TILE_BYTES);
  for (let s = nSteps - 1; s >= 0; --s) {
    const t = reverse ? nSteps - 1 - s : s;
    const first = <usize>(t * nBatch + start);
    const gates = gatesPtr + first * 4 * row;
    const g = gPtr + first * 4 * row;
    for (let b = start; b < end; ++b) {
      const at = <usize>(b - start) * row;
      if (isPadding(lengthsPtr, b, t)) {
        clear(g + 4 * at, 4 * nHidden);
        continue;
      }
      if (gyPtr) addRow(h + at, gyPtr + first * row + at, nHidden);
      const y = yPtr + first * row + at;
      const previous = reverse ? y + <usize>nBatch * row : y - <usize>nBatch * row;
      const before = isFirst(lengthsPtr, b, t, nSteps, reverse) ? h0Ptr + <usize>b * row : previous;
      let j: usize = 0;
      for (; j < vectorEnd; j += 16)
        cellBack(gates + 4 * at + j, row, before + j, h + at + j, g + 4 * at + j, false);
      for (; j < row; j += 4) cellBack(gates + 4 * at + j, row, before + j, h + at + j, g + 4 * at + j, true);
    }
    addBack(g, 4 * row, nRows, weightPtr, panelsPtr, 2 * nHidden, nHidden, h, row, scratchPtr);
    addBack(g + 3 * row, 4 * row, nRows, weightOfN, panelsOfN, nHidden, nHidden, h, row, scratchPtr);
  }
}

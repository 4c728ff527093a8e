/*
 * The long short-term memory (Hochreiter and Schmidhuber 1997, with forget gates) over a whole sequence:
 *   i, f, o = sigmoid, g = tanh of x_t W_ih^T + b + h_(t-1) W_hh^T;  c_t = f c_(t-1) + i g;  m_t = o tanh c_t;
 *   h_t = m_t, or m_t W_hr^T with a projection to nOut features.
 * The range counts rows of the batch: rows are independent over all steps.
 *
 * Shapes: gates [T, B, 4 H] in the order i f g o, cells and hidden (m, kept for a projection) [T, B, H], y [T, B, nOut],
 * states h [B, nOut] and c [B, H], lengths [B] (0: none). *PanelsPtr 0: a batch of one, weights as they are.
 */
import { sigmoid4, tanh4 } from "../math";
import { bytes, madd } from "../simd";
import { addBack, addRow, addThrough, clear, flush, isFirst, isPadding, put, take, TILE_BYTES } from "./step";


@inline
function cell(gates: usize, row: usize, c: usize, cells: usize, m: usize, h: usize, one: bool): void {
  const i = sigmoid4(take(gates, one));
  const f = sigmoid4(take(gates + row, one));
  const g = tanh4(take(gates + 2 * row, one));
  const o = sigmoid4(take(gates + 3 * row, one));
  const state = flush(madd(f, take(c, one), f32x4.mul(i, g)));
  put(gates, i, one);
  put(gates + row, f, one);
  put(gates + 2 * row, g, one);
  put(gates + 3 * row, o, one);
  put(c, state, one);
  put(cells, state, one);
  const value = f32x4.mul(o, tanh4(state));
  put(m, value, one);
  if (h) put(h, value, one);
}

/** gates hold x W_ih^T + b on entry, the activated gates on return; h and c the initial states, then the last ones. */
export function lstm_f32(
  gatesPtr: usize,
  weightPtr: usize,
  panelsPtr: usize,
  projectionPtr: usize,
  projectionPanelsPtr: usize,
  hPtr: usize,
  cPtr: usize,
  yPtr: usize,
  cellsPtr: usize,
  hiddenPtr: usize,
  lengthsPtr: usize,
  nSteps: i32,
  nBatch: i32,
  nHidden: i32,
  nOut: i32,
  reverse: i32,
  scratchPtr: usize,
  start: i32,
  end: i32,
): void {
  const row = bytes(nHidden);
  const outRow = bytes(nOut);
  const vectorEnd = bytes(nHidden & -4);
  const nRows = end - start;
  memory.fill(scratchPtr, 0, TILE_BYTES);
  for (let s = 0; s < nSteps; ++s) {
    const t = reverse ? nSteps - 1 - s : s;
    const first = <usize>(t * nBatch + start);
    const y = yPtr + first * outRow;
    const h = hPtr + <usize>start * outRow;
    const gates = gatesPtr + first * 4 * row;
    addThrough(h, outRow, nRows, weightPtr, panelsPtr, nOut, 4 * nHidden, gates, 4 * row, scratchPtr);
    const m = hiddenPtr ? hiddenPtr + first * row : y;
    for (let b = start; b < end; ++b) {
      const at = <usize>(b - start) * row;
      if (isPadding(lengthsPtr, b, t)) {
        clear(m + at, nHidden);
        continue;
      }
      const c = cPtr + <usize>b * row;
      const cells = cellsPtr + first * row + at;
      const state: usize = hiddenPtr ? <usize>0 : h + at;
      let j: usize = 0;
      for (; j < vectorEnd; j += 16)
        cell(gates + 4 * at + j, row, c + j, cells + j, m + at + j, state ? state + j : <usize>0, false);
      for (; j < row; j += 4)
        cell(gates + 4 * at + j, row, c + j, cells + j, m + at + j, state ? state + j : <usize>0, true);
    }
    if (!hiddenPtr) continue;
    memory.fill(y, 0, <usize>nRows * outRow);
    addThrough(m, row, nRows, projectionPtr, projectionPanelsPtr, nHidden, nOut, y, outRow, scratchPtr);
    for (let b = start; b < end; ++b) {
      const at = <usize>(b - start) * outRow;
      if (!isPadding(lengthsPtr, b, t)) memory.copy(h + at, y + at, outRow);
    }
  }
}


@inline
function cellBack(
  gates: usize,
  row: usize,
  cells: usize,
  before: usize,
  dm: usize,
  dc: usize,
  g: usize,
  one: bool,
): void {
  const i = take(gates, one);
  const f = take(gates + row, one);
  const n = take(gates + 2 * row, one);
  const o = take(gates + 3 * row, one);
  const unit = f32x4.splat(1);
  const tanh = tanh4(take(cells, one));
  const dh = take(dm, one);
  // dc += dh o (1 - tanh^2)
  const slope = f32x4.sub(unit, f32x4.mul(tanh, tanh));
  const d = madd(f32x4.mul(dh, o), slope, take(dc, one));
  put(g, flush(f32x4.mul(f32x4.mul(d, n), f32x4.mul(i, f32x4.sub(unit, i)))), one);
  put(g + row, flush(f32x4.mul(f32x4.mul(d, take(before, one)), f32x4.mul(f, f32x4.sub(unit, f)))), one);
  put(g + 2 * row, flush(f32x4.mul(f32x4.mul(d, i), f32x4.sub(unit, f32x4.mul(n, n)))), one);
  put(g + 3 * row, flush(f32x4.mul(f32x4.mul(dh, tanh), f32x4.mul(o, f32x4.sub(unit, o)))), one);
  put(dc, flush(f32x4.mul(d, f)), one);
}

/**
 * gPtr [T, B, 4 H] becomes the gradient before the activations; h and c those of the last states, on return of the
 * first. With a projection: outPtr [T, B, nOut] becomes the gradient of y (the state's included) and hiddenPtr [B, H] is
 * working space.
 */
export function lstm_grad_f32(
  gyPtr: usize,
  gatesPtr: usize,
  cellsPtr: usize,
  c0Ptr: usize,
  weightPtr: usize,
  panelsPtr: usize,
  projectionPtr: usize,
  projectionPanelsPtr: usize,
  hPtr: usize,
  cPtr: usize,
  gPtr: usize,
  outPtr: usize,
  hiddenPtr: usize,
  lengthsPtr: usize,
  nSteps: i32,
  nBatch: i32,
  nHidden: i32,
  nOut: i32,
  reverse: i32,
  scratchPtr: usize,
  start: i32,
  end: i32,
): void {
  const row = bytes(nHidden);
  const outRow = bytes(nOut);
  const vectorEnd = bytes(nHidden & -4);
  const nRows = end - start;
  const h = hPtr + <usize>start * outRow;
  const hidden = hiddenPtr ? hiddenPtr + <usize>start * row : h;
  memory.fill(scratchPtr, 0, TILE_BYTES);
  for (let s = nSteps - 1; s >= 0; --s) {
    const t = reverse ? nSteps - 1 - s : s;
    const first = <usize>(t * nBatch + start);
    const out = outPtr + first * outRow;
    for (let b = start; b < end; ++b) {
      const at = <usize>(b - start) * outRow;
      const passes = isPadding(lengthsPtr, b, t);
      if (!passes && gyPtr) addRow(h + at, gyPtr + first * outRow + at, nOut);
      if (!hiddenPtr) continue;
      // The rows that take part move to the projection's gradient; the others wait in h.
      if (passes) clear(out + at, nOut);
      else {
        memory.copy(out + at, h + at, outRow);
        clear(h + at, nOut);
      }
    }
    if (hiddenPtr) {
      memory.fill(hidden, 0, <usize>nRows * row);
      addBack(out, outRow, nRows, projectionPtr, projectionPanelsPtr, nOut, nHidden, hidden, row, scratchPtr);
    }
    const gates = gatesPtr + first * 4 * row;
    const g = gPtr + first * 4 * row;
    for (let b = start; b < end; ++b) {
      const at = <usize>(b - start) * row;
      if (isPadding(lengthsPtr, b, t)) {
        clear(g + 4 * at, 4 * nHidden);
        continue;
      }
      const cells = cellsPtr + first * row + at;
      const previous = reverse ? cells + <usize>nBatch * row : cells - <usize>nBatch * row;
      const before = isFirst(lengthsPtr, b, t, nSteps, reverse) ? c0Ptr + <usize>b * row : previous;
      const dm = hidden + at;
      const dc = cPtr + <usize>b * row;
      let j: usize = 0;
      for (; j < vectorEnd; j += 16)
        cellBack(gates + 4 * at + j, row, cells + j, before + j, dm + j, dc + j, g + 4 * at + j, false);
      for (; j < row; j += 4)
        cellBack(gates + 4 * at + j, row, cells + j, before + j, dm + j, dc + j, g + 4 * at + j, true);
      if (!hiddenPtr) clear(h + at, nOut);
    }
    addBack(g, 4 * row, nRows, weightPtr, panelsPtr, 4 * nHidden, nOut, h, outRow, scratchPtr);
  }
}

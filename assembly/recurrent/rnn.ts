/*
 * The simple recurrent layer (Elman 1990) over a whole sequence: h_t = f(x_t W_ih^T + b + h_(t-1) W_hh^T), f tanh or
 * relu. The range counts rows of the batch: rows are independent over all steps.
 *
 * Shapes: y [T, B, H], states and their gradients [B, H], lengths [B] (0: none). reverse 1: from the last step to the
 * first. panelsPtr 0: a batch of one, weights as they are. Products of the input and of weight gradients lie outside.
 */
import { tanh4 } from "../math";
import { bytes } from "../simd";
import { addBack, addRow, addThrough, clear, flush, isPadding, put, take, TILE_BYTES } from "./step";

const RELU: i32 = 1;


@inline
function activate(activation: i32, yPtr: usize, hPtr: usize, one: bool): void {
  const x = take(yPtr, one);
  // pmax with x first passes NaN.
  const y = activation == RELU ? f32x4.pmax(x, f32x4.splat(0)) : tanh4(x);
  put(yPtr, y, one);
  put(hPtr, y, one);
}

/** y holds x W_ih^T + b on entry; h the initial state, on return the last one. */
export function rnn_f32(
  activation: i32,
  yPtr: usize,
  weightPtr: usize,
  panelsPtr: usize,
  hPtr: usize,
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
  memory.fill(scratchPtr, 0, TILE_BYTES);
  for (let s = 0; s < nSteps; ++s) {
    const t = reverse ? nSteps - 1 - s : s;
    let y = yPtr + <usize>(t * nBatch + start) * row;
    let h = hPtr + <usize>start * row;
    addThrough(h, row, end - start, weightPtr, panelsPtr, nHidden, nHidden, y, row, scratchPtr);
    for (let b = start; b < end; ++b) {
      if (isPadding(lengthsPtr, b, t)) clear(y, nHidden);
      else {
        let j: usize = 0;
        for (; j < vectorEnd; j += 16) activate(activation, y + j, h + j, false);
        for (; j < row; j += 4) activate(activation, y + j, h + j, true);
      }
      y += row;
      h += row;
    }
  }
}


@inline
function activateBack(activation: i32, yPtr: usize, hPtr: usize, gPtr: usize, one: bool): void {
  const y = take(yPtr, one);
  const dh = take(hPtr, one);
  const slope = f32x4.sub(f32x4.splat(1), f32x4.mul(y, y));
  put(
    gPtr,
    flush(activation == RELU ? v128.and(dh, f32x4.gt(y, f32x4.splat(0))) : f32x4.mul(dh, slope)),
    one,
  );
}

/** gPtr [T, B, H] becomes the gradient before the activation; h that of the last state, on return of the first. */
export function rnn_grad_f32(
  activation: i32,
  gyPtr: usize,
  yPtr: usize,
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
  memory.fill(scratchPtr, 0, TILE_BYTES);
  for (let s = nSteps - 1; s >= 0; --s) {
    const t = reverse ? nSteps - 1 - s : s;
    const first = <usize>(t * nBatch + start) * row;
    const h = hPtr + <usize>start * row;
    const g = gPtr + first;
    for (let b = start; b < end; ++b) {
      const at = <usize>(b - start) * row;
      if (isPadding(lengthsPtr, b, t)) {
        clear(g + at, nHidden);
        continue;
      }
      if (gyPtr) addRow(h + at, gyPtr + first + at, nHidden);
      const y = yPtr + first + at;
      let j: usize = 0;
      for (; j < vectorEnd; j += 16) activateBack(activation, y + j, h + at + j, g + at + j, false);
      for (; j < row; j += 4) activateBack(activation, y + j, h + at + j, g + at + j, true);
      clear(h + at, nHidden);
    }
    addBack(g, row, end - start, weightPtr, panelsPtr, nHidden, nHidden, h, row, scratchPtr);
  }
}

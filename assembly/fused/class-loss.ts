/*
 * Cross-entropy and negative log-likelihood of rows of class scores against class numbers, forward and backward, without
 * writing the probabilities down. With t the target of a row, w the classes' weights (1 where wPtr is 0), C = n classes,
 * s the smoothing and q = log softmax(x) (or x itself where it is `normalised`):
 *   loss = -(1 - s) w[t] q[t] - s / C sum_c w[c] q[c],   share = w[t]
 * Rows whose target is ignoreIndex have loss and share 0. A target outside [0, n) leaves its row unwritten; the first one
 * that a range meets is returned, or -1.
 */
import { log4 } from "../math";
import { bytes, sumLanes } from "../simd";
import { expSum, maxOfRow } from "./softmax";


@inline
function weightAt(wPtr: usize, index: i32): f32 {
  return wPtr ? load<f32>(wPtr + bytes(index)) : 1;
}


@inline
function sumOf(xPtr: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; n >= 8; n -= 8) {
    s0 = f32x4.add(s0, v128.load(xPtr));
    s1 = f32x4.add(s1, v128.load(xPtr, 16));
    xPtr += 32;
  }
  let sum = sumLanes(f32x4.add(s0, s1));
  for (; n > 0; --n) {
    sum += load<f32>(xPtr);
    xPtr += 4;
  }
  return sum;
}

/** sum over c of w[c] (top - x[c]), each of the n terms at least 0 for log-softmax. */
function spreadSum(xPtr: usize, wPtr: usize, n: i32, top: f32): f32 {
  const level = f32x4.splat(top);
  let sums = f32x4.splat(0);
  for (; n >= 4; n -= 4) {
    let term = f32x4.sub(level, v128.load(xPtr));
    if (wPtr) {
      term = f32x4.mul(term, v128.load(wPtr));
      wPtr += 16;
    }
    sums = f32x4.add(sums, term);
    xPtr += 16;
  }
  let sum = sumLanes(sums);
  for (; n > 0; --n) {
    sum += weightAt(wPtr, 0) * (top - load<f32>(xPtr));
    xPtr += 4;
    if (wPtr) wPtr += 4;
  }
  return sum;
}

/** losses and shares (sharePtr optional) of rows [start, end). */
export function class_loss_f32(
  xPtr: usize,
  targetPtr: usize,
  wPtr: usize,
  lossPtr: usize,
  sharePtr: usize,
  n: i32,
  ignoreIndex: i32,
  smoothing: f32,
  normalised: i32,
  start: i32,
  end: i32,
): i32 {
  let bad = -1;
  let x = xPtr + bytes(start) * <usize>n;
  const hard = <f32>1 - smoothing;
  const soft = smoothing / <f32>n;
  for (let row = start; row < end; ++row) {
    const target = load<i32>(targetPtr + bytes(row));
    let loss: f32 = 0;
    let share: f32 = 0;
    if (target != ignoreIndex) {
      if (<u32>target < <u32>n) {
        let top: f32 = 0;
        let logSum: f32 = 0;
        if (!normalised) {
          const largest = maxOfRow(x, n);
          top = f32x4.extract_lane(largest, 0);
          logSum = f32x4.extract_lane(log4(f32x4.splat(expSum(x, 0, n, largest, false))), 0);
        }
        share = weightAt(wPtr, target);
        // (top - x) first: it is exact where x is near the top, and logSum is small.
        loss = hard * share * (top - load<f32>(x + bytes(target)) + logSum);
        if (smoothing != 0) {
          const whole = wPtr ? sumOf(wPtr, n) : <f32>n;
          loss += soft * (spreadSum(x, wPtr, n, top) + whole * logSum);
        }
      } else if (bad < 0) {
        bad = row;
      }
    }
    store<f32>(lossPtr + bytes(row), loss);
    if (sharePtr) store<f32>(sharePtr + bytes(row), share);
    x += bytes(n);
  }
  return bad;
}

/** y[0] = sum of losses / sum of shares, or the sum of losses where sharePtr is 0. The range is [0, 1). */
export function class_loss_reduce_f32(
  lossPtr: usize,
  sharePtr: usize,
  yPtr: usize,
  nRows: i32,
  start: i32,
  end: i32,
): void {
  if (start >= end) return;
  const total = sumOf(lossPtr, nRows);
  store<f32>(yPtr, sharePtr ? total / sumOf(sharePtr, nRows) : total);
}

/** total[0] = sum of the shares of all rows. The range is [0, 1). */
export function class_share_total_f32(
  targetPtr: usize,
  wPtr: usize,
  totalPtr: usize,
  nRows: i32,
  ignoreIndex: i32,
  start: i32,
  end: i32,
): void {
  if (start >= end) return;
  let total: f32 = 0;
  for (let row = 0; row < nRows; ++row) {
    const target = load<i32>(targetPtr + bytes(row));
    if (target != ignoreIndex) total += weightAt(wPtr, target);
  }
  store<f32>(totalPtr, total);
}

/**
 * The gradient of x for rows [start, end): with the row's factor f = g / total (total 1 where totalPtr is 0; g is
 * gPtr[row * gStep]) and p = softmax(x),
 *   gx[j] = f (p[j] ((1 - s) w[t] + s / C sum_c w[c]) - (1 - s) w[t] [j = t] - s / C w[j])
 * and without the term in p where x is normalised. Targets are in range: the forward pass has looked.
 */
export function class_loss_grad_f32(
  gPtr: usize,
  gStep: i32,
  totalPtr: usize,
  xPtr: usize,
  targetPtr: usize,
  wPtr: usize,
  gxPtr: usize,
  n: i32,
  ignoreIndex: i32,
  smoothing: f32,
  normalised: i32,
  start: i32,
  end: i32,
): void {
  let x = xPtr + bytes(start) * <usize>n;
  let gx = gxPtr + bytes(start) * <usize>n;
  const soft = smoothing / <f32>n;
  const spread = smoothing == 0 ? <f32>0 : soft * (wPtr ? sumOf(wPtr, n) : <f32>n);
  for (let row = start; row < end; ++row) {
    const target = load<i32>(targetPtr + bytes(row));
    if (target == ignoreIndex) {
      memory.fill(gx, 0, bytes(n));
    } else {
      let factor = load<f32>(gPtr + bytes(row * gStep));
      if (totalPtr) factor /= load<f32>(totalPtr);
      const hard = (<f32>1 - smoothing) * weightAt(wPtr, target);
      let scale: f32 = 0;
      if (normalised) memory.fill(gx, 0, bytes(n));
      else scale = (factor * (hard + spread)) / expSum(x, gx, n, maxOfRow(x, n), true);
      scaleAndShift(gx, wPtr, n, scale, smoothing != 0 ? -factor * soft : 0);
      const at = gx + bytes(target);
      store<f32>(at, load<f32>(at) - factor * hard);
    }
    x += bytes(n);
    gx += bytes(n);
  }
}

/** y = y scale + w shift (w 1 where wPtr is 0). */
@inline
function scaleAndShift(yPtr: usize, wPtr: usize, n: i32, scale: f32, shift: f32): void {
  const factor = f32x4.splat(scale);
  const step = f32x4.splat(shift);
  for (; n >= 4; n -= 4) {
    let y = f32x4.mul(v128.load(yPtr), factor);
    if (shift != 0) y = f32x4.add(y, wPtr ? f32x4.mul(step, v128.load(wPtr)) : step);
    v128.store(yPtr, y);
    yPtr += 16;
    if (wPtr) wPtr += 16;
  }
  for (; n > 0; --n) {
    let y = load<f32>(yPtr) * scale;
    if (shift != 0) y += shift * weightAt(wPtr, 0);
    store<f32>(yPtr, y);
    yPtr += 4;
    if (wPtr) wPtr += 4;
  }
}

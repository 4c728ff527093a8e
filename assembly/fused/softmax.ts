/*
 * softmax and log-softmax over the last axis of [rows, n], forward and backward, each in one call: x - max(x) is formed
 * once, so nothing overflows. The range counts rows. NaN or infinity in a row makes that row NaN, -infinity alone gives
 * probability 0. Outputs may be the inputs.
 */
import { exp4, expOfNegative4, log4 } from "../math";
import { bytes, sumLanes } from "../simd";

/** The largest value of a row, in all lanes; NaN may get lost here, and survives in expSum. */
@inline
export function maxOfRow(xPtr: usize, n: i32): v128 {
  let m0 = f32x4.splat(-Infinity);
  let m1 = m0;
  for (; n >= 8; n -= 8) {
    m0 = f32x4.pmax(m0, v128.load(xPtr));
    m1 = f32x4.pmax(m1, v128.load(xPtr, 16));
    xPtr += 32;
  }
  m0 = f32x4.pmax(m0, m1);
  for (; n > 0; --n) {
    m0 = f32x4.pmax(m0, v128.load32_splat(xPtr));
    xPtr += 4;
  }
  m0 = f32x4.pmax(m0, v128.shuffle<f32>(m0, m0, 2, 3, 0, 1));
  return f32x4.pmax(m0, v128.shuffle<f32>(m0, m0, 1, 0, 3, 2));
}

/** The sum of exp(x - max) over a row; stores the terms where yPtr is given. NaN in x survives in the sum. */
@inline
export function expSum(xPtr: usize, yPtr: usize, n: i32, largest: v128, stores: bool): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; n >= 8; n -= 8) {
    const e0 = expOfNegative4(f32x4.sub(v128.load(xPtr), largest));
    const e1 = expOfNegative4(f32x4.sub(v128.load(xPtr, 16), largest));
    s0 = f32x4.add(s0, e0);
    s1 = f32x4.add(s1, e1);
    if (stores) {
      v128.store(yPtr, e0);
      v128.store(yPtr, e1, 16);
      yPtr += 32;
    }
    xPtr += 32;
  }
  let sum = sumLanes(f32x4.add(s0, s1));
  for (; n > 0; n -= 4) {
    // The last elements share vectors whose other lanes are e^-infinity = 0.
    let x = f32x4.splat(-Infinity);
    x = v128.load32_lane(xPtr, x, 0);
    if (n > 1) x = v128.load32_lane(xPtr, x, 1, 4);
    if (n > 2) x = v128.load32_lane(xPtr, x, 2, 8);
    if (n > 3) x = v128.load32_lane(xPtr, x, 3, 12);
    const e = expOfNegative4(f32x4.sub(x, largest));
    sum += sumLanes(e);
    if (stores) {
      v128.store32_lane(yPtr, e, 0);
      if (n > 1) v128.store32_lane(yPtr, e, 1, 4);
      if (n > 2) v128.store32_lane(yPtr, e, 2, 8);
      if (n > 3) v128.store32_lane(yPtr, e, 3, 12);
      yPtr += 16;
    }
    xPtr += 16;
  }
  return sum;
}

/** y = exp(x - max) / sum of the same */
export function softmax_f32(xPtr: usize, yPtr: usize, n: i32, start: i32, end: i32): void {
  xPtr += bytes(start) * <usize>n;
  yPtr += bytes(start) * <usize>n;
  for (let row = start; row < end; ++row) {
    const scale = f32x4.splat(<f32>1 / expSum(xPtr, yPtr, n, maxOfRow(xPtr, n), true));
    let y = yPtr;
    let left = n;
    for (; left >= 4; left -= 4) {
      v128.store(y, f32x4.mul(v128.load(y), scale));
      y += 16;
    }
    for (; left > 0; --left) {
      v128.store32_lane(y, f32x4.mul(v128.load32_zero(y), scale), 0);
      y += 4;
    }
    xPtr += bytes(n);
    yPtr += bytes(n);
  }
}

/** y = (x - max) - ln sum exp(x - max) */
export function log_softmax_f32(xPtr: usize, yPtr: usize, n: i32, start: i32, end: i32): void {
  xPtr += bytes(start) * <usize>n;
  yPtr += bytes(start) * <usize>n;
  for (let row = start; row < end; ++row) {
    const largest = maxOfRow(xPtr, n);
    const logSum = log4(f32x4.splat(expSum(xPtr, 0, n, largest, false)));
    let x = xPtr;
    let y = yPtr;
    let left = n;
    for (; left >= 4; left -= 4) {
      v128.store(y, f32x4.sub(f32x4.sub(v128.load(x), largest), logSum));
      x += 16;
      y += 16;
    }
    for (; left > 0; --left) {
      v128.store32_lane(y, f32x4.sub(f32x4.sub(v128.load32_zero(x), largest), logSum), 0);
      x += 4;
      y += 4;
    }
    xPtr += bytes(n);
    yPtr += bytes(n);
  }
}

/** gx = y (g - sum(g y)) */
export function softmax_grad_f32(gPtr: usize, yPtr: usize, gxPtr: usize, n: i32, start: i32, end: i32): void {
  const rowBytes = bytes(n);
  const vectorBytes = bytes(n & -4);
  let base = bytes(start) * <usize>n;
  for (let row = start; row < end; ++row) {
    const g = gPtr + base;
    const y = yPtr + base;
    const gx = gxPtr + base;
    let sums = f32x4.splat(0);
    let i: usize = 0;
    for (; i < vectorBytes; i += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(g + i), v128.load(y + i)));
    let sum = sumLanes(sums);
    for (; i < rowBytes; i += 4) sum += load<f32>(g + i) * load<f32>(y + i);
    const mean = f32x4.splat(sum);
    for (i = 0; i < vectorBytes; i += 16) {
      v128.store(gx + i, f32x4.mul(v128.load(y + i), f32x4.sub(v128.load(g + i), mean)));
    }
    for (; i < rowBytes; i += 4) store<f32>(gx + i, load<f32>(y + i) * (load<f32>(g + i) - sum));
    base += rowBytes;
  }
}

/** gx = g - exp(y) sum(g), y the log-probabilities */
export function log_softmax_grad_f32(
  gPtr: usize,
  yPtr: usize,
  gxPtr: usize,
  n: i32,
  start: i32,
  end: i32,
): void {
  const rowBytes = bytes(n);
  const vectorBytes = bytes(n & -4);
  let base = bytes(start) * <usize>n;
  for (let row = start; row < end; ++row) {
    const g = gPtr + base;
    const y = yPtr + base;
    const gx = gxPtr + base;
    let sums = f32x4.splat(0);
    let i: usize = 0;
    for (; i < vectorBytes; i += 16) sums = f32x4.add(sums, v128.load(g + i));
    let total = sumLanes(sums);
    for (; i < rowBytes; i += 4) total += load<f32>(g + i);
    const sum = f32x4.splat(total);
    for (i = 0; i < vectorBytes; i += 16) {
      v128.store(gx + i, f32x4.sub(v128.load(g + i), f32x4.mul(exp4(v128.load(y + i)), sum)));
    }
    for (; i < rowBytes; i += 4) {
      const value = f32x4.sub(v128.load32_zero(g + i), f32x4.mul(exp4(v128.load32_zero(y + i)), sum));
      v128.store32_lane(gx + i, value, 0);
    }
    base += rowBytes;
  }
}

/*
 * Matrix times vector, for products with one row or one column: limited by reading the matrix once, so no packing.
 *
 * y[o] = init[o] + sum_k M[o, k] * v[k]. The order of the sum depends on the layout of M and on k only, never on which
 * outputs share a call.
 */
import { interleaveHigh, interleaveLow, joinHigh, joinLow, madd, sumLanes } from "./simd";

/**
 * nOut outputs yStride bytes apart; M[o, k] at mPtr + o * outStride + k * kStride; the vector has to be dense.
 * initPtr optional, values initStride bytes apart.
 */
export function multiplyVector(
  mPtr: usize,
  outStride: usize,
  kStride: usize,
  vPtr: usize,
  initPtr: usize,
  initStride: usize,
  yPtr: usize,
  yStride: usize,
  nOut: i32,
  k: i32,
): void {
  if (kStride == 4) {
    for (; nOut > 0; nOut -= 8) {
      dotEight(mPtr, outStride, vPtr, k, initPtr, initStride, yPtr, yStride, min(nOut, 8));
      mPtr += 8 * outStride;
      yPtr += 8 * yStride;
      if (initPtr) initPtr += 8 * initStride;
    }
    return;
  }
  let left = nOut;
  if (outStride == 4 && yStride == 4 && (initPtr == 0 || initStride == 4)) {
    for (; left >= 32; left -= 32) {
      combineThirtyTwo(mPtr, kStride, vPtr, k, initPtr, yPtr);
      mPtr += 128;
      yPtr += 128;
      if (initPtr) initPtr += 128;
    }
    for (; left >= 4; left -= 4) {
      let sum = initPtr ? v128.load(initPtr) : f32x4.splat(0);
      let m = mPtr;
      let v = vPtr;
      for (let i = k; i > 0; --i) {
        sum = madd(v128.load32_splat(v), v128.load(m), sum);
        m += kStride;
        v += 4;
      }
      v128.store(yPtr, sum);
      mPtr += 16;
      yPtr += 16;
      if (initPtr) initPtr += 16;
    }
  }
  for (; left > 0; --left) {
    let sum = initPtr ? v128.load32_zero(initPtr) : f32x4.splat(0);
    let m = mPtr;
    let v = vPtr;
    for (let i = k; i > 0; --i) {
      sum = madd(v128.load32_splat(v), v128.load32_zero(m), sum);
      m += kStride;
      v += 4;
    }
    v128.store32_lane(yPtr, sum, 0);
    mPtr += outStride;
    yPtr += yStride;
    if (initPtr) initPtr += initStride;
  }
}

/** The product of two dense vectors: four accumulators of 4 lanes, then the last k % 16 products into the first lane. */
export function dot(xPtr: usize, vPtr: usize, k: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; k >= 16; k -= 16) {
    s0 = madd(v128.load(xPtr), v128.load(vPtr), s0);
    s1 = madd(v128.load(xPtr, 16), v128.load(vPtr, 16), s1);
    s2 = madd(v128.load(xPtr, 32), v128.load(vPtr, 32), s2);
    s3 = madd(v128.load(xPtr, 48), v128.load(vPtr, 48), s3);
    xPtr += 64;
    vPtr += 64;
  }
  for (; k > 0; --k) {
    s0 = madd(v128.load32_zero(xPtr), v128.load32_zero(vPtr), s0);
    xPtr += 4;
    vPtr += 4;
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** The sums of the lanes of four vectors, (x0 + x2) + (x1 + x3), each in its lane. */
@inline
function sumFour(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(interleaveLow(a, b), interleaveHigh(a, b));
  const cd = f32x4.add(interleaveLow(c, d), interleaveHigh(c, d));
  return f32x4.add(joinLow(ab, cd), joinHigh(ab, cd));
}

/**
 * Eight dot products at once (n of them are wanted; the others repeat the last): one accumulator of four lanes each, then
 * the last k % 4 products into its first lane. Eight streams read memory faster than four (measured: 13 %).
 */
function dotEight(
  mPtr: usize,
  outStride: usize,
  vPtr: usize,
  k: i32,
  initPtr: usize,
  initStride: usize,
  yPtr: usize,
  yStride: usize,
  n: i32,
): void {
  let m1 = mPtr + (n > 1 ? outStride : 0);
  let m2 = m1 + (n > 2 ? outStride : 0);
  let m3 = m2 + (n > 3 ? outStride : 0);
  let m4 = m3 + (n > 4 ? outStride : 0);
  let m5 = m4 + (n > 5 ? outStride : 0);
  let m6 = m5 + (n > 6 ? outStride : 0);
  let m7 = m6 + (n > 7 ? outStride : 0);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (; k >= 4; k -= 4) {
    const v = v128.load(vPtr);
    s0 = madd(v128.load(mPtr), v, s0);
    s1 = madd(v128.load(m1), v, s1);
    s2 = madd(v128.load(m2), v, s2);
    s3 = madd(v128.load(m3), v, s3);
    s4 = madd(v128.load(m4), v, s4);
    s5 = madd(v128.load(m5), v, s5);
    s6 = madd(v128.load(m6), v, s6);
    s7 = madd(v128.load(m7), v, s7);
    mPtr += 16;
    m1 += 16;
    m2 += 16;
    m3 += 16;
    m4 += 16;
    m5 += 16;
    m6 += 16;
    m7 += 16;
    vPtr += 16;
  }
  let low = sumFour(s0, s1, s2, s3);
  let high = sumFour(s4, s5, s6, s7);
  for (; k > 0; --k) {
    const v = v128.load32_splat(vPtr);
    let m = v128.load32_zero(mPtr);
    m = v128.load32_lane(m1, m, 1);
    m = v128.load32_lane(m2, m, 2);
    low = madd(v128.load32_lane(m3, m, 3), v, low);
    m = v128.load32_zero(m4);
    m = v128.load32_lane(m5, m, 1);
    m = v128.load32_lane(m6, m, 2);
    high = madd(v128.load32_lane(m7, m, 3), v, high);
    mPtr += 4;
    m1 += 4;
    m2 += 4;
    m3 += 4;
    m4 += 4;
    m5 += 4;
    m6 += 4;
    m7 += 4;
    vPtr += 4;
  }
  if (n == 8 && yStride == 4 && (initPtr == 0 || initStride == 4)) {
    if (initPtr) {
      low = f32x4.add(v128.load(initPtr), low);
      high = f32x4.add(v128.load(initPtr, 16), high);
    }
    v128.store(yPtr, low);
    v128.store(yPtr, high, 16);
    return;
  }
  for (; n > 0; --n) {
    const sum = f32x4.extract_lane(low, 0);
    store<f32>(yPtr, initPtr ? load<f32>(initPtr) + sum : sum);
    low = v128.shuffle<f32>(low, high, 1, 2, 3, 4);
    high = v128.shuffle<f32>(high, high, 1, 2, 3, 3);
    yPtr += yStride;
    if (initPtr) initPtr += initStride;
  }
}

/** y[0..32) = init + sum_k v[k] * M[0..32), k in order: 128 contiguous bytes of the matrix per step. */
function combineThirtyTwo(
  mPtr: usize,
  kStride: usize,
  vPtr: usize,
  k: i32,
  initPtr: usize,
  yPtr: usize,
): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  if (initPtr) {
    s0 = v128.load(initPtr);
    s1 = v128.load(initPtr, 16);
    s2 = v128.load(initPtr, 32);
    s3 = v128.load(initPtr, 48);
    s4 = v128.load(initPtr, 64);
    s5 = v128.load(initPtr, 80);
    s6 = v128.load(initPtr, 96);
    s7 = v128.load(initPtr, 112);
  }
  for (; k > 0; --k) {
    const v = v128.load32_splat(vPtr);
    s0 = madd(v, v128.load(mPtr), s0);
    s1 = madd(v, v128.load(mPtr, 16), s1);
    s2 = madd(v, v128.load(mPtr, 32), s2);
    s3 = madd(v, v128.load(mPtr, 48), s3);
    s4 = madd(v, v128.load(mPtr, 64), s4);
    s5 = madd(v, v128.load(mPtr, 80), s5);
    s6 = madd(v, v128.load(mPtr, 96), s6);
    s7 = madd(v, v128.load(mPtr, 112), s7);
    mPtr += kStride;
    vPtr += 4;
  }
  v128.store(yPtr, s0);
  v128.store(yPtr, s1, 16);
  v128.store(yPtr, s2, 32);
  v128.store(yPtr, s3, 48);
  v128.store(yPtr, s4, 64);
  v128.store(yPtr, s5, 80);
  v128.store(yPtr, s6, 96);
  v128.store(yPtr, s7, 112);
}

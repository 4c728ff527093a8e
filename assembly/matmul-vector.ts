/*
 * Matrix times vector, for products with one row or one column: limited by reading the matrix once, so no packing.
 *
 * y[o] = init[o] + sum_k M[o, k] * v[k]. The order of the sum depends on the layout of M and on k only, never on which
 * outputs share a call.
 */
import { madd, sumLanes } from "./simd";

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
    let left = nOut;
    for (; left >= 4; left -= 4) {
      dotFour(mPtr, outStride, vPtr, k, initPtr, initStride, yPtr, yStride);
      mPtr += 4 * outStride;
      yPtr += 4 * yStride;
      if (initPtr) initPtr += 4 * initStride;
    }
    for (; left > 0; --left) {
      const sum = dot(mPtr, vPtr, k);
      store<f32>(yPtr, initPtr ? load<f32>(initPtr) + sum : sum);
      mPtr += outStride;
      yPtr += yStride;
      if (initPtr) initPtr += initStride;
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

/** The dot product of two dense vectors: two accumulators of 4 lanes, then the last k % 8 products in order. */
function dot(xPtr: usize, vPtr: usize, k: i32): f32 {
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  for (; k >= 8; k -= 8) {
    even = madd(v128.load(xPtr), v128.load(vPtr), even);
    odd = madd(v128.load(xPtr, 16), v128.load(vPtr, 16), odd);
    xPtr += 32;
    vPtr += 32;
  }
  return sumLanes(f32x4.add(even, odd)) + dotTail(xPtr, vPtr, k);
}


@inline
function dotTail(xPtr: usize, vPtr: usize, k: i32): f32 {
  let sum: f32 = 0;
  for (; k > 0; --k) {
    sum += load<f32>(xPtr) * load<f32>(vPtr);
    xPtr += 4;
    vPtr += 4;
  }
  return sum;
}

/** Four dot products at once, each in the order of `dot`: the vector is read once. */
function dotFour(
  mPtr: usize,
  outStride: usize,
  vPtr: usize,
  k: i32,
  initPtr: usize,
  initStride: usize,
  yPtr: usize,
  yStride: usize,
): void {
  let m1 = mPtr + outStride;
  let m2 = m1 + outStride;
  let m3 = m2 + outStride;
  let even0 = f32x4.splat(0);
  let even1 = even0;
  let even2 = even0;
  let even3 = even0;
  let odd0 = even0;
  let odd1 = even0;
  let odd2 = even0;
  let odd3 = even0;
  let i = k;
  for (; i >= 8; i -= 8) {
    let v = v128.load(vPtr);
    even0 = madd(v128.load(mPtr), v, even0);
    even1 = madd(v128.load(m1), v, even1);
    even2 = madd(v128.load(m2), v, even2);
    even3 = madd(v128.load(m3), v, even3);
    v = v128.load(vPtr, 16);
    odd0 = madd(v128.load(mPtr, 16), v, odd0);
    odd1 = madd(v128.load(m1, 16), v, odd1);
    odd2 = madd(v128.load(m2, 16), v, odd2);
    odd3 = madd(v128.load(m3, 16), v, odd3);
    mPtr += 32;
    m1 += 32;
    m2 += 32;
    m3 += 32;
    vPtr += 32;
  }
  let sum0 = sumLanes(f32x4.add(even0, odd0)) + dotTail(mPtr, vPtr, i);
  let sum1 = sumLanes(f32x4.add(even1, odd1)) + dotTail(m1, vPtr, i);
  let sum2 = sumLanes(f32x4.add(even2, odd2)) + dotTail(m2, vPtr, i);
  let sum3 = sumLanes(f32x4.add(even3, odd3)) + dotTail(m3, vPtr, i);
  if (initPtr) {
    sum0 = load<f32>(initPtr) + sum0;
    sum1 = load<f32>(initPtr + initStride) + sum1;
    sum2 = load<f32>(initPtr + 2 * initStride) + sum2;
    sum3 = load<f32>(initPtr + 3 * initStride) + sum3;
  }
  store<f32>(yPtr, sum0);
  store<f32>(yPtr + yStride, sum1);
  store<f32>(yPtr + 2 * yStride, sum2);
  store<f32>(yPtr + 3 * yStride, sum3);
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

/*
 * The few vector idioms that every kernel shares: multiply-add for both builds, horizontal sums in a fixed order, the
 * 4 x 4 transpose, one-lane loads for tails.
 *
 * A tail runs the same vector instructions as the body, on one lane. In the relaxed build a scalar tail would round
 * twice where the body rounds once, and an element's bits would depend on where a range was cut.
 */

/** a * b + c: one rounding in the relaxed build, two in the strict one. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b, rounded like madd. */
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** (x0 + x2) + (x1 + x3). */
@inline
export function sumLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 2, 3));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** max(x, y) where a NaN in x passes and a NaN in y is dropped: one instruction. */
@inline
export function maxFirst(x: v128, y: v128): v128 {
  return f32x4.pmax(x, y);
}

/** min(x, y) where a NaN in x passes and a NaN in y is dropped: one instruction. */
@inline
export function minFirst(x: v128, y: v128): v128 {
  return f32x4.pmin(x, y);
}

/** [a0 b0 a1 b1] */
@inline
export function interleaveLow(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 4, 1, 5);
}

/** [a2 b2 a3 b3] */
@inline
export function interleaveHigh(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 2, 6, 3, 7);
}

/** [a0 a1 b0 b1] */
@inline
export function joinLow(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 1, 4, 5);
}

/** [a2 a3 b2 b3] */
@inline
export function joinHigh(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 2, 3, 6, 7);
}

/** Stores the transpose of the 4 x 4 block with rows r0..r3 to four addresses yStride bytes apart. */
@inline
export function storeTransposed(r0: v128, r1: v128, r2: v128, r3: v128, yPtr: usize, yStride: usize): void {
  const low01 = interleaveLow(r0, r1);
  const low23 = interleaveLow(r2, r3);
  const high01 = interleaveHigh(r0, r1);
  const high23 = interleaveHigh(r2, r3);
  v128.store(yPtr, joinLow(low01, low23));
  v128.store(yPtr + yStride, joinHigh(low01, low23));
  v128.store(yPtr + 2 * yStride, joinLow(high01, high23));
  v128.store(yPtr + 3 * yStride, joinHigh(high01, high23));
}

/** Bytes of n 4-byte elements; wraps correctly for negative n. */
@inline
export function bytes(n: i32): usize {
  return (<usize>n) << 2;
}

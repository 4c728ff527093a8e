/*
 * The squared error of two tensors: its sum in blocks, whose sums the caller adds, and its gradient. The blocks depend on
 * the size alone.
 */
import { bytes, madd, sumLanes } from "../simd";

const BLOCK: i32 = 4096;

/** sums[block] = the sum of (x - t)^2 over a block of 4096 of the n elements. The range counts blocks. */
export function squared_error_f32(
  xPtr: usize,
  tPtr: usize,
  sumsPtr: usize,
  n: i32,
  start: i32,
  end: i32,
): void {
  for (let block = start; block < end; ++block) {
    const first = block * BLOCK;
    const sum = blockSum(xPtr + bytes(first), tPtr + bytes(first), min(n - first, BLOCK));
    store<f32>(sumsPtr + bytes(block), sum);
  }
}

function blockSum(xPtr: usize, tPtr: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; n >= 16; n -= 16) {
    let d = f32x4.sub(v128.load(xPtr), v128.load(tPtr));
    s0 = madd(d, d, s0);
    d = f32x4.sub(v128.load(xPtr, 16), v128.load(tPtr, 16));
    s1 = madd(d, d, s1);
    d = f32x4.sub(v128.load(xPtr, 32), v128.load(tPtr, 32));
    s2 = madd(d, d, s2);
    d = f32x4.sub(v128.load(xPtr, 48), v128.load(tPtr, 48));
    s3 = madd(d, d, s3);
    xPtr += 64;
    tPtr += 64;
  }
  for (; n > 0; --n) {
    const d = f32x4.sub(v128.load32_zero(xPtr), v128.load32_zero(tPtr));
    s0 = madd(d, d, s0);
    xPtr += 4;
    tPtr += 4;
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** gx = g[0] * scale * (x - t) */
export function squared_error_grad_f32(
  gPtr: usize,
  xPtr: usize,
  tPtr: usize,
  gxPtr: usize,
  scale: f32,
  start: i32,
  end: i32,
): void {
  const factor = f32x4.splat(load<f32>(gPtr) * scale);
  let i = bytes(start);
  let n = end - start;
  for (; n >= 4; n -= 4) {
    const d = f32x4.sub(v128.load(xPtr + i), v128.load(tPtr + i));
    v128.store(gxPtr + i, f32x4.mul(factor, d));
    i += 16;
  }
  for (; n > 0; --n) {
    const d = f32x4.sub(v128.load32_zero(xPtr + i), v128.load32_zero(tPtr + i));
    v128.store32_lane(gxPtr + i, f32x4.mul(factor, d), 0);
    i += 4;
  }
}

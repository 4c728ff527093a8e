/*
 * Two yardsticks for bench/: what the machine can do without memory, and what the register tile of the matrix product
 * does on panels in L1. Compare them with a whole product in the same run; figures of different runs say nothing.
 */
import { multiplyTile } from "./matmul-kernel";
import { madd } from "./simd";

/**
 * One multiply-add that an engine can neither shorten nor lift out of the loop: the relaxed form adds to its accumulator,
 * as the tiles do (engines copy a register otherwise); a strict product must depend on the step before.
 */
@inline
function step(s: v128, scale: v128, shift: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return madd(scale, shift, s);
  return madd(s, scale, shift);
}

/** 12 independent multiply-adds of 4 lanes per step, no loads: 96 flop a step. Writes 4 floats, to be kept alive. */
export function peak_madd_f32(yPtr: usize, nSteps: i32): void {
  // Loaded, because V8 builds a constant, or anything else it can compute, anew inside the loop.
  store<f32>(yPtr, 0.999);
  store<f32>(yPtr, 0.001, 4);
  const scale = v128.load32_splat(yPtr);
  const shift = v128.load32_splat(yPtr, 4);
  let s0 = f32x4.splat(0.1);
  let s1 = f32x4.splat(0.2);
  let s2 = f32x4.splat(0.3);
  let s3 = f32x4.splat(0.4);
  let s4 = f32x4.splat(0.5);
  let s5 = f32x4.splat(0.6);
  let s6 = f32x4.splat(0.7);
  let s7 = f32x4.splat(0.8);
  let s8 = f32x4.splat(0.9);
  let s9 = f32x4.splat(1.0);
  let s10 = f32x4.splat(1.1);
  let s11 = f32x4.splat(1.2);
  for (; nSteps > 0; --nSteps) {
    s0 = step(s0, scale, shift);
    s1 = step(s1, scale, shift);
    s2 = step(s2, scale, shift);
    s3 = step(s3, scale, shift);
    s4 = step(s4, scale, shift);
    s5 = step(s5, scale, shift);
    s6 = step(s6, scale, shift);
    s7 = step(s7, scale, shift);
    s8 = step(s8, scale, shift);
    s9 = step(s9, scale, shift);
    s10 = step(s10, scale, shift);
    s11 = step(s11, scale, shift);
  }
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  s4 = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  s8 = f32x4.add(f32x4.add(s8, s9), f32x4.add(s10, s11));
  v128.store(yPtr, f32x4.add(f32x4.add(s0, s4), s8));
}

/**
 * The 6 x 8 tile alone, nRepeats times on the same panels: A [k][6], B [k][8], y [6][8] dense and read as the start
 * value (zero it). 96 * k flop each; with k = 256 all of it lies in L1.
 */
export function peak_gemm_tile_f32(aPtr: usize, bPtr: usize, yPtr: usize, k: i32, nRepeats: i32): void {
  for (; nRepeats > 0; --nRepeats) multiplyTile(aPtr, bPtr, k, yPtr, 32, yPtr, 32);
}

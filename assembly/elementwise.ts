/*
 * Functions of one tensor, element by element: y[i] = f(x[i]) for i in [start, end). x and y are dense; y may be x.
 * Cheap functions are limited by memory and take four vectors a step, dear ones two.
 */
import { exp4, log4, sigmoid4, tanh4 } from "./math";
import { bytes, maxFirst } from "./simd";

const NEG: i32 = 0;
const ABS: i32 = 1;
const SQUARE: i32 = 2;
const SQRT: i32 = 3;
const RSQRT: i32 = 4;
const RECIPROCAL: i32 = 5;
const EXP: i32 = 6;
const LOG: i32 = 7;
const RELU: i32 = 8;
const TANH: i32 = 9;
const SIGMOID: i32 = 10;

/** The function of one vector; `op` is a constant where this is inlined, so one line of it remains. */
@inline
function applyTo(op: i32, x: v128): v128 {
  if (op == NEG) return f32x4.neg(x);
  if (op == ABS) return f32x4.abs(x);
  if (op == SQUARE) return f32x4.mul(x, x);
  if (op == SQRT) return f32x4.sqrt(x);
  if (op == RSQRT) return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
  if (op == RECIPROCAL) return f32x4.div(f32x4.splat(1), x);
  if (op == EXP) return exp4(x);
  if (op == LOG) return log4(x);
  if (op == RELU) return maxFirst(x, f32x4.splat(0));
  if (op == TANH) return tanh4(x);
  return sigmoid4(x);
}


@inline
function map(op: i32, nVectors: i32, xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  let n = end - start;
  xPtr += bytes(start);
  yPtr += bytes(start);
  if (nVectors == 4) {
    for (; n >= 16; n -= 16) {
      v128.store(yPtr, applyTo(op, v128.load(xPtr)));
      v128.store(yPtr, applyTo(op, v128.load(xPtr, 16)), 16);
      v128.store(yPtr, applyTo(op, v128.load(xPtr, 32)), 32);
      v128.store(yPtr, applyTo(op, v128.load(xPtr, 48)), 48);
      xPtr += 64;
      yPtr += 64;
    }
  } else {
    for (; n >= 8; n -= 8) {
      const x0 = v128.load(xPtr);
      const x1 = v128.load(xPtr, 16);
      v128.store(yPtr, applyTo(op, x0));
      v128.store(yPtr, applyTo(op, x1), 16);
      xPtr += 32;
      yPtr += 32;
    }
  }
  for (; n >= 4; n -= 4) {
    v128.store(yPtr, applyTo(op, v128.load(xPtr)));
    xPtr += 16;
    yPtr += 16;
  }
  for (; n > 0; --n) {
    v128.store32_lane(yPtr, applyTo(op, v128.load32_zero(xPtr)), 0);
    xPtr += 4;
    yPtr += 4;
  }
}

/** -x */
export function neg_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(NEG, 4, xPtr, yPtr, start, end);
}

/** |x| */
export function abs_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(ABS, 4, xPtr, yPtr, start, end);
}

/** x^2 */
export function square_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(SQUARE, 4, xPtr, yPtr, start, end);
}

/** The square root, correctly rounded; NaN below 0. */
export function sqrt_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(SQRT, 4, xPtr, yPtr, start, end);
}

/** 1 / sqrt(x), two roundings. */
export function rsqrt_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(RSQRT, 4, xPtr, yPtr, start, end);
}

/** 1 / x, correctly rounded. */
export function reciprocal_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(RECIPROCAL, 4, xPtr, yPtr, start, end);
}

/** e^x; accuracy and limits in math.ts, as for the next ones. */
export function exp_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(EXP, 2, xPtr, yPtr, start, end);
}

/** ln x */
export function log_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(LOG, 2, xPtr, yPtr, start, end);
}

/** max(x, 0); NaN and -0 pass. */
export function relu_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(RELU, 4, xPtr, yPtr, start, end);
}

/** tanh x */
export function tanh_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(TANH, 2, xPtr, yPtr, start, end);
}

/** 1 / (1 + e^-x) */
export function sigmoid_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(SIGMOID, 2, xPtr, yPtr, start, end);
}

/*
 * Functions of one tensor, element by element: y[i] = f(x[i]) for i in [start, end). x and y are dense; y may be x.
 * Cheap functions are limited by memory and take four vectors a step, dear ones two; rare ones one, in a single loop:
 * their code is large.
 */
import { exp4, log4, sigmoid4, tanh4 } from "./math";
import {
  cosh4,
  erf4,
  exp2_4,
  expm1_4,
  gelu4,
  geluTanh4,
  log10_4,
  log1p4,
  log2_4,
  silu4,
  sinh4,
} from "./math-exponential";
import { acos4, asin4, atan4, cos4, sin4, tan4 } from "./math-trigonometric";
import { bytes, maxFirst } from "./simd";

const NEG: i32 = 0;
const ABS: i32 = 1;
const SQRT: i32 = 3;
const RSQRT: i32 = 4;
const RECIPROCAL: i32 = 5;
const EXP: i32 = 6;
const LOG: i32 = 7;
const RELU: i32 = 8;
const TANH: i32 = 9;
const SIGMOID: i32 = 10;
const SIGN: i32 = 11;
const FLOOR: i32 = 12;
const CEIL: i32 = 13;
const ROUND: i32 = 14;
const TRUNC: i32 = 15;
const EXP2: i32 = 16;
const EXPM1: i32 = 17;
const LOG2: i32 = 18;
const LOG10: i32 = 19;
const LOG1P: i32 = 20;
const SINH: i32 = 21;
const COSH: i32 = 22;
const ERF: i32 = 23;
const SIN: i32 = 24;
const COS: i32 = 25;
const TAN: i32 = 26;
const ASIN: i32 = 27;
const ACOS: i32 = 28;
const ATAN: i32 = 29;
const SILU: i32 = 30;
const GELU: i32 = 31;
const GELU_TANH: i32 = 32;

/** 1, 0 or -1; 0 for NaN. */
@inline
function sign4(x: v128): v128 {
  const isSigned = f32x4.gt(f32x4.abs(x), f32x4.splat(0));
  return v128.and(isSigned, v128.or(f32x4.splat(1), v128.and(x, i32x4.splat(0x80000000))));
}

/** The function of one vector; `op` is a constant where this is inlined, so one line of it remains. */
@inline
function applyTo(op: i32, x: v128): v128 {
  if (op == NEG) return f32x4.neg(x);
  if (op == ABS) return f32x4.abs(x);
  if (op == SQRT) return f32x4.sqrt(x);
  if (op == RSQRT) return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
  if (op == RECIPROCAL) return f32x4.div(f32x4.splat(1), x);
  if (op == EXP) return exp4(x);
  if (op == LOG) return log4(x);
  if (op == RELU) return maxFirst(x, f32x4.splat(0));
  if (op == TANH) return tanh4(x);
  if (op == SIGMOID) return sigmoid4(x);
  if (op == SIGN) return sign4(x);
  if (op == FLOOR) return f32x4.floor(x);
  if (op == CEIL) return f32x4.ceil(x);
  if (op == ROUND) return f32x4.nearest(x);
  if (op == TRUNC) return f32x4.trunc(x);
  if (op == EXP2) return exp2_4(x);
  if (op == EXPM1) return expm1_4(x);
  if (op == LOG2) return log2_4(x);
  if (op == LOG10) return log10_4(x);
  if (op == LOG1P) return log1p4(x);
  if (op == SINH) return sinh4(x);
  if (op == COSH) return cosh4(x);
  if (op == ERF) return erf4(x);
  if (op == SIN) return sin4(x);
  if (op == COS) return cos4(x);
  if (op == TAN) return tan4(x);
  if (op == ASIN) return asin4(x);
  if (op == ACOS) return acos4(x);
  if (op == ATAN) return atan4(x);
  if (op == SILU) return silu4(x);
  if (op == GELU) return gelu4(x);
  return geluTanh4(x);
}


@inline
function map(op: i32, nVectors: i32, xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  let n = end - start;
  xPtr += bytes(start);
  yPtr += bytes(start);
  if (nVectors == 1) {
    while (n > 0) {
      const isWhole = n >= 4;
      const y = applyTo(op, isWhole ? v128.load(xPtr) : v128.load32_zero(xPtr));
      if (isWhole) v128.store(yPtr, y);
      else v128.store32_lane(yPtr, y, 0);
      const step = isWhole ? 4 : 1;
      n -= step;
      xPtr += bytes(step);
      yPtr += bytes(step);
    }
    return;
  }
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

/** 1, 0 or -1; 0 for NaN */
export function sign_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(SIGN, 4, xPtr, yPtr, start, end);
}

/** The largest whole number not above x */
export function floor_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(FLOOR, 4, xPtr, yPtr, start, end);
}

/** The smallest whole number not below x */
export function ceil_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(CEIL, 4, xPtr, yPtr, start, end);
}

/** The nearest whole number, halves to the even one */
export function round_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(ROUND, 4, xPtr, yPtr, start, end);
}

/** x without its fraction */
export function trunc_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(TRUNC, 4, xPtr, yPtr, start, end);
}

/** 2^x; accuracy and limits in math-exponential.ts, as for the next ones */
export function exp2_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(EXP2, 1, xPtr, yPtr, start, end);
}

/** e^x - 1 */
export function expm1_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(EXPM1, 1, xPtr, yPtr, start, end);
}

/** log x to base 2 */
export function log2_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(LOG2, 1, xPtr, yPtr, start, end);
}

/** log x to base 10 */
export function log10_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(LOG10, 1, xPtr, yPtr, start, end);
}

/** ln(1 + x) */
export function log1p_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(LOG1P, 1, xPtr, yPtr, start, end);
}

/** sinh x */
export function sinh_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(SINH, 1, xPtr, yPtr, start, end);
}

/** cosh x */
export function cosh_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(COSH, 1, xPtr, yPtr, start, end);
}

/** The error function */
export function erf_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(ERF, 1, xPtr, yPtr, start, end);
}

/** sin x; accuracy and limits in math-trigonometric.ts, as for the next ones */
export function sin_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(SIN, 1, xPtr, yPtr, start, end);
}

/** cos x */
export function cos_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(COS, 1, xPtr, yPtr, start, end);
}

/** tan x */
export function tan_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(TAN, 1, xPtr, yPtr, start, end);
}

/** asin x */
export function asin_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(ASIN, 1, xPtr, yPtr, start, end);
}

/** acos x */
export function acos_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(ACOS, 1, xPtr, yPtr, start, end);
}

/** atan x */
export function atan_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(ATAN, 1, xPtr, yPtr, start, end);
}

/** x / (1 + e^-x) */
export function silu_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(SILU, 2, xPtr, yPtr, start, end);
}

/** x times the normal distribution function */
export function gelu_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(GELU, 2, xPtr, yPtr, start, end);
}

/** The same by its approximation with tanh */
export function gelu_tanh_f32(xPtr: usize, yPtr: usize, start: i32, end: i32): void {
  map(GELU_TANH, 2, xPtr, yPtr, start, end);
}

/*
 * More transcendental functions of four lanes, beside those of math.ts: relatives of exp and log, the error function,
 * powers, and the activations made of them. Errors are maxima against float64; NaN passes through all of them.
 */
import {
  exp4,
  expMinusOneReduced,
  expOfNegative4,
  log4,
  LOG2_E,
  reduce,
  ROUNDER,
  sigmoid4,
  tanh4,
} from "./math";
import { madd, nmadd } from "./simd";

const SIGN_BIT: i32 = 0x80000000;

/** Puts the sign of x on y >= 0. */
@inline
export function withSignOf(y: v128, x: v128): v128 {
  return v128.or(y, v128.and(x, i32x4.splat(SIGN_BIT)));
}

/** 2^x: at most 1.5 ulp, exact at whole numbers; 0 below -126, infinity from 128 up. */
@inline
export function exp2_4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-126)), f32x4.splat(127.99999));
  const shifted = f32x4.add(clamped, f32x4.splat(ROUNDER));
  const rest = f32x4.sub(clamped, f32x4.sub(shifted, f32x4.splat(ROUNDER)));
  const p = f32x4.add(expMinusOneReduced(f32x4.mul(rest, f32x4.splat(0.6931471805599453))), f32x4.splat(1));
  let y = i32x4.add(p, i32x4.shl(shifted, 23));
  y = v128.andnot(y, f32x4.lt(x, f32x4.splat(-126)));
  y = v128.bitselect(f32x4.splat(Infinity), y, f32x4.ge(x, f32x4.splat(128)));
  return v128.or(y, f32x4.ne(x, x));
}

/** e^x - 1: at most 2 ulp, near 0 too; -1 far to the left, infinity above 88.72283. */
@inline
export function expm1_4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-18)), f32x4.splat(88.72283));
  const shifted = madd(clamped, f32x4.splat(LOG2_E), f32x4.splat(ROUNDER));
  const r = reduce(clamped, f32x4.sub(shifted, f32x4.splat(ROUNDER)));
  // Half of the scale, which itself may be 2^128.
  const half = i32x4.add(f32x4.splat(0.5), i32x4.shl(shifted, 23));
  let y = madd(expMinusOneReduced(r), half, f32x4.sub(half, f32x4.splat(0.5)));
  y = f32x4.add(y, y);
  y = v128.bitselect(f32x4.splat(Infinity), y, f32x4.gt(x, f32x4.splat(88.72283)));
  y = v128.bitselect(x, y, f32x4.lt(f32x4.abs(x), f32x4.splat(1e-30)));
  return v128.or(y, f32x4.ne(x, x));
}

/** ln(1 + x): at most 2 ulp, near 0 too; -infinity at -1, NaN below. What 1 + x loses comes back as a correction. */
@inline
export function log1p4(x: v128): v128 {
  const sum = f32x4.add(x, f32x4.splat(1));
  const lost = f32x4.sub(x, f32x4.sub(sum, f32x4.splat(1)));
  const isInside = v128.and(f32x4.gt(sum, f32x4.splat(0)), f32x4.lt(sum, f32x4.splat(Infinity)));
  const y = f32x4.add(log4(sum), v128.and(f32x4.div(lost, sum), isInside));
  return v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(0)));
}

/** log of x to base 2 or 10: the exponent's share is added to that of the mantissa, so that powers of two are exact. */
@inline
function logOfBase(x: v128, ofTwoHigh: f32, ofTwoLow: f32, scale: f32): v128 {
  const isSmall = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, isSmall);
  // The exponent that leaves a mantissa in [sqrt(1/2), sqrt(2)).
  let e = i32x4.shr_s(i32x4.sub(scaled, i32x4.splat(0x3f3504f3)), 23);
  const m = i32x4.sub(scaled, i32x4.shl(e, 23));
  e = i32x4.sub(e, v128.and(isSmall, i32x4.splat(23)));
  const n = f32x4.convert_i32x4_s(e);
  const ofMantissa = f32x4.mul(log4(m), f32x4.splat(scale));
  let y = madd(n, f32x4.splat(ofTwoHigh), madd(n, f32x4.splat(ofTwoLow), ofMantissa));
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.or(y, v128.not(f32x4.ge(x, f32x4.splat(0))));
}

/** Base 2: at most 2 ulp. */
@inline
export function log2_4(x: v128): v128 {
  return logOfBase(x, 1, 0, 1.4426950408889634);
}

/** Base 10: at most 2 ulp. */
@inline
export function log10_4(x: v128): v128 {
  return logOfBase(x, 0.301025390625, 4.605038981195214e-6, 0.4342944819032518);
}

/** e^|x| / 2 as a product of two halves, for |x| where e^|x| would overflow. */
@inline
function halfExpOfLarge(size: v128): v128 {
  const root = exp4(f32x4.mul(size, f32x4.splat(0.5)));
  return f32x4.mul(f32x4.mul(root, f32x4.splat(0.5)), root);
}

/** (e^x - e^-x) / 2: at most 3 ulp. */
@inline
export function sinh4(x: v128): v128 {
  const size = f32x4.abs(x);
  const e = expm1_4(size);
  const small = f32x4.mul(f32x4.add(e, f32x4.div(e, f32x4.add(e, f32x4.splat(1)))), f32x4.splat(0.5));
  const y = v128.bitselect(halfExpOfLarge(size), small, f32x4.gt(size, f32x4.splat(40)));
  return withSignOf(y, x);
}

/** (e^x + e^-x) / 2: at most 3 ulp. */
@inline
export function cosh4(x: v128): v128 {
  const size = f32x4.abs(x);
  const e = exp4(size);
  const small = f32x4.mul(f32x4.add(e, f32x4.div(f32x4.splat(1), e)), f32x4.splat(0.5));
  return v128.bitselect(halfExpOfLarge(size), small, f32x4.gt(size, f32x4.splat(40)));
}

/**
 * The error function: at most 1.5 ulp. Below 1 an odd polynomial, above it 1 - e^-p; both are interpolations at Chebyshev
 * points of our own.
 */
@inline
export function erf4(x: v128): v128 {
  const size = f32x4.pmin(f32x4.abs(x), f32x4.splat(4));
  const square = f32x4.mul(size, size);
  let p = madd(f32x4.splat(-9.667043741501402e-6), square, f32x4.splat(1.1265958892181516e-4));
  p = madd(p, square, f32x4.splat(-8.484080317430198e-4));
  p = madd(p, square, f32x4.splat(5.221031606197357e-3));
  p = madd(p, square, f32x4.splat(-2.6865430176258087e-2));
  p = madd(p, square, f32x4.splat(1.1283782124519348e-1));
  p = madd(p, square, f32x4.splat(-3.7612637877464294e-1));
  p = madd(p, square, f32x4.splat(1.2837916709551257e-1));
  const low = madd(p, size, size);
  let q = madd(f32x4.splat(-1.6371513993362896e-6), size, f32x4.splat(4.605804497259669e-5));
  q = madd(q, size, f32x4.splat(-5.968056752502006e-4));
  q = madd(q, size, f32x4.splat(4.759596195071936e-3));
  q = madd(q, size, f32x4.splat(-2.6421135291457176e-2));
  q = madd(q, size, f32x4.splat(1.1008008569478989e-1));
  q = madd(q, size, f32x4.splat(6.318260431289673e-1));
  q = madd(q, size, f32x4.splat(1.1302334070205688));
  q = madd(q, size, f32x4.splat(-3.201380604878068e-4));
  const high = f32x4.sub(f32x4.splat(1), expOfNegative4(f32x4.neg(q)));
  return withSignOf(v128.bitselect(low, high, f32x4.lt(size, f32x4.splat(1))), x);
}

/** x / (1 + e^-x): at most 2 ulp. */
@inline
export function silu4(x: v128): v128 {
  return f32x4.div(x, f32x4.add(f32x4.splat(1), exp4(f32x4.neg(x))));
}

/** The derivative of silu. */
@inline
export function siluSlope4(x: v128): v128 {
  const s = sigmoid4(x);
  return f32x4.mul(s, madd(x, f32x4.sub(f32x4.splat(1), s), f32x4.splat(1)));
}

/*
 * The normal distribution function and its density together, from one exponential e = e^(-x^2 / 2): with s = |x| the part
 * beyond s is e P(u), u = 1 / (1 + 0.29 s). P is a fit of our own to half the scaled complementary error function on
 * [0, 13.5], relative error 6e-8; from 13.3 on e is 0. The left tail so keeps its relative accuracy.
 */

/** e^(-x^2 / 2) */
@inline
function bell4(size: v128): v128 {
  return expOfNegative4(f32x4.mul(f32x4.mul(size, size), f32x4.splat(-0.5)));
}

/** The distribution function of the standard normal distribution; size = min(|x|, 13.3). */
@inline
function normalCdf4(x: v128, size: v128, bell: v128): v128 {
  const u = f32x4.div(f32x4.splat(1), madd(size, f32x4.splat(0.29), f32x4.splat(1)));
  let p = madd(f32x4.splat(0.0388261154294014), u, f32x4.splat(-0.19095361232757568));
  p = madd(p, u, f32x4.splat(0.3035338819026947));
  p = madd(p, u, f32x4.splat(-0.14991040527820587));
  p = madd(p, u, f32x4.splat(0.1861235499382019));
  p = madd(p, u, f32x4.splat(0.07598638534545898));
  p = madd(p, u, f32x4.splat(0.12125444412231445));
  p = madd(p, u, f32x4.splat(0.11511371284723282));
  p = madd(p, u, f32x4.splat(2.5907467716024257e-5));
  const beyond = f32x4.mul(bell, p);
  return v128.bitselect(beyond, f32x4.sub(f32x4.splat(1), beyond), f32x4.lt(x, f32x4.splat(0)));
}


@inline
function clippedSize4(x: v128): v128 {
  return f32x4.pmin(f32x4.abs(x), f32x4.splat(13.3));
}

/** x times the normal distribution function: at most 1.5e-6 relative above -5, 6e-6 below; 5e-7 absolute. */
@inline
export function gelu4(x: v128): v128 {
  const size = clippedSize4(x);
  return f32x4.mul(x, normalCdf4(x, size, bell4(size)));
}

/** The derivative of gelu: at most 4e-7 absolute. */
@inline
export function geluSlope4(x: v128): v128 {
  const size = clippedSize4(x);
  const bell = bell4(size);
  return madd(x, f32x4.mul(bell, f32x4.splat(0.3989422804014327)), normalCdf4(x, size, bell));
}

const GELU_SCALE: f32 = 0.7978845608028654;
const GELU_CUBIC: f32 = 0.044715;

/** x and its square to the tanh of gelu's second form. */
@inline
function geluInner4(x: v128, square: v128): v128 {
  const factor = madd(square, f32x4.splat(GELU_SCALE * GELU_CUBIC), f32x4.splat(GELU_SCALE));
  return tanh4(f32x4.mul(x, factor));
}

/** gelu with its tanh form. */
@inline
export function geluTanh4(x: v128): v128 {
  const t = geluInner4(x, f32x4.mul(x, x));
  return f32x4.mul(f32x4.mul(x, f32x4.splat(0.5)), f32x4.add(t, f32x4.splat(1)));
}

/** The derivative of gelu's tanh form. Beyond 16 it is 0 or 1, and powers of larger numbers would overflow. */
@inline
export function geluTanhSlope4(x: v128): v128 {
  x = f32x4.max(f32x4.min(x, f32x4.splat(16)), f32x4.splat(-16));
  const square = f32x4.mul(x, x);
  const t = geluInner4(x, square);
  const inner = madd(square, f32x4.splat(3 * GELU_SCALE * GELU_CUBIC), f32x4.splat(GELU_SCALE));
  const slope = f32x4.mul(f32x4.mul(x, nmadd(t, t, f32x4.splat(1))), inner);
  return f32x4.mul(f32x4.add(f32x4.add(t, f32x4.splat(1)), slope), f32x4.splat(0.5));
}

/** ln(1 + e^x), which never overflows. */
@inline
export function softplus4(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p4(exp4(f32x4.neg(f32x4.abs(x)))));
}

/*
 * Transcendental functions of four lanes. Errors are maxima against float64 over their whole range; NaN passes through
 * all of them. Results that would be denormal are zero: a later multiplication by a denormal costs 90 times its price.
 *
 * The polynomials are the minimax fits of the Cephes library (S. Moshier, 1984-1992), except where noted.
 */
import { madd, nmadd } from "./simd";

/** Adding it rounds a small float to an integer, which then also stands in the low bits of the sum. */
export const ROUNDER: f32 = 12582912.0;
export const LOG2_E: f32 = 1.44269504088896341;
/** ln 2 = LN2_HIGH + LN2_LOW; n * LN2_HIGH is exact for the n that occur. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;
/** exp is 0 below the first (the smallest normal result) and infinite above the second. */
const EXP_LOW: f32 = -87.33654;
const EXP_HIGH: f32 = 88.72283;

/** exp(r) - 1 for |r| <= ln(2) / 2. */
@inline
export function expMinusOneReduced(r: v128): v128 {
  let p = madd(f32x4.splat(1.98756915e-4), r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  return madd(f32x4.mul(p, r), r, r);
}

/** x - n ln 2. */
@inline
export function reduce(x: v128, n: v128): v128 {
  return nmadd(n, f32x4.splat(LN2_LOW), nmadd(n, f32x4.splat(LN2_HIGH), x));
}

/** e^x: at most 1.3 ulp; exactly 1 at 0, 0 below -87.33654, infinity above 88.72283. */
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(EXP_LOW)), f32x4.splat(EXP_HIGH));
  const shifted = madd(clamped, f32x4.splat(LOG2_E), f32x4.splat(ROUNDER));
  const r = reduce(clamped, f32x4.sub(shifted, f32x4.splat(ROUNDER)));
  const p = f32x4.add(expMinusOneReduced(r), f32x4.splat(1));
  let y = i32x4.add(p, i32x4.shl(shifted, 23));
  y = v128.andnot(y, f32x4.lt(x, f32x4.splat(EXP_LOW)));
  y = v128.bitselect(f32x4.splat(Infinity), y, f32x4.gt(x, f32x4.splat(EXP_HIGH)));
  return v128.or(y, f32x4.ne(x, x));
}

/** e^x for x <= 0, as exp4 but cheaper: exactly 1 at 0, 0 below -87.33654 and at -infinity. NaN passes. */
@inline
export function expOfNegative4(x: v128): v128 {
  const clamped = f32x4.pmax(x, f32x4.splat(EXP_LOW));
  const shifted = madd(clamped, f32x4.splat(LOG2_E), f32x4.splat(ROUNDER));
  const r = reduce(clamped, f32x4.sub(shifted, f32x4.splat(ROUNDER)));
  const scale = i32x4.add(f32x4.splat(1), i32x4.shl(shifted, 23));
  return v128.andnot(madd(expMinusOneReduced(r), scale, scale), f32x4.lt(x, f32x4.splat(EXP_LOW)));
}

/** ln x: at most 0.8 ulp, denormal arguments too; -infinity at 0, NaN below. */
@inline
export function log4(x: v128): v128 {
  const isSmall = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, isSmall);
  let e = i32x4.sub(i32x4.shr_u(scaled, 23), i32x4.splat(126));
  e = i32x4.sub(e, v128.and(isSmall, i32x4.splat(23)));
  let m = v128.or(v128.and(scaled, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000));
  // m in [sqrt(1/2), sqrt(2))
  const isLow = f32x4.lt(m, f32x4.splat(0.707106781186547524));
  let n = f32x4.convert_i32x4_s(i32x4.add(e, isLow));
  m = f32x4.add(f32x4.sub(m, f32x4.splat(1)), v128.and(m, isLow));
  const square = f32x4.mul(m, m);
  let p = madd(f32x4.splat(7.0376836292e-2), m, f32x4.splat(-1.151461031e-1));
  p = madd(p, m, f32x4.splat(1.167699874e-1));
  p = madd(p, m, f32x4.splat(-1.2420140846e-1));
  p = madd(p, m, f32x4.splat(1.4249322787e-1));
  p = madd(p, m, f32x4.splat(-1.6668057665e-1));
  p = madd(p, m, f32x4.splat(2.0000714765e-1));
  p = madd(p, m, f32x4.splat(-2.4999993993e-1));
  p = madd(p, m, f32x4.splat(3.3333331174e-1));
  p = f32x4.mul(f32x4.mul(p, m), square);
  p = madd(n, f32x4.splat(LN2_LOW), p);
  p = nmadd(square, f32x4.splat(0.5), p);
  let y = madd(n, f32x4.splat(LN2_HIGH), f32x4.add(m, p));
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  // Negative or NaN: all bits set is a NaN.
  return v128.or(y, v128.not(f32x4.ge(x, f32x4.splat(0))));
}

/** tanh x: at most 2.5 ulp; exactly +-1 from |x| = 9.1 on. E / (E + 2) with E = e^2|x| - 1, free of cancellation. */
@inline
export function tanh4(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const size = f32x4.pmin(f32x4.abs(x), f32x4.splat(9.1));
  const double = f32x4.add(size, size);
  const shifted = madd(double, f32x4.splat(LOG2_E), f32x4.splat(ROUNDER));
  const r = reduce(double, f32x4.sub(shifted, f32x4.splat(ROUNDER)));
  const scale = i32x4.add(f32x4.splat(1), i32x4.shl(shifted, 23));
  const e = madd(expMinusOneReduced(r), scale, f32x4.sub(scale, f32x4.splat(1)));
  return v128.or(f32x4.div(e, f32x4.add(e, f32x4.splat(2))), sign);
}

/** 1 / (1 + e^-x): at most 2.5 ulp; exactly 0 from x = -88.73 down, 1 from 17.4 up. */
@inline
export function sigmoid4(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp4(f32x4.neg(x))));
}

/*
 * Sine and cosine of a whole turn's fraction u in [0, 1), for Box and Muller: both are wanted, so they come in steps.
 * u = quarter / 4 + rest with |rest| <= 1 / 8, exactly; sine and cosine of rest turns are polynomials, and the quarter
 * swaps and negates them. At most 1e-7 absolute.
 */

/** The nearest quarter turn, in the low bits: 0..4. */
@inline
export function quarterOfTurn4(u: v128): v128 {
  return madd(u, f32x4.splat(4), f32x4.splat(ROUNDER));
}

/** The rest of the turn as an angle in [-pi / 4, pi / 4]. */
@inline
export function angleInQuarter4(u: v128, quarter: v128): v128 {
  const whole = f32x4.sub(quarter, f32x4.splat(ROUNDER));
  const rest = f32x4.sub(u, f32x4.mul(whole, f32x4.splat(0.25)));
  return f32x4.mul(rest, f32x4.splat(6.283185307179586));
}

/** The sine of an angle in [-pi / 4, pi / 4]. */
@inline
export function smallSin4(angle: v128): v128 {
  const square = f32x4.mul(angle, angle);
  let s = madd(f32x4.splat(-1.9515295891e-4), square, f32x4.splat(8.3321608736e-3));
  s = madd(s, square, f32x4.splat(-1.6666654611e-1));
  return madd(f32x4.mul(s, square), angle, angle);
}

/** The cosine of an angle in [-pi / 4, pi / 4]. */
@inline
export function smallCos4(angle: v128): v128 {
  const square = f32x4.mul(angle, angle);
  let c = madd(f32x4.splat(2.443315711809948e-5), square, f32x4.splat(-1.388731625493765e-3));
  c = madd(c, square, f32x4.splat(4.166664568298827e-2));
  return madd(f32x4.mul(c, square), square, nmadd(square, f32x4.splat(0.5), f32x4.splat(1)));
}

/** The sine of the whole angle, from sine and cosine of its rest: s, c, -s, -c in the quarters 0 to 3. */
@inline
export function turnQuarter4(s: v128, c: v128, quarter: v128): v128 {
  const isOdd = i32x4.ne(v128.and(quarter, i32x4.splat(1)), i32x4.splat(0));
  const sign = i32x4.shl(v128.and(quarter, i32x4.splat(2)), 30);
  return v128.xor(v128.bitselect(c, s, isOdd), sign);
}

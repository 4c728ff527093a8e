/*
 * Powers. x^y = 2^(y log2 x) multiplies the error of the logarithm by up to 128, so it is done in double precision, two
 * lanes at a time, and rounded once: at most 0.51 ulp. Denormal results stay denormal.
 */

/** Adding it puts a whole number into the low bits of a double. */
const ROUNDER_F64: f64 = 6755399441055744.0;
const ROUNDER_BITS: i64 = 0x4338000000000000;
const SQRT_HALF_BITS: i64 = 0x3fe6a09e667f3bcd;

/** log2 x of positive normal doubles, to 2^-44: the series of artanh((m - 1) / (m + 1)). */
@inline
function log2Double(x: v128): v128 {
  const k = i64x2.shr_s(i64x2.sub(x, i64x2.splat(SQRT_HALF_BITS)), 52);
  const m = i64x2.sub(x, i64x2.shl(k, 52));
  const whole = f64x2.sub(i64x2.add(k, i64x2.splat(ROUNDER_BITS)), f64x2.splat(ROUNDER_F64));
  const s = f64x2.div(f64x2.sub(m, f64x2.splat(1)), f64x2.add(m, f64x2.splat(1)));
  const z = f64x2.mul(s, s);
  let p = f64x2.splat(1.0 / 17.0);
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 15.0));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 13.0));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 11.0));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 9.0));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 7.0));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 5.0));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 3.0));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1));
  return f64x2.add(whole, f64x2.mul(f64x2.mul(s, p), f64x2.splat(2.8853900817779268)));
}

/** 2^t to 2^-37 for t in [-1000, 1000]: Taylor's series of e^r, |r| <= ln(2) / 2. */
@inline
function exp2Double(t: v128): v128 {
  const shifted = f64x2.add(t, f64x2.splat(ROUNDER_F64));
  const rest = f64x2.sub(t, f64x2.sub(shifted, f64x2.splat(ROUNDER_F64)));
  const r = f64x2.mul(rest, f64x2.splat(0.6931471805599453));
  let p = f64x2.splat(1.0 / 3628800.0);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  return i64x2.add(p, i64x2.shl(shifted, 52));
}

/** size^y in two doubles, for size >= 0, zero and infinity too; NaN where the exponent of 2 is. */
@inline
function powerOfSize(size: v128, y: v128): v128 {
  let log = log2Double(size);
  log = v128.bitselect(f64x2.splat(-Infinity), log, f64x2.eq(size, f64x2.splat(0)));
  log = v128.bitselect(size, log, f64x2.eq(size, f64x2.splat(Infinity)));
  const t = f64x2.mul(y, log);
  // Beyond these bounds a float has long been 0 or infinite.
  const p = exp2Double(f64x2.pmin(f64x2.pmax(t, f64x2.splat(-1000)), f64x2.splat(1000)));
  return v128.or(f32x4.demote_f64x2_zero(p), f32x4.demote_f64x2_zero(f64x2.ne(t, t)));
}

/** Whether y is a whole number; infinities are. */
@inline
function isWhole(y: v128): v128 {
  return f32x4.eq(f32x4.trunc(y), y);
}

/** x^y as C's pow: NaN for x < 0 and a fraction y; 1 for y = 0 and for x = 1, whatever the other is. */
function powerOf(x: v128, y: v128): v128 {
  const size = f32x4.abs(x);
  const low = powerOfSize(f64x2.promote_low_f32x4(size), f64x2.promote_low_f32x4(y));
  const sizeHigh = v128.shuffle<f32>(size, size, 2, 3, 2, 3);
  const yHigh = v128.shuffle<f32>(y, y, 2, 3, 2, 3);
  const high = powerOfSize(f64x2.promote_low_f32x4(sizeHigh), f64x2.promote_low_f32x4(yHigh));
  let p = v128.shuffle<f32>(low, high, 0, 1, 4, 5);
  p = v128.or(p, v128.or(f32x4.ne(x, x), f32x4.ne(y, y)));

  const whole = isWhole(y);
  const isOdd = v128.andnot(whole, isWhole(f32x4.mul(y, f32x4.splat(0.5))));
  p = v128.xor(p, v128.and(v128.and(x, i32x4.splat(0x80000000)), isOdd));
  const isNegative = v128.and(f32x4.lt(x, f32x4.splat(0)), f32x4.gt(x, f32x4.splat(-Infinity)));
  p = v128.or(p, v128.andnot(isNegative, whole));

  const isOne = f32x4.eq(x, f32x4.splat(1));
  const isEndless = f32x4.eq(f32x4.abs(y), f32x4.splat(Infinity));
  const isUnit = v128.and(f32x4.eq(size, f32x4.splat(1)), isEndless);
  const gives1 = v128.or(v128.or(isOne, isUnit), f32x4.eq(y, f32x4.splat(0)));
  return v128.bitselect(f32x4.splat(1), p, gives1);
}

/** x^y as above: one copy of its code, whoever calls it. */
@inline
export function pow4(x: v128, y: v128): v128 {
  return powerOf(x, y);
}

/*
 * Trigonometric functions of four lanes and their inverses. Errors are maxima against float64; NaN passes through all.
 * The polynomials are the minimax fits of the Cephes library (S. Moshier, 1984-1992).
 */
import { smallCos4, smallSin4 } from "./math";
import { withSignOf } from "./math-exponential";
import { madd } from "./simd";

/** From here on the quarter turns no longer fit in the reduction by doubles. */
const HUGE: f32 = 268435456;

// The first 192 bits of 2 / pi.
const TWO_OVER_PI_0: u64 = 0xa2f9836e4e441529;
const TWO_OVER_PI_1: u64 = 0xfc2757d1f534ddc0;
const TWO_OVER_PI_2: u64 = 0xdb6295993c439041;

/** size / (pi / 2) modulo 4, in units of 2^-62, for finite size >= HUGE (M. Payne and R. Hanek, 1983). */
function hugeQuarters(size: f32): i64 {
  const bits = reinterpret<u32>(size);
  const mantissa = <u64>((bits & 0x007fffff) | 0x00800000);
  // size = mantissa * 2^exponent: leading bits of 2 / pi only add multiples of 4.
  const skip = (bits >> 23) - 152;
  const shift = <u64>(skip & 63);
  const first = skip < 64 ? TWO_OVER_PI_0 : TWO_OVER_PI_1;
  const second = skip < 64 ? TWO_OVER_PI_1 : TWO_OVER_PI_2;
  const window = (first << shift) | (shift ? second >> (64 - shift) : 0);
  return <i64>(mantissa * window);
}

/** Nearest quarter turn of what hugeQuarters returns. */
@inline
function nearestQuarter(quarters: i64): i32 {
  return <i32>((quarters + (1 << 61)) >> 62);
}

/** The angle beside it. */
@inline
function angleBeside(quarters: i64): f32 {
  const rest = quarters - (((quarters + (1 << 61)) >> 62) << 62);
  return <f32>(<f64>rest * (1.5707963267948966 / 4611686018427387904.0));
}

/** The nearest quarter turn of two doubles, as whole doubles. */
@inline
function quarters2(x: v128): v128 {
  return f64x2.nearest(f64x2.mul(x, f64x2.splat(0.6366197723675814)));
}

/** x - n pi / 2: pi / 2 in two parts, the first of 25 bits, so that its product with n is exact. */
@inline
function rest2(x: v128, n: v128): v128 {
  const first = f64x2.sub(x, f64x2.mul(n, f64x2.splat(1.5707963109016418457)));
  return f64x2.sub(first, f64x2.mul(n, f64x2.splat(1.58932547735281966916e-8)));
}

/** What sine, cosine and tangent are made of: quarter turns in the first result's lanes ... */
@inline
function quartersOf(size: v128): v128 {
  const low = i32x4.trunc_sat_f64x2_s_zero(quarters2(f64x2.promote_low_f32x4(size)));
  const upper = v128.shuffle<f32>(size, size, 2, 3, 2, 3);
  const high = i32x4.trunc_sat_f64x2_s_zero(quarters2(f64x2.promote_low_f32x4(upper)));
  return v128.shuffle<i32>(low, high, 0, 1, 4, 5);
}

/** ... and the angle in [-pi / 4, pi / 4] beside them. */
@inline
function angleOf(size: v128): v128 {
  const x0 = f64x2.promote_low_f32x4(size);
  const x1 = f64x2.promote_low_f32x4(v128.shuffle<f32>(size, size, 2, 3, 2, 3));
  const low = f32x4.demote_f64x2_zero(rest2(x0, quarters2(x0)));
  const high = f32x4.demote_f64x2_zero(rest2(x1, quarters2(x1)));
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}


@inline
function isHuge(size: v128): v128 {
  return v128.and(f32x4.ge(size, f32x4.splat(HUGE)), f32x4.lt(size, f32x4.splat(Infinity)));
}

const SIN: i32 = 0;
const COS: i32 = 1;
const TAN: i32 = 2;

/** Sine, cosine or tangent of |x| from quarter turns and the angle beside them. */
@inline
function fromQuarters(op: i32, quarters: v128, angle: v128): v128 {
  const s = smallSin4(angle);
  const c = smallCos4(angle);
  const isOdd = i32x4.ne(v128.and(quarters, i32x4.splat(1)), i32x4.splat(0));
  if (op == TAN) {
    const top = v128.bitselect(f32x4.neg(c), s, isOdd);
    return f32x4.div(top, v128.bitselect(s, c, isOdd));
  }
  if (op == SIN) {
    const sign = i32x4.shl(v128.and(quarters, i32x4.splat(2)), 30);
    return v128.xor(v128.bitselect(c, s, isOdd), sign);
  }
  const sign = i32x4.shl(v128.and(i32x4.add(quarters, i32x4.splat(1)), i32x4.splat(2)), 30);
  return v128.xor(v128.bitselect(s, c, isOdd), sign);
}


@inline
function hugeAs(op: i32, quarters: i64): f32 {
  const quarter = i32x4.splat(nearestQuarter(quarters));
  return f32x4.extract_lane(fromQuarters(op, quarter, f32x4.splat(angleBeside(quarters))), 0);
}

function oneHuge(op: i32, size: f32): f32 {
  const quarters = hugeQuarters(size);
  if (op == SIN) return hugeAs(SIN, quarters);
  return op == COS ? hugeAs(COS, quarters) : hugeAs(TAN, quarters);
}

/** The lanes that are huge, one by one. */
function replaceHuge(op: i32, size: v128, y: v128): v128 {
  const huge = i32x4.bitmask(isHuge(size));
  if (huge & 1) y = f32x4.replace_lane(y, 0, oneHuge(op, f32x4.extract_lane(size, 0)));
  if (huge & 2) y = f32x4.replace_lane(y, 1, oneHuge(op, f32x4.extract_lane(size, 1)));
  if (huge & 4) y = f32x4.replace_lane(y, 2, oneHuge(op, f32x4.extract_lane(size, 2)));
  if (huge & 8) y = f32x4.replace_lane(y, 3, oneHuge(op, f32x4.extract_lane(size, 3)));
  return y;
}


@inline
function trigonometric(op: i32, x: v128): v128 {
  const size = f32x4.abs(x);
  let y = fromQuarters(op, quartersOf(size), angleOf(size));
  if (v128.any_true(isHuge(size))) y = replaceHuge(op, size, y);
  if (op == COS) return y;
  // Odd functions: the sign of x turns that of y around; bits of NaN do not matter.
  return v128.xor(y, v128.and(x, i32x4.splat(0x80000000)));
}

/** sin x: at most 1.6 ulp, beyond 2^28 at most 1e-7 absolute; NaN at infinities. */
@inline
export function sin4(x: v128): v128 {
  return trigonometric(SIN, x);
}

/** cos x: like sin4. */
@inline
export function cos4(x: v128): v128 {
  return trigonometric(COS, x);
}

/** tan x: at most 3.2 ulp below 2^28. */
@inline
export function tan4(x: v128): v128 {
  return trigonometric(TAN, x);
}

/** The arc sine of 0..0.5, with the square of it at hand. */
@inline
function smallAsin4(x: v128, square: v128): v128 {
  let p = madd(f32x4.splat(4.2163199048e-2), square, f32x4.splat(2.4181311049e-2));
  p = madd(p, square, f32x4.splat(4.5470025998e-2));
  p = madd(p, square, f32x4.splat(7.4953002686e-2));
  p = madd(p, square, f32x4.splat(1.6666752422e-1));
  return madd(f32x4.mul(p, square), x, x);
}

/** asin x: at most 3 ulp; NaN outside [-1, 1]. Above 1/2: pi / 2 - 2 asin(sqrt((1 - x) / 2)). */
@inline
export function asin4(x: v128): v128 {
  const size = f32x4.abs(x);
  const isLarge = f32x4.gt(size, f32x4.splat(0.5));
  const half = f32x4.mul(f32x4.sub(f32x4.splat(1), size), f32x4.splat(0.5));
  const square = v128.bitselect(half, f32x4.mul(size, size), isLarge);
  const y = smallAsin4(v128.bitselect(f32x4.sqrt(half), size, isLarge), square);
  const large = f32x4.sub(f32x4.splat(1.5707963267948966), f32x4.add(y, y));
  return withSignOf(v128.bitselect(large, y, isLarge), x);
}

/** acos x: at most 3 ulp; NaN outside [-1, 1]. */
@inline
export function acos4(x: v128): v128 {
  const size = f32x4.abs(x);
  const isLarge = f32x4.gt(size, f32x4.splat(0.5));
  const half = f32x4.mul(f32x4.sub(f32x4.splat(1), size), f32x4.splat(0.5));
  const square = v128.bitselect(half, f32x4.mul(size, size), isLarge);
  const y = smallAsin4(v128.bitselect(f32x4.sqrt(half), size, isLarge), square);
  const isNegative = f32x4.lt(x, f32x4.splat(0));
  const twice = f32x4.add(y, y);
  const large = v128.bitselect(f32x4.sub(f32x4.splat(3.141592653589793), twice), twice, isNegative);
  const signed = v128.bitselect(f32x4.neg(y), y, isNegative);
  return v128.bitselect(large, f32x4.sub(f32x4.splat(1.5707963267948966), signed), isLarge);
}

/** The arc tangent of x >= 0; infinity is well. */
@inline
function positiveAtan4(x: v128): v128 {
  const isLarge = f32x4.gt(x, f32x4.splat(2.414213562373095));
  const isMiddle = v128.andnot(f32x4.gt(x, f32x4.splat(0.414213562373095)), isLarge);
  const one = f32x4.splat(1);
  const top = v128.bitselect(f32x4.splat(-1), v128.bitselect(f32x4.sub(x, one), x, isMiddle), isLarge);
  const bottom = v128.bitselect(x, v128.bitselect(f32x4.add(x, one), one, isMiddle), isLarge);
  const r = f32x4.div(top, bottom);
  const z = f32x4.mul(r, r);
  let p = madd(f32x4.splat(8.05374449538e-2), z, f32x4.splat(-1.38776856032e-1));
  p = madd(p, z, f32x4.splat(1.99777106478e-1));
  p = madd(p, z, f32x4.splat(-3.33329491539e-1));
  const y = madd(f32x4.mul(p, z), r, r);
  const base = v128.bitselect(
    f32x4.splat(1.5707963267948966),
    v128.and(f32x4.splat(0.7853981633974483), isMiddle),
    isLarge,
  );
  return f32x4.add(base, y);
}

/** atan x: at most 2.8 ulp. */
@inline
export function atan4(x: v128): v128 {
  return withSignOf(positiveAtan4(f32x4.abs(x)), x);
}

/** The angle of the point (x, y) in (-pi, pi]: at most 3 ulp; signed zeros and infinities as in C. */
function angleOfPoint(y: v128, x: v128): v128 {
  const xSize = f32x4.abs(x);
  const ySize = f32x4.abs(y);
  const large = f32x4.max(xSize, ySize);
  const small = f32x4.min(xSize, ySize);
  // Two zeros or two infinities: the quotient of 0 or 1.
  const equal = f32x4.eq(small, large);
  const isZero = f32x4.eq(large, f32x4.splat(0));
  let q = v128.bitselect(f32x4.splat(1), f32x4.div(small, large), equal);
  q = v128.andnot(q, isZero);
  let angle = positiveAtan4(q);
  angle = v128.bitselect(f32x4.sub(f32x4.splat(1.5707963267948966), angle), angle, f32x4.gt(ySize, xSize));
  const isLeft = i32x4.lt_s(x, i32x4.splat(0));
  angle = v128.bitselect(f32x4.sub(f32x4.splat(3.141592653589793), angle), angle, isLeft);
  return withSignOf(angle, y);
}

/** atan2 as above: one copy of its code, whoever calls it. */
@inline
export function atan2_4(y: v128, x: v128): v128 {
  return angleOfPoint(y, x);
}

/*
 * Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): counter-based, so that any
 * range of any tensor can be drawn anywhere and gives the same bits.
 *
 * The mapping, for every backend: the key is the 64-bit seed (seedLo, seedHi). Element i takes word i % 4 of the block
 * with counter words (lo, hi, 0, 0), where hi:lo = counterHi:counterLo + floor(i / 4) modulo 2^64; a tensor of n elements
 * uses ceil(n / 4) blocks. From the word u (unsigned):
 *   bits        u
 *   uniform     (u >>> 8) * 2^-24, in [0, 1), exact
 *   bernoulli   uniform < p ? value : 0
 *   normal      words (0, 1) and (2, 3) of a block are pairs (u, w): with a = ((u >>> 8) + 1) * 2^-24 in (0, 1] and
 *               b = (w >>> 8) * 2^-24, the values are sqrt(-2 ln a) cos(2 pi b) and sqrt(-2 ln a) sin(2 pi b)
 * Bits, uniform and bernoulli are the same in both builds; normals differ in their last bits.
 */
import { angleInQuarter4, log4, quarterOfTurn4, smallCos4, smallSin4, turnQuarter4 } from "./math";
import { bytes, interleaveHigh, interleaveLow, joinHigh, joinLow } from "./simd";

const BITS: i32 = 0;
const UNIFORM: i32 = 1;
const NORMAL: i32 = 2;
const BERNOULLI: i32 = 3;
const DROPOUT: i32 = 4;

/** 2^-24 */
const UNIT: f32 = 5.9604644775390625e-8;


@inline
function uniform4(bits: v128): v128 {
  // 24 bits are a positive i32, whose conversion is one instruction.
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), f32x4.splat(UNIT));
}


@inline
function radius4(bits: v128): v128 {
  const a = f32x4.add(uniform4(bits), f32x4.splat(UNIT));
  return f32x4.sqrt(f32x4.mul(f32x4.splat(-2), log4(a)));
}


@inline
function highProduct(a: v128, b: v128): v128 {
  const even = i64x2.extmul_low_i32x4_u(a, b);
  const odd = i64x2.extmul_high_i32x4_u(a, b);
  return v128.shuffle<i32>(even, odd, 1, 3, 5, 7);
}

/** Elements [i, i + 16), i a multiple of 16, four blocks in the four lanes; stores those inside [start, end). */
@inline
function drawSixteen(
  kind: i32,
  seedLo: i32,
  seedHi: i32,
  counter: u64,
  p: f32,
  value: f32,
  xPtr: usize,
  yPtr: usize,
  i: i32,
  start: i32,
  end: i32,
): void {
  const first = counter + <u64>(i >> 2);
  const lo = i32x4.splat(<i32>first);
  let c0 = i32x4.add(lo, i32x4(0, 1, 2, 3));
  let c1 = i32x4.sub(i32x4.splat(<i32>(first >> 32)), i32x4.lt_u(c0, lo));
  let c2 = i32x4.splat(0);
  let c3 = i32x4.splat(0);
  let k0 = i32x4.splat(seedLo);
  let k1 = i32x4.splat(seedHi);
  for (let round = 0; round < 10; ++round) {
    const m0 = i32x4.splat(0xd2511f53);
    const m1 = i32x4.splat(0xcd9e8d57);
    const high0 = highProduct(c0, m0);
    const high1 = highProduct(c2, m1);
    const low0 = i32x4.mul(c0, m0);
    c0 = v128.xor(v128.xor(high1, c1), k0);
    c1 = i32x4.mul(c2, m1);
    c2 = v128.xor(v128.xor(high0, c3), k1);
    c3 = low0;
    k0 = i32x4.add(k0, i32x4.splat(0x9e3779b9));
    k1 = i32x4.add(k1, i32x4.splat(0xbb67ae85));
  }
  if (kind == UNIFORM || kind == BERNOULLI || kind == DROPOUT) {
    c0 = uniform4(c0);
    c1 = uniform4(c1);
    c2 = uniform4(c2);
    c3 = uniform4(c3);
  }
  if (kind == BERNOULLI || kind == DROPOUT) {
    const limit = f32x4.splat(p);
    const kept = f32x4.splat(value);
    c0 = v128.and(kept, f32x4.lt(c0, limit));
    c1 = v128.and(kept, f32x4.lt(c1, limit));
    c2 = v128.and(kept, f32x4.lt(c2, limit));
    c3 = v128.and(kept, f32x4.lt(c3, limit));
  }
  if (kind == NORMAL) {
    const r0 = radius4(c0);
    const turn0 = uniform4(c1);
    const quarter0 = quarterOfTurn4(turn0);
    const angle0 = angleInQuarter4(turn0, quarter0);
    const sin0 = smallSin4(angle0);
    const cos0 = smallCos4(angle0);
    c0 = f32x4.mul(r0, turnQuarter4(sin0, cos0, i32x4.add(quarter0, i32x4.splat(1))));
    c1 = f32x4.mul(r0, turnQuarter4(sin0, cos0, quarter0));
    const r1 = radius4(c2);
    const turn1 = uniform4(c3);
    const quarter1 = quarterOfTurn4(turn1);
    const angle1 = angleInQuarter4(turn1, quarter1);
    const sin1 = smallSin4(angle1);
    const cos1 = smallCos4(angle1);
    c2 = f32x4.mul(r1, turnQuarter4(sin1, cos1, i32x4.add(quarter1, i32x4.splat(1))));
    c3 = f32x4.mul(r1, turnQuarter4(sin1, cos1, quarter1));
  }
  // From word-major to block-major.
  const low01 = interleaveLow(c0, c1);
  const low23 = interleaveLow(c2, c3);
  const high01 = interleaveHigh(c0, c1);
  const high23 = interleaveHigh(c2, c3);
  storeInside(kind, xPtr, yPtr, joinLow(low01, low23), i, start, end);
  storeInside(kind, xPtr, yPtr, joinHigh(low01, low23), i + 4, start, end);
  storeInside(kind, xPtr, yPtr, joinLow(high01, high23), i + 8, start, end);
  storeInside(kind, xPtr, yPtr, joinHigh(high01, high23), i + 12, start, end);
}

/** Stores those of the elements [i, i + 4) that lie in [start, end); for dropout times x, and 0 whatever x is. */
@inline
function storeInside(kind: i32, xPtr: usize, yPtr: usize, v: v128, i: i32, start: i32, end: i32): void {
  const y = yPtr + bytes(i);
  if (i >= start && i + 4 <= end) {
    if (kind == DROPOUT) v = kept(v, v128.load(xPtr + bytes(i)));
    v128.store(y, v);
  } else {
    if (kind == DROPOUT) {
      const x = xPtr + bytes(i);
      let some = f32x4.splat(0);
      if (i >= start && i < end) some = v128.load32_lane(x, some, 0);
      if (i + 1 >= start && i + 1 < end) some = v128.load32_lane(x, some, 1, 4);
      if (i + 2 >= start && i + 2 < end) some = v128.load32_lane(x, some, 2, 8);
      if (i + 3 >= start && i + 3 < end) some = v128.load32_lane(x, some, 3, 12);
      v = kept(v, some);
    }
    if (i >= start && i < end) v128.store32_lane(y, v, 0);
    if (i + 1 >= start && i + 1 < end) v128.store32_lane(y, v, 1, 4);
    if (i + 2 >= start && i + 2 < end) v128.store32_lane(y, v, 2, 8);
    if (i + 3 >= start && i + 3 < end) v128.store32_lane(y, v, 3, 12);
  }
}

/** x times a mask of zeros and one other number. */
@inline
function kept(mask: v128, x: v128): v128 {
  return v128.and(f32x4.mul(mask, x), f32x4.ne(mask, f32x4.splat(0)));
}


@inline
function draw(
  kind: i32,
  seedLo: i32,
  seedHi: i32,
  counterLo: i32,
  counterHi: i32,
  p: f32,
  value: f32,
  xPtr: usize,
  yPtr: usize,
  start: i32,
  end: i32,
): void {
  const counter = ((<u64>(<u32>counterHi)) << 32) | (<u64>(<u32>counterLo));
  for (let i = start & -16; i < end; i += 16) {
    drawSixteen(kind, seedLo, seedHi, counter, p, value, xPtr, yPtr, i, start, end);
  }
}

/** `value` with probability p, else 0, to elements [start, end) of y, from a stream that begins at this counter. */
export function bernoulliRange(
  seedLo: i32,
  seedHi: i32,
  counter: u64,
  p: f32,
  value: f32,
  yPtr: usize,
  start: i32,
  end: i32,
): void {
  for (let i = start & -16; i < end; i += 16) {
    drawSixteen(BERNOULLI, seedLo, seedHi, counter, p, value, 0, yPtr, i, start, end);
  }
}

/** The raw words, as i32. */
export function bits_i32(
  seedLo: i32,
  seedHi: i32,
  counterLo: i32,
  counterHi: i32,
  yPtr: usize,
  start: i32,
  end: i32,
): void {
  draw(BITS, seedLo, seedHi, counterLo, counterHi, 0, 0, 0, yPtr, start, end);
}

/** Uniform in [0, 1): multiples of 2^-24. */
export function uniform_f32(
  seedLo: i32,
  seedHi: i32,
  counterLo: i32,
  counterHi: i32,
  yPtr: usize,
  start: i32,
  end: i32,
): void {
  draw(UNIFORM, seedLo, seedHi, counterLo, counterHi, 0, 0, 0, yPtr, start, end);
}

/** Standard normal (Box and Muller 1958), |y| <= 5.77. */
export function normal_f32(
  seedLo: i32,
  seedHi: i32,
  counterLo: i32,
  counterHi: i32,
  yPtr: usize,
  start: i32,
  end: i32,
): void {
  draw(NORMAL, seedLo, seedHi, counterLo, counterHi, 0, 0, 0, yPtr, start, end);
}

/** value with probability p, else 0: for dropout, p the probability of keeping and value 1 / p. */
export function bernoulli_f32(
  seedLo: i32,
  seedHi: i32,
  counterLo: i32,
  counterHi: i32,
  p: f32,
  value: f32,
  yPtr: usize,
  start: i32,
  end: i32,
): void {
  draw(BERNOULLI, seedLo, seedHi, counterLo, counterHi, p, value, 0, yPtr, start, end);
}

/** y = value x with probability p, else 0: the mask of bernoulli_f32, which is nowhere written down. */
export function dropout_f32(
  seedLo: i32,
  seedHi: i32,
  counterLo: i32,
  counterHi: i32,
  p: f32,
  value: f32,
  xPtr: usize,
  yPtr: usize,
  start: i32,
  end: i32,
): void {
  draw(DROPOUT, seedLo, seedHi, counterLo, counterHi, p, value, xPtr, yPtr, start, end);
}

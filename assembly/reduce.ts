/*
 * Reductions of one axis: x seen as [outer, n, inner] to y [outer, inner]; the range counts elements of y,
 * o * inner + i. The order of each reduction depends on n alone (and on whether inner is 1), never on the range:
 * with inner = 1 sixteen lanes over n, otherwise in order, in both cases in blocks whose sums are added up last, so that
 * the rounding error of a long sum stays near that of a pairwise one.
 */
import { bytes, sumLanes } from "./simd";

/** Steps summed into fresh accumulators before these join the total. */
const BLOCK_STEPS: i32 = 128;

const SUM: i32 = 0;
const PROD: i32 = 1;
const MAX: i32 = 2;
const MIN: i32 = 3;


@inline
function identity(op: i32): v128 {
  if (op == SUM) return f32x4.splat(0);
  if (op == PROD) return f32x4.splat(1);
  if (op == MAX) return f32x4.splat(-Infinity);
  return f32x4.splat(Infinity);
}

/** One step. max and min drop NaN (f32x4.max costs three times as much); `markNaN` keeps track of them. */
@inline
function accumulate(op: i32, x: v128, sum: v128): v128 {
  if (op == SUM) return f32x4.add(sum, x);
  if (op == PROD) return f32x4.mul(sum, x);
  if (op == MAX) return f32x4.pmax(sum, x);
  return f32x4.pmin(sum, x);
}


@inline
function markNaN(op: i32, x: v128, mark: v128): v128 {
  if (op == SUM || op == PROD) return mark;
  return v128.or(mark, f32x4.ne(x, x));
}


@inline
function foldLanes(op: i32, sum: v128): v128 {
  if (op == SUM) return f32x4.splat(sumLanes(sum));
  const pairs = accumulate(op, v128.shuffle<f32>(sum, sum, 2, 3, 2, 3), sum);
  return accumulate(op, v128.shuffle<f32>(pairs, pairs, 1, 1, 1, 1), pairs);
}

/** The reduction of n dense elements, in lane 0. */
@inline
function reduceRow(op: i32, xPtr: usize, n: i32): v128 {
  let total = identity(op);
  let mark = i32x4.splat(0);
  while (n >= 16) {
    let s0 = identity(op);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let steps = min(n >> 4, BLOCK_STEPS);
    n -= steps << 4;
    for (; steps > 0; --steps) {
      const x0 = v128.load(xPtr);
      const x1 = v128.load(xPtr, 16);
      const x2 = v128.load(xPtr, 32);
      const x3 = v128.load(xPtr, 48);
      s0 = accumulate(op, x0, s0);
      s1 = accumulate(op, x1, s1);
      s2 = accumulate(op, x2, s2);
      s3 = accumulate(op, x3, s3);
      mark = markNaN(op, x0, mark);
      mark = markNaN(op, x1, mark);
      mark = markNaN(op, x2, mark);
      mark = markNaN(op, x3, mark);
      xPtr += 64;
    }
    total = accumulate(op, accumulate(op, accumulate(op, s1, s0), accumulate(op, s3, s2)), total);
  }
  for (; n >= 4; n -= 4) {
    const x = v128.load(xPtr);
    total = accumulate(op, x, total);
    mark = markNaN(op, x, mark);
    xPtr += 16;
  }
  total = foldLanes(op, total);
  for (; n > 0; --n) {
    const x = v128.load32_splat(xPtr);
    total = accumulate(op, x, total);
    mark = markNaN(op, x, mark);
    xPtr += 4;
  }
  return v128.any_true(mark) ? f32x4.splat(NaN) : total;
}

/** Columns of width lanes (4, or 1 at the edge): n steps of rowBytes. */
@inline
function reduceColumn(op: i32, width: i32, xPtr: usize, rowBytes: usize, n: i32): v128 {
  let total = identity(op);
  let mark = i32x4.splat(0);
  while (n > 0) {
    let sum = identity(op);
    let steps = min(n, BLOCK_STEPS);
    n -= steps;
    for (; steps > 0; --steps) {
      const x = width == 4 ? v128.load(xPtr) : v128.load32_splat(xPtr);
      sum = accumulate(op, x, sum);
      mark = markNaN(op, x, mark);
      xPtr += rowBytes;
    }
    total = accumulate(op, sum, total);
  }
  return v128.or(total, mark);
}

/** Sixteen columns at once, each in the order of reduceColumn. */
@inline
function reduceSixteenColumns(op: i32, xPtr: usize, rowBytes: usize, n: i32, yPtr: usize): void {
  let t0 = identity(op);
  let t1 = t0;
  let t2 = t0;
  let t3 = t0;
  let m0 = i32x4.splat(0);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  while (n > 0) {
    let s0 = identity(op);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let steps = min(n, BLOCK_STEPS);
    n -= steps;
    for (; steps > 0; --steps) {
      const x0 = v128.load(xPtr);
      const x1 = v128.load(xPtr, 16);
      const x2 = v128.load(xPtr, 32);
      const x3 = v128.load(xPtr, 48);
      s0 = accumulate(op, x0, s0);
      s1 = accumulate(op, x1, s1);
      s2 = accumulate(op, x2, s2);
      s3 = accumulate(op, x3, s3);
      m0 = markNaN(op, x0, m0);
      m1 = markNaN(op, x1, m1);
      m2 = markNaN(op, x2, m2);
      m3 = markNaN(op, x3, m3);
      xPtr += rowBytes;
    }
    t0 = accumulate(op, s0, t0);
    t1 = accumulate(op, s1, t1);
    t2 = accumulate(op, s2, t2);
    t3 = accumulate(op, s3, t3);
  }
  v128.store(yPtr, v128.or(t0, m0));
  v128.store(yPtr, v128.or(t1, m1), 16);
  v128.store(yPtr, v128.or(t2, m2), 32);
  v128.store(yPtr, v128.or(t3, m3), 48);
}


@inline
function reduceRange(op: i32, xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  if (inner == 1) {
    xPtr += bytes(start) * <usize>n;
    for (let i = start; i < end; ++i) {
      v128.store32_lane(yPtr + bytes(i), reduceRow(op, xPtr, n), 0);
      xPtr += bytes(n);
    }
    return;
  }
  const rowBytes = bytes(inner);
  let i = start;
  while (i < end) {
    const row = i / inner;
    const column = i - row * inner;
    let left = min(inner - column, end - i);
    let x = xPtr + bytes(row) * <usize>n * <usize>inner + bytes(column);
    let y = yPtr + bytes(i);
    i += left;
    for (; left >= 16; left -= 16) {
      reduceSixteenColumns(op, x, rowBytes, n, y);
      x += 64;
      y += 64;
    }
    for (; left >= 4; left -= 4) {
      v128.store(y, reduceColumn(op, 4, x, rowBytes, n));
      x += 16;
      y += 16;
    }
    for (; left > 0; --left) {
      v128.store32_lane(y, reduceColumn(op, 1, x, rowBytes, n), 0);
      x += 4;
      y += 4;
    }
  }
}

/** The sum over n; 0 for n = 0. */
export function sum_f32(xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  reduceRange(SUM, xPtr, yPtr, n, inner, start, end);
}

/** The product over n; 1 for n = 0. */
export function prod_f32(xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  reduceRange(PROD, xPtr, yPtr, n, inner, start, end);
}

/** The largest over n; NaN if one is NaN; -infinity for n = 0. */
export function max_f32(xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  reduceRange(MAX, xPtr, yPtr, n, inner, start, end);
}

/** The smallest over n; NaN if one is NaN; infinity for n = 0. */
export function min_f32(xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  reduceRange(MIN, xPtr, yPtr, n, inner, start, end);
}

/** The position of the first element with the row's extreme value (of the first NaN if there is one); n >= 1. */
@inline
function argumentOfRow(op: i32, xPtr: usize, n: i32): i32 {
  const extreme = v128.shuffle<f32>(reduceRow(op, xPtr, n), f32x4.splat(0), 0, 0, 0, 0);
  const isNaN = f32x4.ne(extreme, extreme);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const x = v128.load(xPtr + bytes(i));
    const found = i32x4.bitmask(v128.or(f32x4.eq(x, extreme), v128.and(isNaN, f32x4.ne(x, x))));
    if (found) return i + ctz(found);
  }
  for (; i < n; ++i) {
    const x = v128.load32_splat(xPtr + bytes(i));
    if (v128.any_true(v128.or(f32x4.eq(x, extreme), v128.and(isNaN, f32x4.ne(x, x))))) return i;
  }
  return 0;
}


@inline
function argumentOfColumn(op: i32, width: i32, xPtr: usize, rowBytes: usize, n: i32): v128 {
  let best = width == 4 ? v128.load(xPtr) : v128.load32_splat(xPtr);
  let argument = i32x4.splat(0);
  for (let i = 1; i < n; ++i) {
    xPtr += rowBytes;
    const x = width == 4 ? v128.load(xPtr) : v128.load32_splat(xPtr);
    // Not worse-or-equal is better or NaN; nothing is better than a NaN already found.
    const isWorse = op == MAX ? f32x4.le(x, best) : f32x4.ge(x, best);
    const keep = v128.or(isWorse, f32x4.ne(best, best));
    best = v128.bitselect(best, x, keep);
    argument = v128.bitselect(argument, i32x4.splat(i), keep);
  }
  return argument;
}


@inline
function argumentRange(op: i32, xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  if (inner == 1) {
    for (let i = start; i < end; ++i) {
      store<i32>(yPtr + bytes(i), argumentOfRow(op, xPtr + bytes(i) * <usize>n, n));
    }
    return;
  }
  const rowBytes = bytes(inner);
  let i = start;
  while (i < end) {
    const row = i / inner;
    const column = i - row * inner;
    const x = xPtr + bytes(row) * <usize>n * <usize>inner + bytes(column);
    if (min(inner - column, end - i) >= 4) {
      v128.store(yPtr + bytes(i), argumentOfColumn(op, 4, x, rowBytes, n));
      i += 4;
    } else {
      v128.store32_lane(yPtr + bytes(i), argumentOfColumn(op, 1, x, rowBytes, n), 0);
      i += 1;
    }
  }
}

/** Where the largest is (i32): the first one on ties, the first NaN if there is one; n >= 1. */
export function argmax_f32(xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  argumentRange(MAX, xPtr, yPtr, n, inner, start, end);
}

/** Where the smallest is (i32): the first one on ties, the first NaN if there is one; n >= 1. */
export function argmin_f32(xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  argumentRange(MIN, xPtr, yPtr, n, inner, start, end);
}

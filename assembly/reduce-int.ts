/*
 * Reductions and scans of whole numbers (i32), x seen as [outer, n, inner]; the range counts elements of y or columns,
 * o * inner + i. Sums and products wrap around modulo 2^32, so any order of adding gives the same bits.
 */
import { bytes } from "./simd";

// Codes of reduce_i32 and, the first two, of scan_i32.
const SUM: i32 = 0;
const PROD: i32 = 1;
const MAX: i32 = 2;
const MIN: i32 = 3;


@inline
function identity(op: i32): i32 {
  if (op == SUM) return 0;
  if (op == PROD) return 1;
  return op == MAX ? i32.MIN_VALUE : i32.MAX_VALUE;
}


@inline
function one(op: i32, a: i32, b: i32): i32 {
  if (op == SUM) return a + b;
  if (op == PROD) return a * b;
  return op == MAX ? max(a, b) : min(a, b);
}


@inline
function four(op: i32, a: v128, b: v128): v128 {
  if (op == SUM) return i32x4.add(a, b);
  if (op == PROD) return i32x4.mul(a, b);
  return op == MAX ? i32x4.max_s(a, b) : i32x4.min_s(a, b);
}


@inline
function reduceRow(op: i32, xPtr: usize, n: i32): i32 {
  let a = i32x4.splat(identity(op));
  let b = a;
  for (; n >= 8; n -= 8) {
    a = four(op, a, v128.load(xPtr));
    b = four(op, b, v128.load(xPtr, 16));
    xPtr += 32;
  }
  a = four(op, a, b);
  let total = one(
    op,
    one(op, i32x4.extract_lane(a, 0), i32x4.extract_lane(a, 1)),
    one(op, i32x4.extract_lane(a, 2), i32x4.extract_lane(a, 3)),
  );
  for (; n > 0; --n) {
    total = one(op, total, load<i32>(xPtr));
    xPtr += 4;
  }
  return total;
}


@inline
function reduceRange(op: i32, xPtr: usize, yPtr: usize, n: i32, inner: i32, start: i32, end: i32): void {
  if (inner == 1) {
    for (let i = start; i < end; ++i) {
      store<i32>(yPtr + bytes(i), reduceRow(op, xPtr + bytes(i) * <usize>n, n));
    }
    return;
  }
  const rowBytes = bytes(inner);
  let i = start;
  while (i < end) {
    const row = i / inner;
    const column = i - row * inner;
    let x = xPtr + bytes(row) * <usize>n * <usize>inner + bytes(column);
    if (min(inner - column, end - i) >= 4) {
      let total = i32x4.splat(identity(op));
      for (let k = 0; k < n; ++k) {
        total = four(op, total, v128.load(x));
        x += rowBytes;
      }
      v128.store(yPtr + bytes(i), total);
      i += 4;
    } else {
      let total = identity(op);
      for (let k = 0; k < n; ++k) {
        total = one(op, total, load<i32>(x));
        x += rowBytes;
      }
      store<i32>(yPtr + bytes(i), total);
      i += 1;
    }
  }
}

/** Sum, product, maximum or minimum over n; that of nothing is 0, 1, the least or the greatest number. */
export function reduce_i32(
  op: i32,
  xPtr: usize,
  yPtr: usize,
  n: i32,
  inner: i32,
  start: i32,
  end: i32,
): void {
  if (op == SUM) reduceRange(SUM, xPtr, yPtr, n, inner, start, end);
  else if (op == PROD) reduceRange(PROD, xPtr, yPtr, n, inner, start, end);
  else if (op == MAX) reduceRange(MAX, xPtr, yPtr, n, inner, start, end);
  else reduceRange(MIN, xPtr, yPtr, n, inner, start, end);
}

/** Address of the first element of a column. */
@inline
function columnStart(column: i32, n: i32, inner: i32): usize {
  const row = column / inner;
  return bytes(row) * <usize>n * <usize>inner + bytes(column - row * inner);
}

/** Where the extreme is (i32), the first one on ties; isMax 1: the largest, 0: the smallest; n >= 1. */
export function argument_i32(
  isMax: i32,
  xPtr: usize,
  yPtr: usize,
  n: i32,
  inner: i32,
  start: i32,
  end: i32,
): void {
  for (let column = start; column < end; ++column) {
    let x = xPtr + columnStart(column, n, inner);
    let best = load<i32>(x);
    let position = 0;
    for (let k = 1; k < n; ++k) {
      x += bytes(inner);
      const value = load<i32>(x);
      if (isMax ? value > best : value < best) {
        best = value;
        position = k;
      }
    }
    store<i32>(yPtr + bytes(column), position);
  }
}

/** Running sums (op 0) or products (op 1) along n; reverse 1: from the end. */
export function scan_i32(
  op: i32,
  xPtr: usize,
  yPtr: usize,
  n: i32,
  inner: i32,
  reverse: i32,
  start: i32,
  end: i32,
): void {
  const last = bytes(inner) * <usize>max(n - 1, 0);
  const step: isize = reverse ? -(<isize>bytes(inner)) : <isize>bytes(inner);
  for (let column = start; column < end; ++column) {
    let at = columnStart(column, n, inner) + (reverse ? last : 0);
    let total = op == SUM ? 0 : 1;
    for (let k = 0; k < n; ++k) {
      const x = load<i32>(xPtr + at);
      total = op == SUM ? total + x : total * x;
      store<i32>(yPtr + at, total);
      at += step;
    }
  }
}

/*
 * Scans along one axis: x seen as [outer, n, inner], y of the same shape; the range counts columns, o * inner + i. Each
 * column is walked in order by one thread, in double precision, so that long sums keep their digits.
 */
import { bytes } from "./simd";

/** Address of the first element of a column. */
@inline
function columnStart(ptr: usize, column: i32, n: i32, inner: i32): usize {
  const row = column / inner;
  return ptr + bytes(row) * <usize>n * <usize>inner + bytes(column - row * inner);
}

/** y_k = x_0 + ... + x_k; reverse 1: y_k = x_k + ... + x_(n-1). */
export function cumsum_f32(
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
    let at = columnStart(0, column, n, inner) + (reverse ? last : 0);
    let total: f64 = 0;
    for (let k = 0; k < n; ++k) {
      total += <f64>load<f32>(xPtr + at);
      store<f32>(yPtr + at, <f32>total);
      at += step;
    }
  }
}

/** y_k = x_0 ... x_k; reverse 1: y_k = x_k ... x_(n-1). */
export function cumprod_f32(
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
    let at = columnStart(0, column, n, inner) + (reverse ? last : 0);
    let total: f64 = 1;
    for (let k = 0; k < n; ++k) {
      total *= <f64>load<f32>(xPtr + at);
      store<f32>(yPtr + at, <f32>total);
      at += step;
    }
  }
}

/** y_k = a_k y_(k-1) + x_k with y_(-1) = 0; reverse 1: y_k = a_(k+1) y_(k+1) + x_k. The two are adjoint in x. */
export function recurrence_f32(
  aPtr: usize,
  xPtr: usize,
  yPtr: usize,
  n: i32,
  inner: i32,
  reverse: i32,
  start: i32,
  end: i32,
): void {
  const rowBytes = bytes(inner);
  for (let column = start; column < end; ++column) {
    let at = columnStart(0, column, n, inner);
    let state: f64 = 0;
    if (!reverse) {
      for (let k = 0; k < n; ++k) {
        const x = <f64>load<f32>(xPtr + at);
        state = k == 0 ? x : <f64>load<f32>(aPtr + at) * state + x;
        store<f32>(yPtr + at, <f32>state);
        at += rowBytes;
      }
    } else {
      at += rowBytes * <usize>max(n - 1, 0);
      for (let k = n - 1; k >= 0; --k) {
        const x = <f64>load<f32>(xPtr + at);
        state = k == n - 1 ? x : <f64>load<f32>(aPtr + at + rowBytes) * state + x;
        store<f32>(yPtr + at, <f32>state);
        at -= rowBytes;
      }
    }
  }
}

/*
 * y = a where the condition holds, else b, for 4-byte elements of any kind. Broadcasts and range are those of binary.ts:
 * element (r, c) of an operand is at ptr + 4 * (r * Row + c * Step), Step 0 or 1.
 */
import { bytes } from "./simd";

/** Elements of a where the condition's are not 0. */
@inline
function choose(condition: v128, a: v128, b: v128): v128 {
  return v128.bitselect(b, a, i32x4.eq(condition, i32x4.splat(0)));
}


@inline
function chooseRow(
  cPtr: usize,
  cStep: i32,
  aPtr: usize,
  aStep: i32,
  bPtr: usize,
  bStep: i32,
  yPtr: usize,
  n: i32,
): void {
  let c = v128.load32_splat(cPtr);
  let a = v128.load32_splat(aPtr);
  let b = v128.load32_splat(bPtr);
  for (; n >= 4; n -= 4) {
    if (cStep) c = v128.load(cPtr);
    if (aStep) a = v128.load(aPtr);
    if (bStep) b = v128.load(bPtr);
    v128.store(yPtr, choose(c, a, b));
    cPtr += (<usize>cStep) << 4;
    aPtr += (<usize>aStep) << 4;
    bPtr += (<usize>bStep) << 4;
    yPtr += 16;
  }
  for (; n > 0; --n) {
    store<i32>(yPtr, load<i32>(cPtr) ? load<i32>(aPtr) : load<i32>(bPtr));
    cPtr += bytes(cStep);
    aPtr += bytes(aStep);
    bPtr += bytes(bStep);
    yPtr += 4;
  }
}

/** a where c holds, else b. */
export function where_f32(
  cPtr: usize,
  cRow: i32,
  cStep: i32,
  aPtr: usize,
  aRow: i32,
  aStep: i32,
  bPtr: usize,
  bRow: i32,
  bStep: i32,
  yPtr: usize,
  nCols: i32,
  start: i32,
  end: i32,
): void {
  if (start >= end) return;
  const row = start / nCols;
  let column = start - row * nCols;
  let left = end - start;
  cPtr += bytes(row) * <usize>cRow;
  aPtr += bytes(row) * <usize>aRow;
  bPtr += bytes(row) * <usize>bRow;
  yPtr += bytes(start);
  while (left > 0) {
    const n = min(nCols - column, left);
    chooseRow(
      cPtr + bytes(column) * <usize>cStep,
      cStep,
      aPtr + bytes(column) * <usize>aStep,
      aStep,
      bPtr + bytes(column) * <usize>bStep,
      bStep,
      yPtr,
      n,
    );
    yPtr += bytes(n);
    left -= n;
    column = 0;
    cPtr += bytes(cRow);
    aPtr += bytes(aRow);
    bPtr += bytes(bRow);
  }
}

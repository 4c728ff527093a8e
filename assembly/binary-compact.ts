/*
 * Functions of two tensors that are rarer, or dearer, than the arithmetic in binary.ts, with the same broadcasts and the
 * same range: comparisons, whole numbers, powers, gradients of activations. One vector a step, one loop each: small code.
 */
import { geluSlope4, geluTanhSlope4, siluSlope4 } from "./math-exponential";
import { pow4 } from "./math-power";
import { atan2_4 } from "./math-trigonometric";
import { bytes } from "./simd";

const POW: i32 = 0;
const ATAN2: i32 = 1;
const REMAINDER: i32 = 2;
const SILU_GRAD: i32 = 3;
const GELU_GRAD: i32 = 4;
const GELU_TANH_GRAD: i32 = 5;
// Codes of compare_f32 and compare_i32, as src/backend/wasm/elementwise.ts knows them, from COMPARE_F32 or _I32 on.
const COMPARE_F32: i32 = 10;
const COMPARE_I32: i32 = 20;
const EQ: i32 = 0;
const NE: i32 = 1;
const LT: i32 = 2;
const LE: i32 = 3;
const GT: i32 = 4;
const GE: i32 = 5;
const AND: i32 = 6;
const OR: i32 = 7;
// Codes of binary_i32, from BINARY_I32 on.
const BINARY_I32: i32 = 30;
const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const MINIMUM: i32 = 3;
const MAXIMUM: i32 = 4;
const REMAINDER_I32: i32 = 5;

function remainderOf(a: f32, b: f32): f32 {
  const rest = a % b;
  return rest != 0 && rest < 0 != b < 0 ? rest + b : rest;
}

/** The rest of a / b with the sign of b, exact. */
function remainder4(a: v128, b: v128): v128 {
  let y = f32x4.splat(remainderOf(f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)));
  y = f32x4.replace_lane(y, 1, remainderOf(f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)));
  y = f32x4.replace_lane(y, 2, remainderOf(f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)));
  return f32x4.replace_lane(y, 3, remainderOf(f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)));
}

/** 0 where b is 0; -1 is apart because the quotient of the least number by it overflows. */
function wholeRemainder(a: i32, b: i32): i32 {
  if (b == 0 || b == -1) return 0;
  const rest = a % b;
  return rest != 0 && rest < 0 != b < 0 ? rest + b : rest;
}

function wholeRemainder4(a: v128, b: v128): v128 {
  let y = i32x4.splat(wholeRemainder(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)));
  y = i32x4.replace_lane(y, 1, wholeRemainder(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)));
  y = i32x4.replace_lane(y, 2, wholeRemainder(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)));
  return i32x4.replace_lane(y, 3, wholeRemainder(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)));
}

/** A mask as a bool: 0 or 1. */
@inline
function asBool(mask: v128): v128 {
  return v128.and(mask, i32x4.splat(1));
}

/** The function of two vectors; `op` is a constant where this is inlined, so one line of it remains. */
@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == POW) return pow4(a, b);
  if (op == ATAN2) return atan2_4(a, b);
  if (op == REMAINDER) return remainder4(a, b);
  if (op == SILU_GRAD) return f32x4.mul(a, siluSlope4(b));
  if (op == GELU_GRAD) return f32x4.mul(a, geluSlope4(b));
  if (op == GELU_TANH_GRAD) return f32x4.mul(a, geluTanhSlope4(b));
  if (op == COMPARE_F32 + EQ) return asBool(f32x4.eq(a, b));
  if (op == COMPARE_F32 + NE) return asBool(f32x4.ne(a, b));
  if (op == COMPARE_F32 + LT) return asBool(f32x4.lt(a, b));
  if (op == COMPARE_F32 + LE) return asBool(f32x4.le(a, b));
  if (op == COMPARE_F32 + GT) return asBool(f32x4.gt(a, b));
  if (op == COMPARE_F32 + GE) return asBool(f32x4.ge(a, b));
  if (op == COMPARE_I32 + EQ) return asBool(i32x4.eq(a, b));
  if (op == COMPARE_I32 + NE) return asBool(i32x4.ne(a, b));
  if (op == COMPARE_I32 + LT) return asBool(i32x4.lt_s(a, b));
  if (op == COMPARE_I32 + LE) return asBool(i32x4.le_s(a, b));
  if (op == COMPARE_I32 + GT) return asBool(i32x4.gt_s(a, b));
  if (op == COMPARE_I32 + GE) return asBool(i32x4.ge_s(a, b));
  if (op == COMPARE_I32 + AND) return v128.and(a, b);
  if (op == COMPARE_I32 + OR) return v128.or(a, b);
  if (op == BINARY_I32 + ADD) return i32x4.add(a, b);
  if (op == BINARY_I32 + SUB) return i32x4.sub(a, b);
  if (op == BINARY_I32 + MUL) return i32x4.mul(a, b);
  if (op == BINARY_I32 + MINIMUM) return i32x4.min_s(a, b);
  if (op == BINARY_I32 + MAXIMUM) return i32x4.max_s(a, b);
  return wholeRemainder4(a, b);
}

/** n elements of one row; an operand with step 0 is one value for all of them. */
@inline
function combineRow(op: i32, aPtr: usize, aStep: i32, bPtr: usize, bStep: i32, yPtr: usize, n: i32): void {
  let a = v128.load32_splat(aPtr);
  let b = v128.load32_splat(bPtr);
  for (; n >= 4; n -= 4) {
    if (aStep) {
      a = v128.load(aPtr);
      aPtr += 16;
    }
    if (bStep) {
      b = v128.load(bPtr);
      bPtr += 16;
    }
    v128.store(yPtr, combine(op, a, b));
    yPtr += 16;
  }
  for (; n > 0; --n) {
    if (aStep) {
      a = v128.load32_zero(aPtr);
      aPtr += 4;
    }
    if (bStep) {
      b = v128.load32_zero(bPtr);
      bPtr += 4;
    }
    v128.store32_lane(yPtr, combine(op, a, b), 0);
    yPtr += 4;
  }
}


@inline
function combineRange(
  op: i32,
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
  aPtr += bytes(row) * <usize>aRow;
  bPtr += bytes(row) * <usize>bRow;
  yPtr += bytes(start);
  while (left > 0) {
    const n = min(nCols - column, left);
    combineRow(
      op,
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
    aPtr += bytes(aRow);
    bPtr += bytes(bRow);
  }
}

/** a^b as C's pow; see math-power.ts. */
export function pow_f32(
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
  combineRange(POW, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The angle of the point (b, a). */
export function atan2_f32(
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
  combineRange(ATAN2, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The rest of a / b with the sign of b, exact. */
export function remainder_f32(
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
  combineRange(REMAINDER, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The gradient of silu: a = g, b = x. */
export function silu_grad_f32(
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
  combineRange(SILU_GRAD, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The gradient of gelu: a = g, b = x. */
export function gelu_grad_f32(
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
  combineRange(GELU_GRAD, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The gradient of the tanh form of gelu: a = g, b = x. */
export function gelu_tanh_grad_f32(
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
  combineRange(GELU_TANH_GRAD, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** Whether a op b, as 0 or 1; op: 0 eq, 1 ne, 2 lt, 3 le, 4 gt, 5 ge. */
export function compare_f32(
  op: i32,
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
  if (op == EQ) combineRange(COMPARE_F32 + EQ, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == NE) combineRange(COMPARE_F32 + NE, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == LT) combineRange(COMPARE_F32 + LT, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == LE) combineRange(COMPARE_F32 + LE, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == GT) combineRange(COMPARE_F32 + GT, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == GE) combineRange(COMPARE_F32 + GE, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The same of whole numbers and bools; 6 and, 7 or, of bools. */
export function compare_i32(
  op: i32,
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
  if (op == EQ) combineRange(COMPARE_I32 + EQ, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == NE) combineRange(COMPARE_I32 + NE, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == LT) combineRange(COMPARE_I32 + LT, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == LE) combineRange(COMPARE_I32 + LE, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == GT) combineRange(COMPARE_I32 + GT, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == GE) combineRange(COMPARE_I32 + GE, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == AND)
    combineRange(COMPARE_I32 + AND, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == OR) combineRange(COMPARE_I32 + OR, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** Arithmetic modulo 2^32; op: 0 add, 1 sub, 2 mul, 3 minimum, 4 maximum, 5 remainder (0 where b is 0). */
export function binary_i32(
  op: i32,
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
  if (op == ADD)
    combineRange(BINARY_I32 + ADD, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == SUB)
    combineRange(BINARY_I32 + SUB, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == MUL)
    combineRange(BINARY_I32 + MUL, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == MINIMUM)
    combineRange(BINARY_I32 + MINIMUM, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == MAXIMUM)
    combineRange(BINARY_I32 + MAXIMUM, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
  if (op == REMAINDER_I32)
    combineRange(BINARY_I32 + REMAINDER_I32, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

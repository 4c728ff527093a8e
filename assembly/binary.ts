/*
 * Functions of two tensors with row, column and scalar broadcasts. y is dense [rows, nCols]; operand element (r, c) is
 * at ptr + 4 * (r * Row + c * Step), Step 0 or 1, Row any number of elements. The range counts elements of y,
 * r * nCols + c. Two dense operands of one shape are a single row. y may be an operand that has y's own layout.
 */
import { bytes } from "./simd";

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;
const MAXIMUM: i32 = 4;
const MINIMUM: i32 = 5;
const RELU_GRAD: i32 = 6;
const TANH_GRAD: i32 = 7;
const SIGMOID_GRAD: i32 = 8;

/** The function of two vectors; `op` is a constant where this is inlined, so one line of it remains. */
@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  if (op == MAXIMUM) return f32x4.max(a, b);
  if (op == MINIMUM) return f32x4.min(a, b);
  if (op == RELU_GRAD) return v128.andnot(a, f32x4.le(b, f32x4.splat(0)));
  if (op == TANH_GRAD) return f32x4.mul(a, f32x4.sub(f32x4.splat(1), f32x4.mul(b, b)));
  return f32x4.mul(f32x4.mul(a, b), f32x4.sub(f32x4.splat(1), b));
}


@inline
function loadOperand(isDense: bool, ptr: usize, offset: usize, value: v128): v128 {
  return isDense ? v128.load(ptr + offset) : value;
}

/** n elements of one row. An operand that is not dense is one value for all of them. */
@inline
function combineRow(
  op: i32,
  aDense: bool,
  bDense: bool,
  aPtr: usize,
  bPtr: usize,
  yPtr: usize,
  n: i32,
): void {
  const a = v128.load32_splat(aPtr);
  const b = v128.load32_splat(bPtr);
  for (; n >= 16; n -= 16) {
    v128.store(yPtr, combine(op, loadOperand(aDense, aPtr, 0, a), loadOperand(bDense, bPtr, 0, b)));
    v128.store(yPtr, combine(op, loadOperand(aDense, aPtr, 16, a), loadOperand(bDense, bPtr, 16, b)), 16);
    v128.store(yPtr, combine(op, loadOperand(aDense, aPtr, 32, a), loadOperand(bDense, bPtr, 32, b)), 32);
    v128.store(yPtr, combine(op, loadOperand(aDense, aPtr, 48, a), loadOperand(bDense, bPtr, 48, b)), 48);
    if (aDense) aPtr += 64;
    if (bDense) bPtr += 64;
    yPtr += 64;
  }
  for (; n >= 4; n -= 4) {
    v128.store(yPtr, combine(op, loadOperand(aDense, aPtr, 0, a), loadOperand(bDense, bPtr, 0, b)));
    if (aDense) aPtr += 16;
    if (bDense) bPtr += 16;
    yPtr += 16;
  }
  for (; n > 0; --n) {
    const x = aDense ? v128.load32_zero(aPtr) : a;
    const z = bDense ? v128.load32_zero(bPtr) : b;
    v128.store32_lane(yPtr, combine(op, x, z), 0);
    if (aDense) aPtr += 4;
    if (bDense) bPtr += 4;
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
    const a = aPtr + bytes(column) * <usize>aStep;
    const b = bPtr + bytes(column) * <usize>bStep;
    if (aStep) {
      if (bStep) combineRow(op, true, true, a, b, yPtr, n);
      else combineRow(op, true, false, a, b, yPtr, n);
    } else {
      if (bStep) combineRow(op, false, true, a, b, yPtr, n);
      else combineRow(op, false, false, a, b, yPtr, n);
    }
    yPtr += bytes(n);
    left -= n;
    column = 0;
    aPtr += bytes(aRow);
    bPtr += bytes(bRow);
  }
}

/** a + b */
export function add_f32(
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
  combineRange(ADD, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** a - b */
export function sub_f32(
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
  combineRange(SUB, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** a * b */
export function mul_f32(
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
  combineRange(MUL, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** a / b */
export function div_f32(
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
  combineRange(DIV, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The larger one; NaN if either is. */
export function maximum_f32(
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
  combineRange(MAXIMUM, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The smaller one; NaN if either is. */
export function minimum_f32(
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
  combineRange(MINIMUM, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The gradient of relu: a = g, b = y (or x); g where b > 0, else 0 (also at 0 and NaN). */
export function relu_grad_f32(
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
  combineRange(RELU_GRAD, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The gradient of tanh: a = g, b = y; g (1 - y^2). */
export function tanh_grad_f32(
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
  combineRange(TANH_GRAD, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

/** The gradient of sigmoid: a = g, b = y; g y (1 - y). */
export function sigmoid_grad_f32(
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
  combineRange(SIGMOID_GRAD, aPtr, aRow, aStep, bPtr, bRow, bStep, yPtr, nCols, start, end);
}

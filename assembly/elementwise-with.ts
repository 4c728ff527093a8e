/*
 * Functions of one tensor with constants a and b: y[i] = f(x[i], a, b) for i in [start, end). x and y are dense; y may
 * be x. A function that needs one constant ignores b.
 */
import { expm1_4, softplus4 } from "./math-exponential";
import { pow4 } from "./math-power";
import { bytes } from "./simd";

const POW_SCALAR: i32 = 0;
const CLAMP: i32 = 1;
const LEAKY_RELU: i32 = 2;
const ELU: i32 = 3;
const SOFTPLUS: i32 = 4;
const MUL_SCALAR: i32 = 5;
const ADD_SCALAR: i32 = 6;
const SUB_FROM: i32 = 7;
const DIV_SCALAR: i32 = 8;

/** The function of one vector; `op` is a constant where this is inlined, so one line of it remains. */
@inline
function applyWith(op: i32, x: v128, a: v128, b: v128): v128 {
  if (op == MUL_SCALAR) return f32x4.mul(x, a);
  if (op == ADD_SCALAR) return f32x4.add(x, a);
  if (op == SUB_FROM) return f32x4.sub(a, x);
  if (op == DIV_SCALAR) return f32x4.div(x, a);
  if (op == POW_SCALAR) return pow4(x, a);
  if (op == CLAMP) return f32x4.pmin(f32x4.pmax(x, a), b);
  if (op == LEAKY_RELU) return v128.bitselect(x, f32x4.mul(x, a), f32x4.gt(x, f32x4.splat(0)));
  if (op == ELU) {
    return v128.bitselect(x, f32x4.mul(expm1_4(f32x4.mul(x, b)), a), f32x4.gt(x, f32x4.splat(0)));
  }
  const scaled = f32x4.mul(x, a);
  return v128.bitselect(x, f32x4.div(softplus4(scaled), a), f32x4.gt(scaled, b));
}


@inline
function mapWith(op: i32, xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  const left = f32x4.splat(a);
  const right = f32x4.splat(b);
  let n = end - start;
  xPtr += bytes(start);
  yPtr += bytes(start);
  // Dear and rare: one loop, because their code is large.
  while (n > 0 && (op == POW_SCALAR || op == ELU || op == SOFTPLUS)) {
    const isWhole = n >= 4;
    const y = applyWith(op, isWhole ? v128.load(xPtr) : v128.load32_zero(xPtr), left, right);
    if (isWhole) v128.store(yPtr, y);
    else v128.store32_lane(yPtr, y, 0);
    const step = isWhole ? 4 : 1;
    n -= step;
    xPtr += bytes(step);
    yPtr += bytes(step);
  }
  if (op == POW_SCALAR || op == ELU || op == SOFTPLUS) return;
  for (; n >= 8; n -= 8) {
    const x0 = v128.load(xPtr);
    const x1 = v128.load(xPtr, 16);
    v128.store(yPtr, applyWith(op, x0, left, right));
    v128.store(yPtr, applyWith(op, x1, left, right), 16);
    xPtr += 32;
    yPtr += 32;
  }
  for (; n >= 4; n -= 4) {
    v128.store(yPtr, applyWith(op, v128.load(xPtr), left, right));
    xPtr += 16;
    yPtr += 16;
  }
  for (; n > 0; --n) {
    v128.store32_lane(yPtr, applyWith(op, v128.load32_zero(xPtr), left, right), 0);
    xPtr += 4;
    yPtr += 4;
  }
}

/** x^a; see math-power.ts */
export function pow_scalar_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(POW_SCALAR, xPtr, yPtr, a, b, start, end);
}

/** x between a and b, and b where a is above it; NaN passes. */
export function clamp_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(CLAMP, xPtr, yPtr, a, b, start, end);
}

/** x above 0, a x from 0 down. */
export function leaky_relu_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(LEAKY_RELU, xPtr, yPtr, a, b, start, end);
}

/** The gradient of leaky_relu_f32: y = g where x is above 0, elsewhere a g. */
export function leaky_relu_grad_f32(
  gPtr: usize,
  xPtr: usize,
  yPtr: usize,
  a: f32,
  start: i32,
  end: i32,
): void {
  const slope = f32x4.splat(a);
  const zero = f32x4.splat(0);
  let offset = bytes(start);
  let n = end - start;
  for (; n >= 4; n -= 4) {
    const g = v128.load(gPtr + offset);
    const isAbove = f32x4.gt(v128.load(xPtr + offset), zero);
    v128.store(yPtr + offset, v128.bitselect(g, f32x4.mul(g, slope), isAbove));
    offset += 16;
  }
  for (; n > 0; --n) {
    const g = load<f32>(gPtr + offset);
    store<f32>(yPtr + offset, load<f32>(xPtr + offset) > 0 ? g : g * a);
    offset += 4;
  }
}

/** x above 0, a (e^(b x) - 1) from 0 down. */
export function elu_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(ELU, xPtr, yPtr, a, b, start, end);
}

/** ln(1 + e^(a x)) / a, and x where a x is above b. */
export function softplus_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(SOFTPLUS, xPtr, yPtr, a, b, start, end);
}

/** x a */
export function mul_scalar_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(MUL_SCALAR, xPtr, yPtr, a, b, start, end);
}

/** x + a */
export function add_scalar_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(ADD_SCALAR, xPtr, yPtr, a, b, start, end);
}

/** a - x */
export function sub_from_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(SUB_FROM, xPtr, yPtr, a, b, start, end);
}

/** x / a */
export function div_scalar_f32(xPtr: usize, yPtr: usize, a: f32, b: f32, start: i32, end: i32): void {
  mapWith(DIV_SCALAR, xPtr, yPtr, a, b, start, end);
}

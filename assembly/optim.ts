/*
 * Optimizer steps in one pass over parameter, gradient and moments, elements [start, end). Scalars that need float64,
 * such as bias corrections, are computed by the caller. Moments below the smallest normal number become zero: they decay
 * geometrically, and denormals would make each later step 90 times slower.
 */
import { bytes, madd, nmadd, sumLanes } from "./simd";

/** x where it is normal (or NaN), else 0. */
@inline
function flush(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(1.17549435e-38)));
}


@inline
function loadLanes(width: i32, ptr: usize): v128 {
  return width == 4 ? v128.load(ptr) : v128.load32_zero(ptr);
}


@inline
function storeLanes(width: i32, ptr: usize, value: v128): void {
  if (width == 4) v128.store(ptr, value);
  else v128.store32_lane(ptr, value, 0);
}


@inline
function sgdStep(
  width: i32,
  pPtr: usize,
  gPtr: usize,
  mPtr: usize,
  lr: f32,
  momentum: f32,
  gradScale: f32,
  weightDecay: f32,
  nesterov: i32,
): void {
  const p = loadLanes(width, pPtr);
  let g = madd(f32x4.splat(weightDecay), p, loadLanes(width, gPtr));
  if (mPtr) {
    const m = flush(
      madd(f32x4.splat(momentum), loadLanes(width, mPtr), f32x4.mul(f32x4.splat(gradScale), g)),
    );
    storeLanes(width, mPtr, m);
    g = nesterov ? madd(f32x4.splat(momentum), m, g) : m;
  }
  storeLanes(width, pPtr, nmadd(f32x4.splat(lr), g, p));
}

/**
 * SGD as in PyTorch: g += weightDecay p; m = momentum m + gradScale g; p -= lr (nesterov ? g + momentum m : m).
 * mPtr 0: p -= lr g. gradScale is 1 - dampening, but 1 in the first step (with m zeroed), as PyTorch's first step is.
 */
export function sgd_f32(
  pPtr: usize,
  gPtr: usize,
  mPtr: usize,
  lr: f32,
  momentum: f32,
  gradScale: f32,
  weightDecay: f32,
  nesterov: i32,
  start: i32,
  end: i32,
): void {
  let n = end - start;
  pPtr += bytes(start);
  gPtr += bytes(start);
  if (mPtr) mPtr += bytes(start);
  for (; n >= 4; n -= 4) {
    sgdStep(4, pPtr, gPtr, mPtr, lr, momentum, gradScale, weightDecay, nesterov);
    pPtr += 16;
    gPtr += 16;
    if (mPtr) mPtr += 16;
  }
  for (; n > 0; --n) {
    sgdStep(1, pPtr, gPtr, mPtr, lr, momentum, gradScale, weightDecay, nesterov);
    pPtr += 4;
    gPtr += 4;
    if (mPtr) mPtr += 4;
  }
}


@inline
function adamStep(
  width: i32,
  pPtr: usize,
  gPtr: usize,
  mPtr: usize,
  vPtr: usize,
  stepSize: f32,
  beta1: f32,
  beta1Rest: f32,
  beta2: f32,
  beta2Rest: f32,
  vScale: f32,
  eps: f32,
  weightDecay: f32,
  decay: f32,
): void {
  const p = loadLanes(width, pPtr);
  const g = madd(f32x4.splat(weightDecay), p, loadLanes(width, gPtr));
  const m = flush(madd(f32x4.splat(beta1), loadLanes(width, mPtr), f32x4.mul(f32x4.splat(beta1Rest), g)));
  // Gradients whose square would be denormal add nothing that eps does not drown.
  const visible = v128.andnot(g, f32x4.lt(f32x4.abs(g), f32x4.splat(1e-17)));
  const square = f32x4.mul(f32x4.splat(beta2Rest), f32x4.mul(visible, visible));
  const v = flush(madd(f32x4.splat(beta2), loadLanes(width, vPtr), square));
  storeLanes(width, mPtr, m);
  storeLanes(width, vPtr, v);
  const scale = madd(f32x4.sqrt(v), f32x4.splat(vScale), f32x4.splat(eps));
  const step = f32x4.div(f32x4.mul(f32x4.splat(stepSize), m), scale);
  storeLanes(width, pPtr, f32x4.sub(f32x4.mul(p, f32x4.splat(decay)), step));
}

/**
 * Adam and AdamW as in PyTorch (Kingma and Ba 2015; Loshchilov and Hutter 2019), step t counted from 1:
 * g += weightDecay p; m = beta1 m + beta1Rest g; v = beta2 v + beta2Rest g^2;
 * p = decay p - stepSize m / (vScale sqrt(v) + eps).
 *   beta1Rest = 1 - beta1 and beta2Rest = 1 - beta2, rounded once from float64
 *   stepSize = lr / (1 - beta1^t), vScale = 1 / sqrt(1 - beta2^t)
 *   Adam: weightDecay as given, decay = 1. AdamW: weightDecay = 0, decay = 1 - lr * weightDecay.
 */
export function adam_f32(
  pPtr: usize,
  gPtr: usize,
  mPtr: usize,
  vPtr: usize,
  stepSize: f32,
  beta1: f32,
  beta1Rest: f32,
  beta2: f32,
  beta2Rest: f32,
  vScale: f32,
  eps: f32,
  weightDecay: f32,
  decay: f32,
  start: i32,
  end: i32,
): void {
  let offset = bytes(start);
  let n = end - start;
  for (; n >= 4; n -= 4) {
    adamStep(
      4,
      pPtr + offset,
      gPtr + offset,
      mPtr + offset,
      vPtr + offset,
      stepSize,
      beta1,
      beta1Rest,
      beta2,
      beta2Rest,
      vScale,
      eps,
      weightDecay,
      decay,
    );
    offset += 16;
  }
  for (; n > 0; --n) {
    adamStep(
      1,
      pPtr + offset,
      gPtr + offset,
      mPtr + offset,
      vPtr + offset,
      stepSize,
      beta1,
      beta1Rest,
      beta2,
      beta2Rest,
      vScale,
      eps,
      weightDecay,
      decay,
    );
    offset += 4;
  }
}

/*
 * The same over many tensors in one call. The table has rows of 5 i32, each a piece of a tensor: addresses of p, g, m, v
 * (those that the step reads) and a number of elements. The range counts rows.
 */
const ROW: usize = 20;

/** sgd_f32 of each piece; m is 0 where there is no momentum. */
export function sgd_table_f32(
  tablePtr: usize,
  lr: f32,
  momentum: f32,
  gradScale: f32,
  weightDecay: f32,
  nesterov: i32,
  start: i32,
  end: i32,
): void {
  let row = tablePtr + <usize>start * ROW;
  for (let i = start; i < end; ++i) {
    const p = <usize>load<u32>(row);
    const g = <usize>load<u32>(row, 4);
    const m = <usize>load<u32>(row, 8);
    sgd_f32(p, g, m, lr, momentum, gradScale, weightDecay, nesterov, 0, load<i32>(row, 16));
    row += ROW;
  }
}

/** adam_f32 of each piece. */
export function adam_table_f32(
  tablePtr: usize,
  stepSize: f32,
  beta1: f32,
  beta1Rest: f32,
  beta2: f32,
  beta2Rest: f32,
  vScale: f32,
  eps: f32,
  weightDecay: f32,
  decay: f32,
  start: i32,
  end: i32,
): void {
  let row = tablePtr + <usize>start * ROW;
  for (let i = start; i < end; ++i) {
    const p = <usize>load<u32>(row);
    const g = <usize>load<u32>(row, 4);
    const m = <usize>load<u32>(row, 8);
    const v = <usize>load<u32>(row, 12);
    const n = load<i32>(row, 16);
    adam_f32(p, g, m, v, stepSize, beta1, beta1Rest, beta2, beta2Rest, vScale, eps, weightDecay, decay, 0, n);
    row += ROW;
  }
}

/** sums[row] = the sum of the squares of the piece at p. */
export function squares_table_f32(tablePtr: usize, sumsPtr: usize, start: i32, end: i32): void {
  let row = tablePtr + <usize>start * ROW;
  for (let i = start; i < end; ++i) {
    store<f32>(sumsPtr + bytes(i), sumOfSquares(<usize>load<u32>(row), load<i32>(row, 16)));
    row += ROW;
  }
}

function sumOfSquares(xPtr: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; n >= 16; n -= 16) {
    let x = v128.load(xPtr);
    s0 = madd(x, x, s0);
    x = v128.load(xPtr, 16);
    s1 = madd(x, x, s1);
    x = v128.load(xPtr, 32);
    s2 = madd(x, x, s2);
    x = v128.load(xPtr, 48);
    s3 = madd(x, x, s3);
    xPtr += 64;
  }
  for (; n > 0; --n) {
    const x = v128.load32_zero(xPtr);
    s0 = madd(x, x, s0);
    xPtr += 4;
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** p *= factor[0] for each piece. */
export function scale_table_f32(tablePtr: usize, factorPtr: usize, start: i32, end: i32): void {
  const factor = v128.load32_splat(factorPtr);
  let row = tablePtr + <usize>start * ROW;
  for (let i = start; i < end; ++i) {
    let p = <usize>load<u32>(row);
    let n = load<i32>(row, 16);
    for (; n >= 4; n -= 4) {
      v128.store(p, f32x4.mul(v128.load(p), factor));
      p += 16;
    }
    for (; n > 0; --n) {
      v128.store32_lane(p, f32x4.mul(v128.load32_zero(p), factor), 0);
      p += 4;
    }
    row += ROW;
  }
}

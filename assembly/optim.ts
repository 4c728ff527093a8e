/*
 * Optimizer steps in one pass over parameter, gradient and moments, elements [start, end). Scalars that need float64,
 * such as bias corrections, are computed by the caller. Moments below the smallest normal number become zero: they decay
 * geometrically, and denormals would make each later step 90 times slower.
 */
import { bytes, madd, nmadd } from "./simd";

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

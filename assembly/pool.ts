/*
 * Max pooling of planes [inH, inW] to [outH, outW]; the range counts planes (images * channels). Padding is -infinity.
 * A NaN in a window wins; of equal maxima the first in row order does. Windows without any element give -infinity and
 * index -1, which the gradient skips.
 */
import { bytes } from "./simd";

/**
 * y and, unless indexPtr is 0, index (i32): where in its plane each maximum was, h * inW + w. kH kW: window; sH sW:
 * stride; pH pW: padding before; dH dW: dilation. The caller checks the shapes.
 */
export function maxpool2d_f32(
  xPtr: usize,
  yPtr: usize,
  indexPtr: usize,
  inH: i32,
  inW: i32,
  outH: i32,
  outW: i32,
  kH: i32,
  kW: i32,
  sH: i32,
  sW: i32,
  pH: i32,
  pW: i32,
  dH: i32,
  dW: i32,
  start: i32,
  end: i32,
): void {
  const nIn = inH * inW;
  const nOut = outH * outW;
  const isPair = kH == 2 && kW == 2 && sH == 2 && sW == 2 && !(pH | pW) && dH == 1 && dW == 1;
  const fits = 2 * outH <= inH && 2 * outW <= inW;
  xPtr += bytes(start) * <usize>nIn;
  yPtr += bytes(start) * <usize>nOut;
  if (indexPtr) indexPtr += bytes(start) * <usize>nOut;
  for (let plane = start; plane < end; ++plane) {
    if (isPair && fits) poolPairs(xPtr, yPtr, indexPtr, inW, outH, outW);
    else poolPlane(xPtr, yPtr, indexPtr, inH, inW, outH, outW, kH, kW, sH, sW, pH, pW, dH, dW);
    xPtr += bytes(nIn);
    yPtr += bytes(nOut);
    if (indexPtr) indexPtr += bytes(nOut);
  }
}

/** Any window. */
function poolPlane(
  xPtr: usize,
  yPtr: usize,
  indexPtr: usize,
  inH: i32,
  inW: i32,
  outH: i32,
  outW: i32,
  kH: i32,
  kW: i32,
  sH: i32,
  sW: i32,
  pH: i32,
  pW: i32,
  dH: i32,
  dW: i32,
): void {
  for (let i = 0; i < outH; ++i) {
    const top = i * sH - pH;
    const firstH = top + firstInside(top, dH) * dH;
    const endH = min(top + kH * dH, inH);
    for (let j = 0; j < outW; ++j) {
      const left = j * sW - pW;
      const firstW = left + firstInside(left, dW) * dW;
      const endW = min(left + kW * dW, inW);
      // Vectors of one lane, for their select: which element wins is as good as random, and branching on it takes twice
      // as long.
      let best = f32x4.splat(-Infinity);
      let where = i32x4.splat(-1);
      for (let h = firstH; h < endH; h += dH) {
        const row = h * inW;
        for (let w = firstW; w < endW; w += dW) {
          const x = v128.load32_zero(xPtr + bytes(row + w));
          const taken = wins(x, best);
          best = v128.bitselect(x, best, taken);
          where = v128.bitselect(i32x4.splat(row + w), where, taken);
        }
      }
      v128.store32_lane(yPtr, best, 0);
      yPtr += 4;
      if (indexPtr) {
        let index = i32x4.extract_lane(where, 0);
        // Nothing beats -infinity: then the first element of the window is the maximum.
        if (index < 0 && firstH < endH && firstW < endW) index = firstH * inW + firstW;
        store<i32>(indexPtr, index);
        indexPtr += 4;
      }
    }
  }
}

/** How many steps of d lead from a negative start to the first element inside. */
@inline
function firstInside(start: i32, d: i32): i32 {
  return start < 0 ? (d - 1 - start) / d : 0;
}

/** Where x takes the place of best: it is larger or NaN, and best is no NaN. */
@inline
function wins(x: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(x, best));
}

/** Windows of 2 x 2, side by side: four at a time, in the order of poolPlane. */
function poolPairs(xPtr: usize, yPtr: usize, indexPtr: usize, inW: i32, outH: i32, outW: i32): void {
  const rowBytes = bytes(inW);
  for (let i = 0; i < outH; ++i) {
    let x = xPtr + <usize>(2 * i) * rowBytes;
    let position = 2 * i * inW;
    let left = outW;
    while (left > 0) {
      const count = min(left, 4);
      let top0: v128, top1: v128, low0: v128, low1: v128;
      const below = x + rowBytes;
      if (count == 4) {
        top0 = v128.load(x);
        top1 = v128.load(x, 16);
        low0 = v128.load(below);
        low1 = v128.load(below, 16);
      } else {
        top0 = v128.load64_zero(x);
        low0 = v128.load64_zero(below);
        if (count > 1) {
          top0 = v128.load64_lane(x, top0, 1, 8);
          low0 = v128.load64_lane(below, low0, 1, 8);
        }
        top1 = count > 2 ? v128.load64_zero(x, 16) : top0;
        low1 = count > 2 ? v128.load64_zero(below, 16) : low0;
      }
      const first = i32x4.add(i32x4.splat(position), i32x4(0, 2, 4, 6));
      let best = v128.shuffle<f32>(top0, top1, 0, 2, 4, 6);
      let where = first;
      let next = v128.shuffle<f32>(top0, top1, 1, 3, 5, 7);
      let taken = wins(next, best);
      best = v128.bitselect(next, best, taken);
      where = i32x4.sub(where, taken);
      next = v128.shuffle<f32>(low0, low1, 0, 2, 4, 6);
      taken = wins(next, best);
      best = v128.bitselect(next, best, taken);
      where = v128.bitselect(i32x4.add(first, i32x4.splat(inW)), where, taken);
      next = v128.shuffle<f32>(low0, low1, 1, 3, 5, 7);
      taken = wins(next, best);
      best = v128.bitselect(next, best, taken);
      where = v128.bitselect(i32x4.add(first, i32x4.splat(inW + 1)), where, taken);
      storeLanes(yPtr, best, count);
      yPtr += bytes(count);
      if (indexPtr) {
        storeLanes(indexPtr, where, count);
        indexPtr += bytes(count);
      }
      x += 32;
      position += 8;
      left -= count;
    }
  }
}


@inline
function storeLanes(ptr: usize, v: v128, count: i32): void {
  if (count == 4) {
    v128.store(ptr, v);
  } else {
    v128.store32_lane(ptr, v, 0);
    if (count > 1) v128.store32_lane(ptr, v, 1, 4);
    if (count > 2) v128.store32_lane(ptr, v, 2, 8);
  }
}

/** gx[plane, index[plane, j]] += g[plane, j] after zeroing gx; nIn = inH * inW, nOut = outH * outW. */
export function maxpool2d_grad_f32(
  gPtr: usize,
  indexPtr: usize,
  gxPtr: usize,
  nIn: i32,
  nOut: i32,
  start: i32,
  end: i32,
): void {
  let offset = bytes(start) * <usize>nOut;
  let gx = gxPtr + bytes(start) * <usize>nIn;
  for (let plane = start; plane < end; ++plane) {
    memory.fill(gx, 0, bytes(nIn));
    for (let j = 0; j < nOut; ++j) {
      const index = load<i32>(indexPtr + offset);
      if (index >= 0) {
        const target = gx + bytes(index);
        store<f32>(target, load<f32>(target) + load<f32>(gPtr + offset));
      }
      offset += 4;
    }
    gx += bytes(nIn);
  }
}

/*
 * Normalisation of channels: x [nBatch, nChannels, inner] by the mean and variance of each channel over batch and inner,
 * and its backward. The statistics come from batch_moments_f32 (or are the running ones), so that each direction reads x
 * twice: once for sums per channel, once for the result.
 *
 * Sums: runs of `inner` are summed in the cache and merged in float64, batch by batch; where inner is 1 the four lanes are
 * four channels. Either order depends on the sizes alone.
 */
import { bytes, madd, sumLanes } from "../simd";

/** The sum of a run and the sum of its squared distances from a mean: two passes over what lies in the cache. */
@inline
function runSum(xPtr: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; n >= 8; n -= 8) {
    s0 = f32x4.add(s0, v128.load(xPtr));
    s1 = f32x4.add(s1, v128.load(xPtr, 16));
    xPtr += 32;
  }
  for (; n > 0; --n) {
    s0 = f32x4.add(s0, v128.load32_zero(xPtr));
    xPtr += 4;
  }
  return sumLanes(f32x4.add(s0, s1));
}


@inline
function runSquares(xPtr: usize, n: i32, mean: v128): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; n >= 8; n -= 8) {
    let d = f32x4.sub(v128.load(xPtr), mean);
    s0 = madd(d, d, s0);
    d = f32x4.sub(v128.load(xPtr, 16), mean);
    s1 = madd(d, d, s1);
    xPtr += 32;
  }
  for (; n > 0; --n) {
    const d = f32x4.sub(v128.load32_splat(xPtr), mean);
    s0 = f32x4.add(s0, v128.and(f32x4.mul(d, d), i32x4(-1, 0, 0, 0)));
    xPtr += 4;
  }
  return sumLanes(f32x4.add(s0, s1));
}

/** mean and biased variance of each channel. The range counts channels. */
export function batch_moments_f32(
  xPtr: usize,
  meanPtr: usize,
  variancePtr: usize,
  nBatch: i32,
  nChannels: i32,
  inner: i32,
  start: i32,
  end: i32,
): void {
  const batchBytes = bytes(nChannels) * <usize>inner;
  if (inner == 1) {
    let c = start;
    for (; c + 4 <= end; c += 4) columnMoments(4, xPtr, meanPtr, variancePtr, nBatch, batchBytes, c);
    for (; c < end; ++c) columnMoments(1, xPtr, meanPtr, variancePtr, nBatch, batchBytes, c);
    return;
  }
  for (let c = start; c < end; ++c) {
    let mean: f64 = 0;
    let squares: f64 = 0;
    let x = xPtr + bytes(c) * <usize>inner;
    for (let i = 0; i < nBatch; ++i) {
      const own = runSum(x, inner) / <f32>inner;
      // Chan, Golub and LeVeque 1979: the means' distance brings its share of the squares.
      const apart = <f64>own - mean;
      const share = <f64>1 / <f64>(i + 1);
      squares += <f64>runSquares(x, inner, f32x4.splat(own)) + apart * apart * <f64>inner * <f64>i * share;
      mean += apart * share;
      x += batchBytes;
    }
    store<f32>(meanPtr + bytes(c), <f32>mean);
    store<f32>(variancePtr + bytes(c), <f32>(squares / (<f64>nBatch * <f64>inner)));
  }
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
function columnMoments(
  width: i32,
  xPtr: usize,
  meanPtr: usize,
  variancePtr: usize,
  nBatch: i32,
  rowBytes: usize,
  c: i32,
): void {
  const share = f32x4.splat(<f32>1 / <f32>nBatch);
  let x = xPtr + bytes(c);
  let sum = f32x4.splat(0);
  for (let i = nBatch; i > 0; --i) {
    sum = f32x4.add(sum, loadLanes(width, x));
    x += rowBytes;
  }
  const mean = f32x4.mul(sum, share);
  x = xPtr + bytes(c);
  let squares = f32x4.splat(0);
  for (let i = nBatch; i > 0; --i) {
    const d = f32x4.sub(loadLanes(width, x), mean);
    squares = madd(d, d, squares);
    x += rowBytes;
  }
  storeLanes(width, meanPtr + bytes(c), mean);
  storeLanes(width, variancePtr + bytes(c), f32x4.mul(squares, share));
}


@inline
function inverse4(variance: v128, eps: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, eps)));
}

/**
 * y = (x - mean) / sqrt(variance + eps) * w + b; wPtr and bPtr optional. The range counts planes of `inner` elements,
 * image * nChannels + channel.
 */
export function batch_norm_f32(
  xPtr: usize,
  meanPtr: usize,
  variancePtr: usize,
  wPtr: usize,
  bPtr: usize,
  yPtr: usize,
  nChannels: i32,
  inner: i32,
  eps: f32,
  start: i32,
  end: i32,
): void {
  const added = f32x4.splat(eps);
  let x = xPtr + bytes(start) * <usize>inner;
  let y = yPtr + bytes(start) * <usize>inner;
  let c = start % nChannels;
  let plane = start;
  while (plane < end) {
    const at = bytes(c);
    if (inner == 1 && c + 4 <= nChannels && plane + 4 <= end) {
      let scale = inverse4(v128.load(variancePtr + at), added);
      if (wPtr) scale = f32x4.mul(scale, v128.load(wPtr + at));
      const shift = bPtr ? v128.load(bPtr + at) : f32x4.splat(0);
      v128.store(y, madd(f32x4.sub(v128.load(x), v128.load(meanPtr + at)), scale, shift));
      x += 16;
      y += 16;
      plane += 4;
      c += 4;
    } else {
      let scale = inverse4(v128.load32_splat(variancePtr + at), added);
      if (wPtr) scale = f32x4.mul(scale, v128.load32_splat(wPtr + at));
      const shift = bPtr ? v128.load32_splat(bPtr + at) : f32x4.splat(0);
      const mean = v128.load32_splat(meanPtr + at);
      let n = inner;
      for (; n >= 8; n -= 8) {
        v128.store(y, madd(f32x4.sub(v128.load(x), mean), scale, shift));
        v128.store(y, madd(f32x4.sub(v128.load(x, 16), mean), scale, shift), 16);
        x += 32;
        y += 32;
      }
      for (; n > 0; --n) {
        v128.store32_lane(y, madd(f32x4.sub(v128.load32_zero(x), mean), scale, shift), 0);
        x += 4;
        y += 4;
      }
      ++plane;
      ++c;
    }
    if (c == nChannels) c = 0;
  }
}

/** gb = sum of g and gw = sum of g (x - mean) / sqrt(variance + eps), per channel. The range counts channels. */
export function batch_norm_sums_f32(
  gPtr: usize,
  xPtr: usize,
  meanPtr: usize,
  variancePtr: usize,
  gwPtr: usize,
  gbPtr: usize,
  nBatch: i32,
  nChannels: i32,
  inner: i32,
  eps: f32,
  start: i32,
  end: i32,
): void {
  const batchBytes = bytes(nChannels) * <usize>inner;
  const added = f32x4.splat(eps);
  if (inner == 1) {
    let c = start;
    for (; c + 4 <= end; c += 4) {
      columnSums(4, gPtr, xPtr, meanPtr, variancePtr, gwPtr, gbPtr, nBatch, batchBytes, added, c);
    }
    for (; c < end; ++c) {
      columnSums(1, gPtr, xPtr, meanPtr, variancePtr, gwPtr, gbPtr, nBatch, batchBytes, added, c);
    }
    return;
  }
  for (let c = start; c < end; ++c) {
    const mean = v128.load32_splat(meanPtr + bytes(c));
    let sum: f64 = 0;
    let dots: f64 = 0;
    let x = xPtr + bytes(c) * <usize>inner;
    let g = gPtr + bytes(c) * <usize>inner;
    for (let i = 0; i < nBatch; ++i) {
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let d0 = s0;
      let d1 = s0;
      let n = inner;
      let at: usize = 0;
      for (; n >= 8; n -= 8) {
        let own = v128.load(g + at);
        s0 = f32x4.add(s0, own);
        d0 = madd(own, f32x4.sub(v128.load(x + at), mean), d0);
        own = v128.load(g + at, 16);
        s1 = f32x4.add(s1, own);
        d1 = madd(own, f32x4.sub(v128.load(x + at, 16), mean), d1);
        at += 32;
      }
      for (; n > 0; --n) {
        const own = v128.load32_zero(g + at);
        s0 = f32x4.add(s0, own);
        d0 = madd(own, f32x4.sub(v128.load32_zero(x + at), mean), d0);
        at += 4;
      }
      sum += <f64>sumLanes(f32x4.add(s0, s1));
      dots += <f64>sumLanes(f32x4.add(d0, d1));
      x += batchBytes;
      g += batchBytes;
    }
    const inverse = f32x4.extract_lane(inverse4(v128.load32_splat(variancePtr + bytes(c)), added), 0);
    store<f32>(gbPtr + bytes(c), <f32>sum);
    store<f32>(gwPtr + bytes(c), <f32>(dots * <f64>inverse));
  }
}


@inline
function columnSums(
  width: i32,
  gPtr: usize,
  xPtr: usize,
  meanPtr: usize,
  variancePtr: usize,
  gwPtr: usize,
  gbPtr: usize,
  nBatch: i32,
  rowBytes: usize,
  eps: v128,
  c: i32,
): void {
  const mean = loadLanes(width, meanPtr + bytes(c));
  let x = xPtr + bytes(c);
  let g = gPtr + bytes(c);
  let sum = f32x4.splat(0);
  let dots = sum;
  for (let i = nBatch; i > 0; --i) {
    const own = loadLanes(width, g);
    sum = f32x4.add(sum, own);
    dots = madd(own, f32x4.sub(loadLanes(width, x), mean), dots);
    x += rowBytes;
    g += rowBytes;
  }
  const inverse = inverse4(loadLanes(width, variancePtr + bytes(c)), eps);
  storeLanes(width, gbPtr + bytes(c), sum);
  storeLanes(width, gwPtr + bytes(c), f32x4.mul(dots, inverse));
}

/**
 * The gradient of x where mean and variance are the batch's own: with hat as in y, gx = w inverse (g - gb / count - hat
 * gw / count), count = nBatch * inner. wPtr optional. The range counts planes, as for batch_norm_f32.
 */
export function batch_norm_grad_f32(
  gPtr: usize,
  xPtr: usize,
  meanPtr: usize,
  variancePtr: usize,
  wPtr: usize,
  gwPtr: usize,
  gbPtr: usize,
  gxPtr: usize,
  nBatch: i32,
  nChannels: i32,
  inner: i32,
  eps: f32,
  start: i32,
  end: i32,
): void {
  const added = f32x4.splat(eps);
  const share = f32x4.splat(<f32>1 / (<f32>nBatch * <f32>inner));
  let offset = bytes(start) * <usize>inner;
  let c = start % nChannels;
  let plane = start;
  while (plane < end) {
    const at = bytes(c);
    const wide = inner == 1 && c + 4 <= nChannels && plane + 4 <= end;
    const inverse = inverse4(loadChannel(wide, variancePtr + at), added);
    const scale = wPtr ? f32x4.mul(inverse, loadChannel(wide, wPtr + at)) : inverse;
    const mean = loadChannel(wide, meanPtr + at);
    const gMean = f32x4.mul(loadChannel(wide, gbPtr + at), share);
    const along = f32x4.mul(f32x4.mul(loadChannel(wide, gwPtr + at), share), inverse);
    let n = wide ? 4 : inner;
    for (; n >= 4; n -= 4) {
      const centre = f32x4.sub(v128.load(xPtr + offset), mean);
      const rest = f32x4.sub(f32x4.sub(v128.load(gPtr + offset), gMean), f32x4.mul(centre, along));
      v128.store(gxPtr + offset, f32x4.mul(rest, scale));
      offset += 16;
    }
    for (; n > 0; --n) {
      const centre = f32x4.sub(v128.load32_zero(xPtr + offset), mean);
      const rest = f32x4.sub(f32x4.sub(v128.load32_zero(gPtr + offset), gMean), f32x4.mul(centre, along));
      v128.store32_lane(gxPtr + offset, f32x4.mul(rest, scale), 0);
      offset += 4;
    }
    plane += wide ? 4 : 1;
    c += wide ? 4 : 1;
    if (c == nChannels) c = 0;
  }
}

/** Four channels' values, or one four times. */
@inline
function loadChannel(wide: bool, ptr: usize): v128 {
  return wide ? v128.load(ptr) : v128.load32_splat(ptr);
}

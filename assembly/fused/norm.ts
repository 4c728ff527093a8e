/*
 * Normalisation of rows: y = (x - mean) * inverse * w + b over each row of [rows, n], inverse = 1 / sqrt(variance + eps);
 * without centring the mean counts as 0 (root mean square). A row lies in the first-level cache while it is worked on, so
 * mean and variance take a pass each, and the backward computes them again rather than reading them from memory.
 * Sums have sixteen lanes and an order that depends on n alone.
 */
import { bytes, madd, sumLanes } from "../simd";

/** Rows whose column sums are formed before they are added to the total: short sums lose less. */
const BLOCK_ROWS: i32 = 64;


@inline
function sumOfRow(xPtr: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; n >= 16; n -= 16) {
    s0 = f32x4.add(s0, v128.load(xPtr));
    s1 = f32x4.add(s1, v128.load(xPtr, 16));
    s2 = f32x4.add(s2, v128.load(xPtr, 32));
    s3 = f32x4.add(s3, v128.load(xPtr, 48));
    xPtr += 64;
  }
  for (; n >= 4; n -= 4) {
    s0 = f32x4.add(s0, v128.load(xPtr));
    xPtr += 16;
  }
  for (; n > 0; --n) {
    s1 = f32x4.add(s1, v128.load32_zero(xPtr));
    xPtr += 4;
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** The sum of (x - mean)^2 over a row. */
@inline
function squaresOfRow(xPtr: usize, n: i32, mean: v128): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; n >= 16; n -= 16) {
    let d = f32x4.sub(v128.load(xPtr), mean);
    s0 = madd(d, d, s0);
    d = f32x4.sub(v128.load(xPtr, 16), mean);
    s1 = madd(d, d, s1);
    d = f32x4.sub(v128.load(xPtr, 32), mean);
    s2 = madd(d, d, s2);
    d = f32x4.sub(v128.load(xPtr, 48), mean);
    s3 = madd(d, d, s3);
    xPtr += 64;
  }
  for (; n >= 4; n -= 4) {
    const d = f32x4.sub(v128.load(xPtr), mean);
    s0 = madd(d, d, s0);
    xPtr += 16;
  }
  for (; n > 0; --n) {
    // The other lanes repeat this element, and are dropped.
    const d = f32x4.sub(v128.load32_splat(xPtr), mean);
    s1 = f32x4.add(s1, v128.and(f32x4.mul(d, d), i32x4(-1, 0, 0, 0)));
    xPtr += 4;
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}


@inline
function meanOfRow(xPtr: usize, n: i32, centred: i32): f32 {
  return centred ? sumOfRow(xPtr, n) / <f32>n : 0;
}


@inline
function inverseOfRow(xPtr: usize, n: i32, mean: f32, eps: f32): f32 {
  return <f32>1 / sqrt<f32>(squaresOfRow(xPtr, n, f32x4.splat(mean)) / <f32>n + eps);
}

/** y = (x - mean) * inverse * w + b; wPtr and bPtr optional, n values each. The range counts rows. */
export function norm_rows_f32(
  xPtr: usize,
  wPtr: usize,
  bPtr: usize,
  yPtr: usize,
  n: i32,
  eps: f32,
  centred: i32,
  start: i32,
  end: i32,
): void {
  const vectorBytes = bytes(n & -4);
  const rowBytes = bytes(n);
  let x = xPtr + bytes(start) * <usize>n;
  let y = yPtr + bytes(start) * <usize>n;
  for (let row = start; row < end; ++row) {
    const average = meanOfRow(x, n, centred);
    const inverse = f32x4.splat(inverseOfRow(x, n, average, eps));
    const mean = f32x4.splat(average);
    let i: usize = 0;
    if (wPtr && bPtr) {
      for (; i < vectorBytes; i += 16) {
        const hat = f32x4.mul(f32x4.sub(v128.load(x + i), mean), inverse);
        v128.store(y + i, madd(hat, v128.load(wPtr + i), v128.load(bPtr + i)));
      }
    } else if (wPtr) {
      for (; i < vectorBytes; i += 16) {
        const hat = f32x4.mul(f32x4.sub(v128.load(x + i), mean), inverse);
        v128.store(y + i, f32x4.mul(hat, v128.load(wPtr + i)));
      }
    } else if (!bPtr) {
      for (; i < vectorBytes; i += 16) {
        v128.store(y + i, f32x4.mul(f32x4.sub(v128.load(x + i), mean), inverse));
      }
    }
    for (; i < rowBytes; i += 4) {
      let value = f32x4.mul(f32x4.sub(v128.load32_zero(x + i), mean), inverse);
      if (wPtr && bPtr) value = madd(value, v128.load32_zero(wPtr + i), v128.load32_zero(bPtr + i));
      else if (wPtr) value = f32x4.mul(value, v128.load32_zero(wPtr + i));
      else if (bPtr) value = f32x4.add(value, v128.load32_zero(bPtr + i));
      v128.store32_lane(y + i, value, 0);
    }
    x += rowBytes;
    y += rowBytes;
  }
}

/**
 * The gradient of x: with h = g w and hat = (x - mean) inverse, gx = inverse * (h - mean(h) - hat * mean(h hat)), the
 * first mean left out without centring. wPtr optional. momentsPtr optional: receives mean and inverse of each row, for
 * norm_rows_weight_grad_f32. The range counts rows.
 */
export function norm_rows_grad_f32(
  gPtr: usize,
  xPtr: usize,
  wPtr: usize,
  gxPtr: usize,
  momentsPtr: usize,
  n: i32,
  eps: f32,
  centred: i32,
  start: i32,
  end: i32,
): void {
  const vectorBytes = bytes(n & -4);
  const rowBytes = bytes(n);
  let base = bytes(start) * <usize>n;
  for (let row = start; row < end; ++row) {
    const x = xPtr + base;
    const g = gPtr + base;
    const gx = gxPtr + base;
    const average = meanOfRow(x, n, centred);
    const scale = inverseOfRow(x, n, average, eps);
    const mean = f32x4.splat(average);
    const inverse = f32x4.splat(scale);
    if (momentsPtr) {
      store<f32>(momentsPtr + bytes(2 * row), average);
      store<f32>(momentsPtr + bytes(2 * row), scale, 4);
    }
    let sums0 = f32x4.splat(0);
    let sums1 = sums0;
    let dots0 = sums0;
    let dots1 = sums0;
    let i: usize = 0;
    for (; i + 32 <= vectorBytes; i += 32) {
      let h = v128.load(g + i);
      let k = v128.load(g + i, 16);
      if (wPtr) {
        h = f32x4.mul(h, v128.load(wPtr + i));
        k = f32x4.mul(k, v128.load(wPtr + i, 16));
      }
      sums0 = f32x4.add(sums0, h);
      sums1 = f32x4.add(sums1, k);
      dots0 = madd(h, f32x4.sub(v128.load(x + i), mean), dots0);
      dots1 = madd(k, f32x4.sub(v128.load(x + i, 16), mean), dots1);
    }
    for (; i < rowBytes; i += 4) {
      let h = v128.load32_zero(g + i);
      if (wPtr) h = f32x4.mul(h, v128.load32_zero(wPtr + i));
      sums0 = f32x4.add(sums0, h);
      dots0 = madd(h, f32x4.sub(v128.load32_zero(x + i), mean), dots0);
    }
    const share = <f32>1 / <f32>n;
    const hMean = f32x4.splat(centred ? sumLanes(f32x4.add(sums0, sums1)) * share : 0);
    const along = f32x4.splat(sumLanes(f32x4.add(dots0, dots1)) * share * scale * scale);
    for (i = 0; i < vectorBytes; i += 16) {
      let h = v128.load(g + i);
      if (wPtr) h = f32x4.mul(h, v128.load(wPtr + i));
      const centre = f32x4.sub(v128.load(x + i), mean);
      v128.store(gx + i, f32x4.mul(inverse, f32x4.sub(f32x4.sub(h, hMean), f32x4.mul(centre, along))));
    }
    for (; i < rowBytes; i += 4) {
      let h = v128.load32_zero(g + i);
      if (wPtr) h = f32x4.mul(h, v128.load32_zero(wPtr + i));
      const centre = f32x4.sub(v128.load32_zero(x + i), mean);
      const value = f32x4.mul(inverse, f32x4.sub(f32x4.sub(h, hMean), f32x4.mul(centre, along)));
      v128.store32_lane(gx + i, value, 0);
    }
    base += rowBytes;
  }
}

/**
 * gw = sum over rows of g (x - mean) inverse, gb = sum of g, with the moments that norm_rows_grad_f32 left; gwPtr and
 * gbPtr optional. Rows are added in blocks of 64. The range counts columns, in [0, n).
 */
export function norm_rows_weight_grad_f32(
  gPtr: usize,
  xPtr: usize,
  momentsPtr: usize,
  gwPtr: usize,
  gbPtr: usize,
  nRows: i32,
  n: i32,
  start: i32,
  end: i32,
): void {
  const width = bytes(end - start);
  if (gwPtr) memory.fill(gwPtr + bytes(start), 0, width);
  if (gbPtr) memory.fill(gbPtr + bytes(start), 0, width);
  for (let first = 0; first < nRows; first += BLOCK_ROWS) {
    const rows = min(nRows - first, BLOCK_ROWS);
    const offset = bytes(first) * <usize>n;
    const moments = momentsPtr + bytes(2 * first);
    let j = start;
    // A whole line of the cache at a time: rows a power of two apart would throw its other part out again.
    for (; j + 16 <= end; j += 16) {
      addColumns(16, gPtr + offset, xPtr + offset, moments, gwPtr, gbPtr, rows, n, j);
    }
    for (; j < end; ++j) addColumns(1, gPtr + offset, xPtr + offset, moments, gwPtr, gbPtr, rows, n, j);
  }
}


@inline
function loadPart(width: i32, ptr: usize): v128 {
  return width == 16 ? v128.load(ptr) : v128.load32_zero(ptr);
}


@inline
function addPart(width: i32, ptr: usize, value: v128): void {
  if (width == 16) v128.store(ptr, f32x4.add(v128.load(ptr), value));
  else store<f32>(ptr, load<f32>(ptr) + f32x4.extract_lane(value, 0));
}

/** Sixteen columns, or one, of a block of rows. */
@inline
function addColumns(
  width: i32,
  gPtr: usize,
  xPtr: usize,
  momentsPtr: usize,
  gwPtr: usize,
  gbPtr: usize,
  rows: i32,
  n: i32,
  column: i32,
): void {
  const rowBytes = bytes(n);
  gPtr += bytes(column);
  xPtr += bytes(column);
  let w0 = f32x4.splat(0);
  let w1 = w0;
  let w2 = w0;
  let w3 = w0;
  let b0 = w0;
  let b1 = w0;
  let b2 = w0;
  let b3 = w0;
  for (let row = rows; row > 0; --row) {
    const mean = v128.load32_splat(momentsPtr);
    const inverse = v128.load32_splat(momentsPtr, 4);
    let g = loadPart(width, gPtr);
    b0 = f32x4.add(b0, g);
    w0 = madd(g, f32x4.mul(f32x4.sub(loadPart(width, xPtr), mean), inverse), w0);
    if (width == 16) {
      g = v128.load(gPtr, 16);
      b1 = f32x4.add(b1, g);
      w1 = madd(g, f32x4.mul(f32x4.sub(v128.load(xPtr, 16), mean), inverse), w1);
      g = v128.load(gPtr, 32);
      b2 = f32x4.add(b2, g);
      w2 = madd(g, f32x4.mul(f32x4.sub(v128.load(xPtr, 32), mean), inverse), w2);
      g = v128.load(gPtr, 48);
      b3 = f32x4.add(b3, g);
      w3 = madd(g, f32x4.mul(f32x4.sub(v128.load(xPtr, 48), mean), inverse), w3);
    }
    momentsPtr += 8;
    gPtr += rowBytes;
    xPtr += rowBytes;
  }
  if (gwPtr) addSums(width, gwPtr + bytes(column), w0, w1, w2, w3);
  if (gbPtr) addSums(width, gbPtr + bytes(column), b0, b1, b2, b3);
}


@inline
function addSums(width: i32, yPtr: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  addPart(width, yPtr, s0);
  if (width == 16) {
    addPart(width, yPtr + 16, s1);
    addPart(width, yPtr + 32, s2);
    addPart(width, yPtr + 48, s3);
  }
}

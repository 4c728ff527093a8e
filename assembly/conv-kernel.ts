/*
 * The register tiles of convolution. They gather through offset tables while they multiply, so there is no column
 * buffer, and any stride, dilation and number of dimensions is only another table. Their form is that of the tile in
 * matmul-kernel.ts, for the reasons told there.
 */
import { interleaveHigh, interleaveLow, madd, storeTransposed } from "./simd";

/**
 * y[6][8] = init + sum_t source[row_i + place_t] * panel[t][8], where place_0 = 0 and place_(t+1) = place_t + step_t: six
 * offsets of rows, k steps (bytes; the last one is not used), rows of init initStride bytes apart, y dense. Steps rather
 * than places, because advancing six pointers keeps them in registers and six sums of two do not. Forward and input gradient: rows are pixels, steps are taps, the panel holds
 * weights. Weight gradient: rows are taps, steps are pixels, the panel holds g.
 */
export function multiplyGathered(
  sourcePtr: usize,
  rowPtr: usize,
  stepPtr: usize,
  k: i32,
  panelPtr: usize,
  initPtr: usize,
  initStride: usize,
  yPtr: usize,
): void {
  let x0 = sourcePtr + <usize>load<u32>(rowPtr);
  let x1 = sourcePtr + <usize>load<u32>(rowPtr, 4);
  let x2 = sourcePtr + <usize>load<u32>(rowPtr, 8);
  let x3 = sourcePtr + <usize>load<u32>(rowPtr, 12);
  let x4 = sourcePtr + <usize>load<u32>(rowPtr, 16);
  let x5 = sourcePtr + <usize>load<u32>(rowPtr, 20);
  let c00 = v128.load(initPtr);
  let c01 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c10 = v128.load(initPtr);
  let c11 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c20 = v128.load(initPtr);
  let c21 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c30 = v128.load(initPtr);
  let c31 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c40 = v128.load(initPtr);
  let c41 = v128.load(initPtr, 16);
  initPtr += initStride;
  let c50 = v128.load(initPtr);
  let c51 = v128.load(initPtr, 16);
  for (; k > 0; --k) {
    const b0 = v128.load(panelPtr);
    const b1 = v128.load(panelPtr, 16);
    let a = v128.load32_splat(x0);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(x1);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(x2);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(x3);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(x4);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(x5);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    const step = <usize>load<u32>(stepPtr);
    x0 += step;
    x1 += step;
    x2 += step;
    x3 += step;
    x4 += step;
    x5 += step;
    stepPtr += 4;
    panelPtr += 32;
  }
  v128.store(yPtr, c00);
  v128.store(yPtr, c01, 16);
  v128.store(yPtr, c10, 32);
  v128.store(yPtr, c11, 48);
  v128.store(yPtr, c20, 64);
  v128.store(yPtr, c21, 80);
  v128.store(yPtr, c30, 96);
  v128.store(yPtr, c31, 112);
  v128.store(yPtr, c40, 128);
  v128.store(yPtr, c41, 144);
  v128.store(yPtr, c50, 160);
  v128.store(yPtr, c51, 176);
}

/**
 * Six channels of two runs of four neighbouring pixels: y_r[i][4] = init + sum_t weights[t][i] * source_r[place_t + 0..3]
 * for the runs r = 0, 1. init is [6][8] dense; channels of y are yStride bytes apart.
 */
export function multiplyRuns(
  source0: usize,
  source1: usize,
  stepPtr: usize,
  k: i32,
  weightPtr: usize,
  initPtr: usize,
  y0: usize,
  y1: usize,
  yStride: usize,
): void {
  let c00 = v128.load(initPtr);
  let c01 = v128.load(initPtr, 16);
  let c10 = v128.load(initPtr, 32);
  let c11 = v128.load(initPtr, 48);
  let c20 = v128.load(initPtr, 64);
  let c21 = v128.load(initPtr, 80);
  let c30 = v128.load(initPtr, 96);
  let c31 = v128.load(initPtr, 112);
  let c40 = v128.load(initPtr, 128);
  let c41 = v128.load(initPtr, 144);
  let c50 = v128.load(initPtr, 160);
  let c51 = v128.load(initPtr, 176);
  for (; k > 0; --k) {
    const b0 = v128.load(source0);
    const b1 = v128.load(source1);
    let a = v128.load32_splat(weightPtr);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(weightPtr, 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(weightPtr, 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(weightPtr, 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(weightPtr, 16);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(weightPtr, 20);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    const step = <usize>load<u32>(stepPtr);
    source0 += step;
    source1 += step;
    stepPtr += 4;
    weightPtr += 24;
  }
  v128.store(y0, c00);
  v128.store(y1, c01);
  y0 += yStride;
  y1 += yStride;
  v128.store(y0, c10);
  v128.store(y1, c11);
  y0 += yStride;
  y1 += yStride;
  v128.store(y0, c20);
  v128.store(y1, c21);
  y0 += yStride;
  y1 += yStride;
  v128.store(y0, c30);
  v128.store(y1, c31);
  y0 += yStride;
  y1 += yStride;
  v128.store(y0, c40);
  v128.store(y1, c41);
  y0 += yStride;
  y1 += yStride;
  v128.store(y0, c50);
  v128.store(y1, c51);
}

/** One channel of 48 neighbouring pixels: y[48] = init[4] again and again + sum_t weights[t] * source[place_t + 0..47]. */
export function multiplyRows(
  sourcePtr: usize,
  stepPtr: usize,
  k: i32,
  weightPtr: usize,
  initPtr: usize,
  yPtr: usize,
): void {
  let c0 = v128.load(initPtr);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let c6 = c0;
  let c7 = c0;
  let c8 = c0;
  let c9 = c0;
  let c10 = c0;
  let c11 = c0;
  for (; k > 0; --k) {
    const a = v128.load32_splat(weightPtr);
    c0 = madd(a, v128.load(sourcePtr), c0);
    c1 = madd(a, v128.load(sourcePtr, 16), c1);
    c2 = madd(a, v128.load(sourcePtr, 32), c2);
    c3 = madd(a, v128.load(sourcePtr, 48), c3);
    c4 = madd(a, v128.load(sourcePtr, 64), c4);
    c5 = madd(a, v128.load(sourcePtr, 80), c5);
    c6 = madd(a, v128.load(sourcePtr, 96), c6);
    c7 = madd(a, v128.load(sourcePtr, 112), c7);
    c8 = madd(a, v128.load(sourcePtr, 128), c8);
    c9 = madd(a, v128.load(sourcePtr, 144), c9);
    c10 = madd(a, v128.load(sourcePtr, 160), c10);
    c11 = madd(a, v128.load(sourcePtr, 176), c11);
    sourcePtr += <usize>load<u32>(stepPtr);
    stepPtr += 4;
    weightPtr += 4;
  }
  v128.store(yPtr, c0);
  v128.store(yPtr, c1, 16);
  v128.store(yPtr, c2, 32);
  v128.store(yPtr, c3, 48);
  v128.store(yPtr, c4, 64);
  v128.store(yPtr, c5, 80);
  v128.store(yPtr, c6, 96);
  v128.store(yPtr, c7, 112);
  v128.store(yPtr, c8, 128);
  v128.store(yPtr, c9, 144);
  v128.store(yPtr, c10, 160);
  v128.store(yPtr, c11, 176);
}

/**
 * Copies the corner of a [6 pixels][8 channels] tile to its pixels in channel planes: pixel i goes to the byte offset
 * at storePtr[i], channel j to the plane j * planeBytes further. Offsets increase, so six in a row are a dense run.
 */
export function storePixels(
  tilePtr: usize,
  yPtr: usize,
  storePtr: usize,
  planeBytes: usize,
  nPixels: i32,
  nChannels: i32,
): void {
  const first = load<u32>(storePtr);
  if (nPixels == 6 && nChannels == 8 && load<u32>(storePtr, 20) - first == 20) {
    const y = yPtr + <usize>first;
    storeRun(tilePtr, y, planeBytes);
    storeRun(tilePtr + 16, y + 4 * planeBytes, planeBytes);
    return;
  }
  for (let i = 0; i < nPixels; ++i) {
    let y = yPtr + <usize>load<u32>(storePtr);
    for (let j = 0; j < nChannels; ++j) {
      store<f32>(y, load<f32>(tilePtr + ((<usize>j) << 2)));
      y += planeBytes;
    }
    storePtr += 4;
    tilePtr += 32;
  }
}

/** Six neighbouring pixels of four channels. */
@inline
function storeRun(tilePtr: usize, yPtr: usize, planeBytes: usize): void {
  storeTransposed(
    v128.load(tilePtr),
    v128.load(tilePtr, 32),
    v128.load(tilePtr, 64),
    v128.load(tilePtr, 96),
    yPtr,
    planeBytes,
  );
  const p4 = v128.load(tilePtr, 128);
  const p5 = v128.load(tilePtr, 160);
  const low = interleaveLow(p4, p5);
  const high = interleaveHigh(p4, p5);
  v128.store64_lane(yPtr, low, 0, 16);
  v128.store64_lane(yPtr + planeBytes, low, 1, 16);
  v128.store64_lane(yPtr + 2 * planeBytes, high, 0, 16);
  v128.store64_lane(yPtr + 3 * planeBytes, high, 1, 16);
}

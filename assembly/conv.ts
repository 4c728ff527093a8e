/*
 * Convolution (cross-correlation, as everywhere in deep learning) in 1 to 3 dimensions: forward and input gradient.
 * The weight gradient is in conv-weight.ts; plan and geometry in conv-plan.ts and conv-geometry.ts.
 *
 *   y[n, f, o] = bias[f] + sum over c and t of x[n, c, o * s - p + t * d] * w[f, c, t]
 *
 * Layouts: x [N, C, (D, (H,)) W], w [O, C / groups, (kD, (kH,)) kW], y [N, O, ...], all dense.
 *
 * How to call a pass (0 forward, 1 input gradient, 2 weight gradient):
 *   1. Write 22 i32 to geometryPtr: nImages, nGroups, C / groups, O / groups, then three numbers (D, H, W) each of input
 *      size, output size, kernel, stride, padding before, dilation. Axes that do not exist have sizes, kernel, stride
 *      and dilation 1, padding 0. The output size may be any the shape rule allows; padding behind follows from it.
 *   2. planPtr: conv_plan_bytes(geometryPtr, pass) bytes; conv_plan_f32(geometryPtr, pass, wPtr, planPtr) fills them, on
 *      one thread. A plan is good for one shape and these values of w. Plan and geometry must not move.
 *   3. Per thread scratchPtr: conv_scratch_bytes(geometryPtr, pass) bytes.
 *   4. conv_f32, conv_input_grad_f32 or conv_weight_grad_f32 over ranges of [0, conv_units(geometryPtr, pass)), on any
 *      number of threads; the weight gradient then wants conv_weight_grad_finish_f32 over [0, conv_units(geometryPtr, 3)).
 * Outputs are written, not added to.
 */
import { multiplyGathered, multiplyRows, multiplyRuns, storePixels } from "./conv-kernel";
import {
  Geometry,
  INPUT_GRAD,
  FINISH,
  FORWARD,
  ROW_PIXELS,
  WEIGHT_GRAD,
  ceilDivide,
  chunkCount,
  filterBlocks,
  foldCount,
  needsPadding,
  paddedVolume,
  prefersRows,
  resultChannels,
  rowsLength,
  sliceCount,
  sourceChannels,
  tapBlocks,
  unitTapBlocks,
  volumeKernel,
  volumeOut,
} from "./conv-geometry";
import { Job, PIXELS, Plan, ROWS, jobAt, panelWidth } from "./conv-tables";
import { copyRow, padImages } from "./conv-pad";
import { bytes } from "./simd";

/** The scratch begins with a result tile, a start tile, six pixel offsets and a tap range. */
const INIT_AT: usize = 192;
const PIXELS_AT: usize = 384;
const RANGE_AT: usize = 408;
const SOURCE_AT: usize = 432;

/**
 * How many units a pass has. Forward and input gradient: (run of channels, group, image); weight gradient: see conv-weight.ts; 3, its
 * finish: blocks of six taps.
 */
export function conv_units(geometryPtr: usize, pass: i32): i32 {
  const g = changetype<Geometry>(geometryPtr);
  if (pass == WEIGHT_GRAD) return sliceCount(g) * g.nGroups * ceilDivide(tapBlocks(g), unitTapBlocks(g));
  return g.nGroups * (pass == FINISH ? tapBlocks(g) : g.nImages * chunkCount(g, pass));
}

/** Multiply-adds of one unit: what it costs. */
export function conv_unit_madds(geometryPtr: usize, pass: i32): f64 {
  const g = changetype<Geometry>(geometryPtr);
  const taps = <f64>g.groupChannels * <f64>g.groupFilters * <f64>volumeKernel(g);
  const all = taps * <f64>volumeOut(g) * <f64>g.nImages * <f64>g.nGroups;
  return all / <f64>max(1, conv_units(geometryPtr, pass));
}

/** Bytes of scratch for one thread. */
export function conv_scratch_bytes(geometryPtr: usize, pass: i32): i32 {
  const g = changetype<Geometry>(geometryPtr);
  const nFold = foldCount(g, pass);
  const source = needsPadding(g, pass) ? 4 * nFold * sourceChannels(g, pass) * paddedVolume(g, pass) : 0;
  const panels = pass == WEIGHT_GRAD ? nFold * volumeOut(g) * filterBlocks(g) * 32 : 0;
  return <i32>SOURCE_AT + source + (prefersRows(g, pass) ? lineBytes(g, pass) : panels) + 32;
}

/** What a tile may read beyond the source, and the rows of all channels in lines, each a tile longer than need be. */
function lineBytes(g: Geometry, pass: i32): i32 {
  return 4 * (ROW_PIXELS + resultChannels(g, pass) * (paddedVolume(g, pass) + ROW_PIXELS));
}

/** y for the units [start, end); the plan is that of pass 0. biasPtr optional: O values. */
export function conv_f32(
  xPtr: usize,
  biasPtr: usize,
  yPtr: usize,
  geometryPtr: usize,
  planPtr: usize,
  scratchPtr: usize,
  start: i32,
  end: i32,
): void {
  correlate(FORWARD, xPtr, biasPtr, yPtr, changetype<Geometry>(geometryPtr), planPtr, scratchPtr, start, end);
}

/** The gradient of x for the units [start, end); the plan is that of pass 1. */
export function conv_input_grad_f32(
  gPtr: usize,
  gxPtr: usize,
  geometryPtr: usize,
  planPtr: usize,
  scratchPtr: usize,
  start: i32,
  end: i32,
): void {
  correlate(INPUT_GRAD, gPtr, 0, gxPtr, changetype<Geometry>(geometryPtr), planPtr, scratchPtr, start, end);
}

function correlate(
  pass: i32,
  xPtr: usize,
  biasPtr: usize,
  yPtr: usize,
  g: Geometry,
  planPtr: usize,
  scratchPtr: usize,
  start: i32,
  end: i32,
): void {
  const plan = changetype<Plan>(planPtr);
  const rawBytes = bytes(plan.rawD * plan.rawH * plan.rawW) * <usize>plan.nSource;
  const resultBytes = bytes(plan.resultVolume) * <usize>plan.nResult;
  const scratchSource = scratchPtr + SOURCE_AT;
  if (plan.isPadded) memory.fill(scratchSource, 0, plan.sourceImageBytes * <usize>plan.nFold);
  const nChunks = chunkCount(g, pass);
  const nPairs = g.nGroups * g.nImages;
  let unit = start;
  while (unit < end) {
    const chunk = unit / nPairs;
    const pair = unit - chunk * nPairs;
    const group = pair / g.nImages;
    const image = pair - group * g.nImages;
    const nImages = min(min(plan.nFold, g.nImages - image), end - unit);
    const place = <usize>(image * g.nGroups + group);
    let source = xPtr + place * rawBytes;
    if (plan.isPadded) {
      // All runs of channels of a single image read the same copy.
      if (nPairs > 1 || unit == start) {
        padImages(plan, source, rawBytes * <usize>g.nGroups, nImages, 0, plan.nSource, scratchSource);
      }
      source = scratchSource;
    }
    const y = yPtr + place * resultBytes;
    const bias = biasPtr ? biasPtr + bytes(group * plan.nResult) : 0;
    for (let i = 0; i < plan.nJobs; ++i) {
      const job = jobAt(planPtr, i);
      const width = panelWidth(job.kind);
      const nPanels = ceilDivide(plan.nResult, width);
      const first = ((chunk * nPanels) / nChunks) * width;
      const last = min((((chunk + 1) * nPanels) / nChunks) * width, plan.nResult);
      if (job.kind == PIXELS) {
        correlatePixels(plan, job, group, first, last, source, bias, y, nImages, scratchPtr);
        continue;
      }
      for (let j = 0; j < nImages; ++j) {
        const jSource = source + <usize>j * plan.sourceImageBytes;
        const jResult = y + <usize>j * plan.resultImageBytes;
        if (job.kind == ROWS)
          correlateRows(plan, job, group, first, last, jSource, bias, jResult, scratchPtr);
        else correlateRuns(plan, job, group, first, last, jSource, bias, jResult, scratchPtr);
      }
    }
    unit += nImages;
  }
}

/** The panel of weights that begins with a channel. */
@inline
function panelAt(job: Job, group: i32, channel: i32): usize {
  const panel = <usize>(channel / panelWidth(job.kind));
  return job.weightPtr + <usize>group * job.groupBytes + panel * job.panelBytes;
}

/** Eight channels of six pixels at a time; the pixels may be of several images. */
function correlatePixels(
  plan: Plan,
  job: Job,
  group: i32,
  first: i32,
  last: i32,
  source: usize,
  biasPtr: usize,
  yPtr: usize,
  nImages: i32,
  scratchPtr: usize,
): void {
  const nPixels = job.nPixels * nImages;
  const planeBytes = bytes(plan.resultVolume);
  let panel = panelAt(job, group, first);
  const init = scratchPtr + INIT_AT;
  for (let f = first; f < last; f += 8) {
    const nChannels = min(last - f, 8);
    v128.store(init, f32x4.splat(0));
    v128.store(init, f32x4.splat(0), 16);
    if (biasPtr) memory.copy(init, biasPtr + bytes(f), bytes(nChannels));
    const y = yPtr + <usize>f * planeBytes;
    for (let i = 0; i < nPixels; i += 6) {
      const left = min(nPixels - i, 6);
      let pixels = job.pixelPtr + bytes(i);
      if (left < 6) pixels = repeatLast(pixels, left, scratchPtr + PIXELS_AT);
      const range = tapRange(job, i, i + left - 1, scratchPtr + RANGE_AT);
      const firstTap = load<i32>(range);
      const nTaps = load<i32>(range, 4) - firstTap;
      const place = source + <usize>load<u32>(range, 8);
      const taps = job.tapPtr + bytes(firstTap);
      multiplyGathered(place, pixels, taps, nTaps, panel + <usize>firstTap * 32, init, 0, scratchPtr);
      storePixels(scratchPtr, y, job.storePtr + bytes(i), planeBytes, left, nChannels);
    }
    panel += job.panelBytes;
  }
}

/** Six offsets of which only n are wanted: the table may go on to images outside this range. */
@inline
function repeatLast(offsetPtr: usize, n: i32, yPtr: usize): usize {
  for (let i = 0; i < 6; ++i) store<u32>(yPtr + bytes(i), load<u32>(offsetPtr + bytes(min(i, n - 1))));
  return yPtr;
}

/**
 * The taps that pixels (or runs) first..last look at, as three u32: first tap, end, place of the first. All of them
 * unless the plan says that rows differ; pixels that go on in the next plane take all, too.
 */
@inline
function tapRange(job: Job, first: i32, last: i32, yPtr: usize): usize {
  store<u32>(yPtr, 0);
  store<i32>(yPtr, job.nTaps, 4);
  store<u32>(yPtr, <u32>job.firstPlace, 8);
  if (job.rowPtr) {
    const firstRow = load<i32>(job.rowPtr + bytes(first));
    const lastRow = load<i32>(job.rowPtr + bytes(last));
    if (firstRow <= lastRow) {
      const range = job.rangePtr + <usize>firstRow * 12;
      store<u32>(yPtr, load<u32>(range));
      store<u32>(yPtr, load<u32>(job.rangePtr + <usize>lastRow * 12, 4), 4);
      store<u32>(yPtr, load<u32>(range, 8), 8);
    }
  }
  return yPtr;
}

/** Six channels of two runs of four pixels at a time, of one image. */
function correlateRuns(
  plan: Plan,
  job: Job,
  group: i32,
  first: i32,
  last: i32,
  source: usize,
  biasPtr: usize,
  yPtr: usize,
  scratchPtr: usize,
): void {
  const nRuns = job.nPixels;
  const planeBytes = bytes(plan.resultVolume);
  let panel = panelAt(job, group, first);
  const init = scratchPtr + INIT_AT;
  for (let f = first; f < last; f += 6) {
    const nChannels = min(last - f, 6);
    for (let i = 0; i < 6; ++i) {
      const start = biasPtr && i < nChannels ? v128.load32_splat(biasPtr + bytes(f + i)) : f32x4.splat(0);
      v128.store(init + <usize>i * 32, start);
      v128.store(init + <usize>i * 32, start, 16);
    }
    const y = yPtr + <usize>f * planeBytes;
    for (let i = 0; i < nRuns; i += 2) {
      const pixels = job.pixelPtr + bytes(i);
      const stores = job.storePtr + bytes(i);
      const range = tapRange(job, i, i + 1, scratchPtr + RANGE_AT);
      const firstTap = load<i32>(range);
      const nTaps = load<i32>(range, 4) - firstTap;
      const place = source + <usize>load<u32>(range, 8);
      const taps = job.tapPtr + bytes(firstTap);
      const weights = panel + <usize>firstTap * 24;
      const source0 = place + <usize>load<u32>(pixels);
      const source1 = place + <usize>load<u32>(pixels, 4);
      const y0 = y + <usize>load<u32>(stores);
      const y1 = y + <usize>load<u32>(stores, 4);
      if (nChannels == 6) {
        multiplyRuns(source0, source1, taps, nTaps, weights, init, y0, y1, planeBytes);
      } else {
        multiplyRuns(source0, source1, taps, nTaps, weights, init, scratchPtr, scratchPtr + 16, 32);
        for (let j = 0; j < nChannels; ++j) {
          v128.store(y0 + <usize>j * planeBytes, v128.load(scratchPtr + <usize>j * 32));
          v128.store(y1 + <usize>j * planeBytes, v128.load(scratchPtr + <usize>j * 32, 16));
        }
      }
    }
    panel += job.panelBytes;
  }
}

/** Few channels of all rows of a plane at a time, of one image: lines of tiles, of which the rows are then cut out. */
function correlateRows(
  plan: Plan,
  job: Job,
  group: i32,
  first: i32,
  last: i32,
  source: usize,
  biasPtr: usize,
  yPtr: usize,
  scratchPtr: usize,
): void {
  const init = scratchPtr + INIT_AT;
  const lines = scratchPtr + SOURCE_AT + plan.sourceImageBytes * <usize>plan.nFold + bytes(ROW_PIXELS);
  const length = rowsLength(job.nRows, job.width, plan.planeW);
  const lineBytes = bytes(length + ROW_PIXELS);
  const weights = panelAt(job, group, 0);
  v128.store(init, f32x4.splat(0), 16);
  for (let plane = 0; plane < job.nPixels; plane += job.nRows) {
    let from = source + <usize>load<u32>(job.pixelPtr + bytes(plane)) + job.firstPlace;
    let line = lines;
    for (let i = 0; i < length; i += ROW_PIXELS) {
      // All channels of one place: what it reads stays in the first-level cache.
      for (let f = first; f < last; ++f) {
        const panel = weights + <usize>f * job.panelBytes;
        const y = line + <usize>f * lineBytes;
        // Two calls, because a function with one is inlined, and its accumulators leave the registers here.
        if (biasPtr) {
          v128.store(init, v128.load32_splat(biasPtr + bytes(f)));
          multiplyRows(from, job.tapPtr, job.nTaps, panel, init, y);
        } else {
          multiplyRows(from, job.tapPtr, job.nTaps, panel, init + 16, y);
        }
      }
      from += bytes(ROW_PIXELS);
      line += bytes(ROW_PIXELS);
    }
    for (let f = first; f < last; ++f) {
      for (let row = 0; row < job.nRows; ++row) {
        let x = lines + <usize>f * lineBytes + bytes(row * plan.planeW);
        let y = yPtr + bytes(f * plan.resultVolume) + <usize>load<u32>(job.storePtr + bytes(plane + row));
        if (job.stepBytes == 4) {
          copyRow(x, y, job.width);
          continue;
        }
        for (let i = job.width; i > 0; --i) {
          store<f32>(y, load<f32>(x));
          x += 4;
          y += job.stepBytes;
        }
      }
    }
  }
}

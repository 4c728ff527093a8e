/*
 * The plan of one convolution pass: padded sizes, offset tables, packed weights. conv_plan_f32 writes it once, all
 * threads read it.
 *
 * Forward and input gradient are lists of jobs of one kind: correlate a source (x, or g) with taps. A tap is a source
 * channel and a place in the kernel; the tap table holds its byte offset in the padded source. A pixel is a place in the
 * result; the pixel table holds where its first tap reads, the store table where it is written. For the input gradient
 * of stride s, result positions with the same remainder modulo s see the same taps at stride 1: one job each.
 */
import {
  FORWARD,
  Geometry,
  INPUT_GRAD,
  WEIGHT_GRAD,
  ceilDivide,
  foldCount,
  jobCount,
  needsPadding,
  paddedLength,
  paddingBefore,
  partialBytes,
  resultChannels,
  sliceCount,
  sourceChannels,
  volumeIn,
  volumeKernel,
  volumeOut,
} from "./conv-geometry";
import { packEightColumns, packRows } from "./matmul-pack";
import { bytes } from "./simd";

/** The head of a plan; the jobs follow it. */
@unmanaged
export class Plan {
  nJobs: i32;
  nFold: i32;
  isPadded: i32;
  /** Source: channels per group, sizes, padded sizes (the same where nothing is padded), padding before. */
  nSource: i32;
  rawD: i32;
  rawH: i32;
  rawW: i32;
  planeD: i32;
  planeH: i32;
  planeW: i32;
  beforeD: i32;
  beforeH: i32;
  beforeW: i32;
  /** Result: channels per group, elements of a plane. */
  nResult: i32;
  resultVolume: i32;
  /** Bytes between two images of a group in the source that the tables are made for, and in the result. */
  sourceImageBytes: usize;
  resultImageBytes: usize;
  /** Weight gradient: the partial sums. */
  partialPtr: usize;
}


@unmanaged
export class Job {
  /** Pixels of one image; runs of four pixels instead where isRuns. */
  nPixels: i32;
  nTaps: i32;
  isRuns: i32;
  pixelPtr: usize;
  storePtr: usize;
  tapPtr: usize;
  /** The table that the tiles step through (taps, in the weight gradient pixels) holds steps, this is its start. */
  firstPlace: usize;
  /**
   * Input gradient with padded rows: which taps see anything but padding. rowPtr[pixel] is its row, rangePtr[row] three
   * u32: first tap, end, place of the first. 0 where all pixels take all taps.
   */
  rowPtr: usize;
  rangePtr: usize;
  /** Panels of all groups, one after the other: [t][6] for runs, [t][8] otherwise. */
  weightPtr: usize;
  panelBytes: usize;
  groupBytes: usize;
}


@inline
export function jobAt(planPtr: usize, i: i32): Job {
  return changetype<Job>(planPtr + offsetof<Plan>() + <usize>i * offsetof<Job>());
}


@inline
function align(ptr: usize): usize {
  return (ptr + 15) & ~15;
}

/** Turns n places into the steps between them, and returns the first place. */
function toSteps(ptr: usize, n: i32): usize {
  if (n == 0) return 0;
  const first = <usize>load<u32>(ptr);
  for (; n > 1; --n) {
    store<u32>(ptr, load<u32>(ptr, 4) - load<u32>(ptr));
    ptr += 4;
  }
  store<u32>(ptr, 0);
  return first;
}

/** Bytes of the plan: an upper bound, from the geometry alone. */
export function conv_plan_bytes(geometryPtr: usize, pass: i32): i32 {
  const g = changetype<Geometry>(geometryPtr);
  const nJobs = jobCount(g, pass);
  const nPixels = foldCount(g, pass) * (pass == INPUT_GRAD ? volumeIn(g) : volumeOut(g)) + 8 * nJobs;
  const nTaps = sourceChannels(g, pass) * volumeKernel(g) + 8 * nJobs;
  const nRows = pass == INPUT_GRAD ? g.inH + g.sH : 0;
  const tables =
    <i32>offsetof<Plan>() + nJobs * (<i32>offsetof<Job>() + 128 + 12 * nRows) + 12 * nPixels + 4 * nTaps;
  if (pass == WEIGHT_GRAD) return tables + sliceCount(g) * partialBytes(g);
  return tables + 4 * g.nGroups * nTaps * (resultChannels(g, pass) + 7);
}

/** Writes the plan of a pass (0 forward, 1 input gradient, 2 weight gradient: wPtr unused). */
export function conv_plan_f32(geometryPtr: usize, pass: i32, wPtr: usize, planPtr: usize): void {
  const g = changetype<Geometry>(geometryPtr);
  const plan = changetype<Plan>(planPtr);
  writeSizes(g, pass, plan);
  let end = align(planPtr + offsetof<Plan>() + <usize>plan.nJobs * offsetof<Job>());
  if (pass == INPUT_GRAD) {
    let i = 0;
    for (let rD = 0; rD < g.sD; ++rD) {
      for (let rH = 0; rH < g.sH; ++rH) {
        for (let rW = 0; rW < g.sW; ++rW) {
          end = planInputGradJob(g, plan, jobAt(planPtr, i++), rD, rH, rW, wPtr, end);
        }
      }
    }
  } else {
    end = planForwardJob(g, pass, plan, jobAt(planPtr, 0), wPtr, end);
  }
  plan.partialPtr = end;
}

function writeSizes(g: Geometry, pass: i32, plan: Plan): void {
  const isPadded = needsPadding(g, pass);
  plan.nJobs = jobCount(g, pass);
  plan.nFold = foldCount(g, pass);
  plan.isPadded = isPadded ? 1 : 0;
  plan.nSource = sourceChannels(g, pass);
  plan.nResult = resultChannels(g, pass);
  plan.rawD = pass == INPUT_GRAD ? g.outD : g.inD;
  plan.rawH = pass == INPUT_GRAD ? g.outH : g.inH;
  plan.rawW = pass == INPUT_GRAD ? g.outW : g.inW;
  plan.planeD = isPadded ? paddedLength(pass, g.inD, g.outD, g.kD, g.sD, g.pD, g.dD) : plan.rawD;
  plan.planeH = isPadded ? paddedLength(pass, g.inH, g.outH, g.kH, g.sH, g.pH, g.dH) : plan.rawH;
  plan.planeW = isPadded ? paddedLength(pass, g.inW, g.outW, g.kW, g.sW, g.pW, g.dW) : plan.rawW;
  plan.beforeD = paddingBefore(pass, g.kD, g.sD, g.pD, g.dD);
  plan.beforeH = paddingBefore(pass, g.kH, g.sH, g.pH, g.dH);
  plan.beforeW = paddingBefore(pass, g.kW, g.sW, g.pW, g.dW);
  plan.resultVolume = pass == INPUT_GRAD ? volumeIn(g) : volumeOut(g);
  const planeBytes = bytes(plan.planeD * plan.planeH * plan.planeW);
  plan.sourceImageBytes = planeBytes * <usize>plan.nSource * (isPadded ? 1 : <usize>g.nGroups);
  plan.resultImageBytes = bytes(plan.resultVolume) * <usize>plan.nResult * <usize>g.nGroups;
}

/** Whether six channels of two runs waste less than six pixels of eight channels (whose stores cost 5 % more). */
@inline
function prefersRuns(nChannels: i32, width: i32): bool {
  if (width < 4) return false;
  const runs = ceilDivide(nChannels, 6) * 6 * (ceilDivide(width, 4) * 4);
  const pixels = ceilDivide(nChannels, 8) * 8 * width;
  return runs * 20 < pixels * 21;
}

function planForwardJob(g: Geometry, pass: i32, plan: Plan, job: Job, wPtr: usize, end: usize): usize {
  const isRuns = pass == FORWARD && g.sW == 1 && prefersRuns(plan.nResult, g.outW);
  job.isRuns = isRuns ? 1 : 0;
  job.rowPtr = 0;
  end = writePixels(
    plan,
    job,
    g.outD,
    g.outH,
    g.outW,
    g.sD,
    g.sH,
    g.sW,
    0,
    0,
    0,
    1,
    1,
    1,
    g.outH,
    g.outW,
    end,
  );
  const nTaps = plan.nSource * volumeKernel(g);
  job.nTaps = nTaps;
  job.tapPtr = end;
  const rowBytes = bytes(plan.planeW);
  const planeBytes = rowBytes * <usize>plan.planeH;
  for (let c = 0; c < plan.nSource; ++c) {
    const channel = planeBytes * <usize>plan.planeD * <usize>c;
    for (let a = 0; a < g.kD; ++a) {
      for (let b = 0; b < g.kH; ++b) {
        for (let x = 0; x < g.kW; ++x) {
          const place = planeBytes * <usize>(a * g.dD) + rowBytes * <usize>(b * g.dH) + bytes(x * g.dW);
          store<u32>(end, <u32>(channel + place));
          end += 4;
        }
      }
    }
  }
  if (pass == WEIGHT_GRAD) {
    // Taps are read six at a time, pixels stepped through.
    for (let i = nTaps; i % 6; ++i) {
      store<u32>(end, load<u32>(end - 4));
      end += 4;
    }
    job.firstPlace = toSteps(job.pixelPtr, job.nPixels * plan.nFold);
    return align(end);
  }
  job.firstPlace = toSteps(job.tapPtr, nTaps);
  end = align(end);
  setPanels(plan, job, end);
  for (let i = 0; i < g.nGroups; ++i) {
    const w = wPtr + bytes(i * plan.nResult) * <usize>nTaps;
    let panel = end;
    if (isRuns) {
      packRows(w, bytes(nTaps), 4, plan.nResult, nTaps, panel);
    } else {
      for (let f = 0; f < plan.nResult; f += 8) {
        packEightColumns(
          w + bytes(f) * <usize>nTaps,
          4,
          bytes(nTaps),
          nTaps,
          min(plan.nResult - f, 8),
          panel,
        );
        panel += job.panelBytes;
      }
    }
    end += job.groupBytes;
  }
  return align(end);
}


@inline
function setPanels(plan: Plan, job: Job, ptr: usize): void {
  const width = job.isRuns ? 6 : 8;
  job.weightPtr = ptr;
  job.panelBytes = bytes(job.nTaps * width);
  job.groupBytes = job.panelBytes * <usize>ceilDivide(plan.nResult, width);
}

/**
 * The pixel and store tables of a job of [nD, nH, nW] pixels per image: steps in the source (elements of the padded
 * plane), and in the result the first position, the step and the lengths of its axes H and W.
 */
function writePixels(
  plan: Plan,
  job: Job,
  nD: i32,
  nH: i32,
  nW: i32,
  sourceD: i32,
  sourceH: i32,
  sourceW: i32,
  firstD: i32,
  firstH: i32,
  firstW: i32,
  stepD: i32,
  stepH: i32,
  stepW: i32,
  resultH: i32,
  resultW: i32,
  end: usize,
): usize {
  const isRuns = job.isRuns != 0;
  const rowLength = isRuns ? ceilDivide(nW, 4) : nW;
  const nPixels = nD * nH * rowLength;
  const nImages = isRuns ? 1 : plan.nFold;
  const padded = bytes(nPixels * nImages + 1);
  job.nPixels = nPixels;
  job.pixelPtr = end;
  job.storePtr = end + padded;
  let pixel = end;
  for (let image = 0; image < nImages; ++image) {
    const sourceImage = plan.sourceImageBytes * <usize>image;
    const resultImage = plan.resultImageBytes * <usize>image;
    for (let a = 0; a < nD; ++a) {
      for (let b = 0; b < nH; ++b) {
        const sourceRow = (a * sourceD * plan.planeH + b * sourceH) * plan.planeW;
        const resultRow = ((firstD + a * stepD) * resultH + firstH + b * stepH) * resultW + firstW;
        for (let c = 0; c < rowLength; ++c) {
          // The last run of a row overlaps the one before rather than leave the row.
          const w = isRuns ? min(c * 4, nW - 4) : c;
          store<u32>(pixel, <u32>(sourceImage + bytes(sourceRow + w * sourceW)));
          store<u32>(pixel + padded, <u32>(resultImage + bytes(resultRow + w * stepW)));
          pixel += 4;
        }
      }
    }
  }
  // Runs are taken in pairs: the last one may be its own partner.
  if (pixel > end) {
    store<u32>(pixel, load<u32>(pixel - 4));
    store<u32>(pixel + padded, load<u32>(pixel + padded - 4));
  }
  return align(end + 2 * padded);
}

/** Whether positions of remainder r see the kernel's place k of an axis. */
@inline
function touches(r: i32, k: i32, s: i32, p: i32, d: i32): bool {
  return (r + p - k * d) % s == 0;
}


@inline
function remainderCount(n: i32, r: i32, s: i32): i32 {
  return r < n ? ceilDivide(n - r, s) : 0;
}

function planInputGradJob(
  g: Geometry,
  plan: Plan,
  job: Job,
  rD: i32,
  rH: i32,
  rW: i32,
  wPtr: usize,
  end: usize,
): usize {
  const nD = remainderCount(g.inD, rD, g.sD);
  const nH = remainderCount(g.inH, rH, g.sH);
  const nW = remainderCount(g.inW, rW, g.sW);
  job.isRuns = g.sW == 1 && prefersRuns(plan.nResult, nW) ? 1 : 0;
  end = writePixels(plan, job, nD, nH, nW, 1, 1, 1, rD, rH, rW, g.sD, g.sH, g.sW, g.inH, g.inW, end);
  // The tap table first, then the weights in the same order.
  job.tapPtr = end;
  end = forEachTap(g, plan, job, rD, rH, rW, 0, 0, end);
  job.nTaps = <i32>((end - job.tapPtr) >> 2);
  job.rowPtr = 0;
  // In planes so small that six pixels can come round to the row they began in, all pixels take all taps.
  if (plan.planeH > plan.rawH && job.nTaps > 0 && (nH - 1) * nW > 4) {
    end = writeRanges(g, plan, job, rH, nD, nH, nW, end);
  }
  job.firstPlace = toSteps(job.tapPtr, job.nTaps);
  end = align(end);
  setPanels(plan, job, end);
  const kernelVolume = volumeKernel(g);
  const width = job.isRuns ? 6 : 8;
  for (let i = 0; i < g.nGroups; ++i) {
    const groupWeights = wPtr + bytes(i * g.groupFilters * g.groupChannels) * <usize>kernelVolume;
    for (let c = 0; c < plan.nResult; c += width) {
      const w = groupWeights + bytes(c * kernelVolume);
      forEachTap(g, plan, job, rD, rH, rW, w, min(plan.nResult - c, width), end);
      end += job.panelBytes;
    }
  }
  return align(end);
}

/**
 * Walks the taps (filter, place) of a job, rows of the kernel outermost (see writeRanges). With nChannels 0 writes their offsets in the padded g, otherwise
 * the weights of nChannels channels from wPtr on, [t][6] or [t][8]. Returns the end of what it wrote.
 */
function forEachTap(
  g: Geometry,
  plan: Plan,
  job: Job,
  rD: i32,
  rH: i32,
  rW: i32,
  wPtr: usize,
  nChannels: i32,
  yPtr: usize,
): usize {
  const width = job.isRuns ? 6 : 8;
  const channelBytes = bytes(volumeKernel(g));
  const filterBytes = channelBytes * <usize>g.groupChannels;
  for (let b = 0; b < g.kH; ++b) {
    if (!touches(rH, b, g.sH, g.pH, g.dH)) continue;
    const placeH = (rH + g.pH - b * g.dH) / g.sH + plan.beforeH;
    for (let o = 0; o < g.groupFilters; ++o) {
      for (let a = 0; a < g.kD; ++a) {
        if (!touches(rD, a, g.sD, g.pD, g.dD)) continue;
        const placeD = (rD + g.pD - a * g.dD) / g.sD + plan.beforeD;
        for (let c = 0; c < g.kW; ++c) {
          if (!touches(rW, c, g.sW, g.pW, g.dW)) continue;
          if (nChannels == 0) {
            const placeW = (rW + g.pW - c * g.dW) / g.sW + plan.beforeW;
            store<u32>(
              yPtr,
              <u32>bytes(((o * plan.planeD + placeD) * plan.planeH + placeH) * plan.planeW + placeW),
            );
            yPtr += 4;
          } else {
            let w = wPtr + <usize>o * filterBytes + bytes((a * g.kH + b) * g.kW + c);
            for (let i = 0; i < width; ++i) {
              store<f32>(yPtr, i < nChannels ? load<f32>(w) : 0);
              w += channelBytes;
              yPtr += 4;
            }
          }
        }
      }
    }
  }
  return yPtr;
}

/**
 * Near the upper and lower edge some rows of the kernel see only padding. Taps are ordered by those rows, so what a
 * result row has to look at is one range of them: for a 5 x 5 kernel on 14 x 14 without padding that saves 29 %. The
 * tap table still holds places.
 */
function writeRanges(
  g: Geometry,
  plan: Plan,
  job: Job,
  rH: i32,
  nD: i32,
  nH: i32,
  nW: i32,
  end: usize,
): usize {
  let nKernelRows = 0;
  for (let b = 0; b < g.kH; ++b) if (touches(rH, b, g.sH, g.pH, g.dH)) ++nKernelRows;
  const rowTaps = job.nTaps / nKernelRows;
  job.rangePtr = end;
  for (let row = 0; row < nH; ++row) {
    let first = 0;
    let last = 0;
    for (let b = 0; b < g.kH; ++b) {
      if (!touches(rH, b, g.sH, g.pH, g.dH)) continue;
      const place = (rH + g.pH - b * g.dH) / g.sH + row;
      if (place >= g.outH) ++first;
      if (place >= 0) ++last;
    }
    store<u32>(end, first * rowTaps);
    store<u32>(end, last * rowTaps, 4);
    store<u32>(end, first < nKernelRows ? load<u32>(job.tapPtr + bytes(first * rowTaps)) : 0, 8);
    end += 12;
  }
  job.rowPtr = end;
  const rowLength = job.isRuns ? ceilDivide(nW, 4) : nW;
  const nImages = job.isRuns ? 1 : plan.nFold;
  for (let i = 0; i < nImages * nD; ++i) {
    for (let row = 0; row < nH; ++row) {
      for (let c = 0; c < rowLength; ++c) {
        store<u32>(end, row);
        end += 4;
      }
    }
  }
  if (job.isRuns) {
    store<u32>(end, nH - 1);
    end += 4;
  }
  return end;
}

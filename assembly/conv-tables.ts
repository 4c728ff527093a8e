/*
 * What a plan consists of: its head, its jobs, and the tables of pixels that they share out.
 */
import { Geometry, ceilDivide, prefersRows, resultChannels } from "./conv-geometry";
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
  /** Weight gradient: the places of six taps in a row of weights, and the partial sums. */
  placesPtr: usize;
  partialPtr: usize;
}

/**
 * What a tile of a job is: 6 pixels of 8 channels, gathered; 2 runs of 4 neighbours in 6 channels; or, for few channels,
 * 48 neighbours of one channel across the ends of rows.
 */
export const PIXELS: i32 = 0;
export const RUNS: i32 = 1;
export const ROWS: i32 = 2;

/** Channels of one panel of weights. */
@inline
export function panelWidth(kind: i32): i32 {
  return kind == ROWS ? 1 : kind == RUNS ? 6 : 8;
}


@unmanaged
export class Job {
  /** Pixels of one image, or runs of four pixels, or rows: what the tables list. */
  nPixels: i32;
  nTaps: i32;
  /** PIXELS, RUNS or ROWS. */
  kind: i32;
  /** ROWS: how many make a plane, their length, and bytes between neighbours in the result. */
  nRows: i32;
  width: i32;
  stepBytes: usize;
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
  /** Panels of all groups, one after the other: [t][panelWidth]. */
  weightPtr: usize;
  panelBytes: usize;
  groupBytes: usize;
}


@inline
export function jobAt(planPtr: usize, i: i32): Job {
  return changetype<Job>(planPtr + offsetof<Plan>() + <usize>i * offsetof<Job>());
}


@inline
export function align(ptr: usize): usize {
  return (ptr + 15) & ~15;
}

/** Turns n places into the steps between them, and returns the first place. */
export function toSteps(ptr: usize, n: i32): usize {
  if (n == 0) return 0;
  const first = <usize>load<u32>(ptr);
  for (; n > 1; --n) {
    store<u32>(ptr, load<u32>(ptr, 4) - load<u32>(ptr));
    ptr += 4;
  }
  store<u32>(ptr, 0);
  return first;
}

/** Whether six channels of two runs waste less than six pixels of eight channels (whose stores cost 5 % more). */
@inline
function prefersRuns(nChannels: i32, width: i32): bool {
  if (width < 4) return false;
  const runs = ceilDivide(nChannels, 6) * 6 * (ceilDivide(width, 4) * 4);
  const pixels = ceilDivide(nChannels, 8) * 8 * width;
  return runs * 20 < pixels * 21;
}

/** The kind of a job: stepW is the distance of neighbours in the source, width the length of a row of the result. */
export function jobKind(g: Geometry, pass: i32, stepW: i32, width: i32): i32 {
  if (prefersRows(g, pass)) return ROWS;
  return stepW == 1 && prefersRuns(resultChannels(g, pass), width) ? RUNS : PIXELS;
}


@inline
export function setPanels(plan: Plan, job: Job, ptr: usize): void {
  const width = panelWidth(job.kind);
  job.weightPtr = ptr;
  job.panelBytes = bytes(job.nTaps * width);
  job.groupBytes = job.panelBytes * <usize>ceilDivide(plan.nResult, width);
}

/** Entries that a row of the result has in the tables. */
@inline
export function tableLength(kind: i32, width: i32): i32 {
  return kind == ROWS ? 1 : kind == RUNS ? ceilDivide(width, 4) : width;
}

/**
 * The pixel and store tables of a job of [nD, nH, nW] pixels per image: steps in the source (elements of the padded
 * plane), and in the result the first position, the step and the lengths of its axes H and W.
 */
export function writePixels(
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
  const isRuns = job.kind == RUNS;
  const rowLength = tableLength(job.kind, nW);
  const nPixels = nD * nH * rowLength;
  const nImages = job.kind == PIXELS ? plan.nFold : 1;
  const padded = bytes(nPixels * nImages + 1);
  job.nPixels = nPixels;
  job.nRows = nH;
  job.width = nW;
  job.stepBytes = bytes(stepW);
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

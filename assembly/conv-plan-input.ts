/*
 * The jobs of an input gradient: which taps the positions of one remainder modulo the stride see, their weights, and
 * which of them near an edge see only padding.
 */
import { Geometry, INPUT_GRAD, ceilDivide, volumeKernel } from "./conv-geometry";
import {
  Job,
  PIXELS,
  Plan,
  ROWS,
  RUNS,
  align,
  jobKind,
  panelWidth,
  setPanels,
  tableLength,
  toSteps,
  writePixels,
} from "./conv-tables";
import { bytes } from "./simd";

/** Whether positions of remainder r see the kernel's place k of an axis. */
@inline
function touches(r: i32, k: i32, s: i32, p: i32, d: i32): bool {
  return (r + p - k * d) % s == 0;
}

/** The first place from `from` on that they see, or k. Such places are evenly spaced. */
function firstTouching(r: i32, k: i32, s: i32, p: i32, d: i32, from: i32): i32 {
  while (from < k && !touches(r, from, s, p, d)) ++from;
  return from;
}


@inline
function remainderCount(n: i32, r: i32, s: i32): i32 {
  return r < n ? ceilDivide(n - r, s) : 0;
}

export function planInputGradJob(
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
  job.kind = jobKind(g, INPUT_GRAD, g.sW, nW);
  end = writePixels(plan, job, nD, nH, nW, 1, 1, 1, rD, rH, rW, g.sD, g.sH, g.sW, g.inH, g.inW, end);
  // The tap table first, then the weights in the same order.
  job.tapPtr = end;
  end = forEachTap(g, plan, job, rD, rH, rW, 0, 0, end);
  job.nTaps = <i32>((end - job.tapPtr) >> 2);
  job.rowPtr = 0;
  // In planes so small that six pixels can come round to the row they began in, all pixels take all taps.
  if (job.kind != ROWS && plan.planeH > plan.rawH && job.nTaps > 0 && (nH - 1) * nW > 4) {
    end = writeRanges(g, plan, job, rH, nD, nH, nW, end);
  }
  job.firstPlace = toSteps(job.tapPtr, job.nTaps);
  end = align(end);
  setPanels(plan, job, end);
  const kernelVolume = volumeKernel(g);
  const width = panelWidth(job.kind);
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
  const width = panelWidth(job.kind);
  const channelBytes = bytes(volumeKernel(g));
  const filterBytes = channelBytes * <usize>g.groupChannels;
  const firstA = firstTouching(rD, g.kD, g.sD, g.pD, g.dD, 0);
  const stepA = firstTouching(rD, g.kD, g.sD, g.pD, g.dD, firstA + 1) - firstA;
  const firstC = firstTouching(rW, g.kW, g.sW, g.pW, g.dW, 0);
  const stepC = firstTouching(rW, g.kW, g.sW, g.pW, g.dW, firstC + 1) - firstC;
  for (let b = 0; b < g.kH; ++b) {
    if (!touches(rH, b, g.sH, g.pH, g.dH)) continue;
    const placeH = (rH + g.pH - b * g.dH) / g.sH + plan.beforeH;
    for (let o = 0; o < g.groupFilters; ++o) {
      for (let a = firstA; a < g.kD; a += stepA) {
        const placeD = (rD + g.pD - a * g.dD) / g.sD + plan.beforeD;
        for (let c = firstC; c < g.kW; c += stepC) {
          if (nChannels == 0) {
            const placeW = (rW + g.pW - c * g.dW) / g.sW + plan.beforeW;
            store<u32>(
              yPtr,
              <u32>bytes(((o * plan.planeD + placeD) * plan.planeH + placeH) * plan.planeW + placeW),
            );
            yPtr += 4;
          } else {
            let w = wPtr + <usize>o * filterBytes + bytes((a * g.kH + b) * g.kW + c);
            for (let i = 0; i < nChannels; ++i) {
              store<f32>(yPtr + bytes(i), load<f32>(w));
              w += channelBytes;
            }
            for (let i = nChannels; i < width; ++i) store<f32>(yPtr + bytes(i), 0);
            yPtr += bytes(width);
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
  const rowLength = tableLength(job.kind, nW);
  const nImages = job.kind == PIXELS ? plan.nFold : 1;
  for (let i = 0; i < nImages * nD; ++i) {
    for (let row = 0; row < nH; ++row) {
      for (let c = 0; c < rowLength; ++c) {
        store<u32>(end, row);
        end += 4;
      }
    }
  }
  if (job.kind == RUNS) {
    store<u32>(end, nH - 1);
    end += 4;
  }
  return end;
}

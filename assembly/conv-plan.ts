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
  Geometry,
  INPUT_GRAD,
  WEIGHT_GRAD,
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
import { planInputGradJob } from "./conv-plan-input";
import {
  Job,
  PIXELS,
  Plan,
  ROWS,
  RUNS,
  align,
  jobAt,
  jobKind,
  setPanels,
  toSteps,
  writePixels,
} from "./conv-tables";
import { packEightColumns, packRows } from "./matmul-pack";
import { bytes } from "./simd";

/** Bytes of the plan: an upper bound, from the geometry alone. */
export function conv_plan_bytes(geometryPtr: usize, pass: i32): i32 {
  const g = changetype<Geometry>(geometryPtr);
  const nJobs = jobCount(g, pass);
  const nPixels = foldCount(g, pass) * (pass == INPUT_GRAD ? volumeIn(g) : volumeOut(g)) + 8 * nJobs;
  const nTaps = sourceChannels(g, pass) * volumeKernel(g) + 8 * nJobs;
  const nRows = pass == INPUT_GRAD ? g.inH + g.sH : 0;
  const tables =
    <i32>offsetof<Plan>() + nJobs * (<i32>offsetof<Job>() + 128 + 12 * nRows) + 12 * nPixels + 4 * nTaps;
  if (pass == WEIGHT_GRAD) return tables + 32 + sliceCount(g) * partialBytes(g);
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

function planForwardJob(g: Geometry, pass: i32, plan: Plan, job: Job, wPtr: usize, end: usize): usize {
  job.kind = pass == WEIGHT_GRAD ? PIXELS : jobKind(g, pass, g.sW, g.outW);
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
    plan.placesPtr = end;
    for (let i = 0; i < 6; ++i) store<u32>(end + bytes(i), i << 2);
    return align(end + 24);
  }
  job.firstPlace = toSteps(job.tapPtr, nTaps);
  end = align(end);
  setPanels(plan, job, end);
  for (let i = 0; i < g.nGroups; ++i) {
    const w = wPtr + bytes(i * plan.nResult) * <usize>nTaps;
    let panel = end;
    if (job.kind == ROWS) {
      memory.copy(end, w, job.groupBytes);
    } else if (job.kind == RUNS) {
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

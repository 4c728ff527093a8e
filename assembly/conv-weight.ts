/*
 * The weight gradient: gw[f, t] = sum over images and pixels of g[n, f, pixel] * x[n, pixel's place + tap's place].
 *
 * Work is cut by the geometry alone into units (slice of the batch, group, run of tap blocks); each unit owns its tiles
 * of partial sums in the plan and adds its images in order, and the finish adds the slices in order. So the bits are the
 * same for any number of threads, and small weights still give every thread something to do.
 */
import { multiplyGathered, storePixels } from "./conv-kernel";
import {
  Geometry,
  ceilDivide,
  filterBlocks,
  partialBytes,
  sliceCount,
  tapBlocks,
  unitTapBlocks,
  volumeKernel,
  volumeOut,
} from "./conv-geometry";
import { Plan, jobAt } from "./conv-tables";
import { padImages } from "./conv-pad";
import { packEightColumns } from "./matmul-pack";
import { bytes } from "./simd";

/** Partial sums for the units [start, end) of conv_units(geometryPtr, 2); the plan is that of pass 2. */
export function conv_weight_grad_f32(
  xPtr: usize,
  gPtr: usize,
  geometryPtr: usize,
  planPtr: usize,
  scratchPtr: usize,
  start: i32,
  end: i32,
): void {
  const g = changetype<Geometry>(geometryPtr);
  const plan = changetype<Plan>(planPtr);
  const nSlices = sliceCount(g);
  const unitBlocks = unitTapBlocks(g);
  const nBlocks = tapBlocks(g);
  const nRuns = ceilDivide(nBlocks, unitBlocks);
  if (plan.isPadded) memory.fill(scratchPtr, 0, plan.sourceImageBytes * <usize>plan.nFold);
  for (let unit = start; unit < end; ++unit) {
    const run = unit % nRuns;
    const group = (unit / nRuns) % g.nGroups;
    const slice = unit / nRuns / g.nGroups;
    const firstImage = (slice * g.nImages) / nSlices;
    const lastImage = ((slice + 1) * g.nImages) / nSlices;
    const firstBlock = run * unitBlocks;
    const lastBlock = min(firstBlock + unitBlocks, nBlocks);
    const groupTiles = <usize>(group * nBlocks) * <usize>filterBlocks(g) * 192;
    const partial = plan.partialPtr + <usize>slice * <usize>partialBytes(g) + groupTiles;
    sumUnit(
      g,
      plan,
      planPtr,
      xPtr,
      gPtr,
      scratchPtr,
      partial,
      group,
      firstImage,
      lastImage,
      firstBlock,
      lastBlock,
    );
  }
}

/** The tiles of tap blocks [firstBlock, lastBlock) of one group over images [firstImage, lastImage). */
function sumUnit(
  g: Geometry,
  plan: Plan,
  planPtr: usize,
  xPtr: usize,
  gPtr: usize,
  scratchPtr: usize,
  partialPtr: usize,
  group: i32,
  firstImage: i32,
  lastImage: i32,
  firstBlock: i32,
  lastBlock: i32,
): void {
  const job = jobAt(planPtr, 0);
  const nFilterBlocks = filterBlocks(g);
  const volume = volumeOut(g);
  const rawBytes = bytes(plan.rawD * plan.rawH * plan.rawW) * <usize>plan.nSource;
  const gImageBytes = bytes(volume) * <usize>g.groupFilters;
  const firstChannel = (firstBlock * 6) / volumeKernel(g);
  const lastChannel = min(ceilDivide(lastBlock * 6, volumeKernel(g)), plan.nSource);
  const panels = scratchPtr + (plan.isPadded ? plan.sourceImageBytes * <usize>plan.nFold : 0);
  const firstTile = partialPtr + <usize>(firstBlock * nFilterBlocks) * 192;
  memory.fill(firstTile, 0, <usize>((lastBlock - firstBlock) * nFilterBlocks) * 192);
  for (let image = firstImage; image < lastImage; image += plan.nFold) {
    const nImages = min(plan.nFold, lastImage - image);
    const nPixels = nImages * volume;
    const place = <usize>(image * g.nGroups + group);
    let source = xPtr + place * rawBytes;
    if (plan.isPadded) {
      padImages(plan, source, rawBytes * <usize>g.nGroups, nImages, firstChannel, lastChannel, scratchPtr);
      source = scratchPtr;
    }
    const panelBytes = <usize>nPixels * 32;
    for (let i = 0; i < nImages; ++i) {
      const gImage = gPtr + (place + <usize>(i * g.nGroups)) * gImageBytes;
      for (let f = 0; f < nFilterBlocks; ++f) {
        const panel = panels + <usize>f * panelBytes + <usize>(i * volume) * 32;
        packEightColumns(
          gImage + bytes(f * 8 * volume),
          4,
          bytes(volume),
          volume,
          min(g.groupFilters - f * 8, 8),
          panel,
        );
      }
    }
    let tile = firstTile;
    for (let block = firstBlock; block < lastBlock; ++block) {
      const taps = job.tapPtr + bytes(block * 6);
      let panel = panels;
      for (let f = 0; f < nFilterBlocks; ++f) {
        multiplyGathered(source, taps, job.pixelPtr, nPixels, panel, tile, 32, tile);
        tile += 192;
        panel += panelBytes;
      }
    }
  }
}

/** gw for the units [start, end) of conv_units(geometryPtr, 3), blocks of taps: the slices' partial sums, added in order. */
export function conv_weight_grad_finish_f32(
  gwPtr: usize,
  geometryPtr: usize,
  planPtr: usize,
  start: i32,
  end: i32,
): void {
  const g = changetype<Geometry>(geometryPtr);
  const plan = changetype<Plan>(planPtr);
  const nSlices = sliceCount(g);
  const sliceBytes = <usize>partialBytes(g);
  const nTaps = g.groupChannels * volumeKernel(g);
  const nBlocks = tapBlocks(g);
  const blockBytes = <usize>filterBlocks(g) * 192;
  for (let unit = start; unit < end; ++unit) {
    const group = unit / nBlocks;
    const tap = (unit - group * nBlocks) * 6;
    const block = plan.partialPtr + <usize>unit * blockBytes;
    for (let i: usize = 0; i < blockBytes; i += 16) {
      let partial = block + i;
      let sum = v128.load(partial);
      for (let left = nSlices; left > 1; --left) {
        partial += sliceBytes;
        sum = f32x4.add(sum, v128.load(partial));
      }
      v128.store(block + i, sum);
    }
    let tile = block;
    for (let f = 0; f < g.groupFilters; f += 8) {
      const gw = gwPtr + bytes(group * g.groupFilters + f) * <usize>nTaps + bytes(tap);
      const nFilters = min(g.groupFilters - f, 8);
      storePixels(tile, gw, plan.placesPtr, bytes(nTaps), min(nTaps - tap, 6), nFilters);
      tile += 192;
    }
  }
}

/*
 * What a convolution looks like, and what all three passes derive from it: the padded source, how many images share one
 * pixel table, how the weight gradient is cut into units. Everything here depends on the geometry alone, never on
 * threads, and therefore neither do the bits.
 */

export const FORWARD: i32 = 0;
export const INPUT_GRAD: i32 = 1;
export const WEIGHT_GRAD: i32 = 2;
export const FINISH: i32 = 3;

/** With fewer pixels than this in a plane, several images share a pixel table, lest the last tile be mostly empty. */
const ENOUGH_PIXELS: i32 = 192;

/** The weight gradient aims at this many units, and at so many partial sums over slices of the batch. */
const WANTED_UNITS: i32 = 16;
const MAX_SLICES: i32 = 8;
const MAX_SLICE_BYTES: i32 = 1 << 22;
const MIN_SLICE_PIXELS: i32 = 256;
/** Tap blocks (of 6) that one packing of g should serve at least. */
const MIN_TAP_BLOCKS: i32 = 8;

/** The 22 i32 at geometryPtr. Unused axes (D in 2-D, D and H in 1-D) are 1, with padding 0. */
@unmanaged
export class Geometry {
  nImages: i32;
  nGroups: i32;
  /** Channels and filters of one group. */
  groupChannels: i32;
  groupFilters: i32;
  inD: i32;
  inH: i32;
  inW: i32;
  outD: i32;
  outH: i32;
  outW: i32;
  kD: i32;
  kH: i32;
  kW: i32;
  sD: i32;
  sH: i32;
  sW: i32;
  /** Padding before the first element; the padding behind follows from the output size. */
  pD: i32;
  pH: i32;
  pW: i32;
  dD: i32;
  dH: i32;
  dW: i32;
}


@inline
export function volumeIn(g: Geometry): i32 {
  return g.inD * g.inH * g.inW;
}


@inline
export function volumeOut(g: Geometry): i32 {
  return g.outD * g.outH * g.outW;
}


@inline
export function volumeKernel(g: Geometry): i32 {
  return g.kD * g.kH * g.kW;
}


@inline
export function ceilDivide(n: i32, step: i32): i32 {
  return (n + step - 1) / step;
}

/** Elements of padding before one axis of the source: x, or for the input gradient g. */
@inline
export function paddingBefore(pass: i32, k: i32, s: i32, p: i32, d: i32): i32 {
  return pass == INPUT_GRAD ? max(0, ceilDivide(max(0, (k - 1) * d - p), s)) : p;
}

/** The length of one axis of the padded source: as far as any output reaches. */
@inline
export function paddedLength(pass: i32, nIn: i32, nOut: i32, k: i32, s: i32, p: i32, d: i32): i32 {
  if (pass == INPUT_GRAD) return paddingBefore(pass, k, s, p, d) + (nIn - 1 + p) / s + 1;
  return (nOut - 1) * s + (k - 1) * d + 1;
}


@inline
function axisNeedsPadding(pass: i32, nIn: i32, nOut: i32, k: i32, s: i32, p: i32, d: i32): bool {
  const length = pass == INPUT_GRAD ? nOut : nIn;
  return paddingBefore(pass, k, s, p, d) > 0 || paddedLength(pass, nIn, nOut, k, s, p, d) > length;
}

/** Neighbours in one tile of ROWS (see conv-tables.ts). */
export const ROW_PIXELS: i32 = 48;

/**
 * Whether results have so few channels that tiles of one channel are fewer than those of six or eight, though they also
 * compute what lies between the rows. Neighbours must lie side by side in the source.
 */
export function prefersRows(g: Geometry, pass: i32): bool {
  if (pass == WEIGHT_GRAD || (pass == FORWARD && (g.sH != 1 || g.sW != 1))) return false;
  const nH = pass == FORWARD ? g.outH : ceilDivide(g.inH, g.sH);
  const nW = pass == FORWARD ? g.outW : ceilDivide(g.inW, g.sW);
  const length = rowsLength(nH, nW, paddedLength(pass, g.inW, g.outW, g.kW, g.sW, g.pW, g.dW));
  return resultChannels(g, pass) * ceilDivide(length, ROW_PIXELS) < (nH * nW) / 8;
}

/** From the first to the last element of nH rows of nW, `pitch` apart. */
@inline
export function rowsLength(nH: i32, nW: i32, pitch: i32): i32 {
  return (nH - 1) * pitch + nW;
}

/** Whether a pass works on a copy of its source: a padded one, or one that may be read beyond its end. */
export function needsPadding(g: Geometry, pass: i32): bool {
  return (
    prefersRows(g, pass) ||
    axisNeedsPadding(pass, g.inD, g.outD, g.kD, g.sD, g.pD, g.dD) ||
    axisNeedsPadding(pass, g.inH, g.outH, g.kH, g.sH, g.pH, g.dH) ||
    axisNeedsPadding(pass, g.inW, g.outW, g.kW, g.sW, g.pW, g.dW)
  );
}

/** Elements of one padded plane of the source. */
export function paddedVolume(g: Geometry, pass: i32): i32 {
  return (
    paddedLength(pass, g.inD, g.outD, g.kD, g.sD, g.pD, g.dD) *
    paddedLength(pass, g.inH, g.outH, g.kH, g.sH, g.pH, g.dH) *
    paddedLength(pass, g.inW, g.outW, g.kW, g.sW, g.pW, g.dW)
  );
}

/** Channels per group of the source and of the result of a pass. */
@inline
export function sourceChannels(g: Geometry, pass: i32): i32 {
  return pass == INPUT_GRAD ? g.groupFilters : g.groupChannels;
}


@inline
export function resultChannels(g: Geometry, pass: i32): i32 {
  return pass == INPUT_GRAD ? g.groupChannels : g.groupFilters;
}

/** The input gradient of a strided convolution is one stride-1 job for each remainder of the position. */
@inline
export function jobCount(g: Geometry, pass: i32): i32 {
  return pass == INPUT_GRAD ? g.sD * g.sH * g.sW : 1;
}

/** How many images share one pixel table. */
export function foldCount(g: Geometry, pass: i32): i32 {
  const nPixels = pass == INPUT_GRAD ? volumeIn(g) / jobCount(g, pass) : volumeOut(g);
  if (nPixels >= ENOUGH_PIXELS) return 1;
  return min(g.nImages, ceilDivide(ENOUGH_PIXELS, max(1, nPixels)));
}

/** With fewer images (times groups) than this, their channels are shared out, too. */
const ENOUGH_IMAGES: i32 = 4;

/** Into how many units the channels of a result are cut. Each unit works on its own copy of the padded source. */
export function chunkCount(g: Geometry, pass: i32): i32 {
  const nPanels = ceilDivide(resultChannels(g, pass), 8);
  return max(1, min(nPanels, ENOUGH_IMAGES / max(1, g.nImages * g.nGroups)));
}

/** Blocks of 6 taps and of 8 filters of a group: the tiles of the weight gradient. */
@inline
export function tapBlocks(g: Geometry): i32 {
  return ceilDivide(g.groupChannels * volumeKernel(g), 6);
}


@inline
export function filterBlocks(g: Geometry): i32 {
  return ceilDivide(g.groupFilters, 8);
}

/** Bytes of one partial weight gradient, as tiles [group][tap block][filter block][6][8]. */
@inline
export function partialBytes(g: Geometry): i32 {
  return g.nGroups * tapBlocks(g) * filterBlocks(g) * 192;
}

/** Into how many slices of the batch the weight gradient is summed apart. */
export function sliceCount(g: Geometry): i32 {
  const byWork = (g.nImages * volumeOut(g)) / MIN_SLICE_PIXELS;
  const byMemory = MAX_SLICE_BYTES / max(1, partialBytes(g));
  return max(1, min(min(g.nImages, MAX_SLICES), min(byWork, byMemory)));
}

/** Tap blocks in one unit of the weight gradient. */
export function unitTapBlocks(g: Geometry): i32 {
  const wanted = max(1, WANTED_UNITS / (sliceCount(g) * g.nGroups));
  const nBlocks = tapBlocks(g);
  if (sliceCount(g) == MAX_SLICES) return nBlocks;
  return min(nBlocks, max(MIN_TAP_BLOCKS, ceilDivide(nBlocks, wanted)));
}

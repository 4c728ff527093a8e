/*
 * What the paths of the matrix product share: how their scratch begins, and where a tile starts from.
 *
 * A spare tile for edges; then a start tile, or eight zeros and the last bias values padded to eight; then the panels.
 */
import { TILE_COLUMNS } from "./matmul-kernel";
import { bytes } from "./simd";

/** Bytes between the rows of the spare tile, which comes first. */
export const TILE_STRIDE: usize = 32;
export const START_AT: usize = 192;
export const ZEROS_AT: usize = 192;
export const BIAS_AT: usize = 224;
/** Six offsets 0, 4, 8 ...: the places of a dense run of six. */
export const PLACES_AT: usize = 384;
export const PANELS_AT: usize = 448;

/** Where the tile at column j starts from when it does not start from y: its bias (padded at the edge) or zeros. */
@inline
export function tileInit(biasPtr: usize, j: i32, width: i32, packPtr: usize): usize {
  if (!biasPtr) return packPtr + ZEROS_AT;
  return width == TILE_COLUMNS ? biasPtr + bytes(j) : packPtr + BIAS_AT;
}

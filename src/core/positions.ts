// Arithmetic on index arrays, which no vector instruction helps: both backends run these loops on their own buffers.
import type { BufferData } from "./dtype.ts";

/**
 * positions[i] = the place, in a row-major array of the given sizes, of the element with coordinates indices[k][i];
 * negative coordinates count from the end. Returns k * length + i for the first coordinate out of range, or -1.
 */
export function ravelIndex(
  indices: readonly BufferData[],
  sizes: readonly number[],
  positions: BufferData,
): number {
  positions.fill(0);
  for (let k = 0; k < indices.length; k++) {
    const coordinates = indices[k];
    const n = sizes[k];
    for (let i = 0; i < positions.length; i++) {
      const at = coordinates[i] < 0 ? coordinates[i] + n : coordinates[i];
      if (at < 0 || at >= n) return k * positions.length + i;
      positions[i] = positions[i] * n + at;
    }
  }
  return -1;
}

/** rows[i, classes[i]] = 1, the rest 0. Returns the position of the first class outside 0..n-1, or -1. */
export function oneHot(classes: BufferData, rows: BufferData, n: number): number {
  rows.fill(0);
  for (let i = 0; i < classes.length; i++) {
    if (classes[i] < 0 || classes[i] >= n) return i;
    rows[i * n + classes[i]] = 1;
  }
  return -1;
}

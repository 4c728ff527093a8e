// The counter-based generator behind every random op: a pure function from (counter, key) to four 32-bit words, so that
// any element of any stream can be made on its own, by any thread, on any backend, to the same bits.
import type { RandomState } from "./rng.ts";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const KEY_STEP_0 = 0x9e3779b9; // the golden ratio
const KEY_STEP_1 = 0xbb67ae85; // sqrt(3) - 1
const ROUNDS = 10;

/** The upper 32 bits of the product of two unsigned 32-bit numbers, from 16-bit halves whose products are exact. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/**
 * Philox 4x32-10: writes the four words of the block with counter (c0, c1, c2, c3) under key (k0, k1) to `out`.
 * All arguments are unsigned 32-bit numbers. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
export function philox4x32(
  out: Uint32Array,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + KEY_STEP_0) >>> 0;
    k1 = (k1 + KEY_STEP_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The words of block number `block` of a stream; the 64-bit counter carries from its low half into its high one. */
export function drawBlock(out: Uint32Array, state: RandomState, block: number): void {
  const low = state.counterLow + block;
  const high = state.counterHigh + Math.floor(low / 2 ** 32);
  philox4x32(out, low >>> 0, high >>> 0, 0, 0, state.seedLow, state.seedHigh);
}

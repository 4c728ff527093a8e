// Random numbers of the reference backend, and with that the definition of the stream: element i is made from lane i & 3
// of Philox block i >> 2, so that every backend gives the same bits in any order and on any number of threads.
import { philox4x32 } from "../../core/philox.ts";
import type { KernelFamilies, RandomKind, RandomState } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

const TWO_TO_32 = 2 ** 32;

/** The words of block number `block` of a stream; the 64-bit counter carries from its low half into its high one. */
function drawBlock(words: Uint32Array, state: RandomState, block: number): void {
  const low = state.counterLow + block;
  const high = state.counterHigh + Math.floor(low / TWO_TO_32);
  philox4x32(words, low >>> 0, high >>> 0, 0, 0, state.seedLow, state.seedHigh);
}

/** Uniform in [0, 1), with the 24 bits that float32 holds exactly. */
const uniform = (word: number): number => (word >>> 8) * 2 ** -24;

/** Box-Muller: lanes (0, 1) and (2, 3) of a block give a pair of independent standard normals each. */
function normal(words: Uint32Array, lane: number): number {
  const pair = lane & 2;
  // One more than the uniform's integer: in (0, 1], so that the logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(((words[pair] >>> 8) + 1) * 2 ** -24));
  const angle = 2 * Math.PI * uniform(words[pair + 1]);
  return radius * (lane === pair ? Math.cos(angle) : Math.sin(angle));
}

const draw: Record<RandomKind, (words: Uint32Array, lane: number) => number> = {
  uniform: (words, lane) => uniform(words[lane]),
  normal,
  bits: (words, lane) => words[lane] | 0,
};

export const random: KernelFamilies["random"] = (kind, y, state) => {
  const out = elementsOf(y);
  const words = new Uint32Array(4);
  for (let i = 0; i < out.length; i++) {
    if (i % 4 === 0) drawBlock(words, state, i / 4);
    out[i] = draw[kind](words, i % 4);
  }
};

export const bernoulli: KernelFamilies["bernoulli"] = (y, p, value, state) => {
  random("uniform", y, state);
  const out = elementsOf(y);
  const limit = Math.fround(p);
  for (let i = 0; i < out.length; i++) out[i] = out[i] < limit ? value : 0;
};

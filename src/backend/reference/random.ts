// Random numbers of the reference backend, and with that the definition of the stream: element i is made from lane i & 3
// of Philox block i >> 2, so that every backend gives the same bits in any order and on any number of threads.
import type { BufferData } from "../../core/dtype.ts";
import { drawBlock } from "../../core/philox.ts";
import { multinomial, toIntegers } from "../../core/sampling.ts";
import type { KernelFamilies, RandomKind, RandomState } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

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

function fillRandom(kind: RandomKind, out: BufferData, state: RandomState): void {
  const words = new Uint32Array(4);
  for (let i = 0; i < out.length; i++) {
    if (i % 4 === 0) drawBlock(words, state, i / 4);
    out[i] = draw[kind](words, i % 4);
  }
}

export const random: Pick<
  KernelFamilies,
  "random" | "bernoulli" | "dropout" | "randomIntegers" | "multinomial"
> = {
  random(kind, y, state) {
    fillRandom(kind, elementsOf(y), state);
  },
  bernoulli(y, p, value, state) {
    const out = elementsOf(y);
    fillRandom("uniform", out, state);
    const limit = Math.fround(p);
    for (let i = 0; i < out.length; i++) out[i] = out[i] < limit ? value : 0;
  },
  dropout(x, y, p, value, state) {
    const from = elementsOf(x);
    const out = elementsOf(y);
    fillRandom("uniform", out, state);
    const limit = Math.fround(p);
    for (let i = 0; i < out.length; i++) out[i] = out[i] < limit ? value * from[i] : 0;
  },
  randomIntegers(y, low, range, state) {
    const out = elementsOf(y);
    fillRandom("bits", out, state);
    toIntegers(out, low, range);
  },
  multinomial(weights, y, draws, state) {
    return multinomial(elementsOf(weights), elementsOf(y), draws, state);
  },
};

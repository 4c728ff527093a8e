// The state of the counter-based random stream. A draw reserves its counters here, on the host; kernels then compute
// element i from block counter + i / 4, so results do not depend on device or thread count (Salmon et al. 2011).
import { FormatError, ValueError } from "./errors.ts";

/** Where a draw starts, as unsigned 32-bit halves. */
export interface RandomState {
  readonly seedLow: number;
  readonly seedHigh: number;
  readonly counterLow: number;
  readonly counterHigh: number;
}

/** Seed and counter as decimal strings of unsigned 64-bit numbers, for checkpoints. */
export interface GeneratorState {
  readonly seed: string;
  readonly counter: string;
}

const MASK = (1n << 64n) - 1n;
const LOW = 0xffffffffn;

// Who wants to know where streams stood before they were drawn from.
const traces: Map<Generator, GeneratorState>[] = [];

/** Runs `fn` and tells where each stream stood that it drew from, so that the same numbers can be drawn again. */
export function traceDraws<T>(fn: () => T): { result: T; draws: ReadonlyMap<Generator, GeneratorState> } {
  const draws = new Map<Generator, GeneratorState>();
  traces.push(draws);
  try {
    return { result: fn(), draws };
  } finally {
    traces.pop();
  }
}

/** Runs `fn` with the streams as they stood, and puts them back to where they are now. */
export function replayDraws<T>(draws: ReadonlyMap<Generator, GeneratorState>, fn: () => T): T {
  const now = Array.from(draws.keys(), (generator) => [generator, generator.state()] as const);
  for (const [generator, state] of draws) generator.restore(state);
  try {
    return fn();
  } finally {
    for (const [generator, state] of now) generator.restore(state);
  }
}

export class Generator {
  #seed = 0n;
  #counter = 0n;

  constructor(seed: number | bigint = 0) {
    this.manualSeed(seed);
  }

  /** Starts the stream of this seed from its beginning. */
  manualSeed(seed: number | bigint): this {
    if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
      throw new ValueError(
        "manualSeed",
        `the seed must be a whole number within 2^53; got ${String(seed)}. Use a bigint.`,
      );
    }
    this.#seed = BigInt(seed) & MASK;
    this.#counter = 0n;
    return this;
  }

  /** Takes the counters for `count` elements off the stream. */
  reserve(count: number): RandomState {
    for (const draws of traces) if (!draws.has(this)) draws.set(this, this.state());
    const at = this.#counter;
    this.#counter = (at + BigInt(Math.ceil(count / 4))) & MASK;
    return {
      seedLow: Number(this.#seed & LOW),
      seedHigh: Number(this.#seed >> 32n),
      counterLow: Number(at & LOW),
      counterHigh: Number(at >> 32n),
    };
  }

  state(): GeneratorState {
    return { seed: this.#seed.toString(), counter: this.#counter.toString() };
  }

  /** @throws FormatError where a number is not an unsigned 64-bit one. */
  restore({ seed, counter }: GeneratorState): void {
    for (const text of [seed, counter]) {
      if (!/^\d{1,20}$/.test(text) || BigInt(text) > MASK) {
        throw new FormatError(
          "random state",
          `seed and counter must be unsigned 64-bit decimals; got ${JSON.stringify(text)}.`,
        );
      }
    }
    this.#seed = BigInt(seed);
    this.#counter = BigInt(counter);
  }
}

/** The stream that random ops draw from unless they are given another. */
export const defaultGenerator = new Generator();

/** Seeds the default stream: the same seed gives the same bits on every device. */
export const manualSeed = (seed: number | bigint): Generator => defaultGenerator.manualSeed(seed);

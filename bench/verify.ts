// Data to measure with, and the comparison of a kernel's output with the plain loop's. A fast wrong answer is no figure.

/** Uniform values on [low, high), the same in every run; a multiplicative generator modulo 2^31 - 1. */
export function randomFloats(length: number, seed: number, low = -1, high = 1): Float32Array {
  const values = new Float32Array(length);
  let state = seed * 7919 + 17;
  for (let i = 0; i < length; i++) {
    state = (state * 48271) % 0x7fffffff;
    values[i] = low + ((high - low) * state) / 0x7fffffff;
  }
  return values;
}

/**
 * @throws Error naming the first value further from the expected one than `tolerance` of its size, or of 1 where it is
 * smaller. NaN equals NaN.
 */
export function checkClose(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  if (got.length !== expected.length) {
    throw new Error(`${what}: expected ${String(expected.length)} values, got ${String(got.length)}`);
  }
  for (let i = 0; i < got.length; i++) {
    if (Object.is(got[i], expected[i])) continue;
    if (Math.abs(got[i] - expected[i]) <= tolerance * Math.max(1, Math.abs(expected[i]))) continue;
    throw new Error(`${what}: value ${String(i)} must be ${String(expected[i])}; got ${String(got[i])}`);
  }
}

/** A fresh array from a function of the position; the plain loop of elementwise kernels. */
export const floats = (length: number, value: (i: number) => number): Float32Array => {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = value(i);
  return values;
};

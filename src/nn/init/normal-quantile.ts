// The normal distribution function and its inverse, for truncated normals drawn from uniforms.

import { erf } from "../../core/special.ts";

/** The share of a standard normal below x. */
export const normalShare = (x: number): number => (1 + erf(x * Math.SQRT1_2)) / 2;

const CENTRE = [
  ...[2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503],
  ...[-0.00417768164, 0.246640727, 1.50140941],
];
const TAIL = [
  ...[-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613],
  ...[0.00943887047, 1.00167406, 2.83297682],
];

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient);

/**
 * erf's inverse on [-1, 1], to float32 accuracy; infinite at the ends.
 *
 * Source: Giles 2012, "Approximating the erfinv function".
 */
export function erfInverse(x: number): number {
  const w = -Math.log((1 - x) * (1 + x));
  if (w === Infinity) return x * Infinity;
  return x * (w < 5 ? polynomial(CENTRE, w - 2.5) : polynomial(TAIL, Math.sqrt(w) - 3));
}

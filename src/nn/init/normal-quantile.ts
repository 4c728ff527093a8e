// The normal distribution function and its inverse, for truncated normals drawn from uniforms.

/** erf by the series 2/sqrt(pi) e^(-x²) sum 2^n x^(2n+1) / (2n+1)!!, all of whose terms are positive. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

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
 * erf's inverse on (-1, 1), to float32 accuracy.
 *
 * Source: Giles 2012, "Approximating the erfinv function".
 */
export function erfInverse(x: number): number {
  const w = -Math.log((1 - x) * (1 + x));
  return x * (w < 5 ? polynomial(CENTRE, w - 2.5) : polynomial(TAIL, Math.sqrt(w) - 3));
}

// Special functions of one number in double precision: what JavaScript's Math leaves out. Backends call them where a
// vector kernel would not pay.

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/**
 * The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. A series whose terms all have one sign,
 * so that nothing cancels.
 *
 * Source: Abramowitz & Stegun, Handbook of Mathematical Functions (1964), 7.1.6.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (!(size < 6)) return Number.isNaN(x) ? NaN : Math.sign(x);
  let term = size;
  let sum = term;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (2 * size * size) / (2 * k + 1);
    sum += term;
  }
  const y = TWO_OVER_SQRT_PI * Math.exp(-size * size) * sum;
  return x < 0 || Object.is(x, -0) ? -Math.min(y, 1) : Math.min(y, 1);
}

/** Arguments are moved up to here before an asymptotic series is used. */
const FAR = 12;

// B(2k) for k = 1, 2, ...
const BERNOULLI: readonly number[] = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
];

const HALF_LOG_TAU = 0.5 * Math.log(2 * Math.PI);

/** sin(pi x) with the whole turns taken off first. */
const sinPi = (x: number): number => Math.sin(Math.PI * (x - 2 * Math.round(x / 2)));

/**
 * ln |Gamma(x)|; infinite at 0, -1, -2, ... Stirling's series, after the recurrence; below 1/2 the reflection formula.
 *
 * Source: Abramowitz & Stegun (1964), 6.1.17, 6.1.40.
 */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (!Number.isFinite(x) || (x <= 0 && Number.isInteger(x))) return Infinity;
  if (x === 1 || x === 2) return 0;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x);
  let product = 1;
  let z = x;
  for (; z < FAR; z++) product *= z;
  let series = 0;
  let power = z;
  for (let i = 0; i < BERNOULLI.length; i++) {
    const k = 2 * (i + 1);
    series += BERNOULLI[i] / (k * (k - 1) * power);
    power *= z * z;
  }
  return (z - 0.5) * Math.log(z) - z + HALF_LOG_TAU + series - Math.log(product);
}

/**
 * The derivative of `lgamma`; NaN at -1, -2, ..., -Infinity at 0.
 *
 * Source: Abramowitz & Stegun (1964), 6.3.5, 6.3.7, 6.3.18.
 */
export function digamma(x: number): number {
  if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity;
  if (x === Infinity) return Infinity;
  if (x < 0) {
    if (Number.isInteger(x) || x === -Infinity) return NaN;
    const rest = x - Math.round(x);
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * rest);
  }
  let y = 0;
  let z = x;
  for (; z < FAR; z++) y -= 1 / z;
  y += Math.log(z) - 0.5 / z;
  let power = z * z;
  for (let i = 0; i < BERNOULLI.length; i++) {
    y -= BERNOULLI[i] / (2 * (i + 1) * power);
    power *= z * z;
  }
  return y;
}

/** Further to the left the recurrence would take too many steps. */
const LEFTMOST = -100_000;

/**
 * The n-th derivative of `digamma`, n >= 1: (-1)^(n + 1) n! times the Hurwitz zeta function of (n + 1, x), by the
 * recurrence and the Euler-Maclaurin series. NaN below -100,000.
 *
 * Source: Abramowitz & Stegun (1964), 6.4.6, 6.4.10, 6.4.11.
 */
export function polygamma(n: number, x: number): number {
  if (n === 0) return digamma(x);
  if (x === Infinity) return 0;
  if (!(x > LEFTMOST)) return NaN;
  const s = n + 1;
  let zeta = 0;
  let z = x;
  for (; z < FAR + n; z++) zeta += z ** -s;
  zeta += z ** -n / n + 0.5 * z ** -s;
  let factor = s;
  BERNOULLI.forEach((b, i) => {
    const k = 2 * (i + 1);
    // factor = s (s + 1) ... (s + k - 2) / k!, built up two terms at a time.
    if (i === 0) factor = s / 2;
    else factor *= ((s + k - 3) * (s + k - 2)) / ((k - 1) * k);
    zeta += b * factor * z ** (1 - s - k);
  });
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return (n % 2 === 0 ? -1 : 1) * factorial * zeta;
}

// How exact the transcendental functions of the wasm device are: over float32 numbers of all sizes and both signs, evenly
// spread over their bit patterns, against double precision, in units in the last place. docs/numerics.md has the figures.
// NEURITE_STRIDE=1 looks at all of them, in minutes.
import { describe, expect, it } from "vitest";
import {
  atan,
  cos,
  erf,
  exp,
  expm1,
  gelu,
  log,
  log1p,
  scope,
  sigmoid,
  silu,
  sin,
  sqrt,
  tanh,
  tensor,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";

/** A prime, so that no pattern of low bits is left out. */
const STRIDE = Number(process.env.NEURITE_STRIDE ?? 4099);
const BLOCK = 2 ** 18;
const SMALLEST_NORMAL = 2 ** -126;

interface Accurate {
  readonly name: string;
  readonly op: (x: Tensor) => Tensor;
  readonly exact: (x: number) => number;
  /** Units in the last place of float32. */
  readonly most: number;
  /** The smallest and the largest argument that are looked at; default: all. */
  readonly from?: number;
  readonly to?: number;
  /** Units of the argument's size instead of the result's, where what is small comes from a difference. */
  readonly ofArgument?: boolean;
}

/** 1 - erf x, x >= 0: Taylor's series of erf times e^(x^2), all terms positive; the continued fraction of Laplace above. */
function erfc(x: number): number {
  const bell = Math.exp(-x * x);
  if (x < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * bell * sum;
  }
  let below = x;
  for (let n = 60; n > 0; n--) below = x + n / 2 / below;
  return bell / below / Math.sqrt(Math.PI);
}

function exactErf(x: number): number {
  if (Math.abs(x) > 0.5) return Math.sign(x) * (1 - erfc(Math.abs(x)));
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const exactGelu = (x: number): number => {
  const beyond = erfc(Math.abs(x) / Math.SQRT2) / 2;
  return x * (x < 0 ? beyond : 1 - beyond);
};

/** 1 + tanh u = 2 / (1 + e^-2u), free of cancellation. */
const exactGeluTanh = (x: number): number =>
  x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

const functions: readonly Accurate[] = [
  { name: "exp", op: (x) => exp(x), exact: Math.exp, most: 1.5 },
  { name: "expm1", op: (x) => expm1(x), exact: Math.expm1, most: 2 },
  { name: "log", op: (x) => log(x), exact: Math.log, most: 1 },
  { name: "log1p", op: (x) => log1p(x), exact: Math.log1p, most: 2 },
  { name: "tanh", op: (x) => tanh(x), exact: Math.tanh, most: 2.5 },
  { name: "sigmoid", op: (x) => sigmoid(x), exact: (x) => 1 / (1 + Math.exp(-x)), most: 2.5 },
  { name: "silu", op: (x) => silu(x), exact: (x) => x / (1 + Math.exp(-x)), most: 2.5, from: -88 },
  { name: "sqrt", op: (x) => sqrt(x), exact: Math.sqrt, most: 0.5 },
  { name: "sin", op: (x) => sin(x), exact: Math.sin, most: 2, from: -(2 ** 20), to: 2 ** 20 },
  { name: "cos", op: (x) => cos(x), exact: Math.cos, most: 2, from: -(2 ** 20), to: 2 ** 20 },
  { name: "atan", op: (x) => atan(x), exact: Math.atan, most: 3 },
  { name: "erf", op: (x) => erf(x), exact: exactErf, most: 2 },
  { name: "gelu above -5", op: (x) => gelu(x), exact: exactGelu, most: 16, from: -5 },
  { name: "gelu", op: (x) => gelu(x), exact: exactGelu, most: 80 },
  {
    ...{ name: "gelu by tanh", op: (x) => gelu(x, { approximate: "tanh" }), exact: exactGeluTanh },
    ...{ most: 3, ofArgument: true },
  },
];

/** The gap between neighbouring float32 numbers at the size of x. */
const unitAt = (x: number): number => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);

interface Worst {
  error: number;
  at: number;
  inputs: number;
}

/** Results that would be denormal may be 0; infinities and NaN have to be where they are in double precision. */
function check(worst: Worst, x: number, got: number, exact: number, unit: number): void {
  const rounded = Math.fround(exact);
  if (!Number.isFinite(rounded) || Number.isNaN(rounded)) {
    if (Object.is(got, rounded)) return;
    // The last numbers before the infinite ones may round either way.
    const error = Number.isFinite(exact) && got > 3.4028e38 ? 0 : Infinity;
    if (error > worst.error) Object.assign(worst, { error, at: x });
    return;
  }
  const error =
    Math.abs(exact) < SMALLEST_NORMAL && Math.abs(got) <= SMALLEST_NORMAL ? 0 : Math.abs(got - exact) / unit;
  if (!(error <= worst.error)) Object.assign(worst, { error, at: x });
}

function worstOf({ op, exact, from: low = -Infinity, to = Infinity, ofArgument = false }: Accurate): Worst {
  const worst: Worst = { error: 0, at: NaN, inputs: 0 };
  const bits = new Uint32Array(BLOCK);
  const inputs = new Float32Array(bits.buffer);
  for (let from = 0; from < 2 ** 32; from += BLOCK * STRIDE) {
    for (let i = 0; i < BLOCK; i++) bits[i] = Math.min(from + i * STRIDE, 2 ** 32 - 1);
    const results = scope(() => op(tensor(inputs)).dataSync());
    for (let i = 0; i < BLOCK; i++) {
      const x = inputs[i];
      if (!(x >= low && x <= to)) continue;
      worst.inputs++;
      const expected = exact(x);
      check(worst, x, results[i], expected, unitAt(ofArgument ? x : expected));
    }
  }
  return worst;
}

describe("units in the last place between float32 results and exact ones", () => {
  it.each(functions)("$name: at most $most", { timeout: 3_600_000 }, (it) => {
    const { error, at, inputs } = worstOf(it);
    if (STRIDE !== 4099)
      console.log(`${it.name}: ${error.toFixed(3)} at ${String(at)}, of ${String(inputs)} inputs`);
    expect(inputs).toBeGreaterThan(500_000);
    expect(error, `worst at ${String(at)}`).toBeLessThanOrEqual(it.most);
  });
});

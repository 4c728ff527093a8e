// The scalar maths of every elementwise and reducing kernel, one line each: the reference backend runs these, and each
// key names the SIMD export `<key>_f32` of the wasm backend (in snake case), where that has one.
import { digamma, erf, lgamma, polygamma } from "../core/special.ts";

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** To the nearest whole number, halves to the even one. */
function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  const y = rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
  return Number.isInteger(x) || !Number.isFinite(x) ? x : y === 0 && x < 0 ? -0 : y;
}

/** C's pow: unlike JavaScript's, 1 to any power, and +-1 to an infinite one, is 1. */
function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

/** The rest of a / b with the sign of b. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

const normalCdf = (x: number): number => 0.5 * (1 + erf(x * Math.SQRT1_2));

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

const geluInner = (x: number): number => GELU_SCALE * (x + GELU_CUBIC * x * x * x);

// Beyond 16 the slope is 0 or 1; the powers of larger numbers would end in infinity times 0.
function geluTanhGrad(g: number, far: number): number {
  const x = Math.max(-16, Math.min(16, far));
  const t = Math.tanh(geluInner(x));
  return 0.5 * g * (1 + t + x * (1 - t * t) * GELU_SCALE * (1 + 3 * GELU_CUBIC * x * x));
}

export interface UnaryScalar {
  readonly js: (x: number) => number;
}

export interface BinaryScalar {
  readonly js: (a: number, b: number) => number;
  /** Of two int32 operands, where doubles would not give the same 32 bits. */
  readonly int?: (a: number, b: number) => number;
}

export const unaryScalars = {
  neg: { js: (x) => -x },
  exp: { js: Math.exp },
  log: { js: Math.log },
  sqrt: { js: Math.sqrt },
  // `x < 0 ? 0 : x` and not Math.max: NaN must pass.
  relu: { js: (x) => (x < 0 ? 0 : x) },
  tanh: { js: Math.tanh },
  sigmoid: { js: sigmoid },
  abs: { js: Math.abs },
  // NaN has no sign: 0, as in PyTorch.
  sign: { js: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0) },
  rsqrt: { js: (x) => 1 / Math.sqrt(x) },
  reciprocal: { js: (x) => 1 / x },
  exp2: { js: (x) => 2 ** x },
  expm1: { js: Math.expm1 },
  log2: { js: Math.log2 },
  log10: { js: Math.log10 },
  log1p: { js: Math.log1p },
  sin: { js: Math.sin },
  cos: { js: Math.cos },
  tan: { js: Math.tan },
  asin: { js: Math.asin },
  acos: { js: Math.acos },
  atan: { js: Math.atan },
  sinh: { js: Math.sinh },
  cosh: { js: Math.cosh },
  floor: { js: Math.floor },
  ceil: { js: Math.ceil },
  round: { js: roundHalfEven },
  trunc: { js: Math.trunc },
  erf: { js: erf },
  lgamma: { js: lgamma },
  digamma: { js: digamma },
  silu: { js: (x) => x / (1 + Math.exp(-x)) },
  gelu: { js: (x) => x * normalCdf(x) },
  geluTanh: { js: (x) => 0.5 * x * (1 + Math.tanh(geluInner(x))) },
} satisfies Record<string, UnaryScalar>;

export type UnaryOp = keyof typeof unaryScalars;

/** Functions of one number with one or two constants. */
export interface UnaryWithScalar {
  readonly js: (x: number, a: number, b: number) => number;
}

export const unaryWithScalars = {
  /** x^a */
  powScalar: { js: power },
  /** x between a and b; NaN passes. */
  clamp: { js: (x, a, b) => (x < a ? (a < b ? a : b) : x > b ? b : x) },
  /** x above 0, a x from 0 down. */
  leakyRelu: { js: (x, a) => (x > 0 ? x : a * x) },
  /** x above 0, a (e^(b x) - 1) from 0 down. */
  elu: { js: (x, a, b) => (x > 0 ? x : a * Math.expm1(b * x)) },
  /** ln(1 + e^(a x)) / a, and x where a x is above b. */
  mulScalar: { js: (x, a) => x * a },
  addScalar: { js: (x, a) => x + a },
  subFrom: { js: (x, a) => a - x },
  divScalar: { js: (x, a) => x / a },
  softplus: {
    js: (x, a, b) => (a * x > b ? x : (Math.max(a * x, 0) + Math.log1p(Math.exp(-Math.abs(a * x)))) / a),
  },
  /** The derivative of digamma of order a. */
  polygamma: { js: (x, a) => polygamma(a, x) },
} satisfies Record<string, UnaryWithScalar>;

export type UnaryWithOp = keyof typeof unaryWithScalars;

export const binaryScalars = {
  add: { js: (a, b) => a + b },
  sub: { js: (a, b) => a - b },
  mul: { js: (a, b) => a * b, int: Math.imul },
  div: { js: (a, b) => a / b },
  remainder: { js: remainder, int: (a, b) => (b === 0 ? 0 : remainder(a, b)) },
  pow: { js: power },
  atan2: { js: Math.atan2 },
  minimum: { js: Math.min },
  maximum: { js: Math.max },
  // Gradients of activations from the incoming gradient g and the saved output y.
  reluGrad: { js: (g, y) => (y <= 0 ? 0 : g) },
  tanhGrad: { js: (g, y) => g * (1 - y * y) },
  sigmoidGrad: { js: (g, y) => g * y * (1 - y) },
  // These from g and the saved input x.
  siluGrad: { js: (g, x) => g * sigmoid(x) * (1 + x * (1 - sigmoid(x))) },
  geluGrad: { js: (g, x) => g * (normalCdf(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)) },
  geluTanhGrad: { js: geluTanhGrad },
} satisfies Record<string, BinaryScalar>;

export type BinaryOp = keyof typeof binaryScalars;

/** Functions of two numbers that hold or do not: the result is a bool. */
export const compareScalars = {
  eq: { js: (a, b) => Number(a === b) },
  ne: { js: (a, b) => Number(a !== b) },
  lt: { js: (a, b) => Number(a < b) },
  le: { js: (a, b) => Number(a <= b) },
  gt: { js: (a, b) => Number(a > b) },
  ge: { js: (a, b) => Number(a >= b) },
  // Of bools.
  and: { js: (a, b) => a & b },
  or: { js: (a, b) => a | b },
  xor: { js: (a, b) => a ^ b },
} satisfies Record<string, BinaryScalar>;

export type CompareOp = keyof typeof compareScalars;

export interface ReduceScalar {
  readonly initial: number;
  readonly js: (accumulator: number, x: number) => number;
  /** Of whole numbers, where doubles would lose digits. */
  readonly int?: (accumulator: number, x: number) => number;
}

export const reduceScalars = {
  sum: { initial: 0, js: (a, x) => a + x },
  // NaN wins, as in PyTorch: a comparison alone would drop it.
  max: { initial: -Infinity, js: (a, x) => (x > a || x !== x ? x : a) },
  min: { initial: Infinity, js: (a, x) => (x < a || x !== x ? x : a) },
  prod: { initial: 1, js: (a, x) => a * x, int: Math.imul },
} satisfies Record<string, ReduceScalar>;

export type ReduceOp = keyof typeof reduceScalars;

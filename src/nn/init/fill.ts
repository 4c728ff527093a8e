// Filling tensors in place: from a distribution, with constants, and scaled to a layer's width. All return the tensor.
import { ValueError } from "../../core/errors.ts";
import type { Generator } from "../../core/rng.ts";
import { add, fill, mul } from "../../ops/algebra.ts";
import { assign } from "../../ops/assign.ts";
import { tensor } from "../../ops/creation.ts";
import { rand, randn } from "../../ops/random.ts";
import { withRecording } from "../../tensor/mode.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { calculateGain, fansOf } from "./fans.ts";
import type { Nonlinearity } from "./fans.ts";
import { erfInverse, normalShare } from "./normal-quantile.ts";

export interface InitOptions {
  /** The stream to draw from; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** Overwrites x with what `make` returns, unrecorded. */
export function overwrite(x: Tensor, make: () => Tensor): Tensor {
  x.assertAlive("init");
  withRecording(false, () => {
    scope(() => {
      assign(x, make());
    });
  });
  return x;
}

const like = (x: Tensor, { generator }: InitOptions): object => ({
  device: x.device,
  dtype: x.dtype,
  ...(generator && { generator }),
});

/** Uniform on [a, b), by default [0, 1). */
export const uniform = (
  x: Tensor,
  { a = 0, b = 1, ...options }: InitOptions & { readonly a?: number; readonly b?: number } = {},
): Tensor => overwrite(x, () => add(mul(rand(x.shape, like(x, options)), b - a), a));

/** Normal with this mean (0) and standard deviation (1). */
export const normal = (
  x: Tensor,
  { mean = 0, std = 1, ...options }: InitOptions & { readonly mean?: number; readonly std?: number } = {},
): Tensor => overwrite(x, () => add(mul(randn(x.shape, like(x, options)), std), mean));

/** One value everywhere. */
export const constant = (x: Tensor, value: number): Tensor =>
  overwrite(x, () => fill(x.device, x.shape, value, x.dtype));

/** Zeros. */
export const zeros = (x: Tensor): Tensor => constant(x, 0);

/** Ones. */
export const ones = (x: Tensor): Tensor => constant(x, 1);

export interface TruncNormalOptions extends InitOptions {
  readonly mean?: number;
  readonly std?: number;
  /** Bounds of the values themselves; default -2 and 2. */
  readonly a?: number;
  readonly b?: number;
}

/**
 * Normal with mean 0 and standard deviation 1 (by default), cut to [a, b]: uniforms between the shares of a and b go
 * through the inverse distribution function, so that no draw is rejected.
 *
 * @throws ValueError unless a < b and std > 0.
 */
export function truncNormal(
  x: Tensor,
  { mean = 0, std = 1, a = -2, b = 2, generator }: TruncNormalOptions = {},
): Tensor {
  if (!(a < b) || !(std > 0))
    throw new ValueError("truncNormal", `a must be below b and std positive; got ${[a, b, std].join(", ")}.`);
  const [low, high] = [normalShare((a - mean) / std), normalShare((b - mean) / std)];
  return fromHost(x, "uniform", { ...(generator && { generator }) }, (u) => {
    const share = low + (high - low) * u;
    const value = mean + std * Math.SQRT2 * erfInverse(2 * share - 1);
    return Math.min(Math.max(value, a), b);
  });
}

/** Overwrites x with values that were computed on the host from draws that are the same on every device. */
function fromHost(
  x: Tensor,
  kind: "uniform" | "normal",
  options: InitOptions,
  map: (draw: number) => number,
): Tensor {
  return overwrite(x, () => fromValues(x, drawOnHost(x.shape, kind, options).map(map)));
}

export function drawOnHost(
  shape: readonly number[],
  kind: "uniform" | "normal",
  { generator }: InitOptions,
): Float64Array {
  const options = { device: "reference", ...(generator && { generator }) };
  return scope(() =>
    Float64Array.from((kind === "uniform" ? rand(shape, options) : randn(shape, options)).dataSync()),
  );
}

/** A tensor of x's shape, dtype and device. */
export const fromValues = (x: Tensor, values: Float64Array): Tensor =>
  tensor(values, { shape: x.shape, dtype: x.dtype, device: x.device });

export interface XavierOptions extends InitOptions {
  /** See `calculateGain`; default 1. */
  readonly gain?: number;
}

/**
 * Uniform on ±gain sqrt(6 / (fan in + fan out)).
 *
 * Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
 */
export function xavierUniform(x: Tensor, { gain = 1, ...options }: XavierOptions = {}): Tensor {
  const { fanIn, fanOut } = fansOf("xavierUniform", x.shape);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(x, { a: -bound, b: bound, ...options });
}

/** Normal with standard deviation gain sqrt(2 / (fan in + fan out)); source: Glorot & Bengio 2010. */
export function xavierNormal(x: Tensor, { gain = 1, ...options }: XavierOptions = {}): Tensor {
  const { fanIn, fanOut } = fansOf("xavierNormal", x.shape);
  return normal(x, { std: gain * Math.sqrt(2 / (fanIn + fanOut)), ...options });
}

export interface KaimingOptions extends InitOptions {
  /** Negative slope of leakyRelu; default 0. */
  readonly a?: number;
  /** Whether the spread is kept forward ("fanIn", the default) or backward. */
  readonly mode?: "fanIn" | "fanOut";
  /** Default "leakyRelu", which with slope 0 is relu. */
  readonly nonlinearity?: Nonlinearity;
}

function kaimingDeviation(op: string, x: Tensor, options: KaimingOptions): number {
  const { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" } = options;
  return calculateGain(nonlinearity, a) / Math.sqrt(fansOf(op, x.shape)[mode]);
}

/**
 * Uniform on ±gain sqrt(3 / fan).
 *
 * Source: He et al. 2015, "Delving deep into rectifiers".
 */
export function kaimingUniform(x: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingDeviation("kaimingUniform", x, options);
  return uniform(x, { a: -bound, b: bound, ...(options.generator && { generator: options.generator }) });
}

/** Normal with standard deviation gain / sqrt(fan); source: He et al. 2015. */
export const kaimingNormal = (x: Tensor, options: KaimingOptions = {}): Tensor =>
  normal(x, {
    std: kaimingDeviation("kaimingNormal", x, options),
    ...(options.generator && { generator: options.generator }),
  });

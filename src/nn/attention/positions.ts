// Ways to tell attention where a token stands: added waves, rotations of queries and keys, biases that grow with distance.
// (Learned positions are an `Embedding` of the place.)
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { add, mul, slice, sub } from "../../ops/algebra.ts";
import { requireWhole } from "../../ops/checks.ts";
import { tensor } from "../../ops/creation.ts";
import { cat } from "../../ops/placement.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { whereOf } from "../init.ts";
import type { ParameterOptions } from "../init.ts";
import { Module } from "../module.ts";

function requireEven(op: string, width: number): number {
  requireWhole(op, "width", width, 2);
  if (width % 2 === 0) return width;
  throw new ShapeError(op, `width must be even; got ${String(width)}.`);
}

function requireBase(op: string, base: number): number {
  if (base > 0) return base;
  throw new ValueError(op, `base must be a positive number; got ${String(base)}.`);
}

/** [length, width / 2]: place times frequency, base^(-2i / width). */
function angles(places: ArrayLike<number>, width: number, base: number): Float64Array {
  const half = width / 2;
  const values = new Float64Array(places.length * half);
  for (let i = 0; i < half; i++) {
    const frequency = base ** ((-2 * i) / width);
    for (let t = 0; t < places.length; t++) values[t * half + i] = places[t] * frequency;
  }
  return values;
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Sines at even features, cosines at odd ones: [places, width], flat. */
function waves(places: ArrayLike<number>, width: number, base: number): Float64Array {
  const values = new Float64Array(places.length * width);
  angles(places, width, base).forEach((angle, i) => {
    values[2 * i] = Math.sin(angle);
    values[2 * i + 1] = Math.cos(angle);
  });
  return values;
}

/**
 * Waves of falling frequency: [length, width] with sin(t base^(-2i / width)) at 2i and the cosine at 2i + 1.
 *
 * Source: Vaswani et al. 2017.
 */
export function sinusoidalPositions(
  length: number,
  width: number,
  { base = 10000, offset = 0, ...options }: ParameterOptions & { base?: number; offset?: number } = {},
): Tensor {
  requireWhole("sinusoidalPositions", "length", length, 1);
  requireEven("sinusoidalPositions", width);
  const values = waves(range(offset, length), width, requireBase("sinusoidalPositions", base));
  const { device, dtype = "float32" } = whereOf(options);
  return tensor(values, { shape: [length, width], dtype, ...(device !== undefined && { device }) });
}

/** x [B, T, width] + waves. Nothing is learned, and nothing saved. */
export class SinusoidalPositions extends Module {
  readonly width: number;
  readonly base: number;

  constructor(width: number, { base = 10000 }: { readonly base?: number } = {}) {
    super();
    this.width = requireEven("SinusoidalPositions", width);
    this.base = requireBase("SinusoidalPositions", base);
  }

  override get moduleName(): string {
    return "SinusoidalPositions";
  }

  override forward(x: Tensor, places: Places = 0): Tensor {
    x.assertAlive("SinusoidalPositions");
    const [length, width] = x.shape.slice(-2);
    if (x.rank < 2 || width !== this.width) {
      throw new ShapeError(
        "SinusoidalPositions",
        `x must be [..., T, ${String(this.width)}]; got ${formatShape(x.shape)}.`,
      );
    }
    const { at, leading } = placesOf("SinusoidalPositions", places, x);
    const shape = [...leading, length, width];
    const { device, dtype } = x;
    return composite("SinusoidalPositions", () =>
      add(x, tensor(waves(at, width, this.base), { shape, device, dtype })),
    );
  }

  protected override describe(): string {
    return String(this.width);
  }
}

export interface RotaryOptions {
  /** Wavelengths go from 2 pi to 2 pi base; default 10000. */
  readonly base?: number;
}

/** Where the tokens stand: the first one's place, or each one's, [T] for all sequences or [B][T]. */
export type Places = number | readonly number[] | readonly (readonly number[])[];

/**
 * Rotates the pairs (x_i, x_(i + E/2)) of queries or keys [..., T, E] by place times frequency: their dot products then
 * depend on distances alone.
 *
 * Source: Su et al. 2021, "RoFormer"; halves as in LLaMA.
 */
export class RotaryEmbedding extends Module {
  readonly width: number;
  readonly base: number;

  constructor(width: number, { base = 10000 }: RotaryOptions = {}) {
    super();
    this.width = requireEven("RotaryEmbedding", width);
    this.base = requireBase("RotaryEmbedding", base);
  }

  override get moduleName(): string {
    return "RotaryEmbedding";
  }

  /** x [..., T, E], sequences along its first axis -> x's shape. */
  override forward(x: Tensor, places: Places = 0): Tensor {
    x.assertAlive("RotaryEmbedding");
    const [length, width] = x.shape.slice(-2);
    if (x.rank < 2 || width !== this.width) {
      throw new ShapeError(
        "RotaryEmbedding",
        `x must be [..., T, ${String(this.width)}]; got ${formatShape(x.shape)}.`,
      );
    }
    const half = width / 2;
    const { at, leading } = placesOf("RotaryEmbedding", places, x);
    const shape = [...leading, length, half];
    const turned = angles(at, width, this.base);
    const table = (f: (angle: number) => number): Tensor =>
      tensor(turned.map(f), { shape, dtype: x.dtype, device: x.device });
    return composite("RotaryEmbedding", () => {
      const [cos, sin] = [table(Math.cos), table(Math.sin)];
      const [a, b] = [slice(x, -1, 0, half), slice(x, -1, half)];
      return cat([sub(mul(a, cos), mul(b, sin)), add(mul(b, cos), mul(a, sin))], -1);
    });
  }

  protected override describe(): string {
    return `${String(this.width)}, base=${String(this.base)}`;
  }
}

interface Placed {
  /** Flat: of one sequence, or of all, one behind the other. */
  readonly at: readonly number[];
  /** Axes of a table of them before [T, ...], so that it broadcasts to x. */
  readonly leading: readonly number[];
}

/** The places of the tokens of x [..., T, E], in one row for all sequences or one for each. */
function placesOf(op: string, places: Places, x: Tensor): Placed {
  const [length] = x.shape.slice(-2);
  const rows = typeof places === "number" ? [range(places, length)] : rowsOf(places);
  const tokens = `${String(length)} tokens`;
  const fail = (rule: string, got: string): never => {
    throw new ShapeError(op, `places must be ${rule}; got ${got}.`);
  };
  const lengths = rows.map((row) => row.length);
  if (rows.length === 1) {
    if (lengths[0] !== length) fail(`one for each of ${tokens}`, String(lengths[0]));
    return { at: rows[0], leading: [] };
  }
  if (lengths.some((one) => one !== length))
    fail(`rows of one for each of ${tokens}`, `rows of ${lengths.join(", ")}`);
  if (x.rank < 3 || rows.length !== x.shape[0])
    fail(`one row, or one for each sequence of x ${formatShape(x.shape)}`, `${String(rows.length)} rows`);
  return { at: rows.flat(), leading: [rows.length, ...new Array<number>(x.rank - 3).fill(1)] };
}

const rowsOf = (places: Exclude<Places, number>): readonly (readonly number[])[] =>
  typeof places[0] === "object" ? (places as readonly (readonly number[])[]) : [places as readonly number[]];

/** The slope of each head: powers of 2^(-8 / n) for n a power of two, filled up from the next one otherwise. */
function alibiSlopes(heads: number): number[] {
  const whole = 2 ** Math.floor(Math.log2(heads));
  const powers = (n: number): number[] => range(1, n).map((i) => 2 ** ((-8 * i) / n));
  const extra = powers(2 * whole).filter((_, i) => i % 2 === 0);
  return [...powers(whole), ...extra.slice(0, heads - whole)];
}

/**
 * What ALiBi adds to the scores: [heads, queries, keys] with -slope |distance|; a mask for attention. The last query stands
 * at the last key.
 *
 * Source: Press, Smith & Lewis 2022.
 */
export function alibiBias(
  heads: number,
  queries: number,
  keys = queries,
  options: ParameterOptions = {},
): Tensor {
  for (const [name, value] of Object.entries({ heads, queries, keys }))
    requireWhole("alibiBias", name, value, 1);
  const slopes = alibiSlopes(heads);
  const values = new Float64Array(heads * queries * keys);
  for (let h = 0, at = 0; h < heads; h++) {
    for (let i = 0; i < queries; i++) {
      for (let j = 0; j < keys; j++) values[at++] = -slopes[h] * Math.abs(i + keys - queries - j);
    }
  }
  const { device, dtype = "float32" } = whereOf(options);
  return tensor(values, { shape: [heads, queries, keys], dtype, ...(device !== undefined && { device }) });
}

// Sliding windows as columns, their adjoint, and images in other sizes: picking by positions that the host computes.
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, contiguous, mul, reshape, slice } from "./algebra.ts";
import { requireFloat, requireWhole } from "./checks.ts";
import { tensor } from "./creation.ts";
import { pad } from "./placement.ts";
import { indexSelectFor, indexSumFor } from "./selection.ts";

type Pair = readonly [number, number];

export interface WindowOptions {
  /** Default 1. */
  readonly stride?: number | Pair;
  /** Zeros around the image; default 0. */
  readonly padding?: number | Pair;
  /** Distance of neighbouring elements of a window; default 1. */
  readonly dilation?: number | Pair;
}

interface Windows {
  readonly kernel: Pair;
  readonly padding: Pair;
  /** Of the image with its padding. */
  readonly padded: Pair;
  /** Windows per axis. */
  readonly blocks: Pair;
  /** Where element (kh, kw) of window (h, w) lies in the padded image, as [kh, kw, h, w]. */
  readonly positions: Int32Array;
}

const pair = (op: string, name: string, value: number | Pair, least: number): Pair => {
  const [h, w] = typeof value === "number" ? [value, value] : value;
  return [requireWhole(op, name, h, least), requireWhole(op, name, w, least)];
};

function windowsOf(op: string, image: Pair, kernelSize: number | Pair, options: WindowOptions): Windows {
  const kernel = pair(op, "the kernel size", kernelSize, 1);
  const stride = pair(op, "the stride", options.stride ?? 1, 1);
  const padding = pair(op, "the padding", options.padding ?? 0, 0);
  const dilation = pair(op, "the dilation", options.dilation ?? 1, 1);
  const padded = both((i) => image[i] + 2 * padding[i]);
  const blocks = both((i) => Math.floor((padded[i] - dilation[i] * (kernel[i] - 1) - 1) / stride[i]) + 1);
  if (blocks[0] < 1 || blocks[1] < 1) {
    throw new ShapeError(
      op,
      `the image with its padding must hold a window; got ${formatShape(padded)} for kernel ${formatShape(kernel)} ` +
        `with dilation ${formatShape(dilation)}.`,
    );
  }
  const positions = new Int32Array(kernel[0] * kernel[1] * blocks[0] * blocks[1]);
  let at = 0;
  for (let kh = 0; kh < kernel[0]; kh++) {
    for (let kw = 0; kw < kernel[1]; kw++) {
      for (let h = 0; h < blocks[0]; h++) {
        const row = (h * stride[0] + kh * dilation[0]) * padded[1] + kw * dilation[1];
        for (let w = 0; w < blocks[1]; w++) positions[at++] = row + w * stride[1];
      }
    }
  }
  return { kernel, padding, padded, blocks, positions };
}

const both = (f: (i: 0 | 1) => number): Pair => [f(0), f(1)];

/**
 * Sliding windows of images as columns (im2col).
 *
 * Shapes: x [N, C, H, W] or [C, H, W] -> [N, C kh kw, L] or [C kh kw, L], with L windows in row-major order.
 *
 * @throws ShapeError where no window fits.
 */
export function unfold(x: Tensor, kernelSize: number | Pair, options: WindowOptions = {}): Tensor {
  x.assertAlive("unfold");
  if (x.rank !== 3 && x.rank !== 4)
    throw new ShapeError(
      "unfold",
      `x must have the axes [N, C, H, W] or [C, H, W]; got ${formatShape(x.shape)}.`,
    );
  const [c, h, w] = x.shape.slice(-3);
  const lead = x.shape.slice(0, -3);
  const { kernel, padding, padded, blocks, positions } = windowsOf("unfold", [h, w], kernelSize, options);
  return composite("unfold", () => {
    const [ph, pw] = padding;
    const y = ph + pw > 0 ? pad(x, [pw, pw, ph, ph]) : x;
    const flat = reshape(y, [...lead, c, padded[0] * padded[1]]);
    const picked = indexSelectFor("unfold", flat, -1, tensor(positions, { device: x.device }));
    return reshape(picked, [...lead, c * kernel[0] * kernel[1], blocks[0] * blocks[1]]);
  });
}

/**
 * The adjoint of `unfold` (col2im): columns added up where their windows overlap.
 *
 * Shapes: x [N, C kh kw, L] or [C kh kw, L] -> [N, C, H, W] or [C, H, W], of the output size given.
 *
 * @throws ShapeError where the rows are no multiple of kh kw, or L is not the number of windows.
 */
export function fold(
  x: Tensor,
  outputSize: number | Pair,
  kernelSize: number | Pair,
  options: WindowOptions = {},
): Tensor {
  x.assertAlive("fold");
  requireFloat("fold", x);
  const [h, w] = pair("fold", "the output size", outputSize, 1);
  const { kernel, padding, padded, blocks, positions } = windowsOf("fold", [h, w], kernelSize, options);
  const area = kernel[0] * kernel[1];
  const length = blocks[0] * blocks[1];
  const [rows, columns] = x.shape.slice(-2);
  if ((x.rank !== 2 && x.rank !== 3) || rows % area !== 0 || columns !== length) {
    throw new ShapeError(
      "fold",
      `x must have the axes [N, C ${String(area)}, ${String(length)}], the first optional; got ${formatShape(x.shape)}.`,
    );
  }
  const lead = x.shape.slice(0, -2);
  const c = rows / area;
  return composite("fold", () => {
    const flat = reshape(x, [...lead, c, area * length]);
    const index = tensor(positions, { device: x.device });
    const sums = indexSumFor("fold", flat, flat.rank - 1, index, padded[0] * padded[1]);
    const image = reshape(sums, [...lead, c, ...padded]);
    const cropped = slice(image, -2, padding[0], padding[0] + h);
    return contiguous(slice(cropped, -1, padding[1], padding[1] + w));
  });
}

// ---- other sizes

export type InterpolateMode =
  "nearest" | "nearestExact" | "linear" | "bilinear" | "trilinear" | "bicubic" | "area";

export interface InterpolateOptions {
  /** Spatial size of the result: one number for all axes, or one each. Either this or `scaleFactor`. */
  readonly size?: number | readonly number[];
  /** Of each spatial axis: the result has floor(n scale) elements. */
  readonly scaleFactor?: number | readonly number[];
  /** Default "nearest". */
  readonly mode?: InterpolateMode;
  /** Whether the first and last elements keep their places; else the outer edges do. Not for the nearest modes. */
  readonly alignCorners?: boolean;
  /** Place elements by the sizes alone, also where a scale factor gave the size; default false. */
  readonly recomputeScaleFactor?: boolean;
  /** Where the image shrinks, let every element of it count: "bilinear" and "bicubic" only; default false. */
  readonly antialias?: boolean;
}

/** Spatial axes that a mode takes; 0: any of 1 to 3. */
const MODE_RANK: Record<InterpolateMode, number> = {
  nearest: 0,
  nearestExact: 0,
  linear: 1,
  bilinear: 2,
  trilinear: 3,
  bicubic: 2,
  area: 0,
};

/** One of the elements that a result is made of: which, and how much of it, per place along an axis. */
interface Tap {
  readonly positions: Int32Array;
  /** Null: all 1. */
  readonly weights: Float64Array | null;
}

/**
 * Images (or signals, or volumes) in another size.
 *
 * Shapes: x [N, C, ...spatial] -> [N, C, ...size], one to three spatial axes; the linear modes are named after their number.
 * Without alignCorners element i of the result lies at (i + 1/2) n / m - 1/2 of the source's n elements, with it at
 * i (n - 1) / (m - 1). "nearest" takes floor(i n / m), "nearestExact" floor((i + 1/2) n / m), "area" the mean of elements
 * floor(i n / m) up to ceil((i + 1) n / m). A scale factor that is given takes the place of m / n, except for "area" and
 * with `recomputeScaleFactor`. Cubic weights have a = -3/4 (Keys 1981), with `antialias` -1/2, and are then stretched as far
 * as the image shrinks.
 *
 * @throws ValueError unless exactly one of size and scaleFactor is given, and for a mode that does not fit.
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const op = "interpolate";
  x.assertAlive(op);
  const { mode = "nearest", alignCorners = false, antialias = false } = options;
  const rank = x.rank - 2;
  checkMode(x, mode, alignCorners);
  if (antialias && mode !== "bilinear" && mode !== "bicubic")
    throw new ValueError(op, `antialias must not be set for mode "${mode}"; got true.`);
  if (!mode.startsWith("nearest")) requireFloat(op, x);
  const { sizes, scales } = targetOf(x, options);
  return composite(op, () => {
    let y = x;
    for (let i = 0; i < rank; i++) {
      const taps = tapsOf({ mode, alignCorners, antialias }, x.shape[2 + i], sizes[i], scales[i]);
      y = resample(y, 2 + i, taps);
    }
    return y;
  });
}

function checkMode(x: Tensor, mode: InterpolateMode, alignCorners: boolean): void {
  const op = "interpolate";
  if (!(mode in MODE_RANK)) {
    const known = Object.keys(MODE_RANK).join(", ");
    throw new ValueError(op, `mode must be one of ${known}; got ${JSON.stringify(mode)}.`);
  }
  const rank = MODE_RANK[mode];
  if (rank === 0 ? x.rank < 3 || x.rank > 5 : x.rank !== rank + 2) {
    const axes = rank === 0 ? "one to three spatial axes" : `${String(rank)} spatial axes`;
    throw new ShapeError(
      op,
      `x must have the axes [N, C] and ${axes} for mode "${mode}"; got ${formatShape(x.shape)}.`,
    );
  }
  if (alignCorners && (mode.startsWith("nearest") || mode === "area"))
    throw new ValueError(op, `alignCorners must not be set for mode "${mode}"; got true.`);
  if (x.shape.slice(2).includes(0))
    throw new ShapeError(op, `spatial axes must not be empty; got ${formatShape(x.shape)}.`);
}

function targetOf(
  x: Tensor,
  { size, scaleFactor, mode, recomputeScaleFactor = false }: InterpolateOptions,
): { sizes: readonly number[]; scales: readonly (number | null)[] } {
  const op = "interpolate";
  const spatial = x.shape.slice(2);
  const given = size ?? scaleFactor;
  if (given === undefined || (size !== undefined && scaleFactor !== undefined)) {
    throw new ValueError(
      op,
      `exactly one of size and scaleFactor must be given; got ${given === undefined ? "neither" : "both"}.`,
    );
  }
  const each = typeof given === "number" ? spatial.map(() => given) : given;
  if (each.length !== spatial.length) {
    throw new ShapeError(
      op,
      `there must be one number per spatial axis; got ${formatShape(each)} for ${formatShape(x.shape)}.`,
    );
  }
  if (size === undefined && !each.every((scale) => scale > 0 && Number.isFinite(scale)))
    throw new ValueError(op, `scaleFactor must be positive; got ${formatShape(each)}.`);
  const sizes = size === undefined ? spatial.map((n, i) => Math.floor(n * each[i])) : each;
  for (const n of sizes) requireWhole(op, "each size", n, 1);
  const keeps = size === undefined && !recomputeScaleFactor && mode !== "area";
  return { sizes, scales: keeps ? each : sizes.map(() => null) };
}

type Placing = Required<Pick<InterpolateOptions, "mode" | "alignCorners" | "antialias">>;

function tapsOf(
  { mode, alignCorners, antialias }: Placing,
  n: number,
  m: number,
  scale: number | null,
): Tap[] {
  // Source elements per element of the result.
  const ratio = scale === null ? n / m : 1 / scale;
  if (mode === "nearest" || mode === "nearestExact") {
    // In float32, as PyTorch computes it: where i n / m is whole, rounding decides.
    const step = Math.fround(ratio);
    const half = mode === "nearest" ? 0 : 0.5;
    const at = (i: number): number => Math.min(n - 1, Math.floor(Math.fround((i + half) * step)));
    return [{ positions: Int32Array.from({ length: m }, (_, i) => at(i)), weights: null }];
  }
  if (mode === "area") return areaTaps(n, m);
  const aligned = m > 1 ? (n - 1) / (m - 1) : 0;
  if (antialias)
    return smoothTaps(mode === "bicubic" ? smoothCubic : tent, alignCorners ? aligned : ratio, n, m);
  const at = (i: number): number => (alignCorners ? i * aligned : (i + 0.5) * ratio - 0.5);
  if (mode === "bicubic") return cubicTaps(at, n, m);
  const places = Array.from({ length: m }, (_, i) => Math.max(0, at(i)));
  const low = places.map((place) => Math.min(n - 1, Math.floor(place)));
  const weight = places.map((place, i) => Math.min(1, place - low[i]));
  return [
    { positions: Int32Array.from(low), weights: Float64Array.from(weight, (t) => 1 - t) },
    { positions: Int32Array.from(low, (k) => Math.min(n - 1, k + 1)), weights: Float64Array.from(weight) },
  ];
}

/** Of each place: the first element that counts, and the weights of it and those behind it. */
interface Stretch {
  readonly start: number;
  readonly weights: readonly number[];
}

/** Stretches of different lengths as taps: shorter ones fill up with their last element, at weight 0. */
function stretchTaps(stretches: readonly Stretch[]): Tap[] {
  const width = Math.max(...stretches.map(({ weights }) => weights.length));
  return Array.from({ length: width }, (_, j) => ({
    positions: Int32Array.from(stretches, ({ start, weights }) => start + Math.min(j, weights.length - 1)),
    weights: Float64Array.from(stretches, ({ weights }) => weights[j] ?? 0),
  }));
}

function areaTaps(n: number, m: number): Tap[] {
  const stretches = Array.from({ length: m }, (_, i) => {
    const start = Math.floor((i * n) / m);
    const count = Math.ceil(((i + 1) * n) / m) - start;
    return { start, weights: new Array<number>(count).fill(1 / count) };
  });
  return stretchTaps(stretches);
}

interface Filter {
  /** Elements to each side that count where nothing shrinks. */
  readonly reach: number;
  readonly weight: (distance: number) => number;
}

const tent: Filter = { reach: 1, weight: (d) => Math.max(0, 1 - Math.abs(d)) };
const smoothCubic: Filter = { reach: 2, weight: (d) => (Math.abs(d) < 2 ? cubicWeight(d, -0.5) : 0) };

// The filter is stretched by `ratio` where that is above 1, so that every element counts; weights add up to 1.
function smoothTaps({ reach, weight }: Filter, ratio: number, n: number, m: number): Tap[] {
  const stretch = Math.max(ratio, 1);
  const stretches = Array.from({ length: m }, (_, i) => {
    const centre = ratio * (i + 0.5);
    const start = Math.max(0, Math.trunc(centre - reach * stretch + 0.5));
    const end = Math.min(n, Math.trunc(centre + reach * stretch + 0.5));
    const raw = Array.from({ length: end - start }, (_, j) => weight((start + j - centre + 0.5) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { start, weights: raw.map((w) => w / sum) };
  });
  return stretchTaps(stretches);
}

const CUBIC = -0.75;

/** Weight of an element at a distance, |d| < 2. */
function cubicWeight(distance: number, a = CUBIC): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

function cubicTaps(at: (i: number) => number, n: number, m: number): Tap[] {
  const places = Array.from({ length: m }, (_, i) => at(i));
  return [-1, 0, 1, 2].map((shift) => ({
    positions: Int32Array.from(places, (place) => Math.min(n - 1, Math.max(0, Math.floor(place) + shift))),
    weights: Float64Array.from(places, (place) => cubicWeight(place - Math.floor(place) - shift)),
  }));
}

function resample(x: Tensor, axis: number, taps: readonly Tap[]): Tensor {
  const column = (m: number): number[] => [m, ...x.shape.slice(axis + 1).map(() => 1)];
  const parts = taps.map(({ positions, weights }) => {
    const picked = indexSelectFor("interpolate", x, axis, tensor(positions, { device: x.device }));
    if (weights === null) return picked;
    const shape = column(weights.length);
    return mul(picked, tensor(weights, { shape, dtype: x.dtype, device: x.device }));
  });
  return parts.reduce((sum, part) => add(sum, part));
}

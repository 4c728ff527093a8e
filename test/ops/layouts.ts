// Inputs for rows: seeded values of a domain, and the same values laid out in memory in every way a view can lie.
import { sizeOf } from "../../src/core/shape.ts";
import type { DType } from "../../src/core/dtype.ts";
import { permute, reshape, slice } from "../../src/index.ts";
import { expand, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import type { Domain, Input } from "./row.ts";

/** A small generator of its own (mulberry32), so that the tests do not lean on the random ops they test. */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed from a name, so that each row has its own numbers and keeps them when rows come and go. */
export function seedOf(name: string): number {
  let seed = 7;
  for (let i = 0; i < name.length; i++) seed = (Math.imul(seed, 31) + name.charCodeAt(i)) | 0;
  return seed;
}

// Values are multiples of 1/256: the same numbers in float32 and float64.
const grid = (x: number): number => Math.round(x * 256) / 256;

export function valuesOf(domain: Domain, size: number, next: () => number): number[] {
  if (domain === "distinct") return distinct(size, next);
  return Array.from({ length: size }, () => {
    if (typeof domain === "object") return Math.floor(next() * domain.below);
    if (domain === "positive") return grid(0.2 + 2.8 * next());
    if (domain === "unit") return grid(1.8 * next() - 0.9);
    const x = grid(1.2 * (next() + next() + next() - 1.5) * 2);
    return domain === "apart" ? x + (x < 0 ? -0.125 : 0.125) : x;
  });
}

function distinct(size: number, next: () => number): number[] {
  const values = Array.from({ length: size }, (_, i) => (i - size / 2) / 16);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}

/** An input with its values, in row-major order. */
export interface Filled {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** Null: the float dtype under test. */
  readonly dtype: DType | null;
}

export function fillInputs(inputs: readonly Input[], seed: number): Filled[] {
  const next = seeded(seed);
  return inputs.map(({ shape, domain = "normal", values, dtype }) => ({
    shape,
    values: values ?? valuesOf(domain, sizeOf(shape), next),
    dtype: dtype ?? (typeof domain === "object" ? "int32" : null),
  }));
}

export interface Placement {
  readonly device: string;
  readonly dtype: DType;
}

const make = ({ shape, values, dtype }: Filled, placement: Placement): Tensor =>
  tensor(values, { shape, device: placement.device, dtype: dtype ?? placement.dtype });

// Filler around the elements of a view: a kernel that reads it gives numbers that no test expects.
const GAP = 1e6;
const gapFor = (filled: Filled): number => (filled.dtype === null ? GAP : 12345);

/** Makes a view with given elements; everything made on the way is released. */
export type Layout = (filled: Filled, placement: Placement) => Tensor;

function stepByStep(first: Tensor, ...steps: ((x: Tensor) => Tensor)[]): Tensor {
  return steps.reduce((x, step) => {
    const y = step(x);
    if (y !== x) x.dispose();
    return y;
  }, first);
}

/** Along the last axis: `before` fillers, then each element followed by `between` fillers. */
function gapped(filled: Filled, before: number, between: number): Filled {
  const n = filled.shape.at(-1) ?? 1;
  const width = before + n * (1 + between);
  const shape = [...filled.shape.slice(0, -1), width];
  const values = new Array<number>(sizeOf(shape)).fill(gapFor(filled));
  filled.values.forEach((value, i) => {
    values[Math.floor(i / n) * width + before + (i % n) * (1 + between)] = value;
  });
  return { ...filled, shape, values };
}

const reversed = (shape: readonly number[]): number[] => shape.map((_, axis) => shape.length - 1 - axis);

/** The values of a tensor, row-major, with its axes in reverse order. */
function transposedValues({ shape, values }: Filled): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  const out: number[] = [];
  const walk = (axis: number, at: number): void => {
    if (axis < 0) out.push(values[at]);
    else for (let i = 0; i < shape[axis]; i++) walk(axis - 1, at + i * strides[axis]);
  };
  walk(shape.length - 1, 0);
  return out;
}

export const layouts: Readonly<Record<string, Layout>> = {
  dense: make,

  /** Dense, but three elements into the buffer: no vector load is aligned. */
  offset(filled, placement) {
    const values = [...new Array<number>(3).fill(gapFor(filled)), ...filled.values];
    return stepByStep(
      make({ ...filled, shape: [values.length], values }, placement),
      (x) => slice(x, 0, 3),
      (x) => reshape(x, filled.shape),
    );
  },

  /** Rows with a gap between them: a slice of the last axis. */
  rows(filled, placement) {
    const last = Math.max(0, filled.shape.length - 1);
    return stepByStep(
      make(gapped(filled, 2, 0), placement),
      (x) => slice(x, last, 2),
      (x) => (filled.shape.length === 0 ? reshape(x, []) : x),
    );
  },

  /** Every second element. */
  strided(filled, placement) {
    const last = Math.max(0, filled.shape.length - 1);
    return stepByStep(
      make(gapped(filled, 1, 1), placement),
      (x) => slice(x, last, 1, Infinity, 2),
      (x) => (filled.shape.length === 0 ? reshape(x, []) : x),
    );
  },

  transposed(filled, placement) {
    const shape = [...filled.shape].reverse();
    const values = transposedValues(filled);
    return stepByStep(make({ ...filled, shape, values }, placement), (x) => permute(x, reversed(shape)));
  },

  /** Stretched along the first axis: use `repeatFirst` on the values beforehand. */
  broadcast(filled, placement) {
    if (filled.shape.length === 0 || filled.shape[0] === 0) return make(filled, placement);
    const shape = [1, ...filled.shape.slice(1)];
    const values = filled.values.slice(0, sizeOf(shape));
    return stepByStep(make({ ...filled, shape, values }, placement), (x) => expand(x, filled.shape));
  },
};

/** The values that the broadcast layout can hold: the first entry of the first axis, again and again. */
export function repeatFirst(filled: Filled): Filled {
  const inner = sizeOf(filled.shape.slice(1));
  return { ...filled, values: filled.values.map((_, i) => filled.values[i % inner]) };
}

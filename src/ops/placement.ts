// Ops that lay pieces of tensors side by side: joining, mirroring, turning, padding. Each is a list of strided copies, and
// the gradient of each is the same list read backward.
import { promote } from "../core/dtype.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import { checkAxes, checkAxis, formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Shape } from "../core/shape.ts";
import { View } from "../core/view.ts";
import type { Operand } from "../backend/kernels.ts";
import { apply } from "../tensor/apply.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { cast, contiguous, expand, reshape, slice } from "./algebra.ts";
import { requireSameDevice, storable } from "./checks.ts";

/** Elements start, start + step, ... along one axis; a negative step walks backward. */
export interface Span {
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

/** A block of the source and where it goes: one span per axis each, of equal lengths. No two pieces share an element. */
export interface Piece {
  readonly from: readonly Span[];
  readonly to: readonly Span[];
}

export interface Relocation {
  readonly shape: Shape;
  /** Of the elements that no piece covers. */
  readonly value: number;
  readonly pieces: readonly Piece[];
}

export interface RelocateAttrs extends Relocation {
  readonly from: Shape;
}

const spanned = (x: Operand, spans: readonly Span[]): Operand => ({
  storage: x.storage,
  view: spans.reduce((view, { start, length, step }, axis) => view.slice(axis, start, length, step), x.view),
});

const backward = ({ shape, from, pieces }: RelocateAttrs): RelocateAttrs => ({
  shape: from,
  from: shape,
  value: 0,
  pieces: pieces.map((piece) => ({ from: piece.to, to: piece.from })),
});

/** The primitive of an op's name; the gradients of all of them are "unplace". */
export const relocating = (name: string): Primitive<RelocateAttrs> =>
  primitive({
    name,
    inputs: ["x"],
    strided: ["x"],
    infer: ([x], { shape }: RelocateAttrs) => ({ view: View.of(shape), dtype: x.dtype }),
    kernel: (k, [x], y, { value, pieces, shape }) => {
      const covered = pieces.reduce((n, { to }) => n + sizeOf(to.map(({ length }) => length)), 0);
      if (covered < sizeOf(shape)) k.fill(y, value);
      for (const { from, to } of pieces) k.copy(spanned(x, from), spanned(y, to));
    },
    vjp: { x: (g, _, attrs) => apply(unplacePrimitive, [g], backward(attrs)) },
  });

const unplacePrimitive = relocating("unplace");
const flipPrimitive = relocating("flip");
const rollPrimitive = relocating("roll");
const padPrimitive = relocating("pad");

/** A span of all n elements. */
export const whole = (n: number): Span => ({ start: 0, length: n, step: 1 });

// ---- joining

/**
 * Primitives of any number of inputs, made when first asked for: a record names each input. One serves all counts up to a
 * power of two, the last inputs being absent, so that few are ever made.
 */
export function perArity<A>(
  make: (names: readonly string[]) => Primitive<A>,
): (count: number) => Primitive<A> {
  const made = new Map<number, Primitive<A>>();
  return (count) => {
    const most = 2 ** Math.ceil(Math.log2(Math.max(1, count)));
    let p = made.get(most);
    if (p === undefined) {
      p = make(Array.from({ length: most }, (_, i) => `x${String(i)}`));
      made.set(most, p);
    }
    return p;
  };
}

interface CatAttrs {
  readonly axis: number;
  /** Where each input begins along the axis; last, the whole length. */
  readonly starts: readonly number[];
}

const catPrimitive = perArity<CatAttrs>((names) =>
  primitive({
    name: "cat",
    inputs: names,
    strided: names,
    infer: ([x], { axis, starts }: CatAttrs) => ({
      view: View.of(x.shape.map((n, i) => (i === axis ? starts.at(-1)! : n))),
      dtype: x.dtype,
    }),
    kernel: (k, inputs, y, { axis, starts }) => {
      inputs.forEach((x, i) => {
        const view = y.view.slice(axis, starts[i], starts[i + 1] - starts[i], 1);
        k.copy(x, { storage: y.storage, view });
      });
    },
    vjp: Object.fromEntries(
      names.map((name, i) => [
        name,
        (g: Tensor, _: unknown, { axis, starts }: CatAttrs) => slice(g, axis, starts[i], starts[i + 1]),
      ]),
    ),
  }),
);

/**
 * Tensors one after another along an existing axis; dtypes are promoted to the highest.
 *
 * Shapes: equal but along the axis; [.., n1, ..], [.., n2, ..] -> [.., n1 + n2, ..].
 *
 * @throws ShapeError without tensors, for scalars, and where other axes differ.
 */
export const cat = (tensors: readonly Tensor[], axis = 0): Tensor => catFor("cat", tensors, axis);

/** `cat` on behalf of another op, which its errors name. */
export function catFor(op: string, tensors: readonly Tensor[], axis: number): Tensor {
  requireTensors(op, tensors);
  const { shape, rank } = tensors[0];
  const at = checkAxis(op, axis, rank);
  const fits = (x: Tensor): boolean => x.rank === rank && x.shape.every((n, i) => i === at || n === shape[i]);
  if (!tensors.every(fits)) {
    throw new ShapeError(
      op,
      `shapes must agree except along axis ${String(at)}; got ${tensors.map((x) => formatShape(x.shape)).join(", ")}.`,
    );
  }
  const starts = [0];
  for (const x of tensors) starts.push(starts.at(-1)! + x.shape[at]);
  const attrs = { axis: at, starts };
  const dtype = tensors.reduce((highest, x) => promote(highest, x.dtype), tensors[0].dtype);
  const p = catPrimitive(tensors.length);
  if (tensors.every((x) => x.dtype === dtype)) return apply(p, tensors, attrs);
  return composite(op, () =>
    apply(
      p,
      tensors.map((x) => (x.dtype === dtype ? x : cast(x, dtype))),
      attrs,
    ),
  );
}

function requireTensors(op: string, tensors: readonly Tensor[]): void {
  if (tensors.length === 0) throw new ShapeError(op, "at least one tensor must be given; got none.");
  for (const x of tensors) x.assertAlive(op);
  requireSameDevice(op, tensors);
}

/**
 * Tensors of one shape along a new axis.
 *
 * Shapes: k times [a, b] -> [k, a, b] for axis 0, [a, b, k] for axis -1.
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  requireTensors("stack", tensors);
  const { shape } = tensors[0];
  if (!tensors.every((x) => sameShape(x.shape, shape))) {
    throw new ShapeError(
      "stack",
      `tensors must have one shape; got ${tensors.map((x) => formatShape(x.shape)).join(", ")}.`,
    );
  }
  const at = checkAxis("stack", axis, shape.length + 1);
  const single = [...shape.slice(0, at), 1, ...shape.slice(at)];
  return composite("stack", () =>
    catFor(
      "stack",
      tensors.map((x) => reshape(x, single)),
      at,
    ),
  );
}

// ---- turning

/** The elements along some axes in reverse order; all axes by default. A copy. */
export function flip(x: Tensor, axis?: number | readonly number[]): Tensor {
  x.assertAlive("flip");
  const axes = axis === undefined ? x.shape.map((_, i) => i) : checkAxes("flip", [axis].flat(), x.rank);
  const from = x.shape.map((n, i) => (axes.includes(i) ? { start: n - 1, length: n, step: -1 } : whole(n)));
  const pieces = [{ from, to: x.shape.map(whole) }];
  return apply(flipPrimitive, [x], { shape: x.shape, from: x.shape, value: 0, pieces });
}

/**
 * The elements moved along axes by whole steps. Those pushed off the end come in again at the start:
 * y[i] = x[(i - shift) mod n]. Without an axis the tensor is rolled as if it were flat.
 *
 * @throws ShapeError where shifts and axes differ in number.
 */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  axis?: number | readonly number[],
): Tensor {
  x.assertAlive("roll");
  const steps = [shifts].flat();
  if (axis === undefined && steps.length === 1)
    return composite("roll", () => reshape(rollAxes(reshape(x, [x.size]), steps, [0]), x.shape));
  const axes = [axis ?? []].flat().map((one) => checkAxis("roll", one, x.rank));
  if (axes.length === steps.length) return rollAxes(x, steps, axes);
  throw new ShapeError(
    "roll",
    `shifts and axes must be equal in number; got ${String(steps.length)} shifts and ${String(axes.length)} axes.`,
  );
}

function rollAxes(x: Tensor, steps: readonly number[], axes: readonly number[]): Tensor {
  for (const step of steps) {
    if (!Number.isSafeInteger(step))
      throw new ValueError("roll", `shifts must be whole numbers; got ${String(step)}.`);
  }
  // Along each axis two runs change places; the blocks are all combinations of runs.
  const shift = new Array<number>(x.rank).fill(0);
  axes.forEach((axis, i) => (shift[axis] += steps[i]));
  let pieces: Piece[] = [{ from: [], to: [] }];
  x.shape.forEach((n, axis) => {
    const by = n === 0 ? 0 : ((shift[axis] % n) + n) % n;
    const runs = [
      { from: 0, to: by, length: n - by },
      { from: n - by, to: 0, length: by },
    ].filter(({ length }, i) => length > 0 || i === 0);
    pieces = pieces.flatMap((piece) =>
      runs.map(({ from, to, length }) => ({
        from: [...piece.from, { start: from, length, step: 1 }],
        to: [...piece.to, { start: to, length, step: 1 }],
      })),
    );
  });
  return apply(rollPrimitive, [x], { shape: x.shape, from: x.shape, value: 0, pieces });
}

// ---- padding

export type PadMode = "constant" | "reflect" | "replicate" | "circular";

export interface PadOptions {
  /** Default "constant". */
  readonly mode?: PadMode;
  /** For "constant"; default 0. */
  readonly value?: number;
}

/**
 * x with elements added before and after its last axes. `padding` lists [before, after] of the last axis, then of the one
 * before it, and so on, as in PyTorch; negative numbers cut away (mode "constant").
 *
 * Modes: "constant"; "reflect" mirrors about the first and last element, without repeating them (a padding must be less
 * than the axis); "replicate" repeats the first and last element; "circular" goes on at the other end.
 *
 * @throws ShapeError where the padding does not fit x; ValueError for an unknown mode.
 */
export function pad(
  x: Tensor,
  padding: readonly number[],
  { mode = "constant", value = 0 }: PadOptions = {},
): Tensor {
  x.assertAlive("pad");
  const around = pairs(x, padding, mode);
  if (mode === "constant") return padConstant(x, around, storable("pad", x.dtype, value));
  return composite("pad", () => {
    let y = x;
    around.forEach(([before, after], axis) => {
      if (before > 0 || after > 0) y = extend(y, axis, before, after, mode);
    });
    return y === x ? contiguous(x) : y;
  });
}

type Pair = readonly [before: number, after: number];

const PAD_MODES: readonly string[] = ["constant", "reflect", "replicate", "circular"];

// Checked, and in the order of x's axes.
function pairs(x: Tensor, padding: readonly number[], mode: PadMode): Pair[] {
  if (!PAD_MODES.includes(mode))
    throw new ValueError("pad", `mode must be one of ${PAD_MODES.join(", ")}; got ${JSON.stringify(mode)}.`);
  const count = padding.length / 2;
  if (!Number.isInteger(count) || count > x.rank || !padding.every((n) => Number.isSafeInteger(n))) {
    throw new ShapeError(
      "pad",
      `padding must be whole numbers, two for each of the last axes; got ${formatShape(padding)} for ${formatShape(x.shape)}.`,
    );
  }
  const around = x.shape.map((_, axis): Pair => {
    const at = 2 * (x.rank - 1 - axis);
    return at < padding.length ? [padding[at], padding[at + 1]] : [0, 0];
  });
  around.forEach(([before, after], axis) => {
    const n = x.shape[axis];
    const least = mode === "constant" ? -n : 0;
    const most = { constant: Infinity, reflect: n - 1, circular: n, replicate: n === 0 ? 0 : Infinity }[mode];
    const fits = Math.min(before, after) >= least && Math.max(before, after) <= Math.max(0, most);
    if (fits && n + before + after >= 0) return;
    throw new ShapeError(
      "pad",
      `the padding of an axis of size ${String(n)} must ${wordsOf(mode, least, most)}; ` +
        `got [${String(before)}, ${String(after)}].`,
    );
  });
  return around;
}

const wordsOf = (mode: PadMode, least: number, most: number): string =>
  mode === "constant" || most === Infinity
    ? `be at least ${String(least)} on a side and leave no negative size`
    : `lie in 0..${String(Math.max(0, most))} for mode "${mode}"`;

function padConstant(x: Tensor, around: readonly Pair[], value: number): Tensor {
  const spans = x.shape.map((n, axis) => {
    const [before, after] = around[axis];
    const start = Math.max(0, -before);
    return { start, to: Math.max(0, before), length: Math.max(0, n - start - Math.max(0, -after)) };
  });
  const piece = {
    from: spans.map(({ start, length }) => ({ start, length, step: 1 })),
    to: spans.map(({ to, length }) => ({ start: to, length, step: 1 })),
  };
  const shape = x.shape.map((n, axis) => n + around[axis][0] + around[axis][1]);
  return apply(padPrimitive, [x], { shape, from: x.shape, value, pieces: [piece] });
}

function extend(x: Tensor, axis: number, before: number, after: number, mode: PadMode): Tensor {
  const n = x.shape[axis];
  const part = (start: number, length: number): Tensor => slice(x, axis, start, start + length);
  const edge = (start: number, length: number): Tensor =>
    expand(
      part(start, 1),
      x.shape.map((m, i) => (i === axis ? length : m)),
    );
  const [left, right] = {
    constant: () => [x, x],
    reflect: () => [flip(part(1, before), axis), flip(part(n - 1 - after, after), axis)],
    replicate: () => [edge(0, before), edge(n - 1, after)],
    circular: () => [part(n - before, before), part(0, after)],
  }[mode]();
  return catFor("pad", [...(before > 0 ? [left] : []), x, ...(after > 0 ? [right] : [])], axis);
}

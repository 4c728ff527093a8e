// Scaled dot-product attention as users call it: checks, defaults, and the axes that a call may leave out.
import type { AttentionAttrs } from "../../backend/kernels.ts";
import type { DType } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { defaultGenerator } from "../../core/rng.ts";
import type { Generator } from "../../core/rng.ts";
import { broadcastsTo, formatShape, sameShape } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import { composite, scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { reshape, slice, transpose } from "../algebra.ts";
import { requireFinite, requireFloat, requireSameDevice, requireSameDType, requireWhole } from "../checks.ts";
import { requireProbability } from "../dropout.ts";
import { fusedAttention } from "./fused.ts";
import { fusedSharedAttention } from "./shared.ts";
import { attendWithWeights } from "./plain.ts";
import type { Parts } from "./plain.ts";

export interface AttentionOptions {
  /** Broadcasts to [..., T, S]: bool, true where a key takes part, or of q's dtype, added to the scores. */
  readonly mask?: Tensor | null;
  /** Query i sees only the keys 0 .. i + queryOffset. Beside a mask both hold. */
  readonly causal?: boolean;
  /** The first query's place among the keys, for `causal`: how many keys are in a cache before it. Default 0. */
  readonly queryOffset?: number;
  /** Probability of dropping a weight; default 0. */
  readonly dropout?: number;
  /** What scores are multiplied with; default 1 / sqrt(E). */
  readonly scale?: number;
  /** Allows fewer heads of keys and values than of queries: consecutive query heads share them. */
  readonly enableGqa?: boolean;
  /** The stream that dropout draws from; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

const OP = "scaledDotProductAttention";

const shapesOf = (q: Tensor, k: Tensor, v: Tensor): string =>
  `got q ${formatShape(q.shape)}, k ${formatShape(k.shape)} and v ${formatShape(v.shape)}`;

function checkShapes(op: string, q: Tensor, k: Tensor, v: Tensor, enableGqa: boolean): void {
  const { rank } = q;
  const fail = (must: string): never => {
    throw new ShapeError(op, `${must}; ${shapesOf(q, k, v)}.`);
  };
  if (rank < 2 || rank > 4 || k.rank !== rank || v.rank !== rank)
    fail("q, k and v must have the axes [T, E], [B, T, E] or [B, H, T, E], all the same");
  if (q.size === 0 || k.size === 0 || v.size === 0) fail("no axis may be empty");
  if (q.shape[rank - 1] !== k.shape[rank - 1]) fail("q and k must have one width");
  if (!sameShape(k.shape.slice(0, -1), v.shape.slice(0, -1)))
    fail("k and v must agree in all axes but the last");
  if (rank > 2 && q.shape[0] !== k.shape[0]) fail("batches must agree");
  if (rank === 4) checkHeads(op, q.shape[1], k.shape[1], enableGqa);
}

function checkHeads(op: string, heads: number, keyHeads: number, enableGqa: boolean): void {
  if (heads === keyHeads) return;
  const got = `got ${String(heads)} of q and ${String(keyHeads)} of k and v`;
  if (!enableGqa) {
    const hint = " Pass { enableGqa: true } where query heads share keys.";
    throw new ShapeError(op, `heads must agree; ${got}.${hint}`);
  }
  if (heads % keyHeads !== 0)
    throw new ShapeError(op, `heads of q must be a multiple of those of k and v; ${got}.`);
}

function checkMask(op: string, mask: Tensor, dtype: DType, scores: Shape): void {
  if (mask.dtype !== "bool" && mask.dtype !== dtype) {
    throw new DTypeError(
      op,
      `the mask must be bool (true: takes part) or of q's dtype (added to the scores); got ${mask.dtype}.`,
    );
  }
  if (broadcastsTo(mask.shape, scores)) return;
  throw new ShapeError(
    op,
    `the mask must broadcast to ${formatShape(scores)}; got ${formatShape(mask.shape)}.`,
  );
}

/** x with the axes [B, H, T, E]: missing ones are of size 1; heads are missing first. */
function withHeads(x: Tensor): Tensor {
  if (x.rank === 4) return x;
  const [length, width] = x.shape.slice(-2);
  return reshape(x, [x.rank === 3 ? x.shape[0] : 1, 1, length, width]);
}

function maskWithHeads(mask: Tensor, rank: number): Tensor {
  const missing = rank - mask.rank;
  const full = [...new Array<number>(missing).fill(1), ...mask.shape];
  const [length, keys] = full.slice(-2);
  if (rank === 4) return reshape(mask, full);
  return reshape(mask, [rank === 3 ? full[0] : 1, 1, length, keys]);
}

function checkAll(op: string, q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): void {
  const mask = options.mask ?? null;
  const inputs = mask === null ? [q, k, v] : [q, k, v, mask];
  for (const x of inputs) x.assertAlive(op);
  requireSameDevice(op, inputs);
  requireFloat(op, q);
  requireSameDType(op, [q, k, v], ["q", "k", "v"]);
  checkShapes(op, q, k, v, options.enableGqa ?? false);
  if (mask !== null) checkMask(op, mask, q.dtype, [...q.shape.slice(0, -1), k.shape[k.rank - 2]]);
  checkNumbers(op, options);
}

function checkNumbers(op: string, options: AttentionOptions): void {
  requireProbability(op, options.dropout ?? 0, "dropout");
  requireWhole(op, "queryOffset", options.queryOffset ?? 0, 0);
  if (options.scale !== undefined) requireFinite(op, "scale", options.scale);
}

function attrsOf(width: number, nScores: number, options: AttentionOptions): AttentionAttrs {
  const { causal = false, queryOffset = 0, dropout = 0, generator = defaultGenerator } = options;
  return {
    scale: options.scale ?? 1 / Math.sqrt(width),
    causalOffset: causal ? queryOffset : null,
    dropout:
      dropout === 0
        ? null
        : {
            keep: 1 - dropout,
            value: dropout === 1 ? 0 : 1 / (1 - dropout),
            state: generator.reserve(nScores),
          },
  };
}

function attrsFor(q: Tensor, k: Tensor, options: AttentionOptions): AttentionAttrs {
  const width = q.shape[q.rank - 1];
  return attrsOf(width, (q.size / width) * k.shape[k.rank - 2], options);
}

function partsOf(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null): Parts {
  const [q4, k4, v4] = [q, k, v].map(withHeads);
  return { q: q4, k: k4, v: v4, mask: mask === null ? null : maskWithHeads(mask, q.rank) };
}

/**
 * Attention: y = dropout(softmax(scale q kᵀ + mask)) v, over the last two axes, per batch and head.
 *
 * Shapes: q [..., T, E], k [..., S, E], v [..., S, Ev] -> [..., T, Ev], with the leading axes [B, H], [B] or none; the heads
 * of k and v may be fewer with `enableGqa`. A query that sees no key gets zeros, and gives no gradient. The result lies in
 * memory with positions before heads, so that `transpose(1, 2)` and merging the heads copies nothing.
 *
 * Numerics: by tiles, with a running maximum and sum; memory grows with T + S, not with T S, forward and backward, unless
 * the mask itself requires a gradient or the backward is recorded. Dropout depends on the place of a weight alone.
 *
 * Sources: Vaswani et al. 2017; Dao et al. 2022; Ainslie et al. 2023 (shared heads).
 *
 * @throws ShapeError where shapes do not fit or an axis is empty; DTypeError for a mask that is neither bool nor of q's
 * dtype; ValueError where `dropout` lies outside 0..1.
 */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions = {},
): Tensor {
  checkAll(OP, q, k, v, options);
  return composite(OP, () => {
    const y = fusedAttention(partsOf(q, k, v, options.mask ?? null), attrsFor(q, k, options));
    return q.rank === 4 ? y : reshape(y, [...q.shape.slice(0, -1), v.shape[v.rank - 1]]);
  });
}

/** The same of four axes each, with the weights after dropout, [B, H, T, S], beside it: by plain ops, for looking at them. */
export function attentionWithWeights(
  op: string,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions = {},
): [y: Tensor, weights: Tensor] {
  checkAll(op, q, k, v, options);
  return scope(op, () => attendWithWeights(partsOf(q, k, v, options.mask ?? null), attrsFor(q, k, options)));
}

export interface SharedAttentionOptions extends Omit<AttentionOptions, "enableGqa"> {
  readonly heads: number;
  /** Heads of keys and of values; default: as many as `heads`. */
  readonly keyHeads?: number;
}

/**
 * Attention of a sequence with itself, from the one projection x [B, T, (heads + 2 keyHeads) E] that holds its queries, then
 * its keys, then its values: [B, T, heads E]. Sparing of copies: the parts are read where they lie, and their gradients
 * are written side by side.
 *
 * @throws ShapeError where the last axis does not divide into heads, or an axis is empty.
 */
export function selfAttention(op: string, x: Tensor, options: SharedAttentionOptions): Tensor {
  const { heads, keyHeads = heads } = options;
  x.assertAlive(op);
  const parts = heads + 2 * keyHeads;
  const [batch, length, size] = x.shape;
  if (x.rank !== 3 || x.size === 0 || size % parts !== 0) {
    throw new ShapeError(
      op,
      `x must be [B, T, n ${String(parts)}], one part for each head of queries, keys and values; got ${formatShape(x.shape)}.`,
    );
  }
  requireFloat(op, x);
  checkHeads(op, heads, keyHeads, true);
  checkNumbers(op, options);
  const { mask = null } = options;
  if (mask !== null) {
    mask.assertAlive(op);
    requireSameDevice(op, [x, mask]);
    checkMask(op, mask, x.dtype, [batch, heads, length, length]);
  }
  const attrs = { ...attrsOf(size / parts, batch * heads * length * length, options), heads, keyHeads };
  if (mask === null) return fusedSharedAttention(x, null, attrs);
  return composite(op, () => fusedSharedAttention(x, maskWithHeads(mask, 4), attrs));
}

/** q, k and v as views [B, heads, T, E] of x [B, T, heads + 2 keyHeads, E]. */
export function partsOfProjection(x: Tensor, heads: number, keyHeads: number): [Tensor, Tensor, Tensor] {
  const part = (start: number, count: number): Tensor => transpose(slice(x, 2, start, start + count), 1, 2);
  return [part(0, heads), part(heads, keyHeads), part(heads + keyHeads, keyHeads)];
}

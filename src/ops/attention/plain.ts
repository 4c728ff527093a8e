// Attention in plain ops, forward and backward: the fallback, the oracle of the kernels, and what second derivatives flow
// through. It holds all T x S scores at once.
import type { AttentionAttrs } from "../../backend/kernels.ts";
import { noGrad } from "../../tensor/mode.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, cast, div, mul, permute, reshape, sub, sum, transpose } from "../algebra.ts";
import { tensor } from "../creation.ts";
import { dropoutFactor } from "../dropout.ts";
import { eq, exp, logicalNot, where } from "../elementwise.ts";
import { matmul } from "../linalg/matmul.ts";
import { maskedFill } from "../masking.ts";
import { cat } from "../placement.ts";
import { max } from "../reduce/extrema.ts";

/** q [B, H, T, E], k [B, G, S, E], v [B, G, S, Ev]; mask with four axes that broadcast to [B, H, T, S]. */
export interface Parts {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly mask: Tensor | null;
}

export interface PartGrads {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly mask: Tensor;
}

/** The axis of query heads in two: [B, H, ...] -> [B, G, H / G, ...], so that shared keys broadcast. */
function inGroups(x: Tensor, groups: number): Tensor {
  const [batch, heads, ...rest] = x.shape;
  return reshape(x, heads === 1 ? [batch, 1, 1, ...rest] : [batch, groups, heads / groups, ...rest]);
}

const shared = (x: Tensor): Tensor => reshape(x, [x.shape[0], x.shape[1], 1, ...x.shape.slice(2)]);

/** bool [T, S]: the keys behind each query's place. */
function laterKeys(like: Tensor, queries: number, keys: number, offset: number): Tensor {
  const hidden = new Uint8Array(queries * keys);
  for (let i = 0; i < queries; i++) {
    for (let j = Math.max(0, i + offset + 1); j < keys; j++) hidden[i * keys + j] = 1;
  }
  return tensor(hidden, { shape: [queries, keys], dtype: "bool", device: like.device });
}

// [B, G, H / G, T, S], hidden ones -infinity.
function scoresOf({ q, k, mask }: Parts, { scale, causalOffset }: AttentionAttrs): Tensor {
  const groups = k.shape[1];
  let scores = mul(matmul(inGroups(q, groups), transpose(shared(k))), scale);
  if (mask !== null) {
    const grouped = inGroups(mask, groups);
    scores =
      mask.dtype === "bool"
        ? maskedFill(
            scores,
            noGrad<Tensor>(() => logicalNot(grouped)),
            -Infinity,
          )
        : add(scores, grouped);
  }
  if (causalOffset === null) return scores;
  return maskedFill(scores, laterKeys(q, q.shape[2], k.shape[2], causalOffset), -Infinity);
}

interface Weights {
  readonly weights: Tensor;
  /** The largest score and the sum of e^(score - largest), [B, G, H / G, T, 1]; both 0 where none is visible. */
  readonly largest: Tensor;
  readonly total: Tensor;
}

// The maximum only shifts the exponents, so it enters as a constant; a row without a visible key has none, and sums to 0.
function weightsOf(parts: Parts, attrs: AttentionAttrs): Weights {
  const scores = scoresOf(parts, attrs);
  const largest = noGrad<Tensor>(() => {
    const found = max(scores, { axis: -1, keepDims: true });
    return where(eq(found, -Infinity), 0, found);
  });
  const terms = exp(sub(scores, largest));
  const total = sum(terms, { axis: -1, keepDims: true });
  const safe = add(
    total,
    noGrad<Tensor>(() => cast(eq(total, 0), total.dtype)),
  );
  return { weights: div(terms, safe), largest, total };
}

/** What dropout multiplies the weights with; null where nothing is dropped. */
function factorOf({ q, k }: Parts, { dropout }: AttentionAttrs): Tensor | null {
  if (dropout === null) return null;
  const [batch, heads, queries] = q.shape;
  const factor = dropoutFactor(q.device, [batch, heads, queries, k.shape[2]], q.dtype, dropout);
  return inGroups(factor, k.shape[1]);
}

const times = (x: Tensor, factor: Tensor | null): Tensor => (factor === null ? x : mul(x, factor));

/** y [B, T, H, Ev] and normaliser [B, H, T, 2], unrecorded. */
export function attend(parts: Parts, attrs: AttentionAttrs): [y: Tensor, normaliser: Tensor] {
  const { q, v } = parts;
  const [batch, heads, queries] = q.shape;
  const { weights, largest, total } = weightsOf(parts, attrs);
  const inverse = where(eq(total, 0), 0, div(1, total));
  const y = matmul(times(weights, factorOf(parts, attrs)), shared(v));
  return [
    permute(reshape(y, [batch, heads, queries, v.shape[3]]), [0, 2, 1, 3]),
    reshape(cat([largest, inverse], -1), [batch, heads, queries, 2]),
  ];
}

/** y [B, H, T, Ev] and the weights after dropout, [B, H, T, S]. */
export function attendWithWeights(parts: Parts, attrs: AttentionAttrs): [y: Tensor, weights: Tensor] {
  const [batch, heads, queries] = parts.q.shape;
  const weights = times(weightsOf(parts, attrs).weights, factorOf(parts, attrs));
  const y = matmul(weights, shared(parts.v));
  return [
    reshape(y, [batch, heads, queries, parts.v.shape[3]]),
    reshape(weights, [batch, heads, queries, parts.k.shape[2]]),
  ];
}

/** The gradients, from that of y [B, T, H, Ev]; the mask's is [B, H, T, S]. */
export function attendGrad(parts: Parts, attrs: AttentionAttrs, gOutput: Tensor): PartGrads {
  const { q, k, v } = parts;
  const groups = k.shape[1];
  const { weights } = weightsOf(parts, attrs);
  const factor = factorOf(parts, attrs);
  const g = inGroups(permute(gOutput, [0, 2, 1, 3]), groups);
  const gWeights = times(matmul(g, transpose(shared(v))), factor);
  const centre = sum(mul(gWeights, weights), { axis: -1, keepDims: true });
  const gScores = mul(weights, sub(gWeights, centre));
  const scaled = mul(gScores, attrs.scale);
  const overGroup = (x: Tensor, like: Tensor): Tensor => reshape(sum(x, { axis: 2 }), like.shape);
  return {
    q: reshape(matmul(scaled, shared(k)), q.shape),
    k: overGroup(matmul(transpose(scaled), inGroups(q, groups)), k),
    v: overGroup(matmul(transpose(times(weights, factor)), g), v),
    mask: reshape(gScores, [...q.shape.slice(0, 3), k.shape[2]]),
  };
}

// Attention with several heads, in PyTorch's layout.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { reshape, slice, transpose } from "../../ops/algebra.ts";
import {
  attentionWithWeights,
  partsOfProjection,
  scaledDotProductAttention,
  selfAttention,
} from "../../ops/attention/attention.ts";
import type { AttentionOptions } from "../../ops/attention/attention.ts";
import { requireWhole } from "../../ops/checks.ts";
import { linear } from "../../ops/linalg/matmul.ts";
import { mean } from "../../ops/reduce/mean.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { constantParameter, whereOf } from "../init.ts";
import type { ParameterOptions } from "../init.ts";
import { xavierUniform, zeros } from "../init/fill.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import { requireHeads } from "./heads.ts";
import type { KeyValueCache } from "./cache.ts";
import { combineMasks } from "./masks.ts";
import type { AttentionMasks } from "./masks.ts";
import type { Places, RotaryEmbedding } from "./positions.ts";

export interface MultiheadAttentionOptions extends ParameterOptions {
  /** Probability of dropping a weight in training; default 0. */
  readonly dropout?: number;
  readonly bias?: boolean;
  /** Widths of keys and values; default embedDim. */
  readonly kdim?: number;
  readonly vdim?: number;
  /** Inputs are [B, T, E] instead of [T, B, E]; default false. */
  readonly batchFirst?: boolean;
  /** Heads of keys and values, which consecutive query heads then share; default numHeads. */
  readonly keyHeads?: number;
  /** Rotates queries and keys by their places; its width is that of a head. */
  readonly rotary?: RotaryEmbedding;
}

export interface AttendOptions extends AttentionMasks {
  /** Each query sees only the keys up to its own place. */
  readonly isCausal?: boolean;
  /** Returns the weights too, which are then computed in full; default false. */
  readonly needWeights?: boolean;
  /** Averages the weights over heads: [B, T, S] instead of [B, H, T, S]; default true. */
  readonly averageAttnWeights?: boolean;
  /** Keys and values of earlier calls: those of this call are added, and all are attended to. */
  readonly cache?: KeyValueCache;
  /** For rotary positions: where the queries stand; default behind the cache. */
  readonly places?: Places;
}

/** The output, and the weights where they were asked for. */
export type AttentionResult = [output: Tensor, weights: Tensor | null];

const OP = "MultiheadAttention";

/**
 * Attention with several heads: heads of size embedDim / numHeads attend apart, and a last projection mixes them.
 *
 * Shapes: query [T, B, E], key [S, B, kdim], value [S, B, vdim] -> [T, B, E]; with `batchFirst` B comes first, and B may be
 * absent. State keys are PyTorch's: in_proj_weight (or q_proj_weight, k_proj_weight, v_proj_weight where widths differ),
 * in_proj_bias, out_proj. Unlike there, weights are returned only when asked for.
 *
 * Source: Vaswani et al. 2017, "Attention is all you need".
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly keyHeads: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  inProjWeight: Tensor | null;
  qProjWeight: Tensor | null;
  kProjWeight: Tensor | null;
  vProjWeight: Tensor | null;
  inProjBias: Tensor | null;
  readonly outProj: Linear;
  readonly rotary: RotaryEmbedding | null;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    requireHeads(OP, embedDim, numHeads, ["embedDim", "numHeads"]);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    const { dropout = 0, bias = true, kdim = embedDim, vdim = embedDim, batchFirst = false } = options;
    this.keyHeads = requireWhole(OP, "keyHeads", options.keyHeads ?? numHeads, 1);
    requireKeyHeads(numHeads, this.keyHeads);
    requireWhole(OP, "kdim", kdim, 1);
    requireWhole(OP, "vdim", vdim, 1);
    if (!(dropout >= 0 && dropout <= 1))
      throw new ValueError(OP, `dropout must lie in 0..1; got ${String(dropout)}.`);
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    const where = whereOf(options);
    const keyWidth = (embedDim / numHeads) * this.keyHeads;
    const drawn = (rows: number, columns: number): Tensor =>
      xavierUniform(constantParameter([rows, columns], 0, where), where);
    const isShared = kdim === embedDim && vdim === embedDim;
    this.inProjWeight = isShared ? drawn(embedDim + 2 * keyWidth, embedDim) : null;
    this.qProjWeight = isShared ? null : drawn(embedDim, embedDim);
    this.kProjWeight = isShared ? null : drawn(keyWidth, kdim);
    this.vProjWeight = isShared ? null : drawn(keyWidth, vdim);
    this.inProjBias = bias ? constantParameter([embedDim + 2 * keyWidth], 0, where) : null;
    this.outProj = new Linear(embedDim, embedDim, { bias, ...where });
    if (this.outProj.bias) zeros(this.outProj.bias);
    this.rotary = options.rotary ?? null;
  }

  override get moduleName(): string {
    return OP;
  }

  /** Attends from `query` to `key` and `value`, by default itself. */
  override forward(
    query: Tensor,
    key: Tensor = query,
    value: Tensor = key,
    options: AttendOptions = {},
  ): AttentionResult {
    query.assertAlive(OP);
    key.assertAlive(OP);
    value.assertAlive(OP);
    this.#checkInputs(query, key, value);
    return scope(OP, (): AttentionResult => {
      const isSelf = key === query && value === query;
      const q = this.#batchFirst(query);
      const [y, weights] = isSelf
        ? this.#attendToItself(q, options)
        : this.#attend(q, this.#batchFirst(key), this.#batchFirst(value), options);
      return [this.#asGiven(this.outProj.forward(y), query), weights];
    });
  }

  #checkInputs(query: Tensor, key: Tensor, value: Tensor): void {
    const widths = [
      this.embedDim,
      (this.kProjWeight ?? this.inProjWeight!).shape[1],
      (this.vProjWeight ?? this.inProjWeight!).shape[1],
    ];
    const inputs = [query, key, value];
    const fits =
      (query.rank === 2 || query.rank === 3) &&
      inputs.every((x, i) => x.rank === query.rank && x.shape[x.rank - 1] === widths[i]);
    const got = inputs.map(({ shape }) => formatShape(shape)).join(", ");
    if (fits && inputs.some(({ size }) => size === 0))
      throw new ShapeError(OP, `no axis of query, key and value may be empty; got ${got}.`);
    if (fits) return;
    const layout = this.batchFirst ? "[B, T, width]" : "[T, B, width]";
    throw new ShapeError(
      OP,
      `query, key and value must be ${layout} or [T, width] with widths ${widths.join(", ")}; got ${got}.`,
    );
  }

  /** [B, T, width], whatever the layout of the inputs. */
  #batchFirst(x: Tensor): Tensor {
    if (x.rank === 2) return reshape(x, [1, ...x.shape]);
    return this.batchFirst ? x : transpose(x, 0, 1);
  }

  #asGiven(y: Tensor, query: Tensor): Tensor {
    if (query.rank === 2) return reshape(y, query.shape);
    return this.batchFirst ? y : transpose(y, 0, 1);
  }

  #attendToItself(x: Tensor, options: AttendOptions): AttentionResult {
    const { numHeads, keyHeads, inProjWeight } = this;
    if (inProjWeight === null) return this.#attend(x, x, x, options);
    const [batch, length] = x.shape;
    const projected = linear(x, inProjWeight, this.inProjBias);
    if (!options.needWeights && !options.cache && this.rotary === null) {
      const sizes = { batch, heads: numHeads, queries: length, keys: length };
      const mask = combineMasks(OP, options, sizes, x);
      const settings = { ...this.#settings(options, 0), mask, heads: numHeads, keyHeads };
      return [selfAttention(OP, projected, settings), null];
    }
    const parts = numHeads + 2 * keyHeads;
    const inHeads = reshape(projected, [batch, length, parts, this.embedDim / numHeads]);
    return this.#attendInHeads(...partsOfProjection(inHeads, numHeads, keyHeads), options);
  }

  #attend(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): AttentionResult {
    const { embedDim, numHeads, keyHeads } = this;
    const keyWidth = (embedDim / numHeads) * keyHeads;
    const bounds = [0, embedDim, embedDim + keyWidth, embedDim + 2 * keyWidth];
    const own = [this.qProjWeight, this.kProjWeight, this.vProjWeight];
    const [q, k, v] = [query, key, value].map((x, i) => {
      const part = (whole: Tensor): Tensor => slice(whole, 0, bounds[i], bounds[i + 1]);
      const weight = own[i] ?? part(this.inProjWeight!);
      const y = linear(x, weight, this.inProjBias && part(this.inProjBias));
      const heads = i === 0 ? numHeads : keyHeads;
      return transpose(reshape(y, [...x.shape.slice(0, 2), heads, embedDim / numHeads]), 1, 2);
    });
    return this.#attendInHeads(q, k, v, options);
  }

  // q, k and v [B, heads, T, E] -> [B, T, E]
  #attendInHeads(q: Tensor, newKeys: Tensor, newValues: Tensor, options: AttendOptions): AttentionResult {
    const { cache, averageAttnWeights = true } = options;
    const before = cache?.length ?? 0;
    const turned = (x: Tensor): Tensor => this.rotary?.forward(x, options.places ?? before) ?? x;
    const [rotated, k] = [turned(q), turned(newKeys)];
    const { keys, values } = cache?.append(k, newValues) ?? { keys: k, values: newValues };
    const [batch, heads, queries] = q.shape;
    const mask = combineMasks(OP, options, { batch, heads, queries, keys: keys.shape[2] }, q);
    const settings = { ...this.#settings(options, before), mask, enableGqa: true };
    const merged = (y: Tensor): Tensor => reshape(transpose(y, 1, 2), [batch, queries, this.embedDim]);
    if (!options.needWeights)
      return [merged(scaledDotProductAttention(rotated, keys, values, settings)), null];
    const [y, weights] = attentionWithWeights(OP, rotated, keys, values, settings);
    return [merged(y), averageAttnWeights ? mean(weights, { axis: 1 }) : weights];
  }

  #settings({ isCausal = false }: AttendOptions, queryOffset: number): AttentionOptions {
    return { causal: isCausal, queryOffset, dropout: this.training ? this.dropout : 0 };
  }

  protected override describe(): string {
    const shared = this.keyHeads === this.numHeads ? "" : `, keyHeads=${String(this.keyHeads)}`;
    return `${String(this.embedDim)}, ${String(this.numHeads)}${shared}, dropout=${String(this.dropout)}, batchFirst=${String(this.batchFirst)}`;
  }
}

function requireKeyHeads(numHeads: number, keyHeads: number): void {
  if (numHeads % keyHeads !== 0) {
    throw new ShapeError(
      OP,
      `numHeads must be a multiple of keyHeads; got ${String(numHeads)} and ${String(keyHeads)}.`,
    );
  }
}

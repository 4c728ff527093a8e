// Recurrent layers over whole sequences: stacked, in one or both directions, with sequences of different lengths.
import { ShapeError, ValueError } from "../core/errors.ts";
import type { Generator } from "../core/rng.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { reshape, transpose } from "../ops/algebra.ts";
import { requireWhole } from "../ops/checks.ts";
import { dropout } from "../ops/dropout.ts";
import { cat, stack } from "../ops/placement.ts";
import { checkedLengths } from "../ops/recurrent/lengths.ts";
import { runSequence } from "../ops/recurrent/sequence.ts";
import type { Cell, SequenceResult } from "../ops/recurrent/sequence.ts";
import { selectFor } from "../ops/shape.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged } from "./describe.ts";
import { uniformParameter } from "./init.ts";
import type { ParameterOptions } from "./init.ts";
import { Module } from "./module.ts";
import { requireNonlinearity, statePair } from "./recurrent-cell.ts";

export interface RecurrentLayerOptions extends ParameterOptions {
  /** Layers on top of each other; default 1. */
  readonly numLayers?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** x and the output are [B, T, ...] instead of [T, B, ...]; states stay as they are. Default false. */
  readonly batchFirst?: boolean;
  /** Probability of a zero between layers, in training; default 0. */
  readonly dropout?: number;
  /** A second set of weights reads from the end; its outputs stand behind those of the first. Default false. */
  readonly bidirectional?: boolean;
}

export interface RNNOptions extends RecurrentLayerOptions {
  /** Default "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

export interface LSTMOptions extends RecurrentLayerOptions {
  /** Project the outputs to this many features; default 0, none. */
  readonly projSize?: number;
}

export interface SequenceOptions {
  /**
   * Of each sequence of a padded batch, in any order, each in 1..T. Steps beyond it give zeros, change no state and get no
   * gradient; the reverse direction starts at each sequence's own last step. The same as PyTorch's packed sequences, but
   * that the output keeps the padded length.
   */
  readonly lengths?: readonly number[] | Tensor | null;
}

interface Outputs {
  readonly output: Tensor;
  readonly h: Tensor;
  readonly c: Tensor | null;
}

const GATES: Readonly<Record<Cell, number>> = { rnn: 1, lstm: 4, gru: 3 };

/** A pass over the sequence, in the order in which they run. */
interface Direction {
  readonly layer: number;
  readonly reverse: boolean;
  /** Of the names of its weights: L0, L0Reverse, L1, ... */
  readonly suffix: string;
}

function directionsOf(numLayers: number, bidirectional: boolean): Direction[] {
  const ways = bidirectional ? [false, true] : [false];
  return Array.from({ length: numLayers }, (_, layer) =>
    ways.map((reverse) => ({ layer, reverse, suffix: `L${String(layer)}${reverse ? "Reverse" : ""}` })),
  ).flat();
}

const DEFAULTS = { numLayers: 1, bias: true, batchFirst: false, dropout: 0, bidirectional: false };

/**
 * Weights are fields named as PyTorch's parameters, weightIhL0 (weight_ih_l0), weightHhL0, biasIhL0, biasHhL0, weightHrL0
 * and the same with `Reverse`, uniform on ±1/sqrt(hiddenSize).
 */
abstract class RecurrentLayer extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly projSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** Of the dropout; null: the stream that `manualSeed` seeds. */
  readonly generator: Generator | null;
  readonly #cell: Cell;
  readonly #directions: readonly Direction[];

  constructor(
    cell: Cell,
    inputSize: number,
    hiddenSize: number,
    { numLayers = 1, bias = true, batchFirst = false, ...rest }: LSTMOptions,
  ) {
    super();
    const { dropout: p = 0, bidirectional = false, projSize = 0, ...where } = rest;
    const op = this.moduleName;
    this.#cell = cell;
    this.inputSize = requireWhole(op, "inputSize", inputSize, 1);
    this.hiddenSize = requireWhole(op, "hiddenSize", hiddenSize, 1);
    this.numLayers = requireWhole(op, "numLayers", numLayers, 1);
    this.projSize = requireWhole(op, "projSize", projSize, 0);
    if (projSize >= hiddenSize) {
      throw new ValueError(
        op,
        `projSize must be smaller than hiddenSize; got ${String(projSize)} and ${String(hiddenSize)}.`,
      );
    }
    if (!(p >= 0 && p <= 1)) throw new ValueError(op, `dropout must lie in 0..1; got ${String(p)}.`);
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = p;
    this.bidirectional = bidirectional;
    this.generator = where.generator ?? null;
    this.#directions = directionsOf(numLayers, bidirectional);
    for (const { layer, suffix } of this.#directions) this.#makeWeights(layer, suffix, where);
  }

  /** Features of the output, of one direction. */
  get #width(): number {
    return this.projSize || this.hiddenSize;
  }

  get #weights(): Record<string, Tensor> {
    return this as unknown as Record<string, Tensor>;
  }

  #makeWeights(layer: number, suffix: string, where: ParameterOptions): void {
    const width = GATES[this.#cell] * this.hiddenSize;
    const inputs = layer === 0 ? this.inputSize : this.#width * (this.bidirectional ? 2 : 1);
    const shapes = {
      weightIh: [width, inputs],
      weightHh: [width, this.#width],
      ...(this.bias && { biasIh: [width], biasHh: [width] }),
      ...(this.projSize > 0 && { weightHr: [this.projSize, this.hiddenSize] }),
    };
    for (const [name, shape] of Object.entries(shapes))
      this.#weights[name + suffix] = uniformParameter(shape, 1 / Math.sqrt(this.hiddenSize), where);
  }

  /** All layers; x, states and results in the layout that the user chose. */
  protected run(
    x: Tensor,
    h0: Tensor | null,
    c0: Tensor | null,
    { lengths }: SequenceOptions,
    activation: "tanh" | "relu" = "tanh",
  ): Outputs {
    const op = this.moduleName;
    this.#checkInput(x);
    const isSingle = x.rank === 2;
    const timeFirst = isSingle || !this.batchFirst;
    const batch = isSingle ? 1 : x.shape[timeFirst ? 1 : 0];
    this.#checkState("h0", h0, isSingle, batch, this.#width);
    this.#checkState("c0", c0, isSingle, batch, this.hiddenSize);
    return scope<Outputs>(op, () => {
      const steps = isSingle ? reshape(x, [x.shape[0], 1, x.shape[1]]) : timeFirst ? x : transpose(x, 0, 1);
      const count = lengths == null ? null : checkedLengths(op, lengths, steps);
      const { y, hs, cs } = this.#layers(steps, [h0, c0], isSingle, count, activation);
      const states = (list: readonly Tensor[]): Tensor => {
        const all = list.length === 1 ? reshape(list[0], [1, ...list[0].shape]) : stack(list);
        return isSingle ? reshape(all, [all.shape[0], all.shape[2]]) : all;
      };
      const output = isSingle ? reshape(y, [y.shape[0], y.shape[2]]) : timeFirst ? y : transpose(y, 0, 1);
      return { output, h: states(hs), c: cs.length === 0 ? null : states(cs) };
    });
  }

  #layers(
    x: Tensor,
    initial: readonly (Tensor | null)[],
    isSingle: boolean,
    lengths: Tensor | null,
    activation: "tanh" | "relu",
  ): { y: Tensor; hs: Tensor[]; cs: Tensor[] } {
    const [hs, cs]: Tensor[][] = [[], []];
    let y = x;
    let found: Tensor[] = [];
    for (const { layer, reverse, suffix } of this.#directions) {
      const index = hs.length;
      const [h0, c0] = initial.map((all) => {
        if (all === null) return null;
        const state = selectFor(this.moduleName, all, 0, index);
        return isSingle ? reshape(state, [1, state.size]) : state;
      });
      const result = this.#direction(y, { h0, c0, lengths }, suffix, { reverse, activation });
      found.push(result.y);
      hs.push(result.h);
      if (result.c) cs.push(result.c);
      if (found.length < (this.bidirectional ? 2 : 1)) continue;
      y = found.length === 1 ? found[0] : cat(found, 2);
      found = [];
      if (this.dropout > 0 && layer < this.numLayers - 1) y = this.#drop(y);
    }
    return { y, hs, cs };
  }

  #direction(
    x: Tensor,
    given: {
      readonly h0: Tensor | null | undefined;
      readonly c0: Tensor | null | undefined;
      readonly lengths: Tensor | null;
    },
    suffix: string,
    settings: { readonly reverse: boolean; readonly activation: "tanh" | "relu" },
  ): SequenceResult {
    const at = (name: string): Tensor => this.#weights[name + suffix];
    const inputs = { x, weightIh: at("weightIh"), weightHh: at("weightHh"), ...given };
    const biases = this.bias ? { biasIh: at("biasIh"), biasHh: at("biasHh") } : {};
    const projection = this.projSize > 0 ? { weightHr: at("weightHr") } : {};
    return runSequence(this.#cell, { ...inputs, ...biases, ...projection }, settings);
  }

  #drop(y: Tensor): Tensor {
    const { training, generator } = this;
    return dropout(y, { p: this.dropout, training, ...(generator && { generator }) });
  }

  #checkInput(x: Tensor): void {
    const op = this.moduleName;
    x.assertAlive(op);
    if ((x.rank === 2 || x.rank === 3) && x.shape[x.rank - 1] === this.inputSize) return;
    const layout = this.batchFirst ? "[B, T" : "[T, B";
    throw new ShapeError(
      op,
      `x must be ${layout}, ${String(this.inputSize)}], or [T, ${String(this.inputSize)}] for one sequence; ` +
        `got ${formatShape(x.shape)}.`,
    );
  }

  #checkState(name: string, state: Tensor | null, isSingle: boolean, batch: number, size: number): void {
    if (state === null) return;
    state.assertAlive(this.moduleName);
    const count = this.numLayers * (this.bidirectional ? 2 : 1);
    const expected = isSingle ? [count, size] : [count, batch, size];
    if (sameShape(state.shape, expected)) return;
    throw new ShapeError(
      this.moduleName,
      `${name} must be ${formatShape(expected)}, [layers and directions, ${isSingle ? "" : "B, "}features]; ` +
        `got ${formatShape(state.shape)}.`,
    );
  }

  protected override describe(): string {
    const { inputSize, hiddenSize, projSize } = this;
    return `${String(inputSize)}, ${String(hiddenSize)}${showChanged(this, DEFAULTS)}${showChanged({ projSize }, { projSize: 0 })}`;
  }
}

/**
 * Simple recurrent layers: h_t = f(x_t W_ihᵀ + b_ih + h_(t-1) W_hhᵀ + b_hh), f tanh or relu.
 *
 * Shapes: x [T, B, inputSize] (with `batchFirst` [B, T, inputSize], for one sequence [T, inputSize]), h0 [L, B, hiddenSize]
 * with L = numLayers times directions, zeros by default -> output [T, B, directions hiddenSize] and last states [L, B, hiddenSize].
 *
 * Source: Elman 1990; Schuster and Paliwal 1997 (both directions).
 */
export class RNN extends RecurrentLayer {
  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, { nonlinearity = "tanh", ...options }: RNNOptions = {}) {
    const checked = requireNonlinearity("RNN", nonlinearity);
    super("rnn", inputSize, hiddenSize, options);
    this.nonlinearity = checked;
  }

  override get moduleName(): string {
    return "RNN";
  }

  override forward(
    x: Tensor,
    h0?: Tensor | null,
    options: SequenceOptions = {},
  ): [output: Tensor, h: Tensor] {
    const { output, h } = this.run(x, h0 ?? null, null, options, this.nonlinearity);
    return [output, h];
  }

  protected override describe(): string {
    const { nonlinearity } = this;
    return `${super.describe()}${showChanged({ nonlinearity }, { nonlinearity: "tanh" })}`;
  }
}

/**
 * Long short-term memory layers; gates in the order i f g o.
 *
 * Shapes: x [T, B, inputSize] (with `batchFirst` [B, T, inputSize], for one sequence [T, inputSize]), state [h0, c0] of
 * [L, B, D] and [L, B, hiddenSize] with L = numLayers times directions and D = projSize or hiddenSize, zeros by default ->
 * output [T, B, directions D] and the last [h, c].
 *
 * Source: Hochreiter and Schmidhuber 1997; Sak et al. 2014 (projection).
 */
export class LSTM extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super("lstm", inputSize, hiddenSize, options);
  }

  override get moduleName(): string {
    return "LSTM";
  }

  override forward(
    x: Tensor,
    state?: readonly [h0: Tensor, c0: Tensor] | null,
    options: SequenceOptions = {},
  ): [output: Tensor, state: [h: Tensor, c: Tensor]] {
    const [h0, c0] = statePair("LSTM", state);
    const { output, h, c } = this.run(x, h0, c0, options);
    return [output, [h, c!]];
  }
}

/**
 * Gated recurrent units; gates in the order r z n, the reset gate behind the recurrent product.
 *
 * Shapes: as `RNN`'s.
 *
 * Source: Cho et al. 2014.
 */
export class GRU extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentLayerOptions = {}) {
    super("gru", inputSize, hiddenSize, options);
  }

  override get moduleName(): string {
    return "GRU";
  }

  override forward(
    x: Tensor,
    h0?: Tensor | null,
    options: SequenceOptions = {},
  ): [output: Tensor, h: Tensor] {
    const { output, h } = this.run(x, h0 ?? null, null, options);
    return [output, h];
  }
}

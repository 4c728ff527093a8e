// One step of a recurrent layer, for loops of one's own.
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { isTensor, reshape } from "../ops/algebra.ts";
import { requireWhole } from "../ops/checks.ts";
import { runSequence } from "../ops/recurrent/sequence.ts";
import type { Cell, SequenceResult } from "../ops/recurrent/sequence.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged } from "./describe.ts";
import { uniformParameter } from "./init.ts";
import type { ParameterOptions } from "./init.ts";
import { Module } from "./module.ts";

export interface RecurrentCellOptions extends ParameterOptions {
  /** Default true. */
  readonly bias?: boolean;
}

export interface RNNCellOptions extends RecurrentCellOptions {
  /** Default "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

const GATES: Readonly<Record<Cell, number>> = { rnn: 1, lstm: 4, gru: 3 };

/** Weights in PyTorch's layout, uniform on ±1/sqrt(hiddenSize). */
abstract class RecurrentCell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  weightIh: Tensor;
  weightHh: Tensor;
  biasIh: Tensor | null;
  biasHh: Tensor | null;
  protected abstract readonly cell: Cell;

  constructor(
    cell: Cell,
    inputSize: number,
    hiddenSize: number,
    { bias = true, ...options }: RecurrentCellOptions,
  ) {
    super();
    this.inputSize = requireWhole(this.moduleName, "inputSize", inputSize, 1);
    this.hiddenSize = requireWhole(this.moduleName, "hiddenSize", hiddenSize, 1);
    const width = GATES[cell] * hiddenSize;
    const bound = 1 / Math.sqrt(hiddenSize);
    this.weightIh = uniformParameter([width, inputSize], bound, options);
    this.weightHh = uniformParameter([width, hiddenSize], bound, options);
    this.biasIh = bias ? uniformParameter([width], bound, options) : null;
    this.biasHh = bias ? uniformParameter([width], bound, options) : null;
  }

  protected override describe(): string {
    const { inputSize, hiddenSize } = this;
    return `${String(inputSize)}, ${String(hiddenSize)}${showChanged({ bias: this.biasIh !== null }, { bias: true })}`;
  }

  /** One step as a sequence of one; x [B, I], or [I] for one example without the batch axis. */
  protected step(
    x: Tensor,
    states: { readonly h0?: Tensor | null; readonly c0?: Tensor | null },
    activation: "tanh" | "relu" = "tanh",
  ): SequenceResult {
    const op = this.moduleName;
    x.assertAlive(op);
    if (x.rank < 1 || x.rank > 2 || x.shape.at(-1) !== this.inputSize) {
      throw new ShapeError(
        op,
        `x must be [B, ${String(this.inputSize)}] or [${String(this.inputSize)}]; got ${formatShape(x.shape)}.`,
      );
    }
    const batch = x.rank === 2 ? x.shape[0] : 1;
    const flat = [batch, this.hiddenSize];
    const shown = x.rank === 2 ? flat : [this.hiddenSize];
    const row = (name: string, state: Tensor | null | undefined): Tensor | null => {
      if (state == null) return null;
      state.assertAlive(op);
      if (formatShape(state.shape) === formatShape(shown)) return x.rank === 2 ? state : reshape(state, flat);
      throw new ShapeError(
        op,
        `the state ${name} must be ${formatShape(shown)}; got ${formatShape(state.shape)}.`,
      );
    };
    return scope<SequenceResult>(op, () => {
      const { weightIh, weightHh, biasIh, biasHh } = this;
      const h0 = row("h", states.h0);
      const c0 = row("c", states.c0);
      const steps = reshape(x, [1, batch, this.inputSize]);
      const inputs = { x: steps, weightIh, weightHh, biasIh, biasHh, h0, c0 };
      const { y, h, c } = runSequence(this.cell, inputs, { reverse: false, activation });
      if (x.rank === 2) return { y, h, c };
      return { y, h: reshape(h, shown), c: c && reshape(c, shown) };
    });
  }
}

/**
 * One step of the simple recurrent layer: h' = f(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh), f tanh or relu.
 *
 * Shapes: x [B, inputSize], h [B, hiddenSize] (zeros by default) -> [B, hiddenSize]; all without B for one example.
 *
 * Source: Elman 1990.
 */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: "tanh" | "relu";
  protected override readonly cell = "rnn";

  constructor(
    inputSize: number,
    hiddenSize: number,
    { nonlinearity = "tanh", ...options }: RNNCellOptions = {},
  ) {
    const checked = requireNonlinearity("RNNCell", nonlinearity);
    super("rnn", inputSize, hiddenSize, options);
    this.nonlinearity = checked;
  }

  override get moduleName(): string {
    return "RNNCell";
  }

  override forward(x: Tensor, h?: Tensor | null): Tensor {
    const result = this.step(x, { h0: h ?? null }, this.nonlinearity);
    result.y.dispose();
    return result.h;
  }

  protected override describe(): string {
    const { nonlinearity } = this;
    return `${super.describe()}${showChanged({ nonlinearity }, { nonlinearity: "tanh" })}`;
  }
}

/**
 * One step of the long short-term memory; gates in the order i f g o.
 *
 * Shapes: x [B, inputSize], state [h, c] of [B, hiddenSize] each (zeros by default) -> the new [h, c]; all without B for
 * one example.
 *
 * Source: Hochreiter and Schmidhuber 1997.
 */
export class LSTMCell extends RecurrentCell {
  protected override readonly cell = "lstm";

  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super("lstm", inputSize, hiddenSize, options);
  }

  override get moduleName(): string {
    return "LSTMCell";
  }

  override forward(x: Tensor, state?: readonly [h: Tensor, c: Tensor] | null): [h: Tensor, c: Tensor] {
    const [h0, c0] = statePair("LSTMCell", state);
    const { y, h, c } = this.step(x, { h0, c0 });
    y.dispose();
    return [h, c!];
  }
}

/**
 * One step of the gated recurrent unit; gates in the order r z n.
 *
 * Shapes: x [B, inputSize], h [B, hiddenSize] (zeros by default) -> [B, hiddenSize]; all without B for one example.
 *
 * Source: Cho et al. 2014.
 */
export class GRUCell extends RecurrentCell {
  protected override readonly cell = "gru";

  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super("gru", inputSize, hiddenSize, options);
  }

  override get moduleName(): string {
    return "GRUCell";
  }

  override forward(x: Tensor, h?: Tensor | null): Tensor {
    const result = this.step(x, { h0: h ?? null });
    result.y.dispose();
    return result.h;
  }
}

/**
 * The two states of an lstm, or none.
 *
 * @throws ValueError where there is but one: the other would be taken for zeros.
 */
export function statePair(
  op: string,
  state: readonly [h: Tensor, c: Tensor] | null | undefined,
): readonly [Tensor, Tensor] | readonly [null, null] {
  if (state == null) return [null, null];
  if (Array.isArray(state) && state.length === 2 && state.every(isTensor)) return state;
  throw new ValueError(op, "the state must be a list of two tensors, [h, c]; got something else.");
}

export function requireNonlinearity(op: string, value: "tanh" | "relu"): "tanh" | "relu" {
  if (value === "tanh" || value === "relu") return value;
  throw new ValueError(op, `nonlinearity must be "tanh" or "relu"; got ${JSON.stringify(value)}.`);
}

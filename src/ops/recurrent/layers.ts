// The recurrent layers as users call them: one layer, one direction, a whole sequence.
import { ValueError } from "../../core/errors.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { requireRank } from "../checks.ts";
import { checkedLengths } from "./lengths.ts";
import { runSequence } from "./sequence.ts";
import type { Cell, SequenceInputs, SequenceResult } from "./sequence.ts";

/** Weights in PyTorch's layout. With G gates (rnn 1, gru 3, lstm 4), H hidden units and D outputs (H, or a projection's): */
export interface RecurrentWeights {
  /** [G H, I] */
  readonly weightIh: Tensor;
  /** [G H, D] */
  readonly weightHh: Tensor;
  /** [G H]; both biases or none. */
  readonly biasIh?: Tensor | null;
  readonly biasHh?: Tensor | null;
}

export interface LstmWeights extends RecurrentWeights {
  /** Projects the outputs, shape [D, H] (Sak et al. 2014). */
  readonly weightHr?: Tensor | null;
}

export interface RecurrentOptions {
  /** The state before the first step [B, D]; zeros by default. */
  readonly h0?: Tensor | null;
  /** From the last step to the first. */
  readonly reverse?: boolean;
  /**
   * Of each sequence of a padded batch, in 1..T. Steps beyond it give y = 0, change no state and get no gradient; in
   * reverse a sequence starts at its own last step.
   */
  readonly lengths?: readonly number[] | Tensor | null;
}

export interface RnnOptions extends RecurrentOptions {
  /** Default "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

export interface LstmOptions extends RecurrentOptions {
  /** The cells' state before the first step [B, H]; zeros by default. */
  readonly c0?: Tensor | null;
}

/** All outputs y [T, B, D] and the last state h [B, D]. */
export interface RecurrentResult {
  readonly y: Tensor;
  readonly h: Tensor;
}

export interface LstmResult extends RecurrentResult {
  /** The cells' last state [B, H]. */
  readonly c: Tensor;
}

function run(
  cell: Cell,
  x: Tensor,
  weights: LstmWeights,
  { h0, c0, reverse = false, lengths, nonlinearity = "tanh" }: RnnOptions & LstmOptions,
): SequenceResult {
  x.assertAlive(cell);
  requireRank(cell, "x", x, 3, "[T, B, I]");
  const { weightIh, weightHh, biasIh, biasHh, weightHr } = weights;
  if (!biasIh !== !biasHh) {
    const given = biasIh ? "biasIh" : "biasHh";
    throw new ValueError(cell, `both biases must be given, or none; got ${given} alone.`);
  }
  const inputs: SequenceInputs = { x, weightIh, weightHh, h0, c0, biasIh, biasHh, weightHr };
  const settings = { reverse, activation: nonlinearity };
  if (lengths == null) return runSequence(cell, inputs, settings);
  return scope<SequenceResult>(cell, () =>
    runSequence(cell, { ...inputs, lengths: checkedLengths(cell, lengths, x) }, settings),
  );
}

/**
 * The simple recurrent layer over a sequence. h_t = f(x_t W_ihᵀ + b_ih + h_(t-1) W_hhᵀ + b_hh), with f tanh or relu.
 *
 * Shapes: x [T, B, I] -> y [T, B, H], h [B, H].
 *
 * @throws ShapeError where shapes do not fit or the sequence is empty; IndexError for a length outside 1..T.
 *
 * Source: Elman 1990.
 */
export function rnn(x: Tensor, weights: RecurrentWeights, options: RnnOptions = {}): RecurrentResult {
  const { nonlinearity = "tanh" } = options;
  if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
    throw new ValueError(
      "rnn",
      `nonlinearity must be "tanh" or "relu"; got ${JSON.stringify(nonlinearity)}.`,
    );
  }
  const { y, h } = run("rnn", x, weights, options);
  return { y, h };
}

/**
 * The long short-term memory over a sequence. Gates are in the order i f g o of x_t W_ihᵀ + b_ih + h_(t-1) W_hhᵀ + b_hh:
 * c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g), h_t = sigmoid(o) tanh(c_t), times W_hrᵀ where a projection is given.
 *
 * Shapes: x [T, B, I] -> y [T, B, D], h [B, D], c [B, H], with D = H unless weightHr is [D, H].
 *
 * Numerics: states and gradients below the smallest normal number become zero.
 *
 * @throws ShapeError where shapes do not fit or the sequence is empty; IndexError for a length outside 1..T.
 *
 * Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000 (forget gate); Sak et al. 2014 (projection).
 */
export function lstm(x: Tensor, weights: LstmWeights, options: LstmOptions = {}): LstmResult {
  const { y, h, c } = run("lstm", x, weights, options);
  return { y, h, c: c! };
}

/**
 * The gated recurrent unit over a sequence. Gates are in the order r z n:
 * r, z = sigmoid(x_t W_ihᵀ + b_ih + h_(t-1) W_hhᵀ + b_hh), n = tanh(x_t W_inᵀ + b_in + r (h_(t-1) W_hnᵀ + b_hn)), h_t = (1 - z) n + z h_(t-1).
 *
 * Shapes: x [T, B, I] -> y [T, B, H], h [B, H].
 *
 * @throws ShapeError where shapes do not fit or the sequence is empty; IndexError for a length outside 1..T.
 *
 * Source: Cho et al. 2014, with the reset gate behind the recurrent product, as in PyTorch.
 */
export function gru(x: Tensor, weights: RecurrentWeights, options: RecurrentOptions = {}): RecurrentResult {
  const { y, h } = run("gru", x, weights, options);
  return { y, h };
}

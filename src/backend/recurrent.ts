// What recurrent layers ask of a backend: a whole sequence of one layer and direction in one call.
import type { Operand } from "./kernels.ts";

/** One layer and direction of a recurrent network over a sequence. */
export interface RecurrentForm {
  readonly steps: number;
  readonly batch: number;
  /** Features of x. */
  readonly inputs: number;
  readonly hidden: number;
  /** Features of y and h: `hidden`, or what a projection makes of it. */
  readonly outputs: number;
  /** From the last step to the first. */
  readonly reverse: boolean;
  /** Of the simple layer. */
  readonly activation: "tanh" | "relu";
}

/**
 * What a recurrent layer reads, all dense. With D outputs, H hidden units and G gates (rnn 1, gru 3: r z n, lstm 4: i f g o).
 */
export interface RecurrentInputs {
  /** [T, B, I] */
  readonly x: Operand;
  /** [G H, I] */
  readonly weightIh: Operand;
  /** [G H, D] */
  readonly weightHh: Operand;
  /** [B, D] */
  readonly h0: Operand;
  /** [B, H], of the lstm */
  readonly c0?: Operand;
  /** [G H]; both or none */
  readonly biasIh?: Operand;
  readonly biasHh?: Operand;
  /** [D, H], of the lstm */
  readonly weightHr?: Operand;
  /** int32 [B], each in 1..T: steps at and beyond it leave the states as they are and give y = 0. */
  readonly lengths?: Operand;
}

/** What it writes: y [T, B, D], last states h [B, D] and c [B, H]; and for its own backward gates, cells, hidden. */
export interface RecurrentOutputs {
  readonly y: Operand;
  readonly h: Operand;
  readonly c?: Operand;
  /** [T, B, 4 H]: activated; for the gru the fourth is h W_hn^T + b_hn. */
  readonly gates?: Operand;
  /** [T, B, H]: the cells' states after each step. */
  readonly cells?: Operand;
  /** [T, B, H]: with a projection, what it projects. */
  readonly hidden?: Operand;
}

/** Gradients that flow in; what is absent is zero. */
export interface RecurrentIncoming {
  readonly y?: Operand;
  readonly h?: Operand;
  readonly c?: Operand;
}

/** Gradients to write, by the input's name; what is absent is not wanted. */
export type RecurrentGradients = {
  readonly [K in Exclude<keyof RecurrentInputs, "lengths">]?: Operand;
} & { readonly h0: Operand };

export type RecurrentKernel = (
  inputs: RecurrentInputs,
  outputs: RecurrentOutputs,
  form: RecurrentForm,
) => void;
export type RecurrentGradKernel = (
  inputs: RecurrentInputs,
  outputs: RecurrentOutputs,
  incoming: RecurrentIncoming,
  gradients: RecurrentGradients,
  form: RecurrentForm,
) => void;

// A language model of characters with one recurrent layer.
import { Embedding } from "../nn/embedding.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LSTM } from "../nn/recurrent.ts";
import { transpose } from "../ops/algebra.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireTokens } from "./tokens.ts";
import { requireSizes } from "./sizes.ts";

export interface CharLSTMOptions extends ParameterOptions {
  /** Default 64. */
  readonly embedding?: number;
  /** Default 256. */
  readonly hidden?: number;
  /** Default 1. */
  readonly layers?: number;
  /** Between layers; default 0. */
  readonly dropout?: number;
}

/** What the layers carry from character to character. */
export type CharLSTMState = readonly [h: Tensor, c: Tensor];

/**
 * Characters [B, T] -> scores of the next ones [B, T, V]. With 85 characters, embedding 64 and 256 hidden units:
 * 357,013 parameters.
 *
 * @throws IndexError for a character outside the vocabulary; ShapeError for an empty sequence.
 *
 * Source: Graves 2013, "Generating sequences with recurrent neural networks".
 */
export class CharLSTM extends Module {
  readonly embedding: Embedding;
  readonly lstm: LSTM;
  readonly head: Linear;

  constructor(vocabulary: number, options: CharLSTMOptions = {}) {
    super();
    const { embedding = 64, hidden = 256, layers = 1, dropout = 0, ...where } = options;
    requireSizes("CharLSTM", { vocabulary, embedding, hidden, layers }, dropout);
    this.embedding = new Embedding(vocabulary, embedding, where);
    this.lstm = new LSTM(embedding, hidden, { numLayers: layers, dropout, ...where });
    this.head = new Linear(hidden, vocabulary, where);
  }

  override get moduleName(): string {
    return "CharLSTM";
  }

  override forward(x: Tensor): Tensor {
    return scope<Tensor>("CharLSTM", () => this.next(x, null)[0]);
  }

  /** The scores, and the state to go on from. */
  next(x: Tensor, state: CharLSTMState | null): [scores: Tensor, state: CharLSTMState] {
    requireTokens("CharLSTM", "tokens", x);
    return scope<[Tensor, CharLSTMState]>("CharLSTM", () => {
      const steps = this.embedding.forward(transpose(x, 0, 1)); // [B, T] -> [T, B] -> [T, B, E]
      const [y, last] = this.lstm.forward(steps, state); // -> [T, B, H]
      return [transpose(this.head.forward(y), 0, 1), last]; // -> [T, B, V] -> [B, T, V]
    });
  }
}

// The next values of a time series from a window of past ones.
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { ParameterOptions } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LSTM } from "../nn/recurrent.ts";
import { reshape, slice, transpose } from "../ops/algebra.ts";
import { dropout } from "../ops/dropout.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireSizes } from "./sizes.ts";

export interface LstmForecasterOptions extends ParameterOptions {
  /** Default 32. */
  readonly hidden?: number;
  /** Default 1. */
  readonly layers?: number;
  /** In front of the head, and between layers; default 0. */
  readonly dropout?: number;
}

/**
 * Windows [B, T, features] -> the next `horizon` values [B, horizon], all from the state after the last step.
 *
 * @throws ShapeError for windows without a step, or with other features.
 */
export class LstmForecaster extends Module {
  readonly lstm: LSTM;
  readonly head: Linear;
  readonly dropout: number;

  constructor(features: number, horizon: number, options: LstmForecasterOptions = {}) {
    super();
    const { hidden = 32, layers = 1, dropout: p = 0, ...where } = options;
    requireSizes("LstmForecaster", { features, horizon, hidden, layers }, p);
    this.dropout = p;
    this.lstm = new LSTM(features, hidden, { numLayers: layers, dropout: p, ...where });
    this.head = new Linear(hidden, horizon, where);
  }

  override get moduleName(): string {
    return "LstmForecaster";
  }

  override forward(x: Tensor): Tensor {
    this.#check(x);
    return scope<Tensor>("LstmForecaster", () => {
      const [, [h]] = this.lstm.forward(transpose(x, 0, 1)); // [B, T, F] -> [T, B, F] -> [layers, B, H]
      const top = slice(h, 0, -1);
      const last = reshape(top, top.shape.slice(1)); // [B, H]
      return this.head.forward(dropout(last, { p: this.dropout, training: this.training })); // -> [B, horizon]
    });
  }

  #check(x: Tensor): void {
    x.assertAlive("LstmForecaster");
    const features = this.lstm.inputSize;
    if (x.rank === 3 && x.size > 0 && x.shape[2] === features) return;
    throw new ShapeError(
      "LstmForecaster",
      `windows must be [B, T, ${String(features)}], none of them 0; got ${formatShape(x.shape)}.`,
    );
  }
}

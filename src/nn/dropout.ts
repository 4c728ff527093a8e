// Dropout layers: random zeros in training, nothing in evaluation.
import { ValueError } from "../core/errors.ts";
import type { Generator } from "../core/rng.ts";
import { alphaDropout, dropout, dropout2d } from "../ops/dropout.ts";
import type { DropoutOptions } from "../ops/dropout.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

abstract class DropoutLayer extends Module {
  /** Probability of a zero. */
  readonly p: number;
  /** Null: the stream that `manualSeed` seeds. */
  readonly generator: Generator | null;

  constructor(p = 0.5, { generator = null }: { readonly generator?: Generator | null } = {}) {
    super();
    if (!(p >= 0 && p <= 1)) throw new ValueError(this.moduleName, `p must lie in 0..1; got ${String(p)}.`);
    this.p = p;
    this.generator = generator;
  }

  protected settings(): DropoutOptions {
    const { p, training, generator } = this;
    return { p, training, ...(generator && { generator }) };
  }

  protected override describe(): string {
    return `p=${String(this.p)}`;
  }
}

/** In training, zeros with probability p and x / (1 - p) elsewhere. */
export class Dropout extends DropoutLayer {
  override get moduleName(): string {
    return "Dropout";
  }

  override forward(x: Tensor): Tensor {
    return dropout(x, this.settings());
  }
}

/** `Dropout` of whole channels of [N, C, ...]. */
export class Dropout2d extends DropoutLayer {
  override get moduleName(): string {
    return "Dropout2d";
  }

  override forward(x: Tensor): Tensor {
    return dropout2d(x, this.settings());
  }
}

/** Dropout that keeps mean 0 and variance 1 behind SELU. */
export class AlphaDropout extends DropoutLayer {
  override get moduleName(): string {
    return "AlphaDropout";
  }

  override forward(x: Tensor): Tensor {
    return alphaDropout(x, this.settings());
  }
}

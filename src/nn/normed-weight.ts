// The two rules by which weights are made from others: divided by their largest singular value, or as length and direction.
import { ShapeError, ValueError } from "../core/errors.ts";
import type { Generator } from "../core/rng.ts";
import { checkAxis, formatShape } from "../core/shape.ts";
import { div, mul, reshape, sum, transpose } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { requireWhole } from "../ops/checks.ts";
import { clamp } from "../ops/elementwise.ts";
import { matmul } from "../ops/linalg/matmul.ts";
import { randn } from "../ops/random.ts";
import { norm } from "../ops/reduce/norm.ts";
import { clone, movedim } from "../ops/shape.ts";
import { isRecomputing, noGrad } from "../tensor/mode.ts";
import { composite, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from "./conv.ts";
import type { Module } from "./module.ts";
import { Parametrization, registerParametrization, requireParameter } from "./parametrize.ts";
import { own } from "./parameter.ts";

export interface SpectralNormOptions {
  /** The field; default "weight". */
  readonly name?: string;
  /** Steps of the power iteration at each reading in training; default 1. */
  readonly nPowerIterations?: number;
  /** The axis of the outputs. Default 0; 1 for transposed convolutions. */
  readonly axis?: number;
  /** The least length that a vector is divided by; default 1e-12. */
  readonly eps?: number;
  /** The stream of the first vectors; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

const WARM_UP = 15;

class SpectralNorm extends Parametrization {
  readonly axis: number;
  readonly nPowerIterations: number;
  readonly eps: number;
  /** Approximate singular vectors of the largest singular value: [outputs] and [all else]. */
  _u: Tensor;
  _v: Tensor;

  constructor(weight: Tensor, axis: number, options: SpectralNormOptions) {
    super();
    const { nPowerIterations = 1, eps = 1e-12, generator } = options;
    this.axis = axis;
    this.nPowerIterations = nPowerIterations;
    this.eps = eps;
    const { device, dtype } = weight;
    const draw = (size: number): Tensor =>
      own(scope(() => this.#unit(randn([size], { device, dtype, ...(generator && { generator }) }))));
    const rows = weight.shape[axis];
    [this._u, this._v] = noGrad<Tensor[]>(() => [draw(rows), draw(weight.size / rows)]);
    this.#iterate(weight, WARM_UP);
  }

  override get moduleName(): string {
    return "SpectralNorm";
  }

  override forward(weight: Tensor): Tensor {
    if (this.training && !isRecomputing()) this.#iterate(weight, this.nPowerIterations);
    return composite("spectralNorm", () => {
      // Copies, since the graph saves them and the next reading changes the vectors themselves.
      const [u, v] = [clone(this._u), clone(this._v)];
      const sigma = sum(mul(reshape(u, [-1, 1]), matmul(this.#matrix(weight), reshape(v, [-1, 1]))));
      return div(weight, sigma);
    });
  }

  /** The weight as a matrix, [outputs, all else]. */
  #matrix(weight: Tensor): Tensor {
    return reshape(movedim(weight, this.axis, 0), [weight.shape[this.axis], -1]);
  }

  #iterate(weight: Tensor, steps: number): void {
    noGrad(() => {
      scope("power iteration", () => {
        const w = this.#matrix(weight);
        for (let i = 0; i < steps; i++) {
          assign(this._u, this.#unit(reshape(matmul(w, reshape(this._v, [-1, 1])), [-1])));
          assign(this._v, this.#unit(reshape(matmul(transpose(w), reshape(this._u, [-1, 1])), [-1])));
        }
      });
    });
  }

  #unit(x: Tensor): Tensor {
    return div(x, clamp(norm(x), { min: this.eps }));
  }

  protected override describe(): string {
    return `axis=${String(this.axis)}, nPowerIterations=${String(this.nPowerIterations)}`;
  }
}

/**
 * Divides a layer's weight by its largest singular value: W / (uᵀ W v), which bounds the layer's slope by 1. u and v are
 * kept between steps and follow the weight by a step of the power iteration at each forward in training; in evaluation they
 * stand still. The gradient takes u and v as constants.
 *
 * State, as of `torch.nn.utils.parametrizations.spectral_norm`: the weight itself under "parametrizations.weight.original",
 * u and v under "parametrizations.weight.0._u" and "._v".
 *
 * @returns the layer.
 * @throws ValueError for a parameter that is not there, and counts and eps out of range; ShapeError for a weight of fewer
 * than two axes.
 *
 * Source: Miyato et al. 2018, "Spectral normalization for generative adversarial networks".
 */
export function spectralNorm<M extends Module>(module: M, options: SpectralNormOptions = {}): M {
  const { name = "weight", eps = 1e-12 } = options;
  const weight = requireParameter("spectralNorm", module, name);
  requireWhole("spectralNorm", "nPowerIterations", options.nPowerIterations ?? 1, 1);
  if (!(eps > 0)) throw new ValueError("spectralNorm", `eps must be above 0; got ${String(eps)}.`);
  if (weight.rank < 2 || weight.size === 0) {
    const got = formatShape(weight.shape);
    throw new ShapeError("spectralNorm", `${name} must have two axes or more, none of size 0; got ${got}.`);
  }
  const transposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d].some(
    (kind) => module instanceof kind,
  );
  const axis = checkAxis("spectralNorm", options.axis ?? (transposed ? 1 : 0), weight.rank);
  return registerParametrization(module, name, new SpectralNorm(weight, axis, options));
}

export interface WeightNormOptions {
  /** The field; default "weight". */
  readonly name?: string;
  /** The axis of the outputs, each of which has a length of its own; null: one length for all. Default 0. */
  readonly axis?: number | null;
}

class WeightNorm extends Parametrization {
  readonly axis: number | null;

  constructor(axis: number | null) {
    super();
    this.axis = axis;
  }

  override get moduleName(): string {
    return "WeightNorm";
  }

  override take(weight: Tensor): Tensor[] {
    return noGrad<Tensor[]>(() => [this.#length(weight), clone(weight)]);
  }

  override forward(length: Tensor, direction: Tensor): Tensor {
    return composite("weightNorm", () => mul(direction, div(length, this.#length(direction))));
  }

  /** The length of each output's weights, with the other axes kept as 1; a scalar for one length of all. */
  #length(weight: Tensor): Tensor {
    if (this.axis === null) return norm(weight);
    const others = weight.shape.flatMap((_, i) => (i === this.axis ? [] : [i]));
    return norm(weight, { axis: others, keepDims: true });
  }

  protected override describe(): string {
    return `axis=${String(this.axis)}`;
  }
}

/**
 * Trains a layer's weight as lengths and directions: W = g v / |v|, with one length g per output.
 *
 * State, as of `torch.nn.utils.parametrizations.weight_norm`: g under "parametrizations.weight.original0", v under
 * "parametrizations.weight.original1".
 *
 * @returns the layer.
 * @throws ValueError for a parameter that is not there; ShapeError for an axis that it has not.
 *
 * Source: Salimans & Kingma 2016, "Weight normalization".
 */
export function weightNorm<M extends Module>(module: M, options: WeightNormOptions = {}): M {
  const { name = "weight", axis = 0 } = options;
  const weight = requireParameter("weightNorm", module, name);
  const along = axis === null ? null : checkAxis("weightNorm", axis, weight.rank);
  return registerParametrization(module, name, new WeightNorm(along));
}

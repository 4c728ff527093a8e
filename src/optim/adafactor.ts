// Adaptive steps whose memory grows with rows + columns of a matrix instead of rows x columns.
import { ValueError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { add, div, mul, sum } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { maximum, sqrt, square } from "../ops/elementwise.ts";
import { mean } from "../ops/reduce/mean.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireRange, withoutUndefined } from "./group.ts";
import type { BaseOptions, ParameterGroup, ParameterSource } from "./group.ts";
import { Optimizer } from "./optimizer.ts";
import type { ParameterState } from "./parameter-state.ts";
import { average, descend, scale } from "./running.ts";

export interface AdafactorSettings extends BaseOptions {
  /** The running means forget with rate t^beta2Decay. */
  readonly beta2Decay: number;
  /** Least root of the mean square gradient (null: the dtype's epsilon), and least root mean square of the weights. */
  readonly eps: readonly [number | null, number];
  /** The step is scaled down where its root mean square is above this. */
  readonly d: number;
  /** Decay of the weights: p -= lr weightDecay p. */
  readonly weightDecay: number;
}

/** Defaults: lr 1e-2, beta2Decay -0.8, eps [null, 1e-3], d 1, weightDecay 0. */
export type AdafactorOptions = Partial<AdafactorSettings>;

/**
 * Of a matrix's mean square gradients only row means r and column means c are kept; v = r c / mean(r), u = g / sqrt(v),
 * p -= max(eps2, rms(p)) min(lr, 1/sqrt(t)) u / max(1, rms(u) / d). Vectors keep their own v.
 *
 * Source: Shazeer & Stern 2018, "Adafactor: adaptive learning rates with sublinear memory cost", in PyTorch's form.
 */
export class Adafactor extends Optimizer<AdafactorSettings> {
  constructor(parameters: ParameterSource<AdafactorSettings>, options: AdafactorOptions = {}) {
    const defaults: AdafactorSettings = {
      ...{ lr: 1e-2, beta2Decay: -0.8, eps: [null, 1e-3], d: 1, weightDecay: 0, maximize: false },
      ...withoutUndefined(options),
    };
    super("Adafactor", parameters, defaults, ({ beta2Decay, eps, d, weightDecay }) => {
      if (!(beta2Decay <= 0))
        throw new ValueError("Adafactor", `beta2Decay must be at most 0; got ${String(beta2Decay)}.`);
      if (eps[0] !== null) requireRange("Adafactor", "eps[0]", eps[0], 0, Infinity);
      requireRange("Adafactor", "eps[1]", eps[1], 0, Infinity);
      requireRange("Adafactor", "d", d, 1, Infinity);
      requireRange("Adafactor", "weightDecay", weightDecay, 0, Infinity);
    });
  }

  protected override shapeOf(p: Tensor, name: string): Shape {
    const { shape } = p;
    if (name === "row_var") return [...shape.slice(0, -1), 1];
    if (name === "col_var") return [...shape.slice(0, -2), 1, ...shape.slice(-1)];
    return shape;
  }

  protected override update(
    p: Tensor,
    g: Tensor,
    state: ParameterState,
    { lr, beta2Decay, eps, d, weightDecay }: ParameterGroup<AdafactorSettings>,
  ): void {
    const least = eps[0] ?? (p.dtype === "float64" ? Number.EPSILON : 2 ** -23);
    const forget = state.step ** beta2Decay;
    // Kept as a tensor: reading it would make every step wait for the device.
    const size = mul(maximum(rms(p), eps[1]), Math.min(lr, 1 / Math.sqrt(state.step)));
    scale(p, 1 - lr * weightDecay);
    const variance =
      p.rank > 1 ? this.#factored(g, state, forget, least) : this.#whole(square(g), state, forget);
    const step = div(g, sqrt(maximum(variance, least * least)));
    descend(p, mul(step, div(size, maximum(mul(rms(step), 1 / d), 1))), 1);
  }

  #factored(g: Tensor, state: ParameterState, forget: number, least: number): Tensor {
    const squares = square(g);
    const [rows, columns] = ["row_var", "col_var"].map((name) =>
      state.tensor(name, { shape: this.shapeOf(g, name) }),
    );
    average(rows, mean(squares, { axis: -1, keepDims: true }), 1 - forget);
    average(columns, mean(squares, { axis: -2, keepDims: true }), 1 - forget);
    return div(mul(rows, columns), maximum(mean(rows, { axis: -2, keepDims: true }), least));
  }

  #whole(squares: Tensor, state: ParameterState, forget: number): Tensor {
    const variance = state.tensor("variance");
    assign(variance, add(mul(variance, 1 - forget), mul(squares, forget)));
    return variance;
  }
}

/** Root mean square of all elements, shape []. */
const rms = (x: Tensor): Tensor => sqrt(mul(sum(square(x)), 1 / Math.max(1, x.size)));

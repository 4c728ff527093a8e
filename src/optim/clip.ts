// Keeping gradients in bounds before a step.
import { ValueError } from "../core/errors.ts";
import { add, div, mul, sum } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { requireFloat, requireSameDType } from "../ops/checks.ts";
import { abs, exp, log, maximum, minimum, sqrt } from "../ops/elementwise.ts";
import { max } from "../ops/reduce/extrema.ts";
import { View } from "../core/view.ts";
import { apply, applyInPlace } from "../tensor/apply.ts";
import { withRecording } from "../tensor/mode.ts";
import { primitive } from "../tensor/primitive.ts";
import type { Primitive } from "../tensor/primitive.ts";
import { composite, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface ClipOptions {
  /** Order of the norm: 2 by default, Infinity for the largest absolute value. */
  readonly normType?: number;
}

const gradientsOf = (parameters: Iterable<Tensor>): Tensor[] =>
  [...parameters].flatMap(({ grad }) => (grad === null ? [] : [grad]));

/**
 * Scales all gradients together so that their common norm is at most maxNorm: g *= min(1, maxNorm / (norm + 1e-6)).
 * Nothing is read from the device.
 *
 * @returns the norm before, shape [].
 * @throws ValueError where maxNorm or normType is not positive, or no parameter has a gradient.
 */
export function clipGradNorm(
  parameters: Iterable<Tensor>,
  maxNorm: number,
  { normType = 2 }: ClipOptions = {},
): Tensor {
  if (!(maxNorm >= 0) || !(normType > 0)) {
    throw new ValueError(
      "clipGradNorm",
      `maxNorm must be at least 0 and normType positive; got ${String(maxNorm)} and ${String(normType)}.`,
    );
  }
  const gradients = gradientsOf(parameters);
  if (gradients.length === 0)
    throw new ValueError("clipGradNorm", "some parameter must have a gradient; got none.");
  return withRecording(false, () =>
    composite("clipGradNorm", () => {
      const norm = totalNorm(gradients, normType);
      const factor = minimum(div(maxNorm, add(norm, 1e-6)), 1);
      applyInPlace(
        scaleAllPrimitive,
        gradients.flatMap((g) => [g, factor]),
        null,
      );
      return norm;
    }),
  );
}

const scaleAllPrimitive: Primitive<null> = primitive({
  name: "clipGradNorm",
  inputs: ["g", "factor"],
  outputs: [],
  mutates: ["g"],
  repeats: true,
  infer: (inputs, _: null) => {
    requireSameDType("clipGradNorm", inputs, ["gradient", "factor"]);
    return [];
  },
  kernel: (k, pairs) => k.scaleAll(pairs),
});

const squaresSumPrimitive: Primitive<null> = primitive({
  name: "clipGradNorm",
  inputs: ["g"],
  repeats: true,
  infer: (inputs, _: null) => {
    for (const g of inputs) requireFloat("clipGradNorm", g);
    requireSameDType("clipGradNorm", inputs, ["gradient"]);
    return { view: View.of([]), dtype: inputs[0].dtype };
  },
  kernel: (k, xs, y) => k.squaresSum(xs, y),
});

function totalNorm(gradients: readonly Tensor[], order: number): Tensor {
  if (order === 2) return sqrt(apply(squaresSumPrimitive, gradients, null));
  if (order === Infinity) return gradients.map((g) => max(abs(g))).reduce(maximum);
  const total = gradients.map((g) => composite("clipGradNorm", () => sum(power(g, order)))).reduce(add);
  return exp(mul(log(total), 1 / order));
}

// |g|^order; 0 stays 0, since e^(-Infinity) is.
const power = (g: Tensor, order: number): Tensor => exp(mul(log(abs(g)), order));

/**
 * Limits every gradient's every element to [-clipValue, clipValue].
 *
 * @throws ValueError where clipValue is negative.
 */
export function clipGradValue(parameters: Iterable<Tensor>, clipValue: number): void {
  if (!(clipValue >= 0))
    throw new ValueError("clipGradValue", `clipValue must be at least 0; got ${String(clipValue)}.`);
  withRecording(false, () => {
    for (const g of gradientsOf(parameters)) {
      scope(() => {
        assign(g, maximum(minimum(g, clipValue), -clipValue));
      });
    }
  });
}

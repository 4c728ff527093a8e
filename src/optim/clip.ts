// Keeping gradients in bounds before a step.
import { ValueError } from "../core/errors.ts";
import { add, cast, div, sum } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { requireFloat, requireSameDType } from "../ops/checks.ts";
import { abs, maximum, minimum, pow, sqrt } from "../ops/elementwise.ts";
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
 * @throws ValueError where maxNorm is negative, normType not positive, or no parameter has a gradient.
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
      const kinds = byDType(gradients);
      const norm = totalNorm(kinds, normType);
      const factor = minimum(div(maxNorm, add(norm, 1e-6)), 1);
      for (const some of kinds) {
        const { dtype } = some[0];
        const own = dtype === factor.dtype ? factor : cast(factor, dtype);
        applyInPlace(
          scaleAllPrimitive,
          some.flatMap((g) => [g, own]),
          null,
        );
      }
      return norm;
    }),
  );
}

// A kernel takes one dtype; a norm is of all.
const byDType = (gradients: readonly Tensor[]): Tensor[][] =>
  [...new Set(gradients.map(({ dtype }) => dtype))].map((kind) =>
    gradients.filter(({ dtype }) => dtype === kind),
  );

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

function totalNorm(kinds: readonly Tensor[][], order: number): Tensor {
  if (order === 2) return sqrt(kinds.map((some) => apply(squaresSumPrimitive, some, null)).reduce(add));
  const gradients = kinds.flat();
  if (order === Infinity) return gradients.map((g) => max(abs(g))).reduce(maximum);
  const powers = (g: Tensor): Tensor => composite("clipGradNorm", () => sum(pow(abs(g), order)));
  return pow(gradients.map(powers).reduce(add), 1 / order);
}

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

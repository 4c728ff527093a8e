// How wide a weight is on its two sides, and how much an activation shrinks what passes through it: what the scaled
// initialisers start from.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";

export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * Of a weight [out, in, ...kernel]: fan in = in x kernel size, fan out = out x kernel size.
 *
 * @throws ShapeError below two axes.
 */
export function fansOf(op: string, shape: Shape): Fans {
  if (shape.length < 2)
    throw new ShapeError(op, `the tensor must have at least two axes; got ${formatShape(shape)}.`);
  const field = sizeOf(shape.slice(2));
  return { fanIn: shape[1] * field, fanOut: shape[0] * field };
}

export type Nonlinearity = "linear" | "conv" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

/**
 * The factor that makes up for an activation: 1 for linear, conv and sigmoid, 5/3 for tanh, sqrt(2) for relu,
 * sqrt(2 / (1 + slope²)) for leakyRelu (slope 0.01 by default), 3/4 for selu.
 *
 * @throws ValueError for another name.
 */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  const gains: Readonly<Record<Nonlinearity, number>> = {
    ...{ linear: 1, conv: 1, sigmoid: 1, tanh: 5 / 3, relu: Math.SQRT2, selu: 3 / 4 },
    leakyRelu: Math.sqrt(2 / (1 + slope * slope)),
  };
  const gain: number | undefined = gains[nonlinearity];
  if (gain !== undefined) return gain;
  throw new ValueError(
    "calculateGain",
    `the nonlinearity must be one of ${Object.keys(gains).join(", ")}; got ${JSON.stringify(nonlinearity)}.`,
  );
}

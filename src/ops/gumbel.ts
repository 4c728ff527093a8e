// Samples of categories that gradients pass through.
import { ValueError } from "../core/errors.ts";
import type { Generator } from "../core/rng.ts";
import { checkAxis } from "../core/shape.ts";
import { noGrad } from "../tensor/mode.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, cast, mul, neg, sub } from "./algebra.ts";
import { requireFloat } from "./checks.ts";
import { detach, tensor } from "./creation.ts";
import { eq, log, maximum } from "./elementwise.ts";
import { rand } from "./random.ts";
import { argmax } from "./reduce/extrema.ts";
import { softmax } from "./softmax.ts";

export interface GumbelSoftmaxOptions {
  /** Temperature: the smaller, the nearer to one-hot; default 1. */
  readonly tau?: number;
  /** Give one-hot vectors, with the gradient of the soft ones; default false. */
  readonly hard?: boolean;
  /** Default: the last. */
  readonly axis?: number;
  /** The stream to draw from; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

// Uniform numbers come in steps of 2^-24 and may be 0: half a step keeps the logarithms finite.
const LEAST = 2 ** -25;

/**
 * A soft sample of a category: y = softmax((logits + g) / tau) with g = -log(-log u) and u uniform. The largest element of
 * y is category i with probability softmax(logits)[i].
 *
 * Shapes: [...] -> [...]. Source: E. Jang et al., Categorical Reparameterization with Gumbel-Softmax (2017).
 *
 * @throws ValueError unless tau is above 0.
 */
export function gumbelSoftmax(logits: Tensor, options: GumbelSoftmaxOptions = {}): Tensor {
  const op = "gumbelSoftmax";
  logits.assertAlive(op);
  requireFloat(op, logits);
  const { tau = 1, hard = false, axis = -1, generator } = options;
  const at = checkAxis(op, axis, logits.rank);
  if (!(tau > 0)) throw new ValueError(op, `tau must be above 0; got ${String(tau)}.`);
  const { device, dtype, shape } = logits;
  return composite(op, () => {
    const u = rand(shape, { device, dtype, ...(generator && { generator }) });
    const noise = neg(log(maximum(neg(log(sub(1, u))), LEAST)));
    const soft = softmax(mul(add(logits, noise), 1 / tau), at);
    if (!hard) return soft;
    return add(sub(oneHotLike(soft, at), detach(soft)), soft);
  });
}

/** 1 at the largest element along the axis, 0 elsewhere. */
const oneHotLike = (x: Tensor, axis: number): Tensor =>
  noGrad<Tensor>(() => {
    const places = tensor(
      Int32Array.from({ length: x.shape[axis] }, (_, i) => i),
      { shape: x.shape.map((n, i) => (i === axis ? n : 1)), device: x.device },
    );
    return cast(eq(places, argmax(x, { axis, keepDims: true })), x.dtype);
  });

// The losses of generative adversarial networks, each a pair: what the discriminator minimises, and what the generator does.
// Both see scores, the discriminator's numbers before any sigmoid, so that nothing is lost to rounding near 0 and 1.
import { grad } from "../autograd/grad.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import type { Generator } from "../core/rng.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { add, mul, neg, reshape, sub, sum } from "../ops/algebra.ts";
import { requireFloat } from "../ops/checks.ts";
import { detach } from "../ops/creation.ts";
import { lerp, relu, softplus, square } from "../ops/elementwise.ts";
import { rand } from "../ops/random.ts";
import { mean } from "../ops/reduce/mean.ts";
import { norm } from "../ops/reduce/norm.ts";
import { withRecording } from "../tensor/mode.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What the two sides minimise, as means over the scores of a batch; the shapes of the scores are free. */
export interface AdversarialLoss {
  /** From the scores of real samples and of generated ones, which may be more or fewer. */
  readonly discriminator: (real: Tensor, fake: Tensor) => Tensor;
  /** From the scores of generated samples. */
  readonly generator: (fake: Tensor) => Tensor;
}

// ln(1 + e^x) everywhere, without the straight line that softplus takes beyond its threshold.
const soft = (x: Tensor): Tensor => softplus(x, { threshold: Infinity });

/** A pair of losses that checks its inputs and frees its temporaries. */
function adversarialLoss(
  name: string,
  discriminator: (real: Tensor, fake: Tensor) => Tensor,
  generator: (fake: Tensor) => Tensor,
): AdversarialLoss {
  const check = (op: string, scores: readonly Tensor[]): void => {
    for (const x of scores) {
      x.assertAlive(op);
      requireFloat(op, x);
    }
  };
  return {
    discriminator: (real, fake) => {
      check(`${name}.discriminator`, [real, fake]);
      return composite(`${name}.discriminator`, () => discriminator(real, fake));
    },
    generator: (fake) => {
      check(`${name}.generator`, [fake]);
      return composite(`${name}.generator`, () => generator(fake));
    },
  };
}

// -ln sigmoid(real) - ln(1 - sigmoid(fake)): the cross-entropy of telling real from fake.
const telling = (real: Tensor, fake: Tensor): Tensor => add(mean(soft(neg(real))), mean(soft(fake)));

/**
 * The game as it was first posed. Discriminator: mean(-ln s(real)) + mean(-ln(1 - s(fake))); generator, the opposite of
 * the second term: mean(ln(1 - s(fake))), where s is the sigmoid. Where the discriminator wins, the generator's gradient
 * vanishes; `nonSaturatingLoss` does not.
 *
 * Source: Goodfellow et al. 2014, "Generative adversarial nets".
 */
export const minimaxLoss: AdversarialLoss = adversarialLoss("minimaxLoss", telling, (fake) =>
  neg(mean(soft(fake))),
);

/**
 * The minimax game with the generator's loss turned round: mean(-ln s(fake)), whose gradient is strong where the fakes are
 * found out. What DCGAN trains with; equal to binary cross-entropy with logits against ones and zeros.
 *
 * Source: Goodfellow et al. 2014, section 3.
 */
export const nonSaturatingLoss: AdversarialLoss = adversarialLoss("nonSaturatingLoss", telling, (fake) =>
  mean(soft(neg(fake))),
);

/**
 * Margins: mean(max(0, 1 - real)) + mean(max(0, 1 + fake)); generator: -mean(fake).
 *
 * Source: Lim & Ye 2017, "Geometric GAN"; Miyato et al. 2018 with spectral normalisation.
 */
export const hingeLoss: AdversarialLoss = adversarialLoss(
  "hingeLoss",
  (real, fake) => add(mean(relu(sub(1, real))), mean(relu(add(fake, 1)))),
  (fake) => neg(mean(fake)),
);

/**
 * Squares: (mean((real - 1)²) + mean(fake²)) / 2; generator: mean((fake - 1)²) / 2.
 *
 * Source: Mao et al. 2017, "Least squares generative adversarial networks", with a = 0, b = c = 1.
 */
export const leastSquaresLoss: AdversarialLoss = adversarialLoss(
  "leastSquaresLoss",
  (real, fake) => mul(add(mean(square(sub(real, 1))), mean(square(fake))), 0.5),
  (fake) => mul(mean(square(sub(fake, 1))), 0.5),
);

/**
 * The dual of the earth mover's distance: mean(fake) - mean(real) for a critic whose slope is bounded by 1 (see
 * `gradientPenalty`); generator: -mean(fake). Minus the critic's loss estimates the distance.
 *
 * Source: Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN".
 */
export const wassersteinLoss: AdversarialLoss = adversarialLoss(
  "wassersteinLoss",
  (real, fake) => sub(mean(fake), mean(real)),
  (fake) => neg(mean(fake)),
);

export interface GradientPenaltyOptions {
  /** The slope that the critic is held to; default 1. */
  readonly target?: number;
  /** Punish slopes above the target only; default false. */
  readonly oneSided?: boolean;
  /** Where on the line between its two samples each point lies, [N], 1 at the real one. Default: drawn uniformly. */
  readonly mix?: Tensor;
  /** The stream `mix` is drawn from; default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/**
 * How far the critic's slope is from 1 between real and generated samples: mean((|dD(x)/dx| - 1)²), where each
 * x = mix real + (1 - mix) fake. To be weighted (by 10, usually) and added to the critic's loss. The penalty is itself
 * differentiable by the critic's parameters, which takes second derivatives through it; the samples are taken as constants.
 *
 * The critic must score each sample on its own: layer normalisation in it is right, batch normalisation is not.
 *
 * Shapes: real, fake [N, ...] -> []. Numerics: where the slope is 0 its gradient is taken as 0.
 *
 * @throws ShapeError where real, fake or mix do not fit each other; ValueError for a target below 0, or where the scores do
 * not depend on the samples.
 *
 * Source: Gulrajani et al. 2017, "Improved training of Wasserstein GANs".
 */
export function gradientPenalty(
  critic: (x: Tensor) => Tensor,
  real: Tensor,
  fake: Tensor,
  options: GradientPenaltyOptions = {},
): Tensor {
  const { target = 1, oneSided = false } = options;
  checkSamples(real, fake, options);
  return withRecording(true, () =>
    composite("gradientPenalty", () => {
      const x = between(real, fake, options).setRequiresGrad(true);
      const scores = critic(x);
      if (!scores.requiresGrad)
        throw new ValueError(
          "gradientPenalty",
          "the critic must be recorded; got scores without a gradient.",
        );
      // One backward from the sum of the scores gives each sample's own gradient, as no score depends on two samples.
      const slope = grad(sum(scores), x, { createGraph: true });
      const excess = sub(norm(reshape(slope, [real.shape[0], -1]), { axis: 1 }), target);
      return mean(square(oneSided ? relu(excess) : excess));
    }),
  );
}

function checkSamples(real: Tensor, fake: Tensor, { target = 1, mix }: GradientPenaltyOptions): void {
  const op = "gradientPenalty";
  for (const x of mix ? [real, fake, mix] : [real, fake]) {
    x.assertAlive(op);
    requireFloat(op, x);
  }
  if (!(target >= 0)) throw new ValueError(op, `target must be at least 0; got ${String(target)}.`);
  if (!sameShape(real.shape, fake.shape) || real.size === 0 || real.rank === 0) {
    const got = `real ${formatShape(real.shape)} and fake ${formatShape(fake.shape)}`;
    throw new ShapeError(op, `real and fake must be samples [N, ...] of one shape; got ${got}.`);
  }
  if (mix && !sameShape(mix.shape, [real.shape[0]])) {
    const n = formatShape([real.shape[0]]);
    throw new ShapeError(op, `mix must hold one number per sample, ${n}; got ${formatShape(mix.shape)}.`);
  }
}

/** Points on the lines between samples, as constants. */
function between(real: Tensor, fake: Tensor, { mix, generator }: GradientPenaltyOptions): Tensor {
  return withRecording(false, () => {
    const { device, dtype } = real;
    const share = mix ?? rand([real.shape[0]], { device, dtype, ...(generator && { generator }) });
    const column = reshape(share, [real.shape[0], ...real.shape.slice(1).map(() => 1)]);
    return detach(lerp(fake, real, column));
  });
}

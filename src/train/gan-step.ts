// One step of a generative adversarial network. The two sides never see each other's graph: the discriminator learns from
// generated samples that are constants to it, and is itself a constant while the generator learns.
import { backward } from "../autograd/grad.ts";
import { gradientPenalty } from "../nn/adversarial.ts";
import type { AdversarialLoss } from "../nn/adversarial.ts";
import type { Module } from "../nn/module.ts";
import { add, mul } from "../ops/algebra.ts";
import { detach } from "../ops/creation.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { withRecording } from "../tensor/mode.ts";
import { keep, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Model } from "./evaluate.ts";

/** The two sides and what they play. */
export interface Game {
  readonly generator: Model;
  readonly discriminator: Model;
  readonly generatorOptimizer: Optimizer;
  readonly discriminatorOptimizer: Optimizer;
  readonly loss: AdversarialLoss;
  /** Weight of the gradient penalty; 0: none. */
  readonly gradientPenalty: number;
}

/** Scalars that the caller releases. */
export interface StepLosses {
  /** All that the discriminator minimised, the weighted penalty included. */
  readonly discriminator: Tensor;
  /** The penalty, unweighted. */
  readonly penalty: Tensor | null;
  /** Null where the generator did not move. */
  readonly generator: Tensor | null;
}

/**
 * Moves the discriminator and, in its turn, the generator, both by the same generated samples; in the caller's scope.
 * The points of the penalty come from the default random stream.
 */
export function ganStep(game: Game, real: Tensor, latent: Tensor, generatorsTurn: boolean): StepLosses {
  const fake = withRecording(generatorsTurn, () => game.generator.forward(latent));
  // In a scope of its own: what the discriminator's step leaves must not lie beside the generator's.
  const { loss, penalty } = scope<Moved>("ganStep", () => moveDiscriminator(game, real, detach(fake)));
  const generator = generatorsTurn ? moveGenerator(game, fake) : null;
  return {
    discriminator: keep(loss),
    penalty: penalty && keep(penalty),
    generator: generator && keep(generator),
  };
}

interface Moved {
  readonly loss: Tensor;
  readonly penalty: Tensor | null;
}

function moveDiscriminator(
  { discriminator, discriminatorOptimizer, loss: losses, gradientPenalty: weight }: Game,
  real: Tensor,
  fake: Tensor,
): Moved {
  const plain = losses.discriminator(discriminator.forward(real), discriminator.forward(fake));
  const score = (x: Tensor): Tensor => discriminator.forward(x);
  const penalty = weight === 0 ? null : gradientPenalty(score, real, fake);
  const loss = penalty ? add(plain, mul(penalty, weight)) : plain;
  discriminatorOptimizer.zeroGrad();
  backward(loss);
  discriminatorOptimizer.step();
  return { loss, penalty };
}

function moveGenerator(game: Game, fake: Tensor): Tensor {
  const { discriminator, generatorOptimizer } = game;
  return frozen(discriminator, () => {
    const loss = game.loss.generator(discriminator.forward(fake));
    generatorOptimizer.zeroGrad();
    backward(loss);
    generatorOptimizer.step();
    return loss;
  });
}

/** Runs `fn` with a module's parameters as constants; what was frozen before stays so. */
function frozen<T>(module: Module, fn: () => T): T {
  const thawed = module.parameters().filter((p) => p.requiresGrad);
  for (const p of thawed) p.setRequiresGrad(false);
  try {
    return fn();
  } finally {
    for (const p of thawed) p.setRequiresGrad(true);
  }
}

// Trains a Wasserstein GAN with gradient penalty on MNIST: `npm run example wgan-gp`. A picture and a Fréchet distance after
// each epoch. Every step of the critic takes second derivatives through it.
import { WganCritic, WganGenerator } from "neurite/models";
import { wassersteinLoss } from "neurite/nn";
import { Adam } from "neurite/optim";
import { GanTrainer } from "neurite/train";
import { ganNumbers, runGan, SAMPLES } from "../shared/gan/program.ts";
import type { Program } from "../shared/options.ts";
import { runProgram } from "../shared/program.ts";

const program = {
  name: "wgan-gp",
  summary:
    "Trains a Wasserstein GAN with gradient penalty on MNIST, and reports how far its digits are from real ones.",
  command: "npm run example wgan-gp",
  numbers: {
    ...ganNumbers,
    lr: {
      type: "decimal",
      fallback: 5e-4,
      fast: 2e-3,
      least: 1e-8,
      most: 1,
      help: "learning rate of both sides",
    },
    nCritic: {
      type: "whole",
      fallback: 3,
      fast: 2,
      least: 1,
      most: 100,
      help: "the critic's steps for each of the generator's",
    },
    penalty: { type: "decimal", fallback: 10, least: 0, most: 1e6, help: "weight of the gradient penalty" },
  },
} as const satisfies Program;

await runProgram(program, (run) => {
  const { width, latent, lr, nCritic, penalty, seed } = run.options;
  const generator = new WganGenerator({ width, latent });
  const critic = new WganCritic({ width });
  const adam = { lr, betas: [0.5, 0.9] } as const;
  const trainer = new GanTrainer({
    generator,
    discriminator: critic,
    generatorOptimizer: new Adam(generator.parameters(), adam),
    discriminatorOptimizer: new Adam(critic.parameters(), adam),
    loss: wassersteinLoss,
    latent,
    nCritic,
    gradientPenalty: penalty,
    samples: SAMPLES,
    sampleSeed: seed,
  });
  const sizes = [generator, critic].map((side) => side.parameterCount().toLocaleString("en-US"));
  return runGan(run, trainer, `${sizes[0]} + ${sizes[1]}`);
});

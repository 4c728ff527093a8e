// Trains a DCGAN on MNIST: `npm run example dcgan`. A picture and a Fréchet distance after each epoch.
import { DcganDiscriminator, DcganGenerator } from "neurite/models";
import { nonSaturatingLoss } from "neurite/nn";
import { Adam } from "neurite/optim";
import { GanTrainer } from "neurite/train";
import { ganNumbers, runGan, SAMPLES } from "../shared/gan/program.ts";
import type { Program } from "../shared/options.ts";
import { runProgram } from "../shared/program.ts";

const program = {
  name: "dcgan",
  summary: "Trains a DCGAN on MNIST, and reports how far its digits are from real ones.",
  command: "npm run example dcgan",
  numbers: {
    ...ganNumbers,
    lr: {
      type: "decimal",
      fallback: 2e-4,
      fast: 2e-3,
      least: 1e-8,
      most: 1,
      help: "learning rate of both sides",
    },
  },
} as const satisfies Program;

await runProgram(program, (run) => {
  const { width, latent, lr, seed } = run.options;
  const generator = new DcganGenerator({ width, latent });
  const discriminator = new DcganDiscriminator({ width });
  const adam = { lr, betas: [0.5, 0.999] } as const;
  const trainer = new GanTrainer({
    generator,
    discriminator,
    generatorOptimizer: new Adam(generator.parameters(), adam),
    discriminatorOptimizer: new Adam(discriminator.parameters(), adam),
    loss: nonSaturatingLoss,
    latent,
    samples: SAMPLES,
    sampleSeed: seed,
  });
  const sizes = [generator, discriminator].map((side) => side.parameterCount().toLocaleString("en-US"));
  return runGan(run, trainer, `${sizes[0]} + ${sizes[1]}`);
});

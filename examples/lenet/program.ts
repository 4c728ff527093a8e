// What `npm start` says about itself: its name, what it does, and its options.
import type { Program } from "../shared/options.ts";

export const lenetProgram = {
  name: "lenet",
  summary: "Trains LeNet-5 on MNIST and reports its accuracy on the 10,000 test images.",
  command: "npm start",
  numbers: {
    epochs: {
      type: "whole",
      fallback: 7,
      fast: 1,
      least: 1,
      most: 1000,
      help: "times to go through the training images",
    },
    batchSize: { type: "whole", fallback: 64, least: 1, most: 10_000, help: "images per step" },
    lr: {
      type: "decimal",
      fallback: 0.002,
      least: 1e-8,
      most: 1,
      help: "learning rate at the start; falls to 0",
    },
    limit: {
      type: "whole",
      fallback: 60_000,
      fast: 12_000,
      least: 24,
      most: 60_000,
      help: "use only the first N training images",
    },
  },
} as const satisfies Program;

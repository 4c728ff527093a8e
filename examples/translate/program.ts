// What `npm run example translate` says about itself: its name, what it does, and its options.
import type { Program } from "../shared/options.ts";

export const translateProgram = {
  name: "translate",
  summary:
    "Translates dates, written in eleven ways, to ISO dates (or pairs of lines from a file), character by character, with attention.",
  command: "npm run example translate",
  numbers: {
    epochs: {
      type: "whole",
      fallback: 2,
      fast: 1,
      least: 1,
      most: 10_000,
      help: "times through the training pairs",
    },
    batchSize: { type: "whole", fallback: 64, least: 1, most: 4096, help: "pairs per step" },
    pairs: {
      type: "whole",
      fallback: 20_000,
      fast: 4000,
      least: 100,
      most: 1e7,
      help: "dates to train with",
    },
    hidden: {
      type: "whole",
      fallback: 128,
      fast: 64,
      least: 2,
      most: 2048,
      help: "units of the decoder; even",
    },
    lr: {
      type: "decimal",
      fallback: 0.003,
      fast: 0.005,
      least: 1e-8,
      most: 1,
      help: "highest learning rate; falls to 0",
    },
  },
  texts: {
    file: { value: "FILE", fallback: "", help: "lines of source, tab, target to translate instead of dates" },
  },
} as const satisfies Program;

// What `npm run example char-lstm` says about itself: its name, what it does, and its options.
import { languageModelNumbers } from "../shared/language-model.ts";
import type { Program } from "../shared/options.ts";

export const charLstmProgram = {
  name: "char-lstm",
  summary:
    "Trains a language model of characters, one LSTM of 256 units, on the Brown corpus or a text file.",
  command: "npm run example char-lstm",
  numbers: {
    ...languageModelNumbers,
    lr: {
      type: "decimal",
      fallback: 0.002,
      least: 1e-8,
      most: 1,
      help: "highest learning rate",
    },
    hidden: { type: "whole", fallback: 256, fast: 64, least: 1, most: 4096, help: "units of the LSTM" },
    sample: {
      type: "whole",
      fallback: 400,
      fast: 80,
      least: 0,
      most: 100_000,
      help: "characters to write at the end",
    },
    temperature: {
      type: "decimal",
      fallback: 0.7,
      least: 0.01,
      most: 10,
      help: "of the sample: lower is safer",
    },
  },
  texts: {
    text: { value: "FILE", fallback: "", help: "a text to learn instead of the Brown corpus" },
  },
} as const satisfies Program;

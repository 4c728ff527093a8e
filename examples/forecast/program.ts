// What `npm run example forecast` says about itself: its name, what it does, and its options.
import type { Program } from "../shared/options.ts";

export const forecastProgram = {
  name: "forecast",
  summary: "Forecasts a week of daily highs in Seattle with LSTMs, and compares them with two simple rules.",
  command: "npm run example forecast",
  numbers: {
    epochs: {
      type: "whole",
      fallback: 30,
      fast: 4,
      least: 1,
      most: 10_000,
      help: "times through the training years",
    },
    batchSize: { type: "whole", fallback: 32, least: 1, most: 1000, help: "windows per step" },
    window: { type: "whole", fallback: 28, least: 1, most: 365, help: "days that a forecast looks back" },
    hidden: { type: "whole", fallback: 32, least: 1, most: 1024, help: "units of each LSTM" },
    lr: {
      type: "decimal",
      fallback: 0.003,
      least: 1e-8,
      most: 1,
      help: "learning rate at the start; falls to 0",
    },
  },
} as const satisfies Program;

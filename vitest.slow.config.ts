// The slow suite: full trainings, kill-and-resume, memory over gigabytes. CI runs it after the default one.
import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/slow/**/*.test.ts"],
    pool: "forks",
    // These tests measure time and memory, so they do not share the machine with each other.
    fileParallelism: false,
    setupFiles: existsSync("test/setup.ts") ? ["test/setup.ts"] : [],
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});

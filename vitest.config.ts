// The default suite: everything under test/ that is not slow. `npm test` must stay under a minute on two cores.
import { existsSync } from "node:fs";
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/slow/**"],
    // One process per file: a wasm memory, a backend and a random state are process-wide, and tests assert on them.
    pool: "forks",
    setupFiles: existsSync("test/setup.ts") ? ["test/setup.ts"] : [],
    testTimeout: 20_000,
  },
});

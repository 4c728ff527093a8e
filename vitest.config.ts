// The default suite: everything under test/ that is not slow. `npm test` must stay under a minute on two cores.
import { existsSync } from "node:fs";
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/slow/**"],
    pool: "forks",
    // Files of one process share the library and its backends, which spares their start-up for each of a hundred files;
    // tests leave no tensor behind (test/setup.ts), and those that need a backend of their own make one.
    isolate: false,
    setupFiles: existsSync("test/setup.ts") ? ["test/setup.ts"] : [],
    testTimeout: 20_000,
  },
});

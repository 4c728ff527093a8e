// The default suite: everything under test/ that is not slow and needs nothing but the root's install. `npm test` must stay under a minute on two cores.
import { configDefaults, defineConfig } from "vitest/config";

// They register devices or replace the library's modules, which others would see.
const alone = ["test/backend/**/*.test.ts", "test/init.test.ts"];
const exclude = [...configDefaults.exclude, "test/slow/**", "test/distribution/**"];
const common = { pool: "forks" as const, setupFiles: ["test/setup.ts"], testTimeout: 20_000 };

export default defineConfig({
  test: {
    projects: [
      {
        // Files of one process share the library and its backends, which spares their start-up for each of a hundred
        // files; tests leave no tensor behind (test/setup.ts).
        test: {
          ...common,
          name: "shared",
          include: ["test/**/*.test.ts"],
          exclude: [...exclude, ...alone],
          isolate: false,
        },
      },
      { test: { ...common, name: "alone", include: alone, exclude } },
    ],
  },
});

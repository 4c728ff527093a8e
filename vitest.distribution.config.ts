// The packed package where its users are (test/distribution). Needs `npm ci --prefix test/distribution`, and Chromium.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/distribution/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

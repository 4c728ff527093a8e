// Where the programs lie that the package is tested with (test/distribution/package.json brings them), and how they run.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));
export const toolFolder = join(root, "test/distribution/node_modules");

if (!existsSync(toolFolder)) {
  throw new Error("the tools of this suite are not installed; run: npm ci --prefix test/distribution");
}

/** The binary of a runtime, from the package for this platform: `@deno/linux-x64-glibc`, `@oven/bun-darwin-aarch64`. */
export function runtimeBinary(scope: string, path: string): string {
  const folder = join(toolFolder, scope);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const binary = join(folder, name, path);
    if (existsSync(binary)) return binary;
  }
  throw new Error(`npm brought no package of ${scope} for this platform with ${path}`);
}

export const chromium = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** As in a user's shell: none of what this test runner sets, and the tools on the path as npx would put them. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_ENV|NODE_OPTIONS|VITEST.*|npm_.*|DEV|PROD|MODE|SSR|TEST|BASE_URL)$/.test(name),
  );
  const path = `${join(toolFolder, ".bin")}${delimiter}${process.env["PATH"] ?? ""}`;
  return { ...Object.fromEntries(kept), PATH: path, NO_COLOR: "1" };
}

/** Runs a program to its end; its standard output, or an error with all that it said. */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: userEnvironment(),
    // A program that does not end, because a worker keeps it alive, is a failure.
    timeout: 90_000,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** Runs a line as a user types it; all that it said, complaints too. */
export const runLine = (line: string, cwd: string): string =>
  run("sh", ["-c", `${line.replace(/^npx /, "")} 2>&1`], cwd);

// Compiles assembly/ to the two kernel binaries (strict and relaxed SIMD) when a source is newer than they are.
import { spawn } from "node:child_process";
import { existsSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesBelow, root } from "./files.ts";

const targets = { strict: "kernels.wasm", relaxed: "kernels-relaxed.wasm" } as const;
const outputFolder = join(root, "src/backend/wasm");

/** The time of the newest source; folders count too, so that a deleted file is noticed. */
function newestSource(): number {
  const files = filesBelow(join(root, "assembly"));
  const folders = new Set(files.map((file) => dirname(file)));
  const others = [join(root, "asconfig.json"), join(root, "node_modules/assemblyscript/package.json")];
  return Math.max(...[...files, ...folders, ...others].map((path) => statSync(path).mtimeMs));
}

function compile(target: keyof typeof targets, started: Date): Promise<void> {
  const output = join(outputFolder, targets[target]);
  const temporary = `${output}.${String(process.pid)}.tmp`;
  const compiler = join(root, "node_modules/assemblyscript/bin/asc.js");
  const args = [compiler, "--config", "asconfig.json", "--target", target, "--outFile", temporary];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0) {
        // Dated by the start of the build: a source saved while asc was running makes the binary stale again.
        utimesSync(temporary, started, started);
        renameSync(temporary, output);
        resolve();
      } else {
        rmSync(temporary, { force: true });
        reject(new Error(`asc failed for the ${target} build (exit ${String(code)})`));
      }
    });
  });
}

const newest = newestSource();
const stale = (Object.keys(targets) as (keyof typeof targets)[]).filter((target) => {
  const output = join(outputFolder, targets[target]);
  return process.argv.includes("--force") || !existsSync(output) || statSync(output).mtimeMs <= newest;
});

if (stale.length > 0) {
  const started = new Date();
  try {
    await Promise.all(stale.map((target) => compile(target, started)));
    const seconds = ((Date.now() - started.getTime()) / 1000).toFixed(1);
    console.log(`wasm: built ${stale.map((target) => targets[target]).join(", ")} in ${seconds} s`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

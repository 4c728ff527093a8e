// The documents, taken at their word where that takes long: programs type-check as a user's would, and the new op of
// docs/adding-an-op.md compiles, keeps to its signature, and passes the tests of all ops.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyChange, copyProject } from "../docs/changes.ts";
import { changes, programs } from "../docs/documents.ts";

const project = mkdtempSync(join(tmpdir(), "neurite-documents-"));

/** Runs a program of node_modules or a script of the copied project; what it printed, colours left out. */
function run(env: Readonly<Record<string, string>>, ...program: string[]): string {
  const options = {
    ...({ cwd: project, encoding: "utf8" } as const),
    env: { ...process.env, NO_COLOR: "1", ...env },
    maxBuffer: 2 ** 28, // every test is a line
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", ...program], options);
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

beforeAll(() => copyProject(project));
afterAll(() => rmSync(project, { recursive: true }));

describe("the programs in the documents", () => {
  it("type-check against the sources", () => {
    const folder = join(project, "programs");
    mkdirSync(folder);
    for (const { place, code } of programs)
      writeFileSync(join(folder, `${place.replace(/\W+/g, "-")}.ts`), code);
    const compilerOptions = {
      noEmit: true,
      allowImportingTsExtensions: true,
      paths: { neurite: ["../src/index.ts"], "neurite/*": ["../src/*/index.ts"] },
    };
    const config = { extends: "../tsconfig.base.json", compilerOptions, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    run({}, compiler, "-p", "programs");
  });
});

describe("the new op of docs/adding-an-op.md", () => {
  it("compiles on both sides", () => {
    for (const change of changes) applyChange(change, project);
    run({}, "scripts/build-wasm.ts", "--force");
    expect(run({}, "scripts/check-wasm.ts")).toMatch(/kernels\.wasm: \d+ kernels as declared/);
    run({}, compiler, "-p", "tsconfig.build.json", "--noEmit");
  });

  it.each(["strict", "relaxed"])("passes the tests of all ops on the %s build", (build) => {
    const printed = run({ NEURITE_BUILD: build }, vitest, "run", "test/ops", "--reporter=verbose");
    expect(printed).toMatch(/gaussian/);
  });
});

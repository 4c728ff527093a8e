// Every example in its short form, as users run it: it ends in order, with its figure on the last line.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

// LeNet has a suite of its own.
const names = (await fs.readdir("examples")).filter(
  (name) => name !== "lenet" && existsSync(join("examples", name, "main.ts")),
);

let directory = "";

beforeAll(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-examples-"));
});

afterAll(() => fs.rm(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runExample(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", "examples/run.ts", ...args]);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

it("says which examples there are", async () => {
  for (const args of [[], ["nothing"]]) {
    const { code, stderr } = await runExample(...args);
    expect(code).toBe(2);
    for (const name of ["lenet", ...names]) expect(stderr).toContain(name);
  }
});

it.each(names)("%s --fast ends with its figure", { timeout: 240_000 }, async (name) => {
  const { code, stdout, stderr } = await runExample(name, "--fast", "--out", join(directory, name));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(new RegExp(`^result: ${name} .*\\d`));
});

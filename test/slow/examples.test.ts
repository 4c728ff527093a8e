// Every example in its short form, as users run it: it ends in order, with its figure on the last line, and with the same
// figure when it is stopped and resumed.
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

const runExample = (...args: readonly string[]): Promise<Ended> => runUntil(null, ...args);

/** Runs an example; Ctrl-C comes once it has printed `text`. */
async function runUntil(text: string | null, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", "examples/run.ts", ...args]);
  let [stdout, stderr] = ["", ""];
  let isHeard = text === null;
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
    if (isHeard || !stdout.includes(text!)) return;
    isHeard = true;
    child.kill("SIGINT");
  });
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

const figureOf = (stdout: string): string => stdout.trimEnd().split("\n").at(-1)!;

it.each(names)(
  "%s --fast ends with its figure, also when it is stopped and resumed",
  { timeout: 480_000 },
  async (name) => {
    const short = ["--fast", "--seed", "3", "--out"];
    const { code, stdout, stderr } = await runExample(name, ...short, join(directory, name));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(figureOf(stdout)).toMatch(new RegExp(`^result: ${name} .*\\d`));
    const again = join(directory, `${name}-again`);
    const stopped = await runUntil("epoch", name, ...short, again);
    expect({ code: stopped.code, stderr: stopped.stderr }).toEqual({ code: 130, stderr: "" });
    expect(figureOf(stopped.stdout)).toMatch(/^stopped.*--resume/);
    const resumed = await runExample(name, "--resume", "--fast", "--out", again);
    expect({ code: resumed.code, stderr: resumed.stderr }).toEqual({ code: 0, stderr: "" });
    expect(figureOf(resumed.stdout)).toBe(figureOf(stdout));
  },
);

it.each(names)("%s --help names its options", async (name) => {
  const { code, stdout } = await runExample(name, "--help");
  expect(code).toBe(0);
  for (const option of ["--seed", "--out", "--resume", "--fast"]) expect(stdout).toContain(option);
});

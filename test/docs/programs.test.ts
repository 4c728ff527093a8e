// Every TypeScript block of README.md and docs/ is a program that runs against the sources and prints what the block
// below it says, or an excerpt of a source file that still stands there.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { excerpts, programs, root } from "./documents.ts";
import type { Block } from "./documents.ts";

/** The areas of the package as the sources have them. */
const sourceOf = (specifier: string): string =>
  new URL(
    specifier.replace(/^neurite\/?(.*)$/, (_, area: string) => `src/${area && `${area}/`}index.ts`),
    root,
  ).href;

const onSources = (code: string): string =>
  code.replace(
    /(\bfrom |\bimport\()"(neurite[^"]*)"/g,
    (_, before: string, specifier: string) => `${before}"${fileURLToPath(sourceOf(specifier))}"`,
  );

interface Run {
  readonly place: string;
  readonly output: string | null;
  readonly printed: string;
  readonly error: Error | undefined;
}

// Inside the project, where the modules of a test are resolved and transformed like its own.
const folder = fileURLToPath(new URL("node_modules/.cache/neurite-docs/", root));

async function run({ place, code, output }: Block): Promise<Run> {
  const file = join(folder, `${place.replace(/\W+/g, "-")}.ts`);
  writeFileSync(file, onSources(code));
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...words: unknown[]) => {
    lines.push(words.map(String).join(" "));
  });
  // Programs that write files do so in a folder of their own.
  const before = process.cwd();
  const scratch = mkdtempSync(join(tmpdir(), "neurite-docs-"));
  process.chdir(scratch);
  let error: Error | undefined;
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  } catch (caught) {
    error = caught instanceof Error ? caught : new Error(String(caught));
  } finally {
    process.chdir(before);
    rmSync(scratch, { recursive: true });
    log.mockRestore();
  }
  return { place, output, printed: lines.map((line) => `${line}\n`).join(""), error };
}

// Before the tests, which would count what programs leave behind: most of them keep their tensors to the end.
mkdirSync(folder, { recursive: true });
const runs: Run[] = [];
for (const program of programs) runs.push(await run(program));
rmSync(folder, { recursive: true });

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

/** Two units in the last place that is shown: the two kernel builds round differently. */
const allowed = (shown: string): number =>
  /[.]/.test(shown) ? 2 * 10 ** -shown.split("e")[0].split(".")[1].length : 0;

/** Equal words, and numbers that agree as far as they are shown. */
function expectPrinted(printed: string, shown: string): void {
  expect(printed.replace(NUMBER, "#"), printed).toBe(shown.replace(NUMBER, "#"));
  const got = printed.match(NUMBER) ?? [];
  (shown.match(NUMBER) ?? []).forEach((number, i) => {
    expect(
      Math.abs(Number(got[i]) - Number(number)),
      `${got[i]} for ${number} in:\n${printed}`,
    ).toBeLessThanOrEqual(allowed(number) * 1.0001);
  });
}

describe("programs in the documents", () => {
  it("are found at all", () => {
    expect(programs.length).toBeGreaterThan(10);
  });

  it.each(runs)("$place", ({ printed, output, error }) => {
    if (error !== undefined) throw error;
    if (output !== null) expectPrinted(printed, output);
  });
});

const dedent = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");

describe("excerpts in the documents", () => {
  it.each(excerpts)("$place of $info", ({ info, code }) => {
    expect(dedent(readFileSync(new URL(info, root), "utf8"))).toContain(dedent(code));
  });
});

// Applies the diffs of a document to a copy of the project. A hunk is found by its own lines, which must stand in the file
// exactly once: line numbers would be wrong with the next commit.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./documents.ts";
import type { Block } from "./documents.ts";

interface Hunk {
  readonly before: string;
  readonly after: string;
}

interface Change {
  readonly file: string;
  readonly hunks: readonly Hunk[];
}

/** `+++ file`, then hunks of context, `-` and `+` lines, each opened by `@@`. */
function readChange({ code, place }: Block): Change {
  const [head, ...parts] = code.split(/^@@\n/m);
  const file = /^\+\+\+ (\S+)\n$/.exec(head)?.[1];
  if (file === undefined) throw new Error(`${place}: a diff must begin with "+++ file"`);
  const hunks = parts.map((part) => {
    const lines = part.split("\n").filter((line) => line !== "");
    const side = (sign: string): string =>
      lines
        .filter((line) => line.startsWith(" ") || line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    return { before: side("-"), after: side("+") };
  });
  return { file, hunks };
}

/** @throws Error naming the place of a diff that no longer fits the sources. */
export function applyChange(block: Block, project: string): void {
  const { file, hunks } = readChange(block);
  let text = readFileSync(join(project, file), "utf8");
  for (const { before, after } of hunks) {
    const count = text.split(before).length - 1;
    if (count !== 1)
      throw new Error(`${block.place}: these lines stand ${String(count)} times in ${file}:\n${before}`);
    text = text.replace(before, () => after);
  }
  writeFileSync(join(project, file), text);
}

/** A copy of everything that the diffs may touch and that builds and tests need, with the same packages. */
export function copyProject(to: string): void {
  const parts = ["src", "assembly", "scripts", "test", "package.json", "asconfig.json", "vitest.config.ts"];
  for (const part of [...parts, "tsconfig.base.json", "tsconfig.build.json", "tsconfig.json"]) {
    cpSync(fileURLToPath(new URL(part, root)), join(to, part), {
      recursive: true,
      // test/distribution has browsers' worth of tools in one of its own.
      filter: (path) => basename(path) !== "node_modules",
    });
  }
  symlinkSync(fileURLToPath(new URL("node_modules", root)), join(to, "node_modules"), "dir");
}

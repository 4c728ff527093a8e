// The code blocks of README.md and docs/, and what each of them is: a program with or without its output, an excerpt of
// a source file, or a change to one.
import { readdirSync, readFileSync } from "node:fs";

export const root = new URL("../../", import.meta.url);

export interface Block {
  /** Where it stands: `docs/memory.md:41`. */
  readonly place: string;
  readonly language: string;
  /** What follows the language on the opening line: the file that the block is an excerpt of. */
  readonly info: string;
  readonly code: string;
  /** The `text` block right below a program: what it prints. */
  readonly output: string | null;
}

const documents = [
  "README.md",
  ...readdirSync(new URL("docs/", root))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

function blocksOf(document: string): Block[] {
  const text = readFileSync(new URL(document, root), "utf8");
  const found: { block: Block; end: number }[] = [];
  for (const match of text.matchAll(/^```(\w*) ?(.*)\n([^]*?)^```$/gm)) {
    const [whole, language, info, code] = match;
    const line = text.slice(0, match.index).split("\n").length;
    const last = found.at(-1);
    // Nothing but blank lines in between: the output of the program above.
    if (language === "text" && last?.block.language === "ts" && !text.slice(last.end, match.index).trim())
      last.block = { ...last.block, output: code };
    found.push({
      block: { place: `${document}:${String(line)}`, language, info, code, output: null },
      end: match.index + whole.length,
    });
  }
  return found.map(({ block }) => block);
}

export const blocks = documents.flatMap(blocksOf);

/** Programs: they run as they stand. */
export const programs = blocks.filter(({ language, info }) => language === "ts" && info === "");

/** Parts of source files: they stand there word for word. */
export const excerpts = blocks.filter(({ language, info }) => language === "ts" && info !== "");

/** Changes to source files, as diffs. */
export const changes = blocks.filter(({ language }) => language === "diff");

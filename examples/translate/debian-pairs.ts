// Pairs of texts from two lists of Debian's package descriptions, for `--file`:
// `node --import tsx examples/translate/debian-pairs.ts ENGLISH OTHER > PAIRS` (docs/examples/translate.md says where from).
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/** An entry's texts: its title, then its paragraphs, each in one line. */
type Texts = readonly string[];

/** Where a translator has not been yet. */
const UNTRANSLATED = "<trans>";

/** The entries of a list, by the checksum of their English text. */
function readEntries(list: string): Map<string, Texts> {
  const entries = new Map<string, Texts>();
  for (const entry of list.split(/\n\n+/)) {
    const checksum = /^Description-md5: (\w+)$/m.exec(entry);
    const text = /^Description-(?!md5)\w+: (.*(?:\n .*)*)/m.exec(entry);
    if (checksum && text) entries.set(checksum[1], textsOf(text[1]));
  }
  return entries;
}

/** A description's first line is its title; a line of one dot ends a paragraph. */
function textsOf(description: string): Texts {
  const [title, ...lines] = description.split("\n");
  const paragraphs = lines
    .map((line) => line.trim())
    .join("\n")
    .split(/^\.$/m);
  return [title, ...paragraphs].map((text) => text.replace(/\s+/g, " ").trim());
}

/**
 * Lines of source, tab, target: the titles and, where both descriptions have equally many, the paragraphs. Each pair once;
 * texts that are the same in both languages are left out.
 */
export function joinDescriptions(source: string, target: string): string[] {
  const sources = readEntries(source);
  const lines = new Set<string>();
  for (const [checksum, targets] of readEntries(target)) {
    const texts = sources.get(checksum) ?? [];
    const count = texts.length === targets.length ? texts.length : Math.min(1, texts.length);
    for (let i = 0; i < count; i++) {
      const isPair = texts[i] !== "" && targets[i] !== "" && texts[i] !== targets[i];
      if (isPair && !targets[i].includes(UNTRANSLATED)) lines.add(`${texts[i]}\t${targets[i]}`);
    }
  }
  return [...lines];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [source, target] = await Promise.all(process.argv.slice(2, 4).map((path) => readFile(path, "utf8")));
  process.stdout.write(`${joinDescriptions(source, target).join("\n")}\n`);
}

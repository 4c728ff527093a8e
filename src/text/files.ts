// Tokenisers as files.
import { readFileBytes, writeFileAtomic } from "../io/files.ts";
import { BpeTokenizer } from "./bpe.ts";
import { CharTokenizer } from "./character.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { parseObject } from "./vocabulary-file.ts";
import { WordTokenizer } from "./word.ts";

/**
 * Writes a tokeniser: a byte-pair encoder as Hugging Face's `tokenizer.json`, others as a list of their tokens.
 *
 * @throws FileError when the file cannot be written.
 */
export async function saveTokenizer(
  path: string,
  tokenizer: Tokenizer & { toJSON(): unknown },
): Promise<void> {
  const text = `${JSON.stringify(tokenizer.toJSON(), null, 1)}\n`;
  await writeFileAtomic(path, new TextEncoder().encode(text), "saveTokenizer");
}

/**
 * Reads a tokeniser of any kind.
 *
 * @throws FormatError where the file breaks its format or asks for what is not supported; FileError when it cannot be read.
 */
export async function loadTokenizer(path: string): Promise<BpeTokenizer | CharTokenizer | WordTokenizer> {
  const text = new TextDecoder().decode(await readFileBytes(path, "loadTokenizer"));
  const file = parseObject("loadTokenizer", text);
  if (file.type === "CharTokenizer") return CharTokenizer.fromJSON(file);
  return file.type === "WordTokenizer" ? WordTokenizer.fromJSON(file) : BpeTokenizer.fromJSON(file);
}

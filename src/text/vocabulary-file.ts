// Character and word tokenisers as JSON: a list of tokens, and which of them are special.
import { FormatError } from "../core/errors.ts";
import type { SpecialToken, Tokenizer } from "./tokenizer.ts";

export interface VocabularyFile {
  readonly type: string;
  /** Special tokens come first. */
  readonly vocabulary: readonly (string | undefined)[];
  readonly specialTokens: readonly string[];
  readonly unknownToken: string | null;
  readonly lowercase?: boolean;
}

export const formatVocabulary = (tokenizer: Tokenizer, unknownToken: string | null): VocabularyFile => ({
  type: tokenizer.name,
  vocabulary: tokenizer.vocabulary,
  specialTokens: tokenizer.specialTokens.map(({ content }) => content),
  unknownToken,
});

export interface ParsedVocabulary {
  readonly vocabulary: readonly string[];
  readonly special: readonly SpecialToken[];
  readonly unknownToken: string | null;
  readonly lowercase: boolean;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON text, or what was parsed already, as an object. */
export function parseObject(op: string, file: unknown): Record<string, unknown> {
  let value = file;
  if (typeof file === "string") {
    try {
      value = JSON.parse(file);
    } catch (error) {
      throw new FormatError(op, `the file must be JSON; got ${(error as Error).message}.`);
    }
  }
  if (isObject(value)) return value;
  throw new FormatError(op, `the file must hold an object; got ${show(value)}.`);
}

/** A value in an error, not more than a line of it. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

export function parseVocabulary(type: string, file: unknown): ParsedVocabulary {
  const fail = (rule: string, got: unknown): never => {
    throw new FormatError(type, `${rule}; got ${show(got)}.`);
  };
  const read = parseObject(type, file);
  const { vocabulary, specialTokens, unknownToken, lowercase = false } = read;
  if (read.type !== type) fail(`the file's type must be "${type}"`, read.type);
  if (!areTexts(vocabulary)) return fail("vocabulary must be a list of texts", vocabulary);
  if (new Set(vocabulary).size < vocabulary.length)
    fail(
      "tokens must differ",
      vocabulary.find((token, i) => vocabulary.indexOf(token) !== i),
    );
  if (!areTexts(specialTokens) || specialTokens.some((token, i) => token === "" || token !== vocabulary[i]))
    return fail("specialTokens must be the first tokens of the vocabulary", specialTokens);
  const known = typeof unknownToken === "string" && specialTokens.includes(unknownToken);
  if (!known && !(unknownToken === null && type !== "WordTokenizer"))
    return fail("unknownToken must be one of specialTokens", unknownToken);
  if (typeof lowercase !== "boolean") return fail("lowercase must be true or false", lowercase);
  const special = specialTokens.map((content, id) => ({ id, content }));
  return { vocabulary, special, unknownToken, lowercase };
}

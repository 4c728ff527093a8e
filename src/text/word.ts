// One token per word or punctuation mark: short sequences, a large vocabulary, and words that it does not know.
import { ValueError } from "../core/errors.ts";
import { textsOf, Tokenizer, vocabularyOf } from "./tokenizer.ts";
import type { SpecialToken } from "./tokenizer.ts";
import { formatVocabulary, parseVocabulary } from "./vocabulary-file.ts";
import type { VocabularyFile } from "./vocabulary-file.ts";

export interface WordTokenizerOptions {
  /** Tokens in front of the words. Default ["<unk>"]. */
  readonly specialTokens?: readonly string[];
  /** The one of them that stands for words outside the vocabulary. Default "<unk>". */
  readonly unknownToken?: string;
  /** Most tokens in the vocabulary, the special ones included. Default: no limit. */
  readonly vocabularySize?: number;
  /** Leave out words that occur less often. Default 1. */
  readonly minFrequency?: number;
  /** Turn capitals into small letters. Default false. */
  readonly lowercase?: boolean;
}

// Letters with what joins them ("don't", "mother-in-law"), numbers, and any other mark on its own.
const WORD = /[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*|\p{N}+(?:[.,]\p{N}+)*|[^\s\p{L}\p{M}\p{N}]/gu;

/**
 * Words, numbers and punctuation marks as tokens. White space only separates: `decode` joins tokens by blanks, so a text
 * comes back in words, not in its spacing.
 */
export class WordTokenizer extends Tokenizer {
  readonly unknownToken: string;
  readonly lowercase: boolean;
  readonly #unknown: number;

  private constructor(
    vocabulary: readonly (string | undefined)[],
    special: readonly SpecialToken[],
    unknownToken: string,
    lowercase: boolean,
  ) {
    super(vocabulary, special);
    this.unknownToken = unknownToken;
    this.lowercase = lowercase;
    this.#unknown = this.tokenToId(unknownToken)!;
  }

  /**
   * Takes the vocabulary from texts: the special tokens, then words from the most to the least frequent, equally frequent
   * ones in the order of their code units.
   *
   * @throws ValueError for special tokens that are empty or repeated, or an unknown token that is none of them.
   */
  static train(texts: string | Iterable<string>, options: WordTokenizerOptions = {}): WordTokenizer {
    const { specialTokens = ["<unk>"], unknownToken = "<unk>", lowercase = false } = options;
    const { vocabularySize = Infinity, minFrequency = 1 } = options;
    if (!specialTokens.includes(unknownToken)) {
      const must = "unknownToken must be one of specialTokens";
      throw new ValueError("WordTokenizer", `${must}; got ${JSON.stringify(unknownToken)}.`);
    }
    const counts = new Map<string, number>();
    for (const text of textsOf(texts)) {
      for (const word of wordsOf(text, lowercase)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const frequent = [...counts].filter(([, count]) => count >= minFrequency);
    frequent.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const room = Math.max(0, vocabularySize - specialTokens.length);
    const words = frequent.slice(0, room).map(([word]) => word);
    const { vocabulary, special } = vocabularyOf("WordTokenizer", specialTokens, words);
    return new WordTokenizer(vocabulary, special, unknownToken, lowercase);
  }

  /** @throws FormatError where `file`, text or parsed JSON, is not one that `toJSON` wrote. */
  static fromJSON(file: unknown): WordTokenizer {
    const { vocabulary, special, unknownToken, lowercase } = parseVocabulary("WordTokenizer", file);
    return new WordTokenizer(vocabulary, special, unknownToken!, lowercase);
  }

  override get name(): string {
    return "WordTokenizer";
  }

  toJSON(): VocabularyFile {
    return { ...formatVocabulary(this, this.unknownToken), lowercase: this.lowercase };
  }

  protected override encodePlain(text: string, ids: number[]): void {
    for (const word of wordsOf(text, this.lowercase)) ids.push(this.tokenToId(word) ?? this.#unknown);
  }

  protected override decodePlain(ids: readonly number[]): string {
    return ids.map((id) => this.vocabulary[id]).join(" ");
  }

  protected override joinParts(parts: readonly string[]): string {
    return parts.join(" ");
  }
}

function* wordsOf(text: string, lowercase: boolean): Generator<string> {
  for (const [word] of (lowercase ? text.toLowerCase() : text).matchAll(WORD)) yield word;
}

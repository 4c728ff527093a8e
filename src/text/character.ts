// One token per character: the smallest vocabulary, and the longest sequences.
import { FormatError, ValueError } from "../core/errors.ts";
import { textsOf, Tokenizer, vocabularyOf } from "./tokenizer.ts";
import type { SpecialToken } from "./tokenizer.ts";
import { formatVocabulary, parseVocabulary } from "./vocabulary-file.ts";
import type { VocabularyFile } from "./vocabulary-file.ts";

export interface CharTokenizerOptions {
  /** Tokens in front of the characters, such as "<pad>". */
  readonly specialTokens?: readonly string[];
  /** The one of them that stands for characters outside the vocabulary. Default: such characters are refused. */
  readonly unknownToken?: string;
}

/**
 * Characters as tokens. A character is a Unicode code point, so an emoji of one code point is one token; half of a surrogate
 * pair that stands alone is a character too. What the vocabulary knows comes back as it was.
 */
export class CharTokenizer extends Tokenizer {
  readonly unknownToken: string | null;
  readonly #unknown: number | undefined;

  private constructor(
    vocabulary: readonly (string | undefined)[],
    special: readonly SpecialToken[],
    unknownToken: string | null,
  ) {
    super(vocabulary, special);
    this.unknownToken = unknownToken;
    this.#unknown = unknownToken === null ? undefined : this.tokenToId(unknownToken);
  }

  /**
   * Takes the vocabulary from texts: the special tokens, then the distinct characters in the order of their code points.
   *
   * @throws ValueError for special tokens that are empty or repeated, or an unknown token that is none of them.
   */
  static train(texts: string | Iterable<string>, options: CharTokenizerOptions = {}): CharTokenizer {
    const { specialTokens = [], unknownToken } = options;
    if (unknownToken !== undefined && !specialTokens.includes(unknownToken)) {
      const must = "unknownToken must be one of specialTokens";
      throw new ValueError("CharTokenizer", `${must}; got ${JSON.stringify(unknownToken)}.`);
    }
    const characters = new Set<string>();
    for (const text of textsOf(texts)) for (const character of text) characters.add(character);
    const sorted = [...characters].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
    const { vocabulary, special } = vocabularyOf("CharTokenizer", specialTokens, sorted);
    return new CharTokenizer(vocabulary, special, unknownToken ?? null);
  }

  /** @throws FormatError where `file`, text or parsed JSON, is not one that `toJSON` wrote. */
  static fromJSON(file: unknown): CharTokenizer {
    const { vocabulary, special, unknownToken } = parseVocabulary("CharTokenizer", file);
    const wrong = vocabulary.find((token, id) => id >= special.length && !/^.$/su.test(token));
    if (wrong === undefined) return new CharTokenizer(vocabulary, special, unknownToken);
    const got = JSON.stringify(wrong);
    throw new FormatError("CharTokenizer", `tokens must be single characters; got ${got}.`);
  }

  override get name(): string {
    return "CharTokenizer";
  }

  toJSON(): VocabularyFile {
    return formatVocabulary(this, this.unknownToken);
  }

  /** @throws ValueError (from `encode`) for a character outside the vocabulary, where there is no unknown token. */
  protected override encodePlain(text: string, ids: number[]): void {
    for (const character of text) {
      const id = this.tokenToId(character) ?? this.#unknown;
      if (id === undefined) {
        const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
        const got = `${JSON.stringify(character)} (U+${code})`;
        const hint = "Train with an unknownToken.";
        throw new ValueError(this.name, `characters must be in the vocabulary; got ${got}. ${hint}`);
      }
      ids.push(id);
    }
  }

  protected override decodePlain(ids: readonly number[]): string {
    return ids.map((id) => this.vocabulary[id]).join("");
  }
}

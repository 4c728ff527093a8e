// Byte-pair encoding over bytes, as GPT-2 does it: text is cut into words, words are bytes, and the most frequent pairs of
// tokens become tokens. Nothing is unknown, and every text comes back.
import { ValueError } from "../core/errors.ts";
import { requireWhole } from "../ops/checks.ts";
import { byteAlphabet, byteCharacters, bytesOfToken } from "./byte-alphabet.ts";
import { applyMerges, pairKey } from "./bpe-merges.ts";
import type { Merge } from "./bpe-merges.ts";
import { learnMerges } from "./bpe-train.ts";
import { formatTokenizer, parseTokenizer } from "./tokenizer-file.ts";
import type { BpeModel, TokenizerFile } from "./tokenizer-file.ts";
import { textsOf, Tokenizer, vocabularyOf } from "./tokenizer.ts";

export interface BpeTrainOptions {
  /** Tokens in all: special ones, the 256 bytes, and one for each merge. Fewer where the text has no more pairs. */
  readonly vocabularySize: number;
  /** Merge only pairs that occur this often. Default 1. */
  readonly minFrequency?: number;
  /** Tokens in front of the bytes, such as "<|endoftext|>". */
  readonly specialTokens?: readonly string[];
  /** Make no tokens of more bytes than this. Default: no limit. */
  readonly maxTokenLength?: number;
  /** Put a blank before text that begins without one, so that its first word is the one inside a sentence. Default false. */
  readonly addPrefixSpace?: boolean;
}

// GPT-2's words: contractions, letters, numbers or other marks with one blank before them, and white space, of which the
// last blank goes to the word behind it. White space is Unicode's, as in the implementations this has to agree with.
const S = "\\p{White_Space}";
const WORD = new RegExp(
  `'(?:[stmd]|re|ve|ll)| ?\\p{L}+| ?\\p{N}+| ?[^${S}\\p{L}\\p{N}]+|${S}+(?=${S}|$)|${S}+`,
  "gu",
);

const CACHED_WORDS = 65_536;
const CACHED_LENGTH = 64;

/**
 * A byte-level byte-pair encoder, which can be trained here and speaks Hugging Face's `tokenizer.json`.
 *
 * Half of a surrogate pair that stands alone has no UTF-8 form and comes back as U+FFFD; all other text comes back as it was.
 *
 * Source: Sennrich, Haddow & Birch 2016, "Neural machine translation of rare words with subword units"; Radford et al. 2019,
 * "Language models are unsupervised multitask learners".
 */
export class BpeTokenizer extends Tokenizer {
  readonly #model: BpeModel;
  readonly #merges: ReadonlyMap<number, Merge>;
  readonly #idOfByte: Int32Array;
  readonly #bytesOfId: (Uint8Array | null)[];
  readonly #cache = new Map<string, readonly number[]>();

  private constructor(model: BpeModel) {
    super(model.vocabulary, model.specialTokens);
    this.#model = model;
    this.#merges = mergesOf(model);
    this.#idOfByte = Int32Array.from(byteCharacters, (character) => this.tokenToId(character)!);
    this.#bytesOfId = model.vocabulary.map((token) => (token === undefined ? null : bytesOfToken(token)));
  }

  /**
   * Learns a vocabulary: the special tokens, the 256 bytes, then one token per merge, each time of the most frequent pair
   * (of equally frequent ones, that whose tokens are older). The same texts give the same vocabulary.
   *
   * @throws ValueError for a vocabulary too small for bytes and special tokens, or special tokens that are empty, repeated, or
   * what the vocabulary writes for bytes.
   */
  static train(texts: string | Iterable<string>, options: BpeTrainOptions): BpeTokenizer {
    const { minFrequency = 1, specialTokens = [], maxTokenLength = Infinity } = options;
    const { addPrefixSpace = false } = options;
    const op = "BpeTokenizer";
    const vocabularySize = requireWhole(op, "vocabularySize", options.vocabularySize, 1);
    checkSpecial(op, specialTokens);
    const { vocabulary, special } = vocabularyOf(op, specialTokens, byteAlphabet);
    if (vocabulary.length > vocabularySize) {
      const least = String(vocabulary.length);
      const must = `vocabularySize must hold 256 bytes and the special tokens (${least})`;
      throw new ValueError(op, `${must}; got ${String(vocabularySize)}.`);
    }
    const ids = new Map(vocabulary.map((token, id) => [token, id]));
    const idOfByte = byteCharacters.map((character) => ids.get(character)!);
    const counts = countWords(textsOf(texts), addPrefixSpace);
    const counted = Array.from(
      counts,
      ([word, count]) => [Array.from(utf8.encode(word), (byte) => idOfByte[byte]), count] as const,
    );
    const merges = learnMerges(counted, vocabulary, { vocabularySize, minFrequency, maxTokenLength });
    return new BpeTokenizer({
      vocabulary,
      specialTokens: special,
      merges,
      addPrefixSpace,
      ignoreMerges: false,
      rest: {},
    });
  }

  /**
   * Reads a `tokenizer.json`, as text or parsed: a BPE model with the byte-level pre-tokeniser and decoder.
   *
   * @throws FormatError where it breaks the format, or has parts that are not supported: those are named.
   */
  static fromJSON(file: unknown): BpeTokenizer {
    return new BpeTokenizer(parseTokenizer(file));
  }

  override get name(): string {
    return "BpeTokenizer";
  }

  /** The merges in order, as pairs of tokens. */
  get merges(): [string, string][] {
    return this.#model.merges.map(([a, b]) => [this.vocabulary[a]!, this.vocabulary[b]!]);
  }

  /** Hugging Face's `tokenizer.json`: `JSON.stringify(tokenizer)` is the file. */
  toJSON(): TokenizerFile {
    return formatTokenizer(this.#model);
  }

  protected override encodePlain(text: string, ids: number[]): void {
    for (const word of wordsOf(text, this.#model.addPrefixSpace)) {
      for (const id of this.#encodeWord(word)) ids.push(id);
    }
  }

  protected override decodePlain(ids: readonly number[]): string {
    const parts = ids.map((id) => this.#bytesOfId[id] ?? utf8.encode(this.vocabulary[id]));
    const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return text.decode(bytes);
  }

  #encodeWord(word: string): readonly number[] {
    const cached = this.#cache.get(word);
    if (cached !== undefined) return cached;
    const ids = this.#mergeWord(utf8.encode(word));
    // Words repeat, but a text of distinct ones must not fill the memory.
    if (word.length <= CACHED_LENGTH) {
      if (this.#cache.size >= CACHED_WORDS) this.#cache.clear();
      this.#cache.set(word, ids);
    }
    return ids;
  }

  #mergeWord(bytes: Uint8Array): readonly number[] {
    if (this.#model.ignoreMerges) {
      const whole = this.tokenToId(Array.from(bytes, (byte) => byteCharacters[byte]).join(""));
      if (whole !== undefined) return [whole];
    }
    return applyMerges(
      Array.from(bytes, (byte) => this.#idOfByte[byte]),
      this.#merges,
    );
  }
}

// "Ġthe" is how the vocabulary writes " the": as a special token it would take that word's place, and decode to another text.
function checkSpecial(op: string, specialTokens: readonly string[]): void {
  const wrong = specialTokens.find((token) => {
    const bytes = bytesOfToken(token);
    if (bytes === null || /^[!-~]*$/.test(token)) return false;
    return bytes.length === 1 || !text.decode(bytes).includes("\ufffd");
  });
  if (wrong === undefined) return;
  const must = "specialTokens must not be what the vocabulary writes for bytes";
  throw new ValueError(op, `${must}; got ${JSON.stringify(wrong)}.`);
}

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { ignoreBOM: true });

function* wordsOf(plain: string, addPrefixSpace: boolean): Generator<string> {
  const prefixed = addPrefixSpace && !plain.startsWith(" ") ? ` ${plain}` : plain;
  for (const [word] of prefixed.matchAll(WORD)) yield word;
}

function countWords(texts: Iterable<string>, addPrefixSpace: boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of texts) {
    for (const word of wordsOf(one, addPrefixSpace)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function mergesOf({ merges, vocabulary }: BpeModel): Map<number, Merge> {
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  return new Map(
    merges.map(([a, b], rank) => [pairKey(a, b), { rank, id: ids.get(vocabulary[a]! + vocabulary[b]!)! }]),
  );
}

// What all tokenisers share: a vocabulary, special tokens that are found in the text as they stand, and batches of one
// length. A tokeniser itself says only how the text between special tokens becomes numbers, and back.
import { ValueError } from "../core/errors.ts";
import { hostArray } from "../data/host-array.ts";
import type { HostArray } from "../data/host-array.ts";

export interface BatchOptions {
  /** Length of all rows; shorter texts are padded to it. Default: that of the longest text. */
  readonly length?: number;
  /** Cut texts of more tokens than this. Default: not at all. */
  readonly maxLength?: number;
  /** The token to pad with, when texts differ in length. Default "<pad>". */
  readonly padToken?: string;
  /** Where padding goes; default "right". Generation wants "left". */
  readonly paddingSide?: "left" | "right";
  /** Which end is cut; default "right". */
  readonly truncationSide?: "left" | "right";
}

/** Texts as rows of one length, ready for `tensor`, `hostArray` and datasets. */
export interface EncodedBatch {
  /** int32 [N, length]. */
  readonly ids: HostArray;
  /** bool [N, length]: true at tokens, false at padding. */
  readonly mask: HostArray;
  /** Tokens of each row, padding left out. */
  readonly lengths: readonly number[];
}

export interface DecodeOptions {
  /** Leave special tokens out. Default false. */
  readonly skipSpecialTokens?: boolean;
}

/** A token that is found in texts as it stands, and where it is in the vocabulary. */
export interface SpecialToken {
  readonly id: number;
  readonly content: string;
  /** False where it is a word like others once found: `skipSpecialTokens` then keeps it. Default true. */
  readonly special?: boolean;
}

export abstract class Tokenizer {
  /** Tokens by id; holes where a file leaves some. */
  readonly vocabulary: readonly (string | undefined)[];
  readonly specialTokens: readonly SpecialToken[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #special: ReadonlyMap<number, SpecialToken>;
  readonly #splitter: RegExp | null;

  constructor(vocabulary: readonly (string | undefined)[], specialTokens: readonly SpecialToken[]) {
    this.vocabulary = vocabulary;
    this.specialTokens = specialTokens;
    this.#ids = idsOf(vocabulary);
    this.#special = new Map(specialTokens.map((token) => [token.id, token]));
    this.#splitter = splitterOf(specialTokens);
  }

  /** How errors call the tokeniser. */
  abstract get name(): string;

  /** Ids run from 0 to below this. */
  get vocabularySize(): number {
    return this.vocabulary.length;
  }

  /** The id of a token as the vocabulary writes it, or undefined. */
  tokenToId(token: string): number | undefined {
    return this.#ids.get(token);
  }

  idToToken(id: number): string | undefined {
    return this.vocabulary[id];
  }

  /** The ids of a text: int32, ready for `tensor`. Special tokens in it are recognised. */
  encode(text: string): Int32Array {
    const ids: number[] = [];
    let start = 0;
    if (this.#splitter !== null) {
      for (const match of text.matchAll(this.#splitter)) {
        if (match.index > start) this.encodePlain(text.slice(start, match.index), ids);
        ids.push(this.#ids.get(match[0])!);
        start = match.index + match[0].length;
      }
    }
    if (start < text.length) this.encodePlain(start === 0 ? text : text.slice(start), ids);
    return Int32Array.from(ids);
  }

  /**
   * The text of ids.
   *
   * @throws ValueError for an id outside the vocabulary.
   */
  decode(ids: ArrayLike<number>, { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const parts: string[] = [];
    let plain: number[] = [];
    const flush = (): void => {
      if (plain.length > 0) parts.push(this.decodePlain(plain));
      plain = [];
    };
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (this.vocabulary[id] === undefined) {
        const most = String(this.vocabularySize - 1);
        throw new ValueError(this.name, `ids must lie in the vocabulary, 0..${most}; got ${String(id)}.`);
      }
      const special = this.#special.get(id);
      if (special === undefined) plain.push(id);
      else {
        flush();
        if (!skipSpecialTokens || special.special === false) parts.push(special.content);
      }
    }
    flush();
    return this.joinParts(parts);
  }

  /**
   * Several texts as rows of one length.
   *
   * @throws ValueError where lengths differ and there is no padding token, a length is too small, or a side is none.
   */
  encodeBatch(texts: readonly string[], options: BatchOptions = {}): EncodedBatch {
    const { maxLength = Infinity, padToken = "<pad>", paddingSide = "right" } = options;
    const { truncationSide = "right" } = options;
    if (!(maxLength >= 0))
      throw new ValueError(this.name, `maxLength must be at least 0; got ${String(maxLength)}.`);
    for (const [name, side] of Object.entries({ paddingSide, truncationSide })) {
      if (side !== "left" && side !== "right")
        throw new ValueError(this.name, `${name} must be "left" or "right"; got ${JSON.stringify(side)}.`);
    }
    const rows = texts.map((text) => {
      const ids = this.encode(text);
      if (ids.length <= maxLength) return ids;
      return truncationSide === "right" ? ids.subarray(0, maxLength) : ids.subarray(ids.length - maxLength);
    });
    const longest = rows.reduce((most, { length }) => Math.max(most, length), 0);
    const length = options.length ?? longest;
    if (!Number.isSafeInteger(length) || length < longest) {
      const must = `length must be a whole number of at least the longest text's tokens (${String(longest)})`;
      throw new ValueError(this.name, `${must}; got ${String(length)}. Pass maxLength to cut texts.`);
    }
    const pad = rows.every((row) => row.length === length) ? 0 : this.#padding(padToken);
    const ids = new Int32Array(texts.length * length).fill(pad);
    const mask = new Uint8Array(texts.length * length);
    rows.forEach((row, i) => {
      const start = i * length + (paddingSide === "right" ? 0 : length - row.length);
      ids.set(row, start);
      mask.fill(1, start, start + row.length);
    });
    const shape = [texts.length, length];
    return {
      ids: hostArray(ids, { shape }),
      mask: hostArray(mask, { shape, dtype: "bool" }),
      lengths: rows.map((row) => row.length),
    };
  }

  /** Appends the ids of a text without special tokens. */
  protected abstract encodePlain(text: string, ids: number[]): void;

  /** The text of ids among which is no special token. */
  protected abstract decodePlain(ids: readonly number[]): string;

  /** Joins the texts between special tokens, and those tokens. */
  protected joinParts(parts: readonly string[]): string {
    return parts.join("");
  }

  #padding(token: string): number {
    const id = this.#ids.get(token);
    if (id !== undefined) return id;
    const hint = "Name one as padToken, or train with specialTokens.";
    const must = "texts of different lengths need a padding token of the vocabulary";
    throw new ValueError(this.name, `${must}; got ${JSON.stringify(token)}, which is none. ${hint}`);
  }
}

function idsOf(vocabulary: readonly (string | undefined)[]): Map<string, number> {
  const ids = new Map<string, number>();
  vocabulary.forEach((token, id) => {
    if (token !== undefined) ids.set(token, id);
  });
  return ids;
}

/** Finds special tokens in a text: the leftmost first, of those the longest. */
function splitterOf(tokens: readonly SpecialToken[]): RegExp | null {
  if (tokens.length === 0) return null;
  const longestFirst = tokens.map(({ content }) => content).sort((a, b) => b.length - a.length);
  // A hyphen needs no escape outside of brackets, and may have none.
  const escaped = longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(escaped.join("|"), "gu");
}

/**
 * Special tokens and then others as one vocabulary.
 *
 * @throws ValueError for special tokens that are empty or repeated.
 */
export function vocabularyOf(
  op: string,
  specialTokens: readonly string[],
  tokens: Iterable<string>,
): { readonly vocabulary: string[]; readonly special: SpecialToken[] } {
  const special = specialTokens.map((content, id) => ({ id, content }));
  if (specialTokens.includes("") || new Set(specialTokens).size < specialTokens.length) {
    const got = JSON.stringify(specialTokens);
    throw new ValueError(op, `specialTokens must be different texts, none empty; got ${got}.`);
  }
  const known = new Set(specialTokens);
  return { vocabulary: [...specialTokens, ...[...tokens].filter((token) => !known.has(token))], special };
}

/** One text or several, as several. */
export const textsOf = (texts: string | Iterable<string>): Iterable<string> =>
  typeof texts === "string" ? [texts] : texts;

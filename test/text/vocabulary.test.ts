// Characters and words as tokens, batches of any tokeniser, and tokenisers as files.
import fc from "fast-check";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FormatError, scope, tensor, ValueError } from "../../src/index.ts";
import { FileError } from "../../src/io/index.ts";
import {
  BpeTokenizer,
  CharTokenizer,
  loadTokenizer,
  saveTokenizer,
  WordTokenizer,
} from "../../src/text/index.ts";

const ids = (encoded: Int32Array): number[] => Array.from(encoded);

describe("CharTokenizer", () => {
  it("numbers characters in the order of their code points, after the special tokens", () => {
    const tokenizer = CharTokenizer.train(["héé", "ab 😀"], { specialTokens: ["<pad>", "<unk>"] });
    expect(tokenizer.vocabulary).toEqual(["<pad>", "<unk>", " ", "a", "b", "h", "é", "😀"]);
    expect(ids(tokenizer.encode("a😀<pad>é"))).toEqual([3, 7, 0, 6]);
    expect(tokenizer.decode([3, 7, 0, 6])).toBe("a😀<pad>é");
    expect(tokenizer.decode([3, 7, 0, 6], { skipSpecialTokens: true })).toBe("a😀é");
  });

  it("gives every text back that it was trained on, halves of surrogate pairs included", () => {
    const units = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0xd83d, 0xde00)));
    fc.assert(
      fc.property(units, (codes) => {
        const text = String.fromCharCode(...codes);
        const tokenizer = CharTokenizer.train(text);
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
        expect(CharTokenizer.fromJSON(JSON.stringify(tokenizer)).vocabulary).toEqual(tokenizer.vocabulary);
      }),
    );
  });

  it("refuses characters it does not know, or replaces them", () => {
    expect(() => CharTokenizer.train("ab").encode("a😀")).toThrow(
      new ValueError(
        "CharTokenizer",
        'characters must be in the vocabulary; got "😀" (U+1F600). Train with an unknownToken.',
      ),
    );
    const lenient = CharTokenizer.train("ab", { specialTokens: ["?"], unknownToken: "?" });
    expect(ids(lenient.encode("axb"))).toEqual([1, 0, 2]);
    expect(() => CharTokenizer.train("ab", { unknownToken: "?" })).toThrow(
      /^CharTokenizer: unknownToken must be one of specialTokens; got "\?"\.$/,
    );
    expect(() => lenient.decode([7])).toThrow(
      /^CharTokenizer: ids must lie in the vocabulary, 0\.\.2; got 7\.$/,
    );
  });
});

describe("WordTokenizer", () => {
  const text = "The cat's mat, the cat: 3,141.5 cats? Über-cool naïve 日本 don’t.";

  it("orders words by how frequent they are, and cuts marks off", () => {
    const tokenizer = WordTokenizer.train(text, { lowercase: true });
    expect(tokenizer.vocabulary.slice(0, 3)).toEqual(["<unk>", "the", ","]);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(
      "the cat's mat , the cat : 3,141.5 cats ? über-cool naïve 日本 don’t .",
    );
    expect(tokenizer.decode(tokenizer.encode("the dog"))).toBe("the <unk>");
    expect(tokenizer.decode(tokenizer.encode("dog the"), { skipSpecialTokens: true })).toBe("the");
  });

  it("keeps what is frequent enough and what there is room for", () => {
    const words = "a a a b b c";
    expect(WordTokenizer.train(words, { minFrequency: 2 }).vocabulary).toEqual(["<unk>", "a", "b"]);
    expect(WordTokenizer.train(words, { vocabularySize: 2 }).vocabulary).toEqual(["<unk>", "a"]);
    expect(() => WordTokenizer.train(words, { specialTokens: [] })).toThrow(
      /^WordTokenizer: unknownToken must be one of specialTokens; got "<unk>"\.$/,
    );
  });

  it("gives the words of any text back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (any) => {
        const tokenizer = WordTokenizer.train(any);
        const once = tokenizer.decode(tokenizer.encode(any));
        expect(tokenizer.decode(tokenizer.encode(once))).toBe(once);
        expect(once.replace(/\s/gu, "")).toBe(any.replace(/\s/gu, ""));
      }),
    );
  });
});

describe("batches", () => {
  const tokenizer = CharTokenizer.train("abcdef", { specialTokens: ["<pad>"] });
  const rows = (batch: { readonly data: ArrayLike<number>; readonly shape: readonly number[] }): number[][] =>
    Array.from({ length: batch.shape[0] }, (_, i) =>
      Array.from(batch.data).slice(i * batch.shape[1], (i + 1) * batch.shape[1]),
    );

  it("pad to the longest text, with a mask", () => {
    const { ids, mask, lengths } = tokenizer.encodeBatch(["ab", "", "abcd"]);
    expect(rows(ids)).toEqual([
      [1, 2, 0, 0],
      [0, 0, 0, 0],
      [1, 2, 3, 4],
    ]);
    expect(rows(mask)).toEqual([
      [1, 1, 0, 0],
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ]);
    expect([lengths, ids.dtype, mask.dtype]).toEqual([[2, 0, 4], "int32", "bool"]);
    scope(() => {
      const data = ids.data as Int32Array;
      expect(tensor(data, { shape: ids.shape }).dtype).toBe("int32");
    });
  });

  it("cut and pad on either side", () => {
    const left = tokenizer.encodeBatch(["abc", "a"], {
      maxLength: 2,
      paddingSide: "left",
      truncationSide: "left",
    });
    expect(rows(left.ids)).toEqual([
      [2, 3],
      [0, 1],
    ]);
    const wide = tokenizer.encodeBatch(["abc", "a"], { maxLength: 2, length: 3 });
    expect(rows(wide.ids)).toEqual([
      [1, 2, 0],
      [1, 0, 0],
    ]);
    expect(tokenizer.encodeBatch([]).ids.shape).toEqual([0, 0]);
  });

  it("need a padding token only where lengths differ", () => {
    const bare = CharTokenizer.train("ab");
    expect(rows(bare.encodeBatch(["ab", "ba"]).ids)).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(() => bare.encodeBatch(["ab", "b"])).toThrow(
      new ValueError(
        "CharTokenizer",
        'texts of different lengths need a padding token of the vocabulary; got "<pad>", which is none. ' +
          "Name one as padToken, or train with specialTokens.",
      ),
    );
    expect(() => bare.encodeBatch(["ab"], { length: 1 })).toThrow(
      /at least the longest text's tokens \(2\); got 1/,
    );
    expect(() => bare.encodeBatch(["ab"], { maxLength: NaN })).toThrow(
      /maxLength must be at least 0; got NaN/,
    );
    expect(() => bare.encodeBatch(["ab"], { paddingSide: "Left" as "left" })).toThrow(
      'CharTokenizer: paddingSide must be "left" or "right"; got "Left".',
    );
  });
});

describe("files", () => {
  let directory = "";

  beforeEach(async () => {
    directory = await fs.mkdtemp(join(tmpdir(), "neurite-text-"));
  });

  afterEach(() => fs.rm(directory, { recursive: true, force: true }));

  it("give back each kind of tokeniser", async () => {
    const path = join(directory, "tokenizer.json");
    const text = "the cat sat on the mat, and the dog on the log";
    const kinds = [
      BpeTokenizer.train(text, { vocabularySize: 270, specialTokens: ["<pad>"] }),
      CharTokenizer.train(text, { specialTokens: ["<pad>"] }),
      WordTokenizer.train(text, { lowercase: true }),
    ];
    for (const tokenizer of kinds) {
      await saveTokenizer(path, tokenizer);
      const read = await loadTokenizer(path);
      expect(read.constructor).toBe(tokenizer.constructor);
      expect(read.toJSON()).toEqual(tokenizer.toJSON());
      expect(ids(read.encode(text))).toEqual(ids(tokenizer.encode(text)));
    }
  });

  it("say what is wrong with them", async () => {
    await expect(loadTokenizer(join(directory, "none.json"))).rejects.toBeInstanceOf(FileError);
    const good = { type: "CharTokenizer", vocabulary: ["?", "a"], specialTokens: ["?"], unknownToken: null };
    const bad: [object, RegExp][] = [
      [{ ...good, vocabulary: ["?", "ab"] }, /tokens must be single characters; got "ab"/],
      [{ ...good, vocabulary: ["?", "a", "a"] }, /tokens must differ; got "a"/],
      [{ ...good, vocabulary: ["a", 1] }, /vocabulary must be a list of texts/],
      [
        { ...good, specialTokens: ["a"] },
        /specialTokens must be the first tokens of the vocabulary; got \["a"\]/,
      ],
      [{ ...good, unknownToken: "a" }, /unknownToken must be one of specialTokens; got "a"/],
    ];
    for (const [file, message] of bad) {
      expect(() => CharTokenizer.fromJSON(file)).toThrow(FormatError);
      expect(() => CharTokenizer.fromJSON(file)).toThrow(message);
    }
    expect(() => WordTokenizer.fromJSON(good)).toThrow(
      /the file's type must be "WordTokenizer"; got "CharTokenizer"/,
    );
    expect(() => WordTokenizer.fromJSON({ ...good, type: "WordTokenizer" })).toThrow(
      /unknownToken must be one/,
    );
  });
});

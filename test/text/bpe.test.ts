// The byte-pair encoder: against one trained by Hugging Face's own library (scripts/fixtures_text.py), against their
// JavaScript reader on real text, and by what must hold for any text.
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FormatError, ValueError } from "../../src/index.ts";
import { BpeTokenizer } from "../../src/text/index.ts";
import type { TokenizerFile } from "../../src/text/index.ts";
import { readByTheirs } from "./hugging-face.ts";

interface Encoded {
  readonly text: string;
  readonly ids: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL("../fixtures/tokenizer.json", import.meta.url), "utf8")) as {
  readonly text: string;
  readonly file: TokenizerFile;
  readonly encoded: readonly Encoded[];
  readonly prefixed: readonly Encoded[];
};

const SPECIAL = ["<pad>", "<|endoftext|>"];
const trained = BpeTokenizer.train(golden.text, { vocabularySize: 420, specialTokens: SPECIAL });

const ids = (encoded: Int32Array): number[] => Array.from(encoded);

describe("BpeTokenizer", () => {
  it("learns what Hugging Face's trainer learns from the same text", () => {
    const { model } = golden.file;
    expect(trained.merges).toEqual(model.merges);
    expect(trained.toJSON().model.vocab).toEqual(model.vocab);
    expect(trained.vocabularySize).toBe(420);
  });

  it("cuts awkward texts as Hugging Face's library does, with and without a blank in front", () => {
    const read = BpeTokenizer.fromJSON(golden.file);
    for (const tokenizer of [trained, read, BpeTokenizer.fromJSON(JSON.stringify(trained))]) {
      for (const { text, ids: expected } of golden.encoded) {
        expect(ids(tokenizer.encode(text)), JSON.stringify(text)).toEqual(expected);
        expect(tokenizer.decode(expected)).toBe(text);
      }
    }
    const pre_tokenizer = { ...golden.file.pre_tokenizer, add_prefix_space: true };
    const prefixed = BpeTokenizer.fromJSON({ ...golden.file, pre_tokenizer });
    for (const { text, ids: expected } of golden.prefixed)
      expect(ids(prefixed.encode(text)), JSON.stringify(text)).toEqual(expected);
    expect(BpeTokenizer.fromJSON(prefixed.toJSON()).toJSON()).toEqual(prefixed.toJSON());
  });

  it("gives a file that Hugging Face's JavaScript library reads the same ids from, on this project's documents", () => {
    const folder = new URL("../../docs/", import.meta.url);
    const documents = readdirSync(folder).filter((name) => name.endsWith(".md"));
    const texts = documents.map((name) => readFileSync(new URL(name, folder), "utf8"));
    const tokenizer = BpeTokenizer.train(texts, { vocabularySize: 1500, specialTokens: SPECIAL });
    expect(tokenizer.vocabularySize).toBe(1500);
    const reader = readByTheirs(tokenizer);
    for (const text of texts) {
      const encoded = ids(tokenizer.encode(text));
      expect(encoded).toEqual(reader.encode(text).ids);
      expect(reader.decode(encoded)).toBe(text);
      expect(tokenizer.decode(encoded)).toBe(text);
      // Shorter than bytes by far, or nothing was learned.
      expect(encoded.length).toBeLessThan(new TextEncoder().encode(text).length / 2);
    }
  });

  it("gives every text back, and the ids that their library gives", () => {
    const reader = readByTheirs(trained);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        const encoded = ids(trained.encode(text));
        expect(trained.decode(encoded)).toBe(text);
        // JavaScript's white space has U+FEFF and lacks U+0085; theirs cuts by it, ours as the original does.
        if (!/[\u0085\ufeff]/.test(text)) expect(encoded).toEqual(reader.encode(text).ids);
      }),
      { numRuns: 300 },
    );
  });

  it("writes half a surrogate pair as U+FFFD", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0xd700, max: 0xe000 }), { maxLength: 12 }), (units) => {
        const text = String.fromCharCode(...units);
        expect(trained.decode(trained.encode(text))).toBe(text.replace(/\p{Surrogate}/gu, "\ufffd"));
      }),
    );
    expect(trained.decode(trained.encode("a\ud83db"))).toBe("a\ufffdb");
  });

  it("takes long words without spaces in time that does not grow with their square", () => {
    const long = "ab".repeat(100_000);
    expect(trained.decode(trained.encode(long))).toBe(long);
    const learned = BpeTokenizer.train("x".repeat(100_000), { vocabularySize: 272 });
    expect(learned.encode("x".repeat(65_536)).length).toBe(1);
  });

  it("finds special tokens before anything else, and can leave them out", () => {
    const encoded = trained.encode("It's<|endoftext|> over<pad><pad>");
    expect(encoded.filter((id) => id < 2)).toEqual(Int32Array.of(1, 0, 0));
    expect(trained.decode(encoded)).toBe("It's<|endoftext|> over<pad><pad>");
    expect(trained.decode(encoded, { skipSpecialTokens: true })).toBe("It's over");
    expect([trained.tokenToId("<pad>"), trained.idToToken(1)]).toEqual([0, "<|endoftext|>"]);
    const nested = BpeTokenizer.train("", { vocabularySize: 259, specialTokens: ["<a", "<a>", "<a>(b)|"] });
    expect(ids(nested.encode("<a><a>(b)|<a"))).toEqual([1, 2, 0]);
  });

  it("takes special tokens of any characters", () => {
    const odd = ["<|fim-prefix|>", "a-b", "[/INST]", "{x}", "^$", "\\d", "(?:", "<unk> <unk>", "\n\n"];
    const tokenizer = BpeTokenizer.train("", { vocabularySize: 256 + odd.length, specialTokens: odd });
    const text = `x${odd.join("")}y`;
    expect(ids(tokenizer.encode(text)).slice(1, -1)).toEqual([...odd.keys()]);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it("refuses special tokens that the vocabulary would take for bytes", () => {
    const train = (token: string): BpeTokenizer =>
      BpeTokenizer.train("", { vocabularySize: 300, specialTokens: [token] });
    for (const token of ["Ġ", "é", "Ġthe", "ĊĊ"]) {
      expect(() => train(token)).toThrow(
        `BpeTokenizer: specialTokens must not be what the vocabulary writes for bytes; got ${JSON.stringify(token)}.`,
      );
    }
    for (const token of ["<é>", "!", "日", "a b"]) expect(train(token).decode([0])).toBe(token);
  });

  it("keeps added tokens that are not special where special ones are left out", () => {
    const added_tokens = [
      ...golden.file.added_tokens,
      { id: 420, content: "<word>", special: false },
      { id: 421, content: "<mark>", special: true },
    ];
    const read = BpeTokenizer.fromJSON({ ...golden.file, added_tokens });
    for (const tokenizer of [read, BpeTokenizer.fromJSON(read.toJSON())]) {
      const encoded = tokenizer.encode("a<word>b<mark>");
      expect(ids(encoded).filter((id) => id >= 420)).toEqual([420, 421]);
      expect(tokenizer.decode(encoded)).toBe("a<word>b<mark>");
      expect(tokenizer.decode(encoded, { skipSpecialTokens: true })).toBe("a<word>b");
    }
  });

  it("reads old merges, tokens beside the vocabulary, holes in it, and words that are taken whole", () => {
    const { model } = golden.file;
    const merges = (model.merges as string[][]).map((pair) => pair.join(" "));
    const old = BpeTokenizer.fromJSON({ ...golden.file, model: { ...model, merges } });
    expect(old.merges).toEqual(trained.merges);
    const added = {
      id: 500,
      content: "<mask>",
      single_word: false,
      lstrip: false,
      rstrip: false,
      special: true,
    };
    const wider = BpeTokenizer.fromJSON({
      ...golden.file,
      added_tokens: [...golden.file.added_tokens, added],
    });
    expect(wider.vocabularySize).toBe(501);
    expect(ids(wider.encode("a<mask>")).at(-1)).toBe(500);
    expect(wider.toJSON().model.vocab).toEqual(model.vocab);
    expect(() => wider.decode([450])).toThrow(
      new ValueError("BpeTokenizer", "ids must lie in the vocabulary, 0..500; got 450."),
    );
    const vocab = { ...(model.vocab as object), " zq": 420, Ġzq: 421 };
    const whole = BpeTokenizer.fromJSON({ ...golden.file, model: { ...model, vocab, ignore_merges: true } });
    expect(ids(whole.encode("a zq"))).toEqual([...trained.encode("a"), 421]);
    expect(BpeTokenizer.fromJSON(whole.toJSON()).toJSON()).toEqual(whole.toJSON());
  });

  it("stops where the text has no more pairs, or none frequent enough, and at long tokens", () => {
    expect(BpeTokenizer.train("", { vocabularySize: 300 }).vocabularySize).toBe(256);
    expect(BpeTokenizer.train("ab", { vocabularySize: 300 }).merges).toEqual([["a", "b"]]);
    expect(BpeTokenizer.train("ab", { vocabularySize: 300, minFrequency: 2 }).merges).toEqual([]);
    const text = "abcdefgh ".repeat(5);
    const short = BpeTokenizer.train(text, { vocabularySize: 300, maxTokenLength: 3 });
    const lengths = short.vocabulary.map((token) => token!.length);
    expect([Math.max(...lengths), short.merges.length > 2]).toEqual([3, true]);
  });

  it("refuses vocabularies that are too small, and special tokens that clash", () => {
    expect(() => BpeTokenizer.train("a", { vocabularySize: 256, specialTokens: ["<a>"] })).toThrow(
      new ValueError(
        "BpeTokenizer",
        "vocabularySize must hold 256 bytes and the special tokens (257); got 256.",
      ),
    );
    expect(() => BpeTokenizer.train("a", { vocabularySize: 300, specialTokens: ["<a>", "<a>"] })).toThrow(
      /^BpeTokenizer: specialTokens must be different texts, none empty; got \["<a>","<a>"\]\.$/,
    );
  });

  const { model, pre_tokenizer } = golden.file;
  const vocab = model.vocab as Record<string, number>;
  const withoutA = Object.fromEntries(Object.entries(vocab).filter(([token]) => token !== "a"));
  const token = { id: 1, content: "<|endoftext|>" };
  const sequence = { type: "Sequence", pretokenizers: [{ type: "Digits" }, { type: "ByteLevel" }] };
  const bad: [string, unknown, string][] = [
    ["no JSON", "{", "the file must be JSON; got "],
    ["a list", [], "the file must hold an object; got []."],
    ["no model", { ...golden.file, model: null }, "the file must hold a model; got null."],
    [
      "another model",
      { ...golden.file, model: { type: "WordPiece" } },
      'the model\'s type must be "BPE"; got "WordPiece".',
    ],
    [
      "a normalizer",
      { ...golden.file, normalizer: { type: "NFC" } },
      'the file must not ask for normalizer; got "NFC".',
    ],
    [
      "truncation",
      { ...golden.file, truncation: { max_length: 2 } },
      "the file must not ask for truncation; got ",
    ],
    [
      "a pre-tokeniser",
      { ...golden.file, pre_tokenizer: sequence },
      'the file must not ask for another pre_tokenizer than ByteLevel; got {"type":"Sequence","of":["Digits","ByteLevel"]}.',
    ],
    [
      "no pre-tokeniser",
      { ...golden.file, pre_tokenizer: null },
      "the file must not ask for another pre_tokenizer than ByteLevel; got null.",
    ],
    [
      "no regular expression",
      { ...golden.file, pre_tokenizer: { ...pre_tokenizer, use_regex: false } },
      "the file must not ask for a pre_tokenizer without its regular expression; ",
    ],
    [
      "a decoder",
      { ...golden.file, decoder: { type: "Metaspace" } },
      'the file must not ask for another decoder than ByteLevel; got "Metaspace".',
    ],
    [
      "a post-processor",
      { ...golden.file, post_processor: { type: "TemplateProcessing" } },
      'the file must not ask for another post_processor than ByteLevel; got "TemplateProcessing".',
    ],
    [
      "dropout",
      { ...golden.file, model: { ...model, dropout: 0.1 } },
      "the file must not ask for model.dropout; got 0.1.",
    ],
    [
      "byte fallback",
      { ...golden.file, model: { ...model, byte_fallback: true } },
      "the file must not ask for model.byte_fallback; got true.",
    ],
    [
      "a missing byte",
      { ...golden.file, model: { ...model, vocab: withoutA } },
      'the vocabulary must hold all 256 bytes; got "none for byte 97".',
    ],
    [
      "an id twice",
      { ...golden.file, model: { ...model, vocab: { ...vocab, zz: 5 } } },
      "id 5 must belong to one token; got ",
    ],
    [
      "a wild id",
      { ...golden.file, model: { ...model, vocab: { ...vocab, zz: 2 ** 40 } } },
      'the id of "zz" must be a whole number from 0 to 4194303; got 1099511627776.',
    ],
    [
      "a bad merge",
      { ...golden.file, model: { ...model, merges: ["a b c"] } },
      'merge 0 must be two tokens; got "a b c".',
    ],
    [
      "an unknown merge",
      { ...golden.file, model: { ...model, merges: [["a", "zq"]] } },
      "both tokens of merge 0, and what they make, must be in the vocabulary; ",
    ],
    [
      "stripping",
      { ...golden.file, added_tokens: [{ ...token, lstrip: true }] },
      'the file must not ask for lstrip of added token 0; got "<|endoftext|>".',
    ],
    [
      "a token moved",
      { ...golden.file, added_tokens: [{ ...token, id: 7 }] },
      "added token 0 must have its id in the vocabulary, 1; got 7.",
    ],
  ];

  it.each(bad)("refuses a file with %s, and says so", (_name, file, message) => {
    let error: unknown;
    try {
      BpeTokenizer.fromJSON(file);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message.startsWith(`BpeTokenizer: ${message}`), (error as Error).message).toBe(
      true,
    );
  });
});

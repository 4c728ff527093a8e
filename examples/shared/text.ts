// Text to learn from: the Brown corpus, or a file; as numbers, cut into windows whose targets are the next characters.
import { readFile } from "node:fs/promises";
import { hostArray } from "neurite/data";
import type { Dataset, Fields } from "neurite/data";
import { readBrown } from "./brown.ts";
import { UsageError } from "./options.ts";

/** A text as indices into its vocabulary, which is its distinct characters in the order of their code points. */
export interface EncodedText {
  readonly codes: Uint16Array;
  readonly vocabulary: readonly string[];
}

/** The text of a file, or of the Brown corpus where the path is empty. */
export async function loadText(path: string): Promise<EncodedText> {
  return encode(path === "" ? await readBrown() : await readText(path));
}

async function readText(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(`--text must name a readable file; ${(error as Error).message}.`);
  });
  if (text.length < 10_000) {
    throw new UsageError(
      `--text must name a file of at least 10,000 characters; got ${String(text.length)}.`,
    );
  }
  return text;
}

function encode(text: string): EncodedText {
  const vocabulary = [...new Set(text)].sort();
  const indices = new Map(vocabulary.map((character, index) => [character, index]));
  return { codes: Uint16Array.from(text, (character) => indices.get(character)!), vocabulary };
}

/** Every window of `length` characters of a text, with the window one character later as its target. */
export class Windows implements Dataset {
  readonly length: number;
  readonly #codes: Uint16Array;
  readonly #window: number;

  constructor(codes: Uint16Array, window: number) {
    this.length = codes.length - window;
    this.#codes = codes;
    this.#window = window;
  }

  get(index: number): Fields {
    return this.batch([index]).map(({ data }) => hostArray(data, { shape: [this.#window] }));
  }

  batch(indices: ArrayLike<number>): Fields {
    const rows = (offset: number): Fields[number] => {
      const values = new Int32Array(indices.length * this.#window);
      for (let i = 0; i < indices.length; i++) {
        const start = indices[i] + offset;
        values.set(this.#codes.subarray(start, start + this.#window), i * this.#window);
      }
      return hostArray(values, { shape: [indices.length, this.#window] });
    };
    return [rows(0), rows(1)];
  }
}

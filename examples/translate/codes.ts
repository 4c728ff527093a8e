// Pairs of texts as numbers: sources padded with their lengths, targets with a start in front and an end behind.
import { ArrayDataset } from "neurite/data";
import type { Pair } from "./dates.ts";

/** In front of the characters of both vocabularies. */
const SPECIAL = 2;
export const START = 0;
export const END = 1;
/** What no loss counts. */
export const IGNORED = -100;

export class Codes {
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly #sourceCode: ReadonlyMap<string, number>;
  readonly #targetCode: ReadonlyMap<string, number>;

  /** The characters of some pairs; those of others that are not among them become blanks or are left out. */
  constructor(pairs: readonly Pair[]) {
    const distinct = (texts: readonly string[]): string[] =>
      [...new Set(texts.flatMap((text) => Array.from(text)))].sort();
    this.source = distinct(pairs.map(([source]) => source));
    this.target = distinct(pairs.map(([, target]) => target));
    const codes = (characters: readonly string[]): Map<string, number> =>
      new Map(characters.map((character, i) => [character, i + SPECIAL]));
    this.#sourceCode = codes(this.source);
    this.#targetCode = codes(this.target);
  }

  get sourceSize(): number {
    return this.source.length + SPECIAL;
  }

  get targetSize(): number {
    return this.target.length + SPECIAL;
  }

  readSource = (text: string): number[] =>
    Array.from(text, (character) => this.#sourceCode.get(character) ?? START);

  /** The text up to the end sign. */
  writeTarget(codes: readonly number[]): string {
    const end = codes.indexOf(END);
    return (end < 0 ? codes : codes.slice(0, end)).map((code) => this.target[code - SPECIAL] ?? "").join("");
  }

  /** Fields: source [S], its length, target behind a start [T], target with an end [T]. */
  dataset(pairs: readonly Pair[]): ArrayDataset {
    const sources = pairs.map(([source]) => this.readSource(source));
    const targets = pairs.map(([, target]) =>
      Array.from(target).flatMap((character) => this.#targetCode.get(character) ?? []),
    );
    const padded = (
      rows: readonly (readonly number[])[],
      filler: number,
    ): { data: Int32Array; shape: number[] } => {
      const width = Math.max(...rows.map((row) => row.length));
      const data = new Int32Array(rows.length * width).fill(filler);
      rows.forEach((row, i) => data.set(row, i * width));
      return { data, shape: [rows.length, width] };
    };
    return new ArrayDataset(
      padded(sources, START),
      { data: Int32Array.from(sources, (source) => source.length) },
      padded(
        targets.map((target) => [START, ...target]),
        END,
      ),
      padded(
        targets.map((target) => [...target, END]),
        IGNORED,
      ),
    );
  }
}

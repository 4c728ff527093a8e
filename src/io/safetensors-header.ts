// Reads the JSON header of a safetensors file. `JSON.parse` would do, but for what it hides: duplicate keys (the last
// wins silently), `__proto__`, numbers such as 1e3 or 2^60 rounded to a double. The header's grammar is tiny, so this
// walks it directly and hands every name over as plain data.
import { FormatError } from "../core/errors.ts";

/** One tensor's entry, checked for form only: whether sizes and offsets fit the file is for the caller. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

const METADATA = "__metadata__";

// No real tensor comes near this rank; without a limit a header of commas would grow into a far larger array.
const MAX_RANK = 64;

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Text from a file as an error message shows it: quoted, and never longer than a line. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);

/** Whether a string holds half a surrogate pair, which UTF-8 cannot carry. */
export const isIllFormed = (text: string): boolean => /\p{Surrogate}/u.test(text);

export class HeaderReader {
  readonly #op: string;
  readonly #source: string;
  readonly #text: string;
  #position = 0;

  constructor(op: string, source: string, text: string) {
    this.#op = op;
    this.#source = source;
    this.#text = text;
  }

  /** Reads the whole header; throws FormatError at the first thing that breaks a rule. */
  read(): Header {
    const entries: HeaderEntry[] = [];
    let metadata: Map<string, string> | undefined;
    this.#object("the header", (name) => {
      if (name === METADATA) metadata = this.#metadata();
      else entries.push(this.#entry(name));
    });
    while (this.#text.charCodeAt(this.#position) === 32) this.#position++;
    if (this.#position < this.#text.length) this.#fail("only spaces may follow the header's object");
    return { entries, metadata: metadata ?? new Map() };
  }

  #metadata(): Map<string, string> {
    const metadata = new Map<string, string>();
    this.#object(METADATA, (key) => metadata.set(key, this.#string(`${METADATA} ${quote(key)}`)));
    return metadata;
  }

  #entry(name: string): HeaderEntry {
    const where = `tensor ${quote(name)}`;
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    this.#object(where, (field) => {
      if (field === "dtype") dtype = this.#string(`${where}: dtype`);
      else if (field === "shape") shape = this.#integers(`${where}: shape`);
      else if (field === "data_offsets") offsets = this.#integers(`${where}: data_offsets`);
      else this.#fail(`${where}: fields must be dtype, shape, data_offsets`, quote(field));
    });
    if (dtype === undefined) return this.#fail(`${where}: must have a dtype`, "none");
    if (shape === undefined) return this.#fail(`${where}: must have a shape`, "none");
    if (offsets?.length !== 2) {
      const got = offsets ? `${String(offsets.length)} numbers` : "none";
      return this.#fail(`${where}: data_offsets must be two numbers`, got);
    }
    return { name, dtype, shape, begin: offsets[0], end: offsets[1] };
  }

  #object(where: string, member: (key: string) => void): void {
    const keys = new Set<string>();
    this.#expect("{", `${where} must be an object`);
    if (this.#accept("}")) return;
    do {
      const key = this.#string(`a key of ${where}`);
      if (keys.has(key)) this.#fail(`${where} must not have a key twice`, quote(key));
      keys.add(key);
      this.#expect(":", `a key of ${where} must be followed by ":"`);
      member(key);
    } while (this.#accept(","));
    this.#expect("}", `${where} must end with "}"`);
  }

  #integers(where: string): number[] {
    const values: number[] = [];
    this.#expect("[", `${where} must be an array`);
    if (this.#accept("]")) return values;
    do {
      if (values.length === MAX_RANK)
        this.#fail(`${where} must hold at most ${String(MAX_RANK)} numbers`, "more");
      values.push(this.#integer(where));
    } while (this.#accept(","));
    this.#expect("]", `${where} must end with "]"`);
    return values;
  }

  #integer(where: string): number {
    this.#skipSpace();
    const start = this.#position;
    while (isDigit(this.#text.charCodeAt(this.#position))) this.#position++;
    const digits = this.#text.slice(start, this.#position);
    const next = this.#text.charAt(this.#position);
    const leadingZero = digits.length > 1 && digits.startsWith("0");
    // 17 digits exceed 2^53 already; the limit keeps Number() from seeing a megabyte of them.
    const value = digits.length > 0 && digits.length <= 16 ? Number(digits) : NaN;
    if (!Number.isSafeInteger(value) || leadingZero || ".eE".includes(next || " ")) {
      this.#fail(
        `${where} must hold whole numbers from 0 to 2^53 - 1`,
        quote(this.#text.slice(start, start + 24)),
      );
    }
    return value;
  }

  #string(where: string): string {
    this.#expect('"', `${where} must be a string`);
    const start = this.#position - 1;
    for (;;) {
      const code = this.#text.charCodeAt(this.#position);
      if (Number.isNaN(code)) this.#fail(`${where} must end with a quotation mark`, "the header's end");
      this.#position++;
      if (code === 34) break;
      if (code === 92) this.#position++;
    }
    const literal = this.#text.slice(start, this.#position);
    let value: string;
    try {
      value = JSON.parse(literal) as string;
    } catch {
      return this.#fail(`${where} must be a valid JSON string`, quote(literal));
    }
    if (isIllFormed(value)) this.#fail(`${where} must be well-formed Unicode`, quote(literal));
    return value;
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#position))) this.#position++;
  }

  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.#text.charAt(this.#position) !== character) return false;
    this.#position++;
    return true;
  }

  #expect(character: string, rule: string): void {
    if (!this.#accept(character)) this.#fail(rule);
  }

  #fail(rule: string, got?: string): never {
    const here = got ?? quote(this.#text.slice(this.#position, this.#position + 24));
    const at = `header character ${String(this.#position)}`;
    throw new FormatError(this.#op, `${this.#source}: ${rule}; got ${here} (${at}).`);
  }
}

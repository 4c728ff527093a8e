// The header of a `.npy` file is a Python dictionary in text. This reads the one form that NumPy writes, and nothing else
// of Python: three keys, a text, a truth value and a tuple of whole numbers.
import { FormatError } from "../core/errors.ts";

export interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

// NumPy's own limit.
const MAX_RANK = 64;
const KEYS = ["descr", "fortran_order", "shape"] as const;

const TOKEN = /\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)\b|(\d+)L?(?![\w.])|([{}():,[\]]))/y;

interface Values {
  readonly text: string;
  readonly truth: boolean;
  readonly number: number;
  readonly mark: string;
}

type Token = { [K in keyof Values]: { readonly kind: K; readonly value: Values[K] } }[keyof Values];

function tokensOf(text: string, fail: (rule: string, got: string) => never): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (!match)
      fail("the header must be a dictionary as NumPy writes it", JSON.stringify(text.slice(at, at + 24)));
    const [, single, double, truth, digits, mark] = match as (string | undefined)[];
    const quoted = single ?? double;
    if (quoted !== undefined) tokens.push({ kind: "text", value: quoted });
    else if (truth !== undefined) tokens.push({ kind: "truth", value: truth === "True" });
    else if (digits !== undefined) tokens.push({ kind: "number", value: Number(digits) });
    else tokens.push({ kind: "mark", value: mark! });
  }
  return tokens;
}

/**
 * Reads the dictionary of a `.npy` header.
 *
 * @throws FormatError for a key that is missing, twice or unknown, a value of another kind, a rank above 64, a size beyond
 * 2^53 - 1, or anything after the dictionary.
 */
export function parseNpyHeader(text: string, source: string): NpyHeader {
  const fail = (rule: string, got: string): never => {
    throw new FormatError("readNpy", `${source}: ${rule}; got ${got}.`);
  };
  const tokens = tokensOf(text, fail);
  let position = 0;
  const describe = (token: Token | undefined): string =>
    token === undefined ? "the header's end" : JSON.stringify(token.value);
  const accept = (mark: string): boolean => {
    const token = tokens.at(position);
    if (token?.kind !== "mark" || token.value !== mark) return false;
    position++;
    return true;
  };
  const expectMark = (mark: string): void => {
    if (!accept(mark)) fail(`the header must have "${mark}" here`, describe(tokens[position]));
  };
  const take = <K extends keyof Values>(kind: K, what: string): Values[K] => {
    const token: Token | undefined = tokens[position];
    if (token?.kind !== kind) return fail(`${what} must be a ${kind}`, describe(token));
    position++;
    return token.value as Values[K];
  };
  const readShape = (): number[] => {
    const shape: number[] = [];
    expectMark("(");
    while (!accept(")")) {
      const n = take("number", "every size of the shape");
      if (!Number.isSafeInteger(n)) fail("sizes must be at most 2^53 - 1", String(n));
      shape.push(n);
      if (shape.length > MAX_RANK) fail(`the rank must be at most ${String(MAX_RANK)}`, "more sizes");
      // One size needs its comma: without it, Python's parentheses would only group.
      if (!accept(",")) {
        expectMark(")");
        if (shape.length === 1) fail("a shape of one size must end with a comma", "none");
        break;
      }
    }
    return shape;
  };
  const found = new Map<string, unknown>();
  expectMark("{");
  while (!accept("}")) {
    const key = take("text", "every key");
    if (!(KEYS as readonly string[]).includes(key))
      fail(`keys must be among ${KEYS.join(", ")}`, describe(tokens[position - 1]));
    if (found.has(key)) fail("every key must come once", `${JSON.stringify(key)} again`);
    expectMark(":");
    if (key === "descr" && tokens.at(position)?.value === "[") {
      fail("descr must name one dtype", "a structured one. Save each field as an array of its own");
    }
    if (key === "descr") found.set(key, take("text", key));
    else found.set(key, key === "shape" ? readShape() : take("truth", key));
    if (accept(",")) continue;
    expectMark("}");
    break;
  }
  if (position < tokens.length) fail("the header must end with its dictionary", describe(tokens[position]));
  const missing = KEYS.filter((key) => !found.has(key));
  if (missing.length > 0) fail(`the header must have ${KEYS.join(", ")}`, `none of ${missing.join(", ")}`);
  return {
    descr: found.get("descr") as string,
    fortranOrder: found.get("fortran_order") as boolean,
    shape: found.get("shape") as number[],
  };
}

// Hugging Face's `tokenizer.json`, as far as it describes a byte-level byte-pair encoder. What a file asks for beyond that
// would change ids silently if it were passed over, so it is refused by name.
import { FormatError } from "../core/errors.ts";
import { byteCharacters } from "./byte-alphabet.ts";
import type { SpecialToken } from "./tokenizer.ts";
import { isObject, parseObject, show } from "./vocabulary-file.ts";

/** What the encoder needs of a file. */
export interface BpeModel {
  readonly vocabulary: readonly (string | undefined)[];
  readonly specialTokens: readonly SpecialToken[];
  /** Pairs of ids, the earliest merge first. */
  readonly merges: readonly (readonly [number, number])[];
  readonly addPrefixSpace: boolean;
  /** Words that are tokens are taken whole, even if the merges do not lead there. */
  readonly ignoreMerges: boolean;
  /** Parts of the file that change no id, to be written back as they were. */
  readonly rest: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** The file's fields; see https://huggingface.co/docs/tokenizers. */
export interface TokenizerFile {
  readonly version: "1.0";
  readonly truncation: null;
  readonly padding: null;
  readonly added_tokens: readonly Fields[];
  readonly normalizer: null;
  readonly pre_tokenizer: Fields;
  readonly post_processor: unknown;
  readonly decoder: Fields;
  readonly model: Fields;
}

const OP = "BpeTokenizer";

// A file of hostile size would otherwise take the memory before anything is found wrong with it.
const MOST_TOKENS = 2 ** 22;

function fail(rule: string, got: unknown): never {
  throw new FormatError(OP, `${rule}; got ${show(got)}.`);
}

export function formatTokenizer(model: BpeModel): TokenizerFile {
  const { vocabulary, merges, specialTokens, addPrefixSpace, ignoreMerges, rest } = model;
  const byteLevel = {
    type: "ByteLevel",
    add_prefix_space: addPrefixSpace,
    trim_offsets: true,
    use_regex: true,
  };
  const token = (id: number): string => vocabulary[id]!;
  const inVocabulary = (id: number): boolean => rest.outside === undefined || !isOutside(rest.outside, id);
  const vocab = vocabulary.flatMap((content, id) =>
    content !== undefined && inVocabulary(id) ? [[content, id] as const] : [],
  );
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map(({ id, content, special = true }) => ({
      id,
      content,
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
      special,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: rest.postProcessor ?? byteLevel,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: rest.unknownToken ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: ignoreMerges,
      vocab: Object.fromEntries(vocab),
      merges: merges.map(([a, b]) => [token(a), token(b)]),
    },
  };
}

const isOutside = (outside: unknown, id: number): boolean =>
  Array.isArray(outside) && (outside as unknown[]).includes(id);

export function parseTokenizer(file: unknown): BpeModel {
  const root = parseObject(OP, file);
  const { model } = root;
  if (!isObject(model)) return fail("the file must hold a model", model);
  if (model.type !== undefined && model.type !== "BPE") fail('the model\'s type must be "BPE"', model.type);
  for (const name of ["normalizer", "truncation", "padding"]) {
    const part = root[name];
    if (part !== null && part !== undefined) unsupported(name, isObject(part) ? (part.type ?? part) : part);
  }
  checkModel(model);
  const addPrefixSpace = checkByteLevels(root);
  const vocabulary = readVocabulary(model.vocab);
  const own = new Map(vocabulary.map((token, id) => [token, id]));
  for (const [byte, character] of byteCharacters.entries()) {
    if (!own.has(character)) fail("the vocabulary must hold all 256 bytes", `none for byte ${String(byte)}`);
  }
  const merges = readMerges(model.merges, own);
  const specialTokens = readAddedTokens(root.added_tokens, vocabulary);
  const outside = specialTokens.filter(({ content }) => !own.has(content)).map(({ id }) => id);
  return {
    vocabulary,
    specialTokens,
    merges,
    addPrefixSpace,
    ignoreMerges: model.ignore_merges === true,
    rest: {
      ...(outside.length > 0 && { outside }),
      ...(typeof model.unk_token === "string" && { unknownToken: model.unk_token }),
      ...(isObject(root.post_processor) && { postProcessor: root.post_processor }),
    },
  };
}

function unsupported(part: string, got: unknown): never {
  const hint = "Only byte-level byte-pair encoders are read.";
  throw new FormatError(OP, `the file must not ask for ${part}; got ${show(got)}. ${hint}`);
}

const isOff = (value: unknown): boolean =>
  value === undefined || value === null || value === false || value === "";

/** The unknown token is let pass, as no byte is unknown. */
function checkModel(model: Fields): void {
  const refused = ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"];
  for (const name of refused)
    if (!isOff(model[name]) && model[name] !== 0) unsupported(`model.${name}`, model[name]);
}

/** Checks pre-tokeniser, decoder and post-processor; whether a blank is put in front of texts. */
function checkByteLevels(root: Fields): boolean {
  const { pre_tokenizer, decoder, post_processor } = root;
  if (!isByteLevel(pre_tokenizer)) unsupported("another pre_tokenizer than ByteLevel", kindOf(pre_tokenizer));
  if (!isByteLevel(decoder)) unsupported("another decoder than ByteLevel", kindOf(decoder));
  // A byte-level one changes offsets alone, which are not given here.
  if (post_processor !== null && post_processor !== undefined && !isByteLevel(post_processor))
    unsupported("another post_processor than ByteLevel", kindOf(post_processor));
  const { use_regex = true, add_prefix_space = true } = pre_tokenizer as Fields;
  if (use_regex !== true) unsupported("a pre_tokenizer without its regular expression", { use_regex });
  if (typeof add_prefix_space !== "boolean")
    return fail("pre_tokenizer.add_prefix_space must be true or false", add_prefix_space);
  return add_prefix_space;
}

const isByteLevel = (part: unknown): boolean => isObject(part) && part.type === "ByteLevel";

function kindOf(part: unknown): unknown {
  if (!isObject(part)) return part;
  const inner = part.pretokenizers ?? part.processors ?? part.decoders;
  return Array.isArray(inner) ? { type: part.type, of: inner.map(kindOf) } : (part.type ?? part);
}

function readVocabulary(vocab: unknown): (string | undefined)[] {
  if (!isObject(vocab)) return fail("model.vocab must be an object of tokens and ids", vocab);
  const vocabulary: (string | undefined)[] = [];
  for (const [token, id] of Object.entries(vocab)) place(vocabulary, token, id);
  return vocabulary;
}

/** Puts a token at its id. */
function place(vocabulary: (string | undefined)[], token: string, id: unknown): void {
  if (!Number.isSafeInteger(id) || (id as number) < 0 || (id as number) >= MOST_TOKENS) {
    const most = String(MOST_TOKENS - 1);
    fail(`the id of ${JSON.stringify(token)} must be a whole number from 0 to ${most}`, id);
  }
  const at = id as number;
  // Holes are filled, so that the array stays one of plain elements.
  while (vocabulary.length <= at) vocabulary.push(undefined);
  const other = vocabulary[at];
  if (other !== undefined && other !== token)
    fail(`id ${String(at)} must belong to one token`, [other, token]);
  vocabulary[at] = token;
}

/** Merges are pairs, or texts with one blank in older files. */
function readMerges(merges: unknown, ids: ReadonlyMap<string | undefined, number>): [number, number][] {
  if (!Array.isArray(merges)) return fail("model.merges must be a list", merges);
  return merges.map((merge: unknown, i) => {
    const pair: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    const where = `merge ${String(i)}`;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((half) => typeof half === "string"))
      return fail(`${where} must be two tokens`, merge);
    const [a, b] = pair as [string, string];
    const [first, second] = [ids.get(a), ids.get(b)];
    if (first === undefined || second === undefined || !ids.has(a + b))
      return fail(`both tokens of ${where}, and what they make, must be in the vocabulary`, merge);
    return [first, second];
  });
}

/** Adds the tokens that stand outside the model's vocabulary; all are found in texts as they are. */
function readAddedTokens(tokens: unknown, vocabulary: (string | undefined)[]): SpecialToken[] {
  if (tokens === undefined || tokens === null) return [];
  if (!Array.isArray(tokens)) return fail("added_tokens must be a list", tokens);
  return tokens.map((token: unknown, i) => {
    const where = `added token ${String(i)}`;
    if (!isObject(token) || typeof token.content !== "string" || token.content === "")
      return fail(`${where} must have a content`, token);
    const { id, content } = token;
    for (const name of ["single_word", "lstrip", "rstrip"])
      if (!isOff(token[name])) unsupported(`${name} of ${where}`, content);
    const known = vocabulary.indexOf(content);
    if (known >= 0 && known !== id) fail(`${where} must have its id in the vocabulary, ${String(known)}`, id);
    place(vocabulary, content, id);
    return { id: id as number, content, ...(token.special === false && { special: false }) };
  });
}

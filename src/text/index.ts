// The public surface of "neurite/text": text as numbers, and back.
export { BpeTokenizer } from "./bpe.ts";
export type { BpeTrainOptions } from "./bpe.ts";
export { CharTokenizer } from "./character.ts";
export type { CharTokenizerOptions } from "./character.ts";
export { loadTokenizer, saveTokenizer } from "./files.ts";
export { Tokenizer } from "./tokenizer.ts";
export type { BatchOptions, DecodeOptions, EncodedBatch, SpecialToken } from "./tokenizer.ts";
export type { TokenizerFile } from "./tokenizer-file.ts";
export type { VocabularyFile } from "./vocabulary-file.ts";
export { WordTokenizer } from "./word.ts";
export type { WordTokenizerOptions } from "./word.ts";

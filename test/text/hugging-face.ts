// Hugging Face's JavaScript library as a reader of our files. Its declarations do not resolve under Node's rules, so what is
// used of it is declared here.
import { Tokenizer } from "@huggingface/tokenizers";
import type { BpeTokenizer } from "../../src/text/index.ts";

export interface Reader {
  encode(text: string): { readonly ids: number[] };
  decode(ids: readonly number[]): string;
}

const Library = Tokenizer as unknown as new (file: object, config: object) => Reader;

/** Our file as their library reads it. */
export const readByTheirs = (tokenizer: BpeTokenizer): Reader =>
  new Library(JSON.parse(JSON.stringify(tokenizer)) as object, { clean_up_tokenization_spaces: false });

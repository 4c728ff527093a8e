// Sequences that grow token by token under a model: padding, caches, and the scores of what comes next.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { reshape } from "../../ops/algebra.ts";
import { tensor } from "../../ops/creation.ts";
import { indexSelect } from "../../ops/selection.ts";
import { noGrad } from "../../tensor/mode.ts";
import { keep, scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { KeyValueCache } from "../../nn/attention/cache.ts";

/** What generation asks of a model; `GPT` is one. */
export interface LanguageModel {
  /** The longest sequence that forward takes. */
  readonly contextLength: number;
  /** Tokens int32 [B, T] -> scores [B, T, V]; `padding` bool [B, all tokens so far], `places` [B][T]. */
  forward(
    tokens: Tensor,
    options: {
      readonly cache?: readonly KeyValueCache[];
      readonly padding?: Tensor | null;
      readonly places?: readonly (readonly number[])[];
    },
  ): Tensor;
  makeCache(): KeyValueCache[];
  /** Any tensor of the model: tokens are put where it lies. */
  parameters(): Tensor[];
}

export interface DecodingOptions {
  /** Keeps keys and values of earlier tokens instead of computing them anew; default true. */
  readonly useCache?: boolean;
  /** Where shorter prompts of a batch are filled up; the result does not depend on it. Default "left". */
  readonly padding?: "left" | "right";
}

// Fills gaps; nobody sees it, so any token will do.
const PAD = 0;

interface Filled {
  readonly tokens: readonly (readonly number[])[];
  readonly hidden: readonly (readonly boolean[])[];
  readonly places: readonly (readonly number[])[];
  /** Per row: the column of its last token. */
  readonly last: readonly number[];
}

function fillUp(rows: readonly (readonly number[])[], side: "left" | "right"): Filled {
  const length = Math.max(...rows.map((row) => row.length));
  const gaps = rows.map((row) => length - row.length);
  const onSide = <T>(gap: readonly T[], row: readonly T[]): T[] =>
    side === "left" ? [...gap, ...row] : [...row, ...gap];
  const repeated = <T>(value: T, count: number): T[] => new Array<T>(count).fill(value);
  return {
    tokens: rows.map((row, b) => onSide(repeated(PAD, gaps[b]), row)),
    hidden: rows.map((row, b) => onSide(repeated(true, gaps[b]), repeated(false, row.length))),
    places: rows.map((row, b) => onSide(repeated(0, gaps[b]), [...row.keys()])),
    last: rows.map((row) => (side === "left" ? length - 1 : row.length - 1)),
  };
}

/** @throws ShapeError where there is none, or one is empty; ValueError for a token that is no whole number. */
export function checkPrompts(op: string, prompts: readonly (readonly number[])[]): void {
  if (prompts.length === 0 || prompts.some((prompt) => prompt.length === 0)) {
    const got = prompts.length === 0 ? "none" : `one of no tokens among ${String(prompts.length)}`;
    throw new ShapeError(op, `prompts must hold a token each; got ${got}. Begin with a start token.`);
  }
  const wrong = prompts.flat().find((token) => !Number.isInteger(token));
  if (wrong !== undefined) throw new ValueError(op, `tokens must be whole numbers; got ${String(wrong)}.`);
}

/** A batch of sequences under a model; dispose() it. */
export class Decoding {
  readonly #model: LanguageModel;
  readonly #side: "left" | "right";
  #rows: number[][];
  #cache: KeyValueCache[] | null;
  /** Per row and place in the cache: whether there is padding. */
  #hidden: boolean[][];

  /** `prompts` have been checked. */
  constructor(model: LanguageModel, prompts: readonly (readonly number[])[], options: DecodingOptions) {
    this.#model = model;
    this.#side = options.padding ?? "left";
    this.#rows = prompts.map((prompt) => [...prompt]);
    this.#hidden = prompts.map(() => []);
    this.#cache = (options.useCache ?? true) ? model.makeCache() : null;
  }

  get rows(): readonly (readonly number[])[] {
    return this.#rows;
  }

  append(tokens: readonly number[]): void {
    tokens.forEach((token, b) => this.#rows[b].push(token));
  }

  /** The scores of each row's next token. */
  async scores(): Promise<Float32Array[]> {
    const { tensor: scores, count } = this.#forward();
    try {
      const values = await scores.data();
      const size = values.length / count;
      return Array.from({ length: count }, (_, b) =>
        Float32Array.from(values.subarray(b * size, (b + 1) * size)),
      );
    } finally {
      scores.dispose();
    }
  }

  #forward(): { readonly tensor: Tensor; readonly count: number } {
    const filled = this.#next();
    const [count, length] = [filled.tokens.length, filled.tokens[0].length];
    const { device } = this.#model.parameters()[0];
    const chosen = scope("generate", () =>
      noGrad<Tensor>(() => {
        const tokens = tensor(Int32Array.from(filled.tokens.flat()), { shape: [count, length], device });
        const isPadded = filled.hidden.some((row) => row.includes(true));
        const padding = isPadded
          ? tensor(Uint8Array.from(filled.hidden.flat(), Number), {
              shape: [count, filled.hidden[0].length],
              dtype: "bool",
              device,
            })
          : null;
        const scores = this.#model.forward(tokens, {
          ...(this.#cache && { cache: this.#cache }),
          ...(isPadded && { padding, places: filled.places }),
        });
        const rows = Int32Array.from(filled.last, (column, b) => b * length + column);
        const flat = reshape(scores, [count * length, scores.shape[2]]);
        return indexSelect(flat, 0, tensor(rows, { device }));
      }),
    );
    return { tensor: keep(chosen), count };
  }

  /** What forward gets: with a cache, what is new; without, or when the cache is full, the last `contextLength` tokens. */
  #next(): Filled {
    const { contextLength } = this.#model;
    const seen = this.#hidden[0].length;
    const fresh = fillUp(
      this.#rows.map((row) => (seen === 0 ? row : row.slice(-1))),
      this.#side,
    );
    if (this.#cache !== null && seen + fresh.tokens[0].length <= contextLength) {
      this.#hidden.forEach((row, b) => row.push(...fresh.hidden[b]));
      const places = seen === 0 ? fresh.places : this.#rows.map((row) => [row.length - 1]);
      return { ...fresh, hidden: this.#hidden, places };
    }
    this.#dropCache();
    return fillUp(
      this.#rows.map((row) => row.slice(-contextLength)),
      this.#side,
    );
  }

  /** Row b becomes a copy of row sources[b]: the survivors of a beam search. */
  reorder(sources: readonly number[]): void {
    this.#rows = sources.map((source) => [...this.#rows[source]]);
    this.#hidden = sources.map((source) => [...this.#hidden[source]]);
    if (this.#cache === null) return;
    const { device } = this.#model.parameters()[0];
    scope("generate", () => {
      const index = tensor(Int32Array.from(sources), { device });
      for (const cache of this.#cache!) cache.reorder(index);
    });
  }

  #dropCache(): void {
    for (const cache of this.#cache ?? []) cache.dispose();
    this.#cache = null;
  }

  dispose(): void {
    this.#dropCache();
  }
}

// A table of vectors, one per index.
import { ShapeError } from "../core/errors.ts";
import { requireWhole } from "../ops/checks.ts";
import { slice } from "../ops/algebra.ts";
import { assign } from "../ops/assign.ts";
import { full } from "../ops/creation.ts";
import { randn } from "../ops/random.ts";
import { embedding } from "../ops/embedding.ts";
import { noGrad } from "../tensor/mode.ts";
import { composite } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showChanged } from "./describe.ts";
import { whereOf } from "./init.ts";
import type { ParameterOptions } from "./init.ts";
import { Module } from "./module.ts";
import { parameter } from "./parameter.ts";

export interface EmbeddingOptions extends ParameterOptions {
  /** A row that starts as zeros and gets no gradient; negative counts from the end. */
  readonly paddingIdx?: number;
  /** Rows that are looked up and are longer than this are first scaled down to it, in the table itself. */
  readonly maxNorm?: number;
  /** The p of that norm; default 2. */
  readonly normType?: number;
  /** Divide each row's gradient by how often the row occurs in the index; default false. */
  readonly scaleGradByFreq?: boolean;
}

/**
 * Rows of a table by index: int32 [...] -> [..., embeddingDim].
 *
 * weight [numEmbeddings, embeddingDim] starts standard normal.
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  weight: Tensor;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    this.numEmbeddings = requireWhole("Embedding", "numEmbeddings", numEmbeddings, 1);
    this.embeddingDim = requireWhole("Embedding", "embeddingDim", embeddingDim, 1);
    const { paddingIdx } = options;
    const row = paddingIdx !== undefined && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    if (row !== undefined && !(Number.isInteger(row) && row >= 0 && row < numEmbeddings)) {
      const range = `${String(-numEmbeddings)}..${String(numEmbeddings - 1)}`;
      throw new ShapeError(
        "Embedding",
        `paddingIdx must be a whole number in ${range}; got ${String(paddingIdx)}.`,
      );
    }
    this.paddingIdx = row ?? null;
    this.maxNorm = options.maxNorm ?? null;
    this.normType = options.normType ?? 2;
    this.scaleGradByFreq = options.scaleGradByFreq ?? false;
    const where = whereOf(options);
    this.weight = noGrad<Tensor>(() =>
      parameter(
        composite("Embedding", () => {
          const table = randn([numEmbeddings, embeddingDim], where);
          const { device, dtype } = table;
          if (row !== undefined)
            assign(slice(table, 0, row, row + 1), full([1, embeddingDim], 0, { device, dtype }));
          return table;
        }),
      ),
    );
  }

  override get moduleName(): string {
    return "Embedding";
  }

  override forward(index: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(index, this.weight, {
      ...(paddingIdx !== null && { paddingIdx }),
      ...(maxNorm !== null && { maxNorm }),
      normType,
      scaleGradByFreq,
    });
  }

  protected override describe(): string {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    const defaults = { paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false };
    const changed = showChanged({ paddingIdx, maxNorm, normType, scaleGradByFreq }, defaults);
    return `${String(this.numEmbeddings)}, ${String(this.embeddingDim)}${changed}`;
  }
}

// Datasets: a length and a way to read samples. Anything with `length` and `get` is one; `batch` is there for those that
// can read many samples faster than one by one.
import type { DType } from "../core/dtype.ts";
import { IndexError, ShapeError, ValueError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { collate, hostArray, sameKind } from "./host-array.ts";
import type { Fields, HostArray, HostData } from "./host-array.ts";
import { permutation, SPLIT_STREAM } from "./permutation.ts";

/**
 * Samples that can be read in any order. What comes must depend on the index and, where samples are changed at random, on
 * the epoch alone, so that training can be resumed.
 */
export interface Dataset {
  /** Number of samples. */
  readonly length: number;
  /** Sample `index`: its fields, such as input and target, without a batch axis. */
  get(index: number, epoch?: number): Fields;
  /** Several samples, each field stacked along a new first axis. Default: `get` for each, then `collate`. */
  batch?(indices: ArrayLike<number>, epoch?: number): Fields;
}

/** Reads several samples of any dataset as one batch. */
export function readBatch(dataset: Dataset, indices: ArrayLike<number>, epoch = 0): Fields {
  if (dataset.batch) return dataset.batch(indices, epoch);
  return collate(Array.from(indices, (index) => dataset.get(index, epoch)));
}

function checkIndex(op: string, index: number, length: number): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return;
  throw new IndexError(op, `the index must lie in 0..${String(length - 1)}; got ${String(index)}.`);
}

/** One field of an `ArrayDataset`: the values of all samples, the first axis counting samples. */
export interface ArrayField {
  readonly data: HostData;
  readonly shape?: Shape;
  readonly dtype?: DType;
}

/**
 * A dataset over typed arrays, one per field: `new ArrayDataset({ data: images, shape: [60000, 28, 28] }, { data: labels })`.
 *
 * @throws ShapeError when a shape does not fit its data, or fields count different numbers of samples.
 */
export class ArrayDataset implements Dataset {
  readonly length: number;
  readonly #fields: readonly HostArray[];

  constructor(...fields: readonly ArrayField[]) {
    this.#fields = fields.map(({ data, shape, dtype }) => hostArray(data, { shape, dtype }));
    const lengths = this.#fields.map((field) => field.shape.at(0));
    if (lengths.length === 0 || lengths.some((n) => n === undefined || n !== lengths[0])) {
      const got = lengths.length === 0 ? "no field" : lengths.map((n) => n ?? "a scalar").join(", ");
      throw new ShapeError(
        "ArrayDataset",
        `every field must count the same samples on its first axis; got ${got}.`,
      );
    }
    this.length = lengths[0]!;
  }

  get(index: number): HostArray[] {
    return this.batch([index]).map((field) => ({ ...field, shape: field.shape.slice(1) }));
  }

  batch(indices: ArrayLike<number>): HostArray[] {
    for (let i = 0; i < indices.length; i++) checkIndex("ArrayDataset", indices[i], this.length);
    return this.#fields.map(({ data, shape, dtype }) => {
      const size = this.length === 0 ? 0 : data.length / this.length;
      const rows = sameKind(data, indices.length * size);
      for (let i = 0; i < indices.length; i++) {
        rows.set(data.subarray(indices[i] * size, (indices[i] + 1) * size), i * size);
      }
      return { data: rows, shape: [indices.length, ...shape.slice(1)], dtype };
    });
  }
}

/** Some samples of a dataset, in an order of their own. */
export class Subset implements Dataset {
  readonly #dataset: Dataset;
  readonly #indices: Uint32Array;

  /** @throws IndexError when an index lies outside the dataset. */
  constructor(dataset: Dataset, indices: ArrayLike<number>) {
    for (let i = 0; i < indices.length; i++) checkIndex("Subset", indices[i], dataset.length);
    this.#dataset = dataset;
    this.#indices = Uint32Array.from(indices);
  }

  get length(): number {
    return this.#indices.length;
  }

  get(index: number, epoch = 0): Fields {
    checkIndex("Subset", index, this.length);
    return this.#dataset.get(this.#indices[index], epoch);
  }

  batch(indices: ArrayLike<number>, epoch = 0): Fields {
    for (let i = 0; i < indices.length; i++) checkIndex("Subset", indices[i], this.length);
    return readBatch(
      this.#dataset,
      Array.from(indices, (index) => this.#indices[index]),
      epoch,
    );
  }
}

/** Several datasets one after the other. */
export class ConcatDataset implements Dataset {
  readonly length: number;
  readonly #datasets: readonly Dataset[];

  constructor(...datasets: readonly Dataset[]) {
    this.#datasets = datasets;
    this.length = datasets.reduce((sum, { length }) => sum + length, 0);
  }

  /** @throws IndexError when the index lies outside. */
  get(index: number, epoch = 0): Fields {
    checkIndex("ConcatDataset", index, this.length);
    let start = 0;
    for (const dataset of this.#datasets) {
      if (index < start + dataset.length) return dataset.get(index - start, epoch);
      start += dataset.length;
    }
    throw new IndexError("ConcatDataset", `datasets must keep their lengths; got a shorter one.`);
  }
}

/** The samples that a predicate keeps, as they are in epoch 0; all are read once, now. */
export function filterDataset(dataset: Dataset, keep: (sample: Fields, index: number) => boolean): Subset {
  const kept: number[] = [];
  for (let i = 0; i < dataset.length; i++) if (keep(dataset.get(i), i)) kept.push(i);
  return new Subset(dataset, kept);
}

/**
 * A dataset whose batches pass through `transform` as they are read: scaling, padding, one-hot targets.
 *
 * `transform` sees whole batches (a first axis counts samples) and must treat samples independently of one another.
 */
export function mapDataset(dataset: Dataset, transform: (batch: Fields) => Fields): Dataset {
  const batch = (indices: ArrayLike<number>, epoch = 0): Fields =>
    transform(readBatch(dataset, indices, epoch));
  return {
    get length() {
      return dataset.length;
    },
    get: (index, epoch) => batch([index], epoch).map((field) => ({ ...field, shape: field.shape.slice(1) })),
    batch,
  };
}

/**
 * Cuts a dataset into consecutive parts of the given lengths.
 *
 * @throws ValueError when the lengths do not add up to the dataset's.
 */
export function split(dataset: Dataset, lengths: readonly number[]): Subset[] {
  const order = Uint32Array.from({ length: dataset.length }, (_, i) => i);
  return cut("split", dataset, lengths, order);
}

/**
 * Cuts a dataset into parts of the given lengths, samples drawn without replacement; the same seed gives the same parts.
 *
 * @throws ValueError when the lengths do not add up to the dataset's.
 */
export function randomSplit(dataset: Dataset, lengths: readonly number[], seed = 0): Subset[] {
  return cut("randomSplit", dataset, lengths, permutation(dataset.length, seed, 0, SPLIT_STREAM));
}

function cut(op: string, dataset: Dataset, lengths: readonly number[], order: Uint32Array): Subset[] {
  const total = lengths.reduce((sum, n) => sum + n, 0);
  if (lengths.some((n) => !Number.isSafeInteger(n) || n < 0) || total !== dataset.length) {
    const got = `${lengths.join(" + ")} = ${String(total)}`;
    throw new ValueError(
      op,
      `lengths must be whole and add up to ${String(dataset.length)} samples; got ${got}.`,
    );
  }
  let start = 0;
  return lengths.map((n) => new Subset(dataset, order.subarray(start, (start += n))));
}

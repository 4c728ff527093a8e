// The DataLoader: cuts an epoch's order into batches and uploads each as one tensor per field. Any batch of any epoch
// can be asked for by number, which is all that resuming needs; the iterators are built on that.
import type { Device } from "../backend/device.ts";
import { IndexError, ValueError } from "../core/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { readBatch } from "./dataset.ts";
import type { Dataset } from "./dataset.ts";
import { Pacer } from "./event-loop.ts";
import { RandomSampler, SequentialSampler } from "./sampler.ts";
import type { Sampler } from "./sampler.ts";
import { upload } from "./upload.ts";

export interface DataLoaderOptions {
  /** Samples per batch. Default 1. */
  readonly batchSize?: number;
  /** Visit the samples in a new order each epoch. Default false. */
  readonly shuffle?: boolean;
  /** Seed of the shuffled orders. Default 0. */
  readonly seed?: number;
  /** Leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
  /** An order of your own; excludes `shuffle`. */
  readonly sampler?: Sampler;
  /** Where batches go, a device or its name. Default: the default device. */
  readonly device?: string | Device;
}

/**
 * Batches of a dataset as tensors.
 *
 * `for (const [x, y] of loader)` walks one epoch, and each further loop the next one; `for await` does the same and gives
 * the event loop a turn at least every 50 ms. The tensors belong to the scope that is open when a batch is read, or to
 * the caller. The order of an epoch is a function of the seed and the epoch's number alone.
 */
export class DataLoader {
  readonly dataset: Dataset;
  readonly batchSize: number;
  /** Batches per epoch. */
  readonly length: number;
  /** The epoch that the next loop over the loader walks. */
  nextEpoch = 0;
  readonly #sampler: Sampler;
  readonly #device: string | Device | undefined;
  #order: { readonly epoch: number; readonly indices: ArrayLike<number> } | null = null;

  /** @throws ValueError for a batch size below 1, a seed that is no whole number, or `shuffle` beside `sampler`. */
  constructor(dataset: Dataset, options: DataLoaderOptions = {}) {
    const { batchSize = 1, shuffle = false, seed = 0, dropLast = false, sampler, device } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new ValueError(
        "DataLoader",
        `batchSize must be a whole number above 0; got ${String(batchSize)}.`,
      );
    }
    if (sampler && shuffle) {
      throw new ValueError("DataLoader", "shuffle must be off when a sampler gives the order; got both.");
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
    const ownSampler = shuffle
      ? new RandomSampler(dataset.length, seed)
      : new SequentialSampler(dataset.length);
    this.#sampler = sampler ?? ownSampler;
    this.length = (dropLast ? Math.floor : Math.ceil)(this.#sampler.length / batchSize);
    this.#device = device;
  }

  /** Samples per epoch, those of a dropped last batch left out. */
  get samples(): number {
    return Math.min(this.length * this.batchSize, this.#sampler.length);
  }

  /** The order in which an epoch visits the dataset. */
  order(epoch: number): ArrayLike<number> {
    if (this.#order?.epoch !== epoch) this.#order = { epoch, indices: this.#sampler.order(epoch) };
    return this.#order.indices;
  }

  /**
   * Batch `index` of epoch `epoch`: one tensor per field, each with a first axis of samples.
   *
   * @throws IndexError when the epoch has no such batch.
   */
  batch(epoch: number, index: number): Tensor[] {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new IndexError(
        "DataLoader",
        `the batch must lie in 0..${String(this.length - 1)}; got ${String(index)}.`,
      );
    }
    const indices = Array.prototype.slice.call(
      this.order(epoch),
      index * this.batchSize,
      (index + 1) * this.batchSize,
    ) as number[];
    const tensors: Tensor[] = [];
    try {
      for (const field of readBatch(this.dataset, indices, epoch)) tensors.push(upload(field, this.#device));
    } catch (error) {
      for (const tensor of tensors) tensor.dispose();
      throw error;
    }
    return tensors;
  }

  /** The batches of one epoch, from batch `from` on. */
  *epoch(epoch: number, from = 0): Generator<Tensor[], void> {
    for (let index = from; index < this.length; index++) yield this.batch(epoch, index);
  }

  [Symbol.iterator](): Generator<Tensor[], void> {
    return this.epoch(this.nextEpoch++);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Tensor[], void> {
    const epoch = this.nextEpoch++;
    const pacer = new Pacer();
    for (let index = 0; index < this.length; index++) {
      if (pacer.due) await pacer.turn();
      yield this.batch(epoch, index);
    }
  }
}

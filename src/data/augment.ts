// Datasets whose samples change from epoch to epoch. What a sample becomes is a function of (seed, epoch, index) alone.
import { IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Dataset } from "./dataset.ts";
import { Draw } from "./draw.ts";
import { collate } from "./host-array.ts";
import type { Fields, HostArray } from "./host-array.ts";
import { AUGMENT_STREAM, checkSeed, MIXUP_STREAM } from "./permutation.ts";
import type { Transform } from "./transform.ts";

/** A dataset from what a sample is in an epoch. */
function perSample(dataset: Dataset, get: (index: number, epoch: number) => Fields): Dataset {
  return {
    get length() {
      return dataset.length;
    },
    get: (index, epoch = 0) => get(index, epoch),
    batch: (indices, epoch = 0) => collate(Array.from(indices, (index) => get(index, epoch))),
  };
}

export interface AugmentOptions {
  /** Default 0. Give datasets that are chained different ones, or they draw the same numbers. */
  readonly seed?: number;
  /** Which field of a sample to change. Default 0. */
  readonly field?: number;
}

/**
 * A dataset whose samples pass through transforms, in order, as they are read. A `DataLoader` tells the epoch, so random
 * transforms differ between epochs; read without one, it is epoch 0.
 */
export function augment(
  dataset: Dataset,
  transforms: readonly Transform[],
  { seed = 0, field = 0 }: AugmentOptions = {},
): Dataset {
  checkSeed("augment", seed);
  return perSample(dataset, (index, epoch) => {
    const draw = new Draw(seed, epoch, index, AUGMENT_STREAM);
    const fields = dataset.get(index, epoch);
    if (fields[field] === undefined) {
      const got = `${String(field)} of ${String(fields.length)}`;
      throw new IndexError("augment", `field must be one of the sample's; got ${got}.`);
    }
    const change = (image: HostArray): HostArray =>
      transforms.reduce((current, transform) => transform(current, draw), image);
    return fields.map((item, i) => (i === field ? change(item) : item));
  });
}

export interface MixupOptions {
  /** How many classes there are: targets become shares of classes, [classes]. */
  readonly classes: number;
  /** The mixing share is drawn from Beta(alpha, alpha). Default 0.2. */
  readonly alpha?: number;
  readonly seed?: number;
}

/**
 * A dataset whose samples are mixed with another, drawn from all: `x = l x1 + (1 - l) x2` for every input, and the same
 * of the one-hot targets, which are the last field and become float32 [classes].
 *
 * Source: Zhang et al., "mixup: beyond empirical risk minimization", 2018.
 *
 * @throws ValueError for `alpha` or `classes` that are not above 0; ShapeError when two samples differ in shape.
 */
export function mixup(dataset: Dataset, { classes, alpha = 0.2, seed = 0 }: MixupOptions): Dataset {
  checkSeed("mixup", seed);
  if (!(alpha > 0)) throw new ValueError("mixup", `alpha must be above 0; got ${String(alpha)}.`);
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw new ValueError("mixup", `classes must be a whole number above 0; got ${String(classes)}.`);
  }
  return perSample(dataset, (index, epoch) => {
    const draw = new Draw(seed, epoch, index, MIXUP_STREAM);
    const share = draw.beta(alpha);
    const first = dataset.get(index, epoch);
    const second = dataset.get(draw.integer(dataset.length), epoch);
    return first.map((a, i) => {
      const b = second[i];
      if (i === first.length - 1) return mixedTarget(classes, share, a, b);
      if (!sameShape(a.shape, b.shape)) {
        const got = `${formatShape(a.shape)} and ${formatShape(b.shape)}`;
        throw new ShapeError("mixup", `samples must have the same shape; got ${got}.`);
      }
      const data = Float32Array.from(a.data, (value, at) => share * value + (1 - share) * b.data[at]);
      return { data, shape: a.shape, dtype: "float32" };
    });
  });
}

function mixedTarget(classes: number, share: number, a: HostArray, b: HostArray): HostArray {
  const data = new Float32Array(classes);
  for (const [{ data: label }, weight] of [
    [a, share],
    [b, 1 - share],
  ] as const) {
    if (label.length !== 1 || !(Number.isInteger(label[0]) && label[0] >= 0 && label[0] < classes)) {
      const got = label.length === 1 ? String(label[0]) : `${String(label.length)} numbers`;
      throw new IndexError("mixup", `targets must be one class in 0..${String(classes - 1)}; got ${got}.`);
    }
    data[label[0]] += weight;
  }
  return { data, shape: [classes], dtype: "float32" };
}

// `neurite/data`: datasets and how to walk them in batches.
export { augment, mixup } from "./augment.ts";
export type { AugmentOptions, MixupOptions } from "./augment.ts";
export {
  ArrayDataset,
  ConcatDataset,
  filterDataset,
  mapDataset,
  randomSplit,
  split,
  Subset,
} from "./dataset.ts";
export type { ArrayField, Dataset } from "./dataset.ts";
export { Draw } from "./draw.ts";
export { macrotask } from "./event-loop.ts";
export { collate, hostArray } from "./host-array.ts";
export type { Fields, HostArray, HostData } from "./host-array.ts";
export { DataLoader } from "./loader.ts";
export type { DataLoaderOptions } from "./loader.ts";
export { RandomSampler, SequentialSampler, StratifiedSampler, WeightedSampler } from "./sampler.ts";
export type { RandomSamplerOptions, Sampler, WeightedSamplerOptions } from "./sampler.ts";
export {
  affine,
  centerCrop,
  cutout,
  normalize,
  randomAffine,
  randomCrop,
  randomHorizontalFlip,
} from "./transform.ts";
export type { AffineMap, Transform } from "./transform.ts";

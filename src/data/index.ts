// `neurite/data`: datasets and how to walk them in batches.
export { ArrayDataset, mapDataset, randomSplit, split, Subset } from "./dataset.ts";
export type { ArrayField, Dataset } from "./dataset.ts";
export { macrotask } from "./event-loop.ts";
export { collate, hostArray } from "./host-array.ts";
export type { Fields, HostArray, HostData } from "./host-array.ts";
export { DataLoader } from "./loader.ts";
export type { DataLoaderOptions } from "./loader.ts";
export { RandomSampler, SequentialSampler } from "./sampler.ts";
export type { Sampler } from "./sampler.ts";

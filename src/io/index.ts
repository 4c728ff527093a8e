// `neurite/io`: files in and out.
export { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
export type { CheckpointContent, CheckpointTarget, LoadedCheckpoint } from "./checkpoint.ts";
export { fileArray, fileTensor } from "./file-tensor.ts";
export type { FileArray, FileDType, FileTensor } from "./file-tensor.ts";
export { fileToTensor, fileValues, tensorToFile } from "./file-values.ts";
export type { FileToTensorOptions, FileValues } from "./file-values.ts";
export { FileError, readFileBytes, writeFileAtomic } from "./files.ts";
export { readIdx } from "./idx.ts";
export type { Idx, IdxArray } from "./idx.ts";
export { loadNpy, readNpy, saveNpy, writeNpy } from "./npy.ts";
export { loadNpz, readNpz, saveNpz, writeNpz } from "./npz.ts";
export type { ReadNpzOptions, WriteNpzOptions } from "./npz.ts";
export { readSafetensors, writeSafetensors } from "./safetensors.ts";
export type { Safetensors } from "./safetensors.ts";
export type { SmallFloatDType } from "./small-float.ts";
export { loadWeights, saveWeights } from "./weights.ts";
export type { SaveWeightsOptions } from "./weights.ts";

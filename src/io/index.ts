// `neurite/io`: files in and out.
export { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
export type { CheckpointContent, CheckpointTarget, LoadedCheckpoint } from "./checkpoint.ts";
export { fileArray, fileTensor } from "./file-tensor.ts";
export type { FileArray, FileDType, FileTensor } from "./file-tensor.ts";
export { FileError, readFileBytes, writeFileAtomic } from "./files.ts";
export { readIdx } from "./idx.ts";
export type { Idx, IdxArray } from "./idx.ts";
export { readSafetensors, writeSafetensors } from "./safetensors.ts";
export type { Safetensors } from "./safetensors.ts";
export { loadWeights, saveWeights } from "./weights.ts";

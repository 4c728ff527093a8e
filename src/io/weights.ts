// A model's weights in a file of their own, under PyTorch's names: what one hands to others.
import type { Module } from "../nn/module.ts";
import { readFileBytes, writeFileAtomic } from "./files.ts";
import type { SmallFloatDType } from "./small-float.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { assignState, checkState, downloadState } from "./state-file.ts";

export interface SaveWeightsOptions {
  /** In which width floats are written, rounded to the nearest: `"BF16"` halves the file. Default: as they are. */
  readonly dtype?: "F64" | "F32" | SmallFloatDType;
}

/**
 * Writes a model's parameters and buffers to a `.safetensors` file, in one step: the path holds the old file or the whole
 * new one, whatever happens.
 *
 * @throws FileError when the file cannot be written.
 */
export async function saveWeights(
  path: string,
  model: Module,
  { dtype }: SaveWeightsOptions = {},
): Promise<void> {
  const tensors = await downloadState(model.stateDict(), "", dtype);
  await writeFileAtomic(path, writeSafetensors({ tensors }), "saveWeights");
}

/**
 * Reads a model's parameters and buffers from a `.safetensors` file, converting dtypes: floats of any width (F64, F32,
 * F16, BF16, F8) into floats, integers of any width into int32.
 *
 * @throws FormatError when the file breaks the format, or when its tensors are not exactly those of the model; the model
 * is then unchanged.
 * @throws FileError when the file cannot be read.
 */
export async function loadWeights(path: string, model: Module): Promise<void> {
  const { tensors } = readSafetensors(await readFileBytes(path, "loadWeights"), path);
  const state = model.stateDict();
  checkState("loadWeights", path, "model", state, tensors);
  assignState(state, tensors);
}

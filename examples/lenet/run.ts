// The files of a run: where they lie, and what a checkpoint says about the run that left it.
import { join } from "node:path";
import { FileError, readFileBytes, readSafetensors } from "neurite/io";
import { UsageError } from "./options.ts";
import type { RunOptions } from "./options.ts";

export const checkpointPath = (out: string): string => join(out, "checkpoint.safetensors");

export const weightsPath = (out: string): string => join(out, "lenet5.safetensors");

/** What the program itself puts into a checkpoint: its options, and the loss curve so far. */
export interface SavedRun {
  readonly options: RunOptions;
  readonly curve: readonly number[];
}

const KEY = "lenet";

export const runMetadata = (run: SavedRun): Record<string, string> => ({ [KEY]: JSON.stringify(run) });

/**
 * Reads what a checkpoint says about its run.
 *
 * @throws UsageError when there is none, or it is not one of this program's.
 */
export async function readSavedRun(out: string): Promise<SavedRun> {
  const path = checkpointPath(out);
  const bytes = await readFileBytes(path).catch((error: unknown) => {
    if (error instanceof FileError && error.code === "ENOENT") {
      throw new UsageError(`--resume needs a checkpoint; got no file ${path}.`);
    }
    throw error;
  });
  const text = readSafetensors(bytes, path).metadata.get(KEY);
  if (text === undefined)
    throw new UsageError(`--resume needs a checkpoint of this program; got another file, ${path}.`);
  return JSON.parse(text) as SavedRun;
}

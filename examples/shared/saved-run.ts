// The files of a run: where they lie, and what a checkpoint says about the run that left it.
import { join } from "node:path";
import { FileError, readFileBytes, readSafetensors } from "neurite/io";
import { UsageError } from "./options.ts";
import type { AnyOptions } from "./options.ts";

export const checkpointPath = (out: string): string => join(out, "checkpoint.safetensors");

/** What a program itself puts into a checkpoint: its options, and the loss curve so far. */
export interface SavedRun {
  readonly options: AnyOptions;
  readonly curve: readonly number[];
}

export const runMetadata = (name: string, run: SavedRun): Record<string, string> => ({
  [name]: JSON.stringify(run),
});

/**
 * Reads what a checkpoint says about its run.
 *
 * @throws UsageError when there is none, or it is not one of this program's.
 */
export async function readSavedRun(name: string, out: string): Promise<SavedRun> {
  const path = checkpointPath(out);
  const bytes = await readFileBytes(path).catch((error: unknown) => {
    if (error instanceof FileError && error.code === "ENOENT") {
      throw new UsageError(`--resume needs a checkpoint; got no file ${path}.`);
    }
    throw error;
  });
  const text = readSafetensors(bytes, path).metadata.get(name);
  if (text === undefined)
    throw new UsageError(`--resume needs a checkpoint of this program; got another file, ${path}.`);
  return JSON.parse(text) as SavedRun;
}

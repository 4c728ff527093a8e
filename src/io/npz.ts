// NumPy's format for several arrays: a zip archive of `.npy` files, stored (`np.savez`) or deflated
// (`np.savez_compressed`).
import { FormatError, ValueError } from "../core/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { FileTensor } from "./file-tensor.ts";
import { fileToTensor, tensorToFile } from "./file-values.ts";
import type { FileToTensorOptions } from "./file-values.ts";
import { readFileBytes, writeFileAtomic } from "./files.ts";
import { readNpy, writeNpy } from "./npy.ts";
import { readZip, writeZip } from "./zip.ts";

const SUFFIX = ".npy";
const DEFAULT_MAX_BYTES = 2 ** 30;

export interface ReadNpzOptions {
  /** How many bytes all arrays together may unfold to. Default 2^30: raise it for larger archives that you trust. */
  readonly maxBytes?: number;
  /** What errors call the file; its path, say. */
  readonly source?: string;
}

/**
 * Reads a `.npz` file.
 *
 * @param bytes The whole file. Arrays that are stored are views of it.
 * @returns The arrays by name, without the `.npy`.
 * @throws FormatError for anything that breaks the formats of zip or npy, entries that are no arrays, and archives that
 * unfold to more than `maxBytes`.
 */
export async function readNpz(
  bytes: Uint8Array,
  options: ReadNpzOptions = {},
): Promise<Map<string, FileTensor>> {
  const { maxBytes = DEFAULT_MAX_BYTES, source = "npz" } = options;
  if (!(maxBytes >= 0)) throw new ValueError("readNpz", `maxBytes must be >= 0; got ${String(maxBytes)}.`);
  const files = await readZip(bytes, { maxBytes, source, op: "readNpz" });
  const arrays = new Map<string, FileTensor>();
  for (const [file, content] of files) {
    if (!file.endsWith(SUFFIX)) {
      throw new FormatError(
        "readNpz",
        `${source}: every entry must be an .npy file; got ${JSON.stringify(file)}.`,
      );
    }
    arrays.set(file.slice(0, -SUFFIX.length), readNpy(content, `${source}: ${file}`));
  }
  return arrays;
}

export interface WriteNpzOptions {
  /** Deflate the arrays. Default false. */
  readonly compress?: boolean;
}

/**
 * Writes a `.npz` file.
 *
 * @throws DTypeError for dtypes that NumPy has no name for; FormatError for an archive of 4 GiB and more.
 */
export function writeNpz(
  arrays: ReadonlyMap<string, FileTensor>,
  { compress = false }: WriteNpzOptions = {},
): Promise<Uint8Array> {
  const files = new Map(Array.from(arrays, ([name, array]) => [name + SUFFIX, writeNpy(array)] as const));
  return writeZip(files, { compress, op: "writeNpz" });
}

/**
 * Reads a `.npz` file into tensors by name, each float32, int32 or bool unless `dtype` says otherwise. The tensors belong
 * to the caller.
 *
 * @throws FormatError when the file breaks the format; FileError when it cannot be read.
 */
export async function loadNpz(
  path: string,
  { maxBytes, ...options }: FileToTensorOptions & Pick<ReadNpzOptions, "maxBytes"> = {},
): Promise<Map<string, Tensor>> {
  const bytes = await readFileBytes(path, "loadNpz");
  const arrays = await readNpz(bytes, { maxBytes, source: path });
  const tensors = new Map<string, Tensor>();
  try {
    for (const [name, array] of arrays) tensors.set(name, fileToTensor(array, options));
  } catch (error) {
    for (const x of tensors.values()) x.dispose();
    throw error;
  }
  return tensors;
}

/**
 * Writes tensors to a `.npz` file by name, in one step: an object `{ x, y }` or a map.
 *
 * @throws FileError when the file cannot be written.
 */
export async function saveNpz(
  path: string,
  tensors: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  options?: WriteNpzOptions,
): Promise<void> {
  const named =
    tensors instanceof Map ? [...(tensors as ReadonlyMap<string, Tensor>)] : Object.entries(tensors);
  // All reads begin now: what changes while they are under way does not reach the file.
  const arrays = await Promise.all(
    named.map(async ([name, x]) => [name, await tensorToFile(x as Tensor)] as const),
  );
  await writeFileAtomic(path, await writeNpz(new Map(arrays), options), "saveNpz");
}

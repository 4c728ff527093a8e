// Between the tensors of a module or optimizer and those of a file: downloads them, and takes values back only after
// every key, shape and dtype has been found to agree, so that a wrong file changes nothing.
import { isFloating } from "../core/dtype.ts";
import { FormatError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { assign } from "../ops/assign.ts";
import { tensor } from "../ops/creation.ts";
import { noGrad } from "../tensor/mode.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { FileDType, FileTensor } from "./file-tensor.ts";
import { fileValues, loadsInto, tensorToFile } from "./file-values.ts";

/** Copies tensors out of their device, each under its key with a prefix; floats in another width where one is named. */
export async function downloadState(
  state: ReadonlyMap<string, Tensor>,
  prefix = "",
  floats?: FileDType,
): Promise<Map<string, FileTensor>> {
  const read = async ([key, x]: [string, Tensor]): Promise<[string, FileTensor]> => [
    prefix + key,
    await tensorToFile(x, isFloating(x.dtype) ? floats : undefined),
  ];
  return new Map(await Promise.all(Array.from(state, read)));
}

/** The tensors of a file whose names start with a prefix, without it. */
export function withPrefix(
  tensors: ReadonlyMap<string, FileTensor>,
  prefix: string,
): Map<string, FileTensor> {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, file]) => [name.slice(prefix.length), file]));
}

const LISTED = 8;

const list = (what: string, items: readonly string[]): string => {
  if (items.length === 0) return "";
  const more = items.length > LISTED ? ` and ${String(items.length - LISTED)} more` : "";
  return `${what} ${items.slice(0, LISTED).join(", ")}${more}`;
};

/**
 * Checks that a file has exactly the tensors of `state`: floats of any width for floats, integers for integers.
 *
 * @throws FormatError listing all keys that are missing, unexpected, or of another shape or dtype; or for an integer that
 * does not fit.
 */
export function checkState(
  op: string,
  source: string,
  owner: string,
  state: ReadonlyMap<string, Pick<Tensor, "shape" | "dtype">>,
  files: ReadonlyMap<string, FileTensor>,
): void {
  const missing = [...state.keys()].filter((key) => !files.has(key));
  const unexpected = [...files.keys()].filter((key) => !state.has(key));
  const shapes: string[] = [];
  const dtypes: string[] = [];
  for (const [key, x] of state) {
    const file = files.get(key);
    if (!file) continue;
    if (!sameShape(file.shape, x.shape)) {
      shapes.push(`${key} ${formatShape(file.shape)} for ${formatShape(x.shape)}`);
    } else if (!loadsInto(file.dtype, x.dtype)) dtypes.push(`${key} ${file.dtype} for ${x.dtype}`);
  }
  const found = [
    list("missing", missing),
    list("unexpected", unexpected),
    list("shapes", shapes),
    list("dtypes", dtypes),
  ].filter((part) => part !== "");
  if (found.length > 0) {
    throw new FormatError(op, `${source}: the file must be of the same ${owner}; got ${found.join("; ")}.`);
  }
  // Integers are few in a state, and the only values that can refuse to be converted: better now than half-way.
  for (const [key, x] of state) if (!isFloating(x.dtype)) fileValues(files.get(key)!, x.dtype, op);
}

/** Copies a file's values into tensors that `checkState` has found to agree with it. */
export function assignState(
  state: ReadonlyMap<string, Tensor>,
  files: ReadonlyMap<string, FileTensor>,
): void {
  for (const [key, target] of state) {
    const { shape } = target;
    scope(() => {
      const values = fileValues(files.get(key)!, target.dtype);
      noGrad(() => assign(target, tensor(values, { shape, dtype: target.dtype, device: target.device })));
    });
  }
}

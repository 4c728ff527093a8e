// Pairs of lines from a file: source, a tab, target.
import { readFile } from "node:fs/promises";
import { UsageError } from "../shared/options.ts";
import type { Pair } from "./dates.ts";

const LONGEST = 80; // characters of a source or target; longer pairs are left out

export async function readPairs(path: string): Promise<Pair[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(`--file must name a readable file; ${(error as Error).message}.`);
  });
  const pairs = text.split("\n").flatMap((line): Pair[] => {
    const [source, target, ...rest] = line.split("\t");
    const fits = target !== undefined && rest.length === 0 && source !== "" && target !== "";
    return fits && source.length <= LONGEST && target.length <= LONGEST ? [[source, target]] : [];
  });
  if (pairs.length >= 100) return pairs;
  throw new UsageError(
    `--file must hold at least 100 lines of source, tab, target, of at most ${String(LONGEST)} characters each; ` +
      `got ${String(pairs.length)}.`,
  );
}

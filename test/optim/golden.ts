// Reading PyTorch's fixtures: numbers with a shape, and options in our names.
import { readFileSync } from "node:fs";

export interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows what the file holds
export const readCases = <T>(name: string): readonly T[] =>
  (
    JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8")) as {
      readonly cases: readonly T[];
    }
  ).cases;

/** The numbers of row i. */
export function row({ shape, data }: Packed, i: number): number[] {
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  return data.slice(i * size, (i + 1) * size);
}

/** weight_decay -> weightDecay, T_max -> tMax. */
export const camelCase = (attrs: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(attrs).map(([key, value]) => [
      key.replace(/_([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase()).replace(/^T/, "t"),
      value,
    ]),
  );

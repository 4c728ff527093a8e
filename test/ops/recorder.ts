// Counts what the suites of the rows ran, and how near to the allowed error they came: the figures of
// docs/conformance.md. Written to disk only where NEURITE_CONFORMANCE names a folder (scripts/conformance.ts does).
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rows } from "./cases/index.ts";
import type { Row } from "./row.ts";

export const backends = ["wasm", "reference"] as const;
export const directions = ["forward", "backward", "second order"] as const;
export type Backend = (typeof backends)[number];
export type Direction = (typeof directions)[number];

export interface Cell {
  cases: number;
  /** The worst error, as a multiple of what is allowed; below 1 where the suites pass. */
  worst: number;
}

/** What one suite leaves behind. */
export interface Records {
  readonly ops: readonly Pick<Row, "op" | "order">[];
  /** By `keyOf`. */
  readonly cells: Readonly<Record<string, Cell>>;
}

export const keyOf = (op: string, backend: Backend, direction: Direction): string =>
  `${op}, ${backend}, ${direction}`;

/** How often a row must be differentiable to have cases in a direction. */
export const leastOrder: Readonly<Record<Direction, number>> = { forward: 0, backward: 1, "second order": 2 };

const cells = new Map<string, Cell>();

/** One case of an op, with its error as a multiple of what is allowed. */
export function record(op: string, backend: Backend, direction: Direction, excess: number): void {
  const key = keyOf(op, backend, direction);
  let cell = cells.get(key);
  if (cell === undefined) {
    cell = { cases: 0, worst: 0 };
    cells.set(key, cell);
  }
  cell.cases++;
  cell.worst = Math.max(cell.worst, excess);
}

/** The ops that have no case in this process although their order promises some. */
export const missing = (backend: Backend, direction: Direction): string[] =>
  rows
    .filter(({ op, order }) => order >= leastOrder[direction] && !cells.has(keyOf(op, backend, direction)))
    .map(({ op }) => op);

/** To be called at the end of a suite. */
export function writeRecords(suite: string): void {
  const folder = process.env.NEURITE_CONFORMANCE;
  if (folder === undefined) return;
  const ops = rows.map(({ op, order }) => ({ op, order }));
  const records: Records = { ops, cells: Object.fromEntries(cells) };
  writeFileSync(join(folder, `${suite}.json`), JSON.stringify(records));
}

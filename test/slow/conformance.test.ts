// Whether docs/conformance.md speaks of the ops that there are. Its figures vary by machine and are not compared.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { rows } from "../ops/cases/index.ts";

const text = readFileSync(new URL("../../docs/conformance.md", import.meta.url), "utf8");

it("docs/conformance.md lists every op that has a row, and no other; run `npm run conformance` where it does not", () => {
  const listed = [...text.matchAll(/^\| `(\w+)` +\|/gm)].map(([, op]) => op);
  expect(listed.sort()).toEqual(rows.map(({ op }) => op).sort());
});

it("docs/conformance.md has no hole", () => {
  // The word stands once in the text above the table, which explains it.
  expect(text.split("\n").filter((line) => line.startsWith("|") && line.includes("MISSING"))).toEqual([]);
});

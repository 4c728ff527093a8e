// Writes docs/conformance.md: runs the suites of the op rows and tells, for each op, how many cases ran on each backend
// in each direction and how near to the allowed error they came. Fails where an op has a hole.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { backends, directions, keyOf, leastOrder } from "../test/ops/recorder.ts";
import type { Cell, Records } from "../test/ops/recorder.ts";
import { isMain, root } from "./files.ts";

const suites = ["kernels", "gradcheck", "orders"];
const document = join(root, "docs/conformance.md");

/** Runs the suites, each of which leaves its records in the folder. */
function runSuites(folder: string): void {
  const files = suites.map((suite) => `test/ops/${suite}.test.ts`);
  const { status } = spawnSync(
    process.execPath,
    [join(root, "node_modules/vitest/vitest.mjs"), "run", "--reporter=dot", ...files],
    { cwd: root, stdio: "inherit", env: { ...process.env, NEURITE_CONFORMANCE: folder } },
  );
  if (status !== 0) throw new Error("the suites must pass before their figures are written");
}

/** The suites' records as one: the cases of a cell add up. */
function readRecords(folder: string): Records {
  const found = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Records,
  );
  if (found.length !== suites.length)
    throw new Error(`${suites.length} suites must leave records; got ${found.length}`);
  const cells: Record<string, Cell> = {};
  for (const [key, { cases, worst }] of found.flatMap((records) => Object.entries(records.cells))) {
    const before = (cells[key] as Cell | undefined) ?? { cases: 0, worst: 0 };
    cells[key] = { cases: before.cases + cases, worst: Math.max(before.worst, worst) };
  }
  return { ops: found[0].ops, cells };
}

const grouped = (n: number): string => n.toLocaleString("en-US");

// Two digits: further ones differ from machine to machine, and from build to build.
const short = (worst: number): string =>
  worst === 0 ? "0" : worst < 0.001 ? "< 0.001" : worst.toPrecision(1);

export function render({ ops, cells }: Records): { text: string; holes: string[] } {
  const holes: string[] = [];
  const columns = backends.flatMap((backend) => directions.map((direction) => ({ backend, direction })));
  const sorted = [...ops].sort((a, b) => a.op.localeCompare(b.op, "en"));
  const lines = sorted.map(({ op, order }) => {
    const texts = columns.map(({ backend, direction }) => {
      const key = keyOf(op, backend, direction);
      const cell = cells[key] as Cell | undefined;
      if (order < leastOrder[direction]) return "none";
      if (cell) return `${grouped(cell.cases)} (${short(cell.worst)})`;
      holes.push(key);
      return "MISSING";
    });
    return `| \`${op}\` | ${texts.join(" | ")} |`;
  });
  const cases = Object.values(cells).reduce((sum, cell) => sum + cell.cases, 0);
  const text = `# Conformance

Written by \`npm run conformance\` from the tests of the op rows; do not edit. ${grouped(ops.length)} ops, ${grouped(cases)} cases.

Each cell says how many cases ran and, in brackets, their worst error as a multiple of what the op's row allows: below 1
passes, 0 is exact. "none": the op has no derivative of that order (or, for the second, claims none). MISSING is a hole,
and fails the suite.

- wasm, forward and backward: float32 against float64 on the reference backend, in every memory layout and at sizes around
  the widths of the vector loops; allowed is the row's tolerance. Second order: the same with eight times the tolerance.
- reference, forward: float32 against float64 in every layout. Backward: that, and float64 against finite differences
  (\`gradcheck\`: 1e-5 + 1e-3 relative). Second order: \`gradgradcheck\` likewise.

| op | ${columns.map(({ backend, direction }) => `${backend} ${direction}`).join(" | ")} |
| --- | ${columns.map(() => "---").join(" | ")} |
${lines.join("\n")}
`;
  return { text, holes };
}

if (isMain(import.meta.url)) {
  const folder = mkdtempSync(join(tmpdir(), "neurite-conformance-"));
  try {
    runSuites(folder);
    const { text, holes } = render(readRecords(folder));
    const options = await resolveConfig(document);
    writeFileSync(document, await format(text, { ...options, parser: "markdown" }));
    console.log(`wrote ${document}`);
    for (const hole of holes) console.error(`MISSING: ${hole}`);
    if (holes.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

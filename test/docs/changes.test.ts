// The new op of docs/adding-an-op.md, added to a copy of the sources as the document says, and run on the reference
// backend. test/slow/docs.test.ts compiles its kernel and runs its test row.
import { build } from "esbuild";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyChange, copyProject } from "./changes.ts";
import { changes } from "./documents.ts";

const program = `
import { gaussian, grad, gradcheck, gradgradcheck, init, tensor } from "./src/index.ts";

await init({ backend: "reference" });
const x = tensor([-1.5, -0.2, 0, 0.7], { dtype: "float64", requiresGrad: true });
export const values = Array.from(gaussian(x).dataSync());
export const slopes = Array.from(grad(x.gaussian().sum(), x).dataSync());
export const checked = gradcheck(gaussian, [x]) && gradgradcheck(gaussian, [x]);
`;

interface Outcome {
  readonly values: readonly number[];
  readonly slopes: readonly number[];
  readonly checked: boolean;
}

describe("the new op of docs/adding-an-op.md", () => {
  const project = mkdtempSync(join(tmpdir(), "neurite-new-op-"));
  beforeAll(() => copyProject(project));
  afterAll(() => rmSync(project, { recursive: true }));

  it("is described by diffs that fit the sources", () => {
    expect(changes.length).toBeGreaterThanOrEqual(9);
    for (const change of changes) applyChange(change, project);
  });

  it("computes what it says, and so do its derivatives", async () => {
    writeFileSync(join(project, "program.ts"), program);
    const outfile = join(project, "program.mjs");
    // Bundled and imported as it is, so that this test's own library stays out of it.
    await build({
      absWorkingDir: project,
      entryPoints: ["program.ts"],
      outfile,
      bundle: true,
      format: "esm",
      // package.json speaks of dist/ and would let the methods be dropped.
      ignoreAnnotations: true,
      logLevel: "error",
    });
    const { values, slopes, checked } = (await import(
      /* @vite-ignore */ pathToFileURL(outfile).href
    )) as Outcome;
    const xs = [-1.5, -0.2, 0, 0.7];
    expect(values).toBeCloseToTensor(
      xs.map((x) => Math.exp(-x * x)),
      { rtol: 1e-15 },
    );
    expect(slopes).toBeCloseToTensor(
      xs.map((x) => -2 * x * Math.exp(-x * x)),
      { rtol: 1e-14, atol: 0 },
    );
    expect(checked).toBe(true);
  });
});

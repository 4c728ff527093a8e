// What a page downloads for each entry of the package: the entry with all files it imports, gzipped, against a budget.
// Needs dist/ (npm run build:js).
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./files.ts";

/** In kB (1,000 bytes) of gzip at level 9. A page loads one of the two kernel binaries. */
const budgets: Readonly<Record<string, number>> = {
  "index.js + kernels.wasm": 120,
  "index.js + kernels-relaxed.wasm": 120,
  "index.js": 92,
  "nn.js": 100,
  "optim.js": 40,
  "data.js": 30,
  "io.js": 40,
  "text.js": 15,
  "train.js": 80,
  "models.js": 90,
  "inline.js": 80,
  "worker.js": 2,
  "kernels.wasm": 40,
  "kernels-relaxed.wasm": 40,
};

const dist = join(root, "dist");

interface Size {
  files: number;
  raw: number;
  gzip: number;
}

/** The file and whatever it imports, each once: what a browser fetches, file by file. */
async function filesOf(name: string): Promise<string[]> {
  if (!name.endsWith(".js")) return [name];
  const { metafile } = await build({
    entryPoints: [join(dist, name)],
    absWorkingDir: dist,
    bundle: true,
    format: "esm",
    metafile: true,
    write: false,
    logOverride: { "ignored-bare-import": "silent" },
    // Files without effects are imported for their order all the same when nobody bundles.
    ignoreAnnotations: true,
  });
  return Object.keys(metafile.inputs).map((path) => basename(path));
}

async function sizeOf(row: string): Promise<Size> {
  const names = new Set((await Promise.all(row.split(" + ").map(filesOf))).flat());
  const contents = [...names].map((name) => readFileSync(join(dist, name)));
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  return {
    files: contents.length,
    raw: sum(contents.map((bytes) => bytes.length)),
    gzip: sum(contents.map((bytes) => gzipSync(bytes, { level: 9 }).length)),
  };
}

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);

const exported = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, string | { default: string }>;
};
for (const target of Object.values(exported.exports)) {
  const file = basename(typeof target === "string" ? target : target.default);
  if (/\.(js|wasm)$/.test(file) && budgets[file] === undefined) {
    console.error(`${file} has no budget; give it one in scripts/check-size.ts`);
    process.exitCode = 1;
  }
}

console.log(`${"".padEnd(34)}files   raw kB  gzip kB  budget`);
for (const [row, budget] of Object.entries(budgets)) {
  const { files, raw, gzip } = await sizeOf(row);
  const numbers = [String(files).padStart(5), kilobytes(raw).padStart(8), kilobytes(gzip).padStart(8)];
  const over = gzip > budget * 1000;
  console.log(`${row.padEnd(34)}${numbers.join(" ")}  ${String(budget).padStart(6)}${over ? "  OVER" : ""}`);
  if (over) process.exitCode = 1;
}

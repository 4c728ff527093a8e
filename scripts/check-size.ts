// What a page downloads for each entry of the package, gzipped, against a budget.
// Needs dist/ (npm run build:js).
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./files.ts";

/**
 * In kB (1,000 bytes) of gzip at level 9. A page loads one of the two kernel binaries. "bundled" is one minified file, as
 * a bundler makes it: of examples/xor.ts, or of all that index.js exports. Pages without a bundler load index.js and the
 * files that it imports. The reference device, which browsers load on demand, is not counted.
 */
const budgets: Readonly<Record<string, number>> = {
  "bundled xor + kernels.wasm": 120,
  "bundled core + kernels.wasm": 120,
  "index.js + kernels.wasm": 120,
  "index.js": 90,
  "kernels.wasm": 40,
  "kernels-relaxed.wasm": 40,
  "worker.js": 2,
  // Beyond what index.js has loaded:
  "nn.js": 30,
  "optim.js": 15,
  "data.js": 10,
  "io.js": 22,
  "text.js": 10,
  "train.js": 30,
  "models.js": 40,
  "inline.js": 80,
};

const dist = join(root, "dist");

interface Size {
  files: number;
  raw: number;
  gzip: number;
}

interface Bundle {
  readonly code: Uint8Array;
  /** What the code is made of. */
  readonly files: readonly string[];
}

/** An entry minified, with what it imports at once; what it loads on demand is a file apart, and does not count. */
async function bundle(path: string): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    entryPoints: [path],
    absWorkingDir: dist,
    outdir: dist,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    metafile: true,
    write: false,
    logOverride: { "ignored-bare-import": "silent" },
    // Files without effects are imported for their order all the same when nobody bundles.
    ignoreAnnotations: true,
  });
  const { outputs } = metafile;
  const isEntry = (name: string): boolean => outputs[name].entryPoint === relative(dist, path);
  const loaded = new Set(Object.keys(outputs).filter(isEntry));
  for (const name of loaded) {
    for (const { path: imported, kind } of outputs[name].imports)
      if (kind === "import-statement" && imported in outputs) loaded.add(imported);
  }
  const isLoaded = (file: { path: string }): boolean => loaded.has(relative(dist, file.path));
  return {
    code: Buffer.concat(outputFiles.filter(isLoaded).map(({ contents }) => contents)),
    files: [...loaded].flatMap((name) => Object.keys(outputs[name].inputs)).map((file) => basename(file)),
  };
}

const core = await bundle(join(dist, "index.js"));
const xor = await bundle(join(root, "examples/xor.ts"));

/** What a row stands for, file by file, as a browser fetches it. */
async function contentsOf(row: string): Promise<Uint8Array[]> {
  const read = (name: string): Uint8Array => readFileSync(join(dist, name));
  const parts = row.split(" + ").map(async (name) => {
    if (name === "bundled core") return [core.code];
    if (name === "bundled xor") return [xor.code];
    if (!name.endsWith(".js")) return [read(name)];
    const { files } = await bundle(join(dist, name));
    const loaded = name === "index.js" ? [] : core.files;
    return files.filter((file) => !loaded.includes(file)).map(read);
  });
  return (await Promise.all(parts)).flat();
}

async function sizeOf(row: string): Promise<Size> {
  const contents = await contentsOf(row);
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

// Bundles the package's entries into dist/ (shared code in chunks) and puts the two kernel binaries beside them.
import { build, type Plugin } from "esbuild";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, root, writeIfChanged } from "./files.ts";

const dist = join(root, "dist");

/** The areas that are entries of the package: `src/nn/index.ts` becomes `dist/nn.js`, imported as `neurite/nn`. */
const areas = ["nn", "optim", "data", "io", "train", "models"];

const entryPoints: Record<string, string> = { index: join(root, "src/index.ts") };
for (const area of areas) {
  const source = join(root, "src", area, "index.ts");
  if (existsSync(source)) entryPoints[area] = source;
}

/** `sideEffects` of package.json speaks of dist/; without this, esbuild would drop src/methods.ts by it. */
const keepSources: Plugin = {
  name: "keep-sources",
  setup(setup) {
    setup.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: true,
    }));
  },
};

const result = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  // Neutral: an import of a Node built-in or of any package is an error here, in the first build that sees it.
  platform: "neutral",
  chunkNames: "chunk-[hash]",
  sourcemap: true,
  plugins: [keepSources],
  write: false,
  logLevel: "warning",
});

mkdirSync(dist, { recursive: true });
const written = new Set(result.outputFiles.map((file) => file.path));
for (const file of result.outputFiles) writeIfChanged(file.path, file.contents);
for (const name of ["kernels.wasm", "kernels-relaxed.wasm"]) {
  const binary = join(root, "src/backend/wasm", name);
  if (!existsSync(binary)) throw new Error(`${name} is not built; run: npm run build:wasm`);
  writeIfChanged(join(dist, name), readFileSync(binary));
}
// Chunks are named by their content, so those of earlier builds are left over.
for (const path of filesBelow(dist)) {
  if (/[/\\]dist[/\\][^/\\]+\.js(\.map)?$/.test(path) && !written.has(path)) rmSync(path);
}

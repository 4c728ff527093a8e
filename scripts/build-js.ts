// Bundles the package's entries into dist/ (shared code in chunks) and puts the two kernel binaries beside them.
import { build, type BuildOptions, type Plugin } from "esbuild";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { filesBelow, root, writeIfChanged } from "./files.ts";

const dist = join(root, "dist");

/** The areas that are entries of the package: `src/nn/index.ts` becomes `dist/nn.js`, imported as `neurite/nn`. */
const areas = ["nn", "optim", "data", "io", "text", "train", "models"];

const entryPoints: Record<string, string> = {
  index: join(root, "src/index.ts"),
  inline: join(root, "src/inline/index.ts"),
};
for (const area of areas) entryPoints[area] = `area:${area}`;

/**
 * Every area also imports what the main entry exports (except the methods, an effect, which stay with it). So the ops and
 * autograd are one chunk, not one for each set of areas that share a part of them: fewer requests, and less to download.
 * Whoever uses an area has the main entry loaded anyway.
 */
const core = [...readFileSync(join(root, "src/index.ts"), "utf8").matchAll(/ from "(\.\/[^"]+)"/g)]
  .map(([, path]) => path)
  .filter((path) => path !== "./methods.ts");
const areasOnCore: Plugin = {
  name: "areas-on-core",
  setup(setup) {
    setup.onResolve({ filter: /^area:/ }, ({ path }) => ({ path, namespace: "area" }));
    setup.onLoad({ filter: /.*/, namespace: "area" }, ({ path }) => {
      const imports = [...new Set(core)].map((file) => `import "${file}";`);
      const contents = [...imports, `export * from "./${path.slice("area:".length)}/index.ts";`].join("\n");
      return { contents, resolveDir: join(root, "src") };
    });
  },
};

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

const binaries: Record<string, Buffer> = {};
for (const [kernels, name] of Object.entries({ strict: "kernels.wasm", relaxed: "kernels-relaxed.wasm" })) {
  const path = join(root, "src/backend/wasm", name);
  if (!existsSync(path)) throw new Error(`${name} is not built; run: npm run build:wasm`);
  binaries[kernels] = readFileSync(path);
}

/** As src/inline/index.ts wants them: gzipped, in base64, as a string literal. */
const packed = (kernels: string): string =>
  JSON.stringify(gzipSync(binaries[kernels], { level: 9 }).toString("base64"));

/** Its comments keep bundlers from following an import, and the minifier would drop them; so it is built by itself. */
const unminified = join(root, "src/core/import.ts");
const keepApart: Plugin = {
  name: "keep-apart",
  setup(setup) {
    setup.onResolve({ filter: /\/import\.ts$/ }, ({ path, resolveDir }) =>
      join(resolveDir, path) === unminified ? { path: "./import.js", external: true } : undefined,
    );
  },
};

const settings = {
  absWorkingDir: root,
  outdir: dist,
  format: "esm",
  target: "es2022",
  // Named, since files that a plugin resolves are otherwise built without it: fields would be defined, not assigned.
  tsconfig: join(root, "tsconfig.json"),
  sourcemap: true,
  write: false,
  logLevel: "warning",
} satisfies BuildOptions;

const apart = await build({ ...settings, entryPoints: [unminified] });
const bundling = {
  ...settings,
  bundle: true,
  // Neutral: an import of a Node built-in or of any package is an error here, in the first build that sees it.
  platform: "neutral",
  chunkNames: "chunk-[hash]",
  // Printouts and errors have their names as strings, so short ones in the code cost nothing but bare stack traces.
  minify: true,
  define: { packedStrictKernels: packed("strict"), packedRelaxedKernels: packed("relaxed") },
  plugins: [areasOnCore, keepApart, keepSources],
} satisfies BuildOptions;
const bundled = await build({ ...bundling, entryPoints, splitting: true });
// What threads run in browsers is one file that stands alone, wherever a bundler or a server puts it.
const workerSource = join(root, "src/backend/wasm/threads/browser-worker.ts");
const worker = await build({ ...bundling, entryPoints: { worker: workerSource } });
const outputFiles = [...apart.outputFiles, ...bundled.outputFiles, ...worker.outputFiles];

mkdirSync(dist, { recursive: true });
const written = new Set(outputFiles.map((file) => file.path));
for (const file of outputFiles) writeIfChanged(file.path, file.contents);
writeIfChanged(join(dist, "kernels.wasm"), binaries["strict"]);
writeIfChanged(join(dist, "kernels-relaxed.wasm"), binaries["relaxed"]);
// Chunks are named by their content, so those of earlier builds are left over.
for (const path of filesBelow(dist)) {
  if (/[/\\]dist[/\\][^/\\]+\.js(\.map)?$/.test(path) && !written.has(path)) rmSync(path);
}

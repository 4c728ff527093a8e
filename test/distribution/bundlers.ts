// What a user types to bundle a page, nothing else: no configuration file anywhere. docs/bundling.md shows the same lines.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Program } from "./projects.ts";
import { runLine } from "./tools.ts";

export interface Bundler {
  readonly name: string;
  /** Which program is bundled: with the kernels as files, or in the code. */
  readonly program: Program;
  readonly commands: readonly string[];
  /** The element that loads the bundle; written into dist/index.html, or into index.html where the bundler reads it. */
  readonly script: string;
  readonly readsPage: boolean;
  /** How many kernel binaries must lie in dist/ afterwards. */
  readonly binaries: number;
}

const module = (file: string): string => `<script type="module" src="${file}"></script>`;
const copy = "cp node_modules/neurite/dist/kernels*.wasm node_modules/neurite/dist/worker.js dist/";
const esbuild = "npx esbuild src/index.js --bundle --minify --format=esm --outfile=dist/index.js";
const rollup = "npx rollup src/index.js -p node-resolve -d dist";

export const bundlers: readonly Bundler[] = [
  {
    name: "Vite",
    program: "plain",
    commands: ["npx vite build"],
    script: module("/src/index.js"),
    readsPage: true,
    binaries: 2,
  },
  {
    name: "webpack",
    program: "plain",
    commands: ["npx webpack --mode production"],
    script: '<script defer src="main.js"></script>',
    readsPage: false,
    binaries: 2,
  },
  {
    name: "esbuild, neurite/inline",
    program: "inline",
    commands: [esbuild],
    script: module("index.js"),
    readsPage: false,
    binaries: 0,
  },
  {
    name: "esbuild, kernels copied",
    program: "plain",
    commands: [esbuild, copy],
    script: module("index.js"),
    readsPage: false,
    binaries: 2,
  },
  {
    name: "Rollup, neurite/inline",
    program: "inline",
    commands: [rollup],
    script: module("index.js"),
    readsPage: false,
    binaries: 0,
  },
  {
    name: "Rollup, kernels copied",
    program: "plain",
    commands: [rollup, copy],
    script: module("index.js"),
    readsPage: false,
    binaries: 2,
  },
];

export const pageWith = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><title>Neurite</title>${script}\n`;

/** The program becomes src/index.js, and with its page what the bundler starts from. */
export function prepare(project: string, { program, script, readsPage }: Bundler): void {
  cpSync(join(project, "src", `${program}.js`), join(project, "src/index.js"));
  if (readsPage) writeFileSync(join(project, "index.html"), pageWith(script));
}

/** Bundles into dist/; the bytes of the code, gzipped, and the number of kernel binaries beside it. */
export function bundle(project: string, bundler: Bundler): { gzip: number; binaries: number } {
  for (const command of bundler.commands) {
    const said = runLine(command, project);
    if (/warn|\(!\)/i.test(said)) throw new Error(`${command} warns:\n${said}`);
  }
  const dist = join(project, "dist");
  if (!bundler.readsPage) writeFileSync(join(dist, "index.html"), pageWith(bundler.script));
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" });
  const code = files.filter((file) => file.endsWith(".js"));
  const gzip = code.map((file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length);
  return {
    gzip: gzip.reduce((a, b) => a + b, 0),
    binaries: files.filter((file) => file.endsWith(".wasm")).length,
  };
}

// Checks the package as a user gets it: packs it, installs the tarball in an empty project, type-checks a program
// against its declarations without skipping any, runs that program, and bundles it as a web bundler would.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { root } from "./files.ts";

interface Manifest {
  name: string;
  exports: Record<string, unknown>;
  scripts: Record<string, string>;
  dependencies?: Record<string, string>;
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const project = mkdtempSync(join(tmpdir(), "neurite-package-"));
const example = join(root, "examples/xor.ts");
const problems: string[] = [];

function run(command: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** What the tarball may and must hold. */
function checkContents(files: readonly string[]): void {
  for (const file of [
    "LICENSE",
    "README.md",
    "dist/kernels.wasm",
    "dist/kernels-relaxed.wasm",
    "dist/index.js",
  ]) {
    if (!files.includes(file)) problems.push(`the package lacks ${file}`);
  }
  for (const file of files) {
    if (!/^(dist\/.*\.(js|js\.map|wasm|d\.ts)|package\.json|[A-Z]+(\.md)?)$/.test(file)) {
      problems.push(`the package must not hold ${file}`);
    }
  }
}

/** Promises of the manifest: nothing to install with it, nothing that runs on installation. */
function checkManifest(): void {
  if (Object.keys(manifest.dependencies ?? {}).length > 0)
    problems.push("package.json has runtime dependencies");
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    if (manifest.scripts[script] !== undefined)
      problems.push(`package.json has the install script "${script}"`);
  }
}

/** Type-checks the example and a file that imports every entry, in the three settings that users have. */
function checkTypes(): void {
  const entries = Object.keys(manifest.exports).filter((path) => !/\.(wasm|json|js)$/.test(path));
  const imports = entries.map(
    (path, i) => `export * as area${i} from "${path.replace(".", manifest.name)}";\n`,
  );
  writeFileSync(join(project, "entries.ts"), imports.join(""));
  const settings = {
    node: { module: "nodenext", lib: ["es2022"], types: ["node"] },
    bundler: { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [] },
    modern: { module: "nodenext", lib: ["esnext", "dom"], types: [] },
  };
  for (const [setting, options] of Object.entries(settings)) {
    const compilerOptions = { ...options, target: "es2022", strict: true, noEmit: true, skipLibCheck: false };
    writeFileSync(
      join(project, `tsconfig.${setting}.json`),
      JSON.stringify({ compilerOptions, files: ["entries.ts", "xor.ts"] }),
    );
    run(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "-p", `tsconfig.${setting}.json`],
      project,
    );
    console.log(`types: ${entries.length} entries and the example compile (${setting})`);
  }
}

/**
 * Runs the example in the installed project twice: as it is, and bundled. The bundle drops what `sideEffects` allows to
 * drop; were a chunk wrongly named free of effects, the Tensor methods would be missing here.
 */
async function checkPrograms(): Promise<void> {
  const plain = join(project, "xor.js");
  await build({ entryPoints: [example], outfile: plain, format: "esm", logLevel: "warning" });
  runExample(plain, "run");
  await build({
    entryPoints: [plain],
    outfile: join(project, "bundle/app.js"),
    bundle: true,
    format: "esm",
    platform: "browser",
    logLevel: "warning",
  });
  for (const name of ["kernels.wasm", "kernels-relaxed.wasm"]) {
    cpSync(join(project, "node_modules", manifest.name, "dist", name), join(project, "bundle", name));
  }
  runExample(join(project, "bundle/app.js"), "run bundled");
}

function runExample(program: string, what: string): void {
  const last = run(process.execPath, [program], project).trimEnd().split("\n").at(-1) ?? "";
  if (!last.startsWith("solved ")) throw new Error(`${what}: the example ended with "${last}"`);
  console.log(`${what}: ${last}`);
}

try {
  checkManifest();
  const packed = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], root);
  const [{ filename, size, files }] = JSON.parse(packed) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  checkContents(files.map((file) => file.path));
  console.log(`packed: ${filename}, ${files.length} files, ${(size / 1024).toFixed(0)} KiB`);

  const tarball = readFileSync(join(project, filename));
  const { messages } = await publint({
    pack: { tarball: Uint8Array.from(tarball).buffer },
    strict: true,
  });
  for (const message of messages)
    problems.push(`publint: ${formatMessage(message, manifest) ?? message.code}`);

  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "empty", private: true, type: "module" }),
  );
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", filename], project);
  cpSync(example, join(project, "xor.ts"));
  mkdirSync(join(project, "node_modules/@types"), { recursive: true });
  symlinkSync(join(root, "node_modules/@types/node"), join(project, "node_modules/@types/node"));
  symlinkSync(join(root, "node_modules/undici-types"), join(project, "node_modules/undici-types"));

  checkTypes();
  await checkPrograms();
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
} finally {
  rmSync(project, { recursive: true, force: true });
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

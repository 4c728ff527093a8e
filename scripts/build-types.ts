// Emits the declarations into dist/types and gives their relative imports the extension that exists there.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, root, writeIfChanged } from "./files.ts";

const output = join(root, "dist/types");
rmSync(output, { recursive: true, force: true });
const compiler = join(root, "node_modules/typescript/bin/tsc");
const run = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (run.status !== 0) process.exit(run.status ?? 1);

// tsc rewrites `./shape.ts` to `./shape.js` in code but leaves declarations as written.
const relativeTs = /(\bfrom |\bimport |\bimport\(|\bdeclare module )(["'])(\.{1,2}\/[^"']+)\.ts\2/g;
for (const path of filesBelow(output)) {
  const text = readFileSync(path, "utf8");
  // `using` is newer than the library most projects compile with; the file that needs the type brings it along.
  const header = /\b(Symbol\.(async)?dispose|Disposable)\b/i.test(text)
    ? '/// <reference lib="esnext.disposable" />\n'
    : "";
  writeIfChanged(path, Buffer.from(header + text.replace(relativeTs, "$1$2$3.js$2")));
}

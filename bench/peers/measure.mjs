// One measurement: a process of its own, under a lock, so that no two timed runs overlap.
import { spawnSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Milliseconds that one measurement may take, about; the slow peers get few samples. */
const CAP = { gpt: 25_000, gan: 12_000 };
const SLOW = { "tfjs-cpu": 8000, "js-pytorch": 8000 };

/** What child.mjs printed, or `{ error }`; with the machine's load before it. */
export function measure(
  peer,
  work,
  { cap = SLOW[peer] ?? CAP[work] ?? 10_000, node = process.execPath, only } = {},
) {
  const gc = work === "leak" ? ["--expose-gc"] : [];
  const args = [...gc, path.join(here, "child.mjs"), "--peer", peer, "--work", work, "--cap", String(cap)];
  const load = os.loadavg()[0];
  const { stdout, stderr } = spawnSync(
    "flock",
    [path.join(os.tmpdir(), "bench.lock"), node, ...args, ...(only ? ["--only", only] : [])],
    { cwd: here, encoding: "utf8", timeout: 900_000, maxBuffer: 1 << 26 },
  );
  const line = (stdout ?? "")
    .split("\n")
    .reverse()
    .find((text) => text.startsWith("@@"));
  const result = line
    ? JSON.parse(line.slice(2))
    : { peer, work, error: (stderr || "no output").trim().slice(-300) };
  return { ...result, load: +load.toFixed(2) };
}

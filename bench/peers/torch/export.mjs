// Bridge to the native peer: dumps a workload of lib/spec.mjs as raw numbers and runs torch/bench.py on it.
//   node torch/export.mjs gpt DIR     (any work of run.mjs: kernels, xor.., tiny-lstm.., fwd:mlp ..)
// DIR/data.bin: float32 and int32 values, little endian, one array after the other. DIR/index.json: what they are; an array is
// {shape, dtype, at} with `at` counted in 4-byte elements. Kernels carry `check`, the flat output indices that the caller compares.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { kernels, rng, size, work } from "../lib/spec.mjs";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const outSize = (k) =>
  k.kind === "conv" ? 32 * 32 * 28 * 28 : k.kind === "sum" ? 1 : size(k.inputs[0].shape);
export const checks = (k) => {
  const r = rng(99),
    n = outSize(k);
  return Array.from({ length: 50 }, () => Math.floor(r() * n));
};

export function dump(what, dir) {
  const chunks = [];
  let at = 0;
  const put = (data, shape = [data.length]) => {
    if (size(shape) !== data.length) throw new Error(`shape [${shape}] does not hold ${data.length} values`);
    const o = { shape, dtype: data instanceof Int32Array ? "int32" : "float32", at };
    chunks.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    at += data.length;
    return o;
  };
  const index = { what };
  if (what === "kernels") {
    index.kernels = kernels().map((k) => ({
      id: k.id,
      kind: k.kind,
      inputs: k.inputs.map((t) => put(t.data, t.shape)),
      check: checks(k),
    }));
  } else {
    const { p, params, batches, ...meta } = work(what.replace(/^fwd:/, ""));
    Object.assign(index, meta, {
      params: params.map((q) => ({ name: q.name, ...put(q.data, q.shape) })),
      batches: batches.map((b) => Object.fromEntries(Object.entries(b).map(([k, v]) => [k, put(v)]))),
    });
  }
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path.join(dir, "data.bin"), Buffer.concat(chunks));
  fs.writeFileSync(path.join(dir, "index.json"), JSON.stringify(index));
}

// One measurement by Python. Returns what bench.py printed: raw times and losses, or per kernel times and checked values.
export function runNative(what, { variant = "", cap = 12000, only = "" }) {
  const python = process.env.PYTHON_TORCH || "python3",
    dir = fs.mkdtempSync(path.join(os.tmpdir(), "peers-torch-"));
  try {
    dump(what, dir);
    const r = spawnSync(
      python,
      [
        path.join(here, "bench.py"),
        dir,
        "--variant",
        variant,
        "--cap",
        String(cap),
        "--only",
        only,
        "--spawned",
        String(Date.now()),
      ],
      { encoding: "utf8", maxBuffer: 1 << 26 },
    );
    if (r.error)
      throw new Error(
        `cannot start Python "${python}" (${r.error.code}): set PYTHON_TORCH to a Python that has PyTorch; see README.md`,
      );
    const line = r.stdout
      .split("\n")
      .reverse()
      .find((l) => l.startsWith("@@"));
    if (!line)
      throw new Error(
        `torch/bench.py gave no result (exit ${r.status ?? r.signal}): ${r.stderr.trim().slice(-200)}`,
      );
    const o = JSON.parse(line.slice(2));
    if (o.error) throw new Error(o.error);
    return o;
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [what, dir] = process.argv.slice(2);
  if (!dir) {
    console.error("usage: node torch/export.mjs WORK DIR");
    process.exit(1);
  }
  dump(what, dir);
}

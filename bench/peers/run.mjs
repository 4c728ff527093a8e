// Entry script.  node run.mjs --all | --peer P[,P2] [--work W[,W2]] [--cap ms] [--node /path/to/node] [--out results/name]
//                node run.mjs --table results/latest.json   (print the tables of earlier runs; several files: a.json,b.json)
// Every measurement is its own process under a lock; works are the outer loop, so peers are interleaved.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { measure } from "./measure.mjs";
import { PEERS } from "./peers.mjs";
import { kernels, TINY, WORKS } from "./lib/spec.mjs";

const here = path.dirname(new URL(import.meta.url).pathname);
const arg = (n, d) => {
  const i = process.argv.indexOf("--" + n);
  return i < 0 ? d : process.argv[i + 1];
};
const FWD = ["fwd:mlp", "fwd:lenet", "fwd:lstm", "fwd:gpt"];

// bytes on disk of packages with everything they depend on
function diskMB(pkgs) {
  const seen = new Set();
  let bytes = 0;
  const du = (d) => {
    for (const e of fs.readdirSync(d, { withFileTypes: true })) {
      const f = path.join(d, e.name);
      if (e.isDirectory()) {
        if (e.name !== "node_modules") du(f);
      } else if (e.isFile()) bytes += fs.statSync(f).size;
    }
  };
  const visit = (name, from) => {
    for (let d = from; ; d = path.dirname(d)) {
      const p = path.join(d, "node_modules", name);
      if (fs.existsSync(path.join(p, "package.json"))) {
        if (seen.has(p)) return;
        seen.add(p);
        du(p);
        const j = JSON.parse(fs.readFileSync(path.join(p, "package.json"), "utf8"));
        for (const q of Object.keys({ ...j.dependencies, ...j.optionalDependencies })) visit(q, p);
        return;
      }
      if (d === path.dirname(d)) return;
    }
  };
  for (const q of pkgs) visit(q, here);
  return +(bytes / 2 ** 20).toFixed(1);
}
const cell = (r) => {
  if (!r) return "-";
  if (r.error) return "fails";
  const f = (x) => (x >= 100 ? x.toFixed(0) : x >= 1 ? x.toPrecision(3) : x.toPrecision(2));
  return (
    f(r.ms) +
    (r.workaround ? "*" : "") +
    (r.n < 20 ? ` (n=${r.n})` : "") +
    (r.falls === false ? " LOSS NOT FALLING" : "")
  );
};
export function tables(res) {
  const peers = Object.keys(PEERS).filter((p) => res.some((r) => r.peer === p)),
    at = (p, w) => res.find((r) => r.peer === p && r.work === w),
    out = [];
  const table = (head, rows) =>
    out.push(
      "",
      "| " + head.join(" | ") + " |",
      "|" + head.map(() => "---").join("|") + "|",
      ...rows.map((r) => "| " + r.join(" | ") + " |"),
    );
  const kp = peers.filter((p) => at(p, "kernels")?.kernels);
  if (kp.length) {
    out.push("", "## Forward kernels: ms (matmul and conv: ms / GFLOP/s)");
    table(
      ["kernel", ...kp],
      kernels().map((k) => [
        k.id,
        ...kp.map((p) => {
          const r = at(p, "kernels").kernels[k.id];
          return !r
            ? "-"
            : r.error
              ? "n/a"
              : r.relErr > 1e-3
                ? "WRONG"
                : +r.ms.toPrecision(3) + (r.gflops ? ` / ${+r.gflops.toPrecision(3)}` : "");
        }),
      ]),
    );
  }
  const tp = peers.filter((p) => WORKS.some((w) => at(p, w)));
  if (tp.length) {
    out.push("", "## Training step, ms (median; * = by a user-level workaround for an op the peer lacks)");
    table(
      ["peer", ...WORKS],
      tp.map((p) => [p, ...WORKS.map((w) => cell(at(p, w)))]),
    );
  }
  const sp = peers.filter((p) => TINY.some((w) => at(p, w)));
  if (sp.length) {
    out.push("", "## Small models (framework overhead), us");
    table(
      ["peer", ...TINY],
      sp.map((p) => [
        p,
        ...TINY.map((w) => {
          const r = at(p, w);
          return cell(r && (r.error ? r : { ...r, ms: r.ms * 1000 }));
        }),
      ]),
    );
  }
  const fp = peers.filter((p) => FWD.some((w) => at(p, w) && !at(p, w).error));
  if (fp.length) {
    out.push("", "## Forward pass and loss only, ms");
    table(
      ["peer", ...FWD],
      fp.map((p) => [p, ...FWD.map((w) => cell(at(p, w)))]),
    );
  }
  if (tp.length) {
    out.push("", "## Footprint: cold start = process start to first training step done");
    table(
      [
        "peer",
        "install MB",
        "cold start xor ms",
        "cold start mlp ms",
        "cold start gpt ms",
        "first gpt step ms",
        "peak RSS gpt MB",
        "leak per forgotten forward / train step",
      ],
      tp.map((p) => {
        const g = at(p, "gpt"),
          k = at(p, "leak");
        const l = (m) =>
          k?.[m] ? `${k[m].tensorsPerStep ?? "?"} tensors, +${k[m].rssGrowthMB} MB/100` : "-";
        return [
          p,
          PEERS[p].native ? (at(p, "xor")?.info?.installMB ?? "-") : diskMB(PEERS[p].pkgs),
          at(p, "xor")?.coldStartMs ?? "-",
          at(p, "mlp")?.coldStartMs ?? "-",
          g?.coldStartMs ?? "-",
          g?.firstStepMs ?? "-",
          g?.error ? "-" : (g?.peakRssMB ?? "-"),
          k?.error ? "GC, no leak" : `${l("infer")} ; ${l("train")}`,
        ];
      }),
    );
  }
  const bad = res.filter((r) => r.error || r.nativeError);
  if (bad.length) {
    out.push("", "## What failed");
    for (const r of bad)
      out.push(
        `- ${r.peer} ${r.work}: ${r.error ?? r.nativeError}${r.workaround ? ` (then ran with: ${r.workaround})` : ""}`,
      );
  }
  return out.join("\n");
}

if (arg("table")) {
  console.log(
    tables(
      arg("table")
        .split(",")
        .flatMap((f) => JSON.parse(fs.readFileSync(f, "utf8")).results),
    ),
  );
  process.exit(0);
}
const all = process.argv.includes("--all");
if (!all && !arg("peer") && !arg("work")) {
  console.log(
    "usage: node run.mjs --all | --peer P [--work W]\npeers: " +
      Object.keys(PEERS).join(" ") +
      "\nworks: kernels " +
      WORKS.join(" ") +
      " " +
      FWD.join(" ") +
      " " +
      TINY.join(" ") +
      " leak",
  );
  process.exit(1);
}
const peers = arg("peer")?.split(",") ?? Object.keys(PEERS),
  works = arg("work")?.split(",") ?? ["kernels", ...WORKS, ...FWD, ...TINY, "leak"];
const out = path.join(here, arg("out", "results/latest")),
  res = [];
const meta = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: os.cpus()[0]?.model,
  cores: os.cpus().length,
};
for (const w of works)
  for (const p of peers) {
    const P = PEERS[p],
      explicit = arg("work") && arg("peer");
    if (!explicit) {
      if (P.works && !P.works.includes(w)) continue;
      if (P.native && !arg("peer") && !process.env.PYTHON_TORCH) continue; // --all takes native peers only where Python is named
      if (TINY.includes(w) && !P.works?.includes(w)) continue;
      if (P.infer && (WORKS.includes(w) || w === "leak")) continue;
      if (!P.infer && FWD.includes(w) && !/^(tfjs|jax)/.test(p) && !P.fwd) continue;
      if (w === "kernels" && ["convnetjs", "brain.js"].includes(p)) continue;
      if (w === "leak" && /-mt$|tuned$/.test(p)) continue;
    }
    const r = measure(p, w, { cap: arg("cap"), node: arg("node") });
    res.push(r);
    console.error(
      `${p} ${w}: ${r.error ? "FAIL " + r.error.slice(0, 120) : (r.ms ?? "ok")} (load ${r.load})`,
    );
    fs.mkdirSync(path.dirname(out), { recursive: true });
    fs.writeFileSync(out + ".json", JSON.stringify({ meta, results: res }, null, 1));
  }
const md = `# Peers, ${meta.date}, Node ${meta.node}, ${meta.cpu} x${meta.cores}\n` + tables(res) + "\n";
fs.writeFileSync(out + ".md", md);
console.log(JSON.stringify(res));
console.log(md);

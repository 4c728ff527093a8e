// npm run bench:peers: how many times faster than each peer, in rounds that run the two beside each other.
//   node bars.mjs [--rounds 3] [--only gpt,lstm]   PYTHON_TORCH=... adds PyTorch
// A ratio is the peer's median time over Neurite's in the same round; printed is the median over the rounds, and their range.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measure } from "./measure.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Neurite against a peer on a work: `least` times faster is the aim. Kernels are named in `kernel`. */
const BARS = [
  { work: "xor", peer: "tfjs-cpu", least: 12 },
  { work: "mlp", peer: "jax-wasm", least: 1.8 },
  { work: "lenet", peer: "tfjs-wasm", least: 6 },
  { work: "lstm", peer: "jax-wasm", least: 4 },
  { work: "gpt", peer: "jax-wasm", least: 2.4 },
  { work: "gpt", peer: "jax-wasm-mt", ours: "neurite-mt", least: 2.8 },
  { work: "gan", peer: "tfjs-wasm", least: 5 },
  { work: "fwd:gpt", peer: "ort-web", least: 1 },
  { work: "fwd:lstm", peer: "ort-web", least: 1 },
  { work: "kernels", kernel: "tanh1M", peer: "ort-web", least: 1 },
  { work: "kernels", kernel: "gelu1M", peer: "ort-web", least: 1 },
  { work: "kernels", kernel: "softmax512", peer: "tfjs-wasm", least: 1 },
  { work: "kernels", kernel: "softmax512", peer: "tfjs-wasm", ours: "neurite-mt", least: 1 / 0.6 },
  { work: "kernels", kernel: "layernorm512", peer: "tfjs-wasm", least: 1 / 0.3 },
  { work: "tiny-lstm", peer: "torch", least: 5 },
  { work: "fwd:tiny-policy", peer: "torch", least: 8 },
  { work: "tiny-gpt", peer: "torch-fused", least: 4 },
  { work: "mlp", peer: "torch", least: 1 },
  { work: "lenet", peer: "torch", least: 1 },
  { work: "gan", peer: "torch", least: 1 / 1.6 },
  { work: "xor", peer: "torch", least: 10 },
];

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const nameOf = ({ work, kernel }) => kernel ?? work;

function install() {
  if (fs.existsSync(path.join(here, "node_modules"))) return;
  console.error("installing the peers (once, about 600 MB) ...");
  // Without scripts: onnxruntime-node would fetch CUDA files.
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: here,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("npm ci failed in bench/peers");
}

/** The median times of one round, by "peer work-or-kernel"; each is measured once, those of a work one after the other. */
function round(bars) {
  const times = new Map();
  const works = [...new Set(bars.map(({ work }) => work))];
  for (const work of works) {
    const inWork = bars.filter((bar) => bar.work === work);
    const peers = new Set(inWork.flatMap(({ peer, ours = "neurite" }) => [ours, peer]));
    const only = work === "kernels" ? [...new Set(inWork.map(nameOf))].join(",") : undefined;
    for (const peer of peers) {
      const result = measure(peer, work, { only });
      if (result.error) throw new Error(`${peer} ${work}: ${result.error}`);
      if (result.falls === false) throw new Error(`${peer} ${work}: the loss does not fall`);
      const all = result.kernels ?? { [work]: result };
      for (const [name, { ms }] of Object.entries(all)) times.set(`${peer} ${name}`, ms);
      if (result.loss0) times.set(`${peer} ${work} loss`, result.loss0);
      console.error(
        `  ${peer} ${work}: ${result.ms === undefined ? "ok" : `${result.ms} ms`} (load ${result.load})`,
      );
    }
  }
  return times;
}

/** The work must be the same work: equal first losses, to 5 digits. */
function checkLosses(bar, times) {
  const [ours, theirs] = [bar.ours ?? "neurite", bar.peer].map((peer) =>
    times.get(`${peer} ${bar.work} loss`),
  );
  if (!ours || !theirs) return;
  const apart = Math.abs(ours[0] - theirs[0]);
  if (apart > 2e-5 * Math.max(1, Math.abs(theirs[0]))) {
    throw new Error(`${bar.work}: the first losses must be equal; got ${ours} and ${bar.peer}'s ${theirs}`);
  }
}

const { values } = parseArgs({ options: { rounds: { type: "string" }, only: { type: "string" } } });
const only = values.only?.split(",");
const bars = BARS.filter(
  (bar) =>
    (!only || only.includes(nameOf(bar)) || only.includes(bar.work)) &&
    (!bar.peer.startsWith("torch") || process.env.PYTHON_TORCH),
);
install();
const rounds = Array.from({ length: Number(values.rounds ?? 3) }, (_, i) => {
  console.error(`round ${i + 1}`);
  return round(bars);
});

const rows = bars.map((bar) => {
  const { peer, ours = "neurite", least } = bar;
  const name = nameOf(bar);
  for (const times of rounds) checkLosses(bar, times);
  const ratios = rounds.map((times) => times.get(`${peer} ${name}`) / times.get(`${ours} ${name}`));
  const times = (of) => median(rounds.map((all) => all.get(`${of} ${name}`)));
  return { name, ours, peer, ms: times(ours), peerMs: times(peer), ratio: median(ratios), ratios, least };
});

console.log(`Node ${process.version}, ${os.cpus()[0]?.model} x${os.cpus().length}, ${rounds.length} rounds`);
console.log("| work | ours | ms | peer | ms | times faster (range) | aim |");
console.log("|---|---|---|---|---|---|---|");
for (const { name, ours, peer, ms, peerMs, ratio, ratios, least } of rows) {
  const range = `${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}`;
  const verdict = `${least.toFixed(2)} ${ratio >= least ? "met" : "MISSED"}`;
  const cells = [
    name,
    ours,
    ms.toPrecision(3),
    peer,
    peerMs.toPrecision(3),
    `${ratio.toFixed(2)} (${range})`,
    verdict,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
fs.mkdirSync(path.join(here, "results"), { recursive: true });
const machine = { node: process.version, cpu: os.cpus()[0]?.model, cores: os.cpus().length };
fs.writeFileSync(
  path.join(here, "results", "bars.json"),
  JSON.stringify({ date: new Date(), machine, rows }, null, 1),
);

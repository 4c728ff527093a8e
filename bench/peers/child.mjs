// One timed measurement in its own process: node child.mjs --peer P --work W. Prints one JSON line starting with @@.
// work: kernels | xor..gan, tiny-lstm, tiny-gpt (training) | fwd:mlp, fwd:tiny-policy (forward pass and loss only) | leak
import { work, kernels, rng } from "./lib/spec.mjs";
import { PEERS } from "./peers.mjs";

const arg = (n, d) => {
  const i = process.argv.indexOf("--" + n);
  return i < 0 ? d : process.argv[i + 1];
};
const name = arg("peer"),
  what = arg("work"),
  cap = +arg("cap", 12000),
  only = arg("only", "");
const med = (a) => {
  const s = [...a].sort((x, y) => x - y),
    n = s.length;
  return n % 2 ? s[n >> 1] : (s[n / 2 - 1] + s[n / 2]) / 2;
};
const rss = () => process.memoryUsage().rss / 2 ** 20;
const num = (l) => (Array.isArray(l) ? l : [l]);
const out = { peer: name, work: what };
const finish = () => {
  out.peakRssMB ??= Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write("\n@@" + JSON.stringify(out) + "\n", () => process.exit(0));
};
const fail = (e) => {
  out.error = String(e?.message ?? e).slice(0, 300);
  finish();
};
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

async function time(step, { warm, iters }, first) {
  const losses = [],
    t = [];
  for (let i = 0; ; i++) {
    const a = performance.now();
    const l = num(await step(i));
    const d = performance.now() - a;
    losses.push(l);
    if (i === 0) {
      first?.(d);
      if (d * (warm + iters) > cap) {
        warm = Math.min(warm, Math.max(1, Math.floor(cap / d / 4)));
      }
    }
    if (i >= warm) t.push(d);
    if (
      t.length >= iters ||
      (performance.now() - t0 > cap && t.length >= 3) ||
      (performance.now() - t0 > 4 * cap && t.length >= 1)
    )
      break;
  }
  return { losses, t };
}
let t0;
const kernelRow = (k, ms, err) => ({
  ms: +ms.toPrecision(4),
  relErr: +err.toExponential(1),
  ...(k.flops
    ? { gflops: +(k.flops / ms / 1e6).toPrecision(3) }
    : k.bytes
      ? { gbps: +(k.bytes / ms / 1e6).toPrecision(3) }
      : {}),
});
const relErr = (y, e) => Math.abs(y - e) / (Math.abs(e) + 1);
function summary(r, w, fwd) {
  const mean = (a) => a[0].map((_, j) => +(a.reduce((s, l) => s + l[j], 0) / a.length).toFixed(5));
  const L = r.losses,
    m = Math.min(w.nBatch, Math.floor(L.length / 2) || 1);
  Object.assign(out, {
    ms: +med(r.t).toPrecision(4),
    min: +Math.min(...r.t).toPrecision(4),
    n: r.t.length,
    loss0: L[0].map((x) => +x.toFixed(5)),
    lossStart: mean(L.slice(0, m)),
    lossEnd: mean(L.slice(-m)),
    steps: L.length,
  });
  if (!fwd) out.falls = out.lossEnd[0] < out.lossStart[0];
}
async function native(variant) {
  // measured elsewhere; judged here by the same rules
  const { checks, runNative } = await import("./torch/export.mjs");
  const { kernels: ks, losses, t, ...rest } = runNative(what, { variant, cap, only });
  Object.assign(out, rest);
  if (!ks) return summary({ losses, t }, work(what.replace("fwd:", "")), what.startsWith("fwd:"));
  out.kernels = {};
  for (const k of kernels())
    if (ks[k.id])
      out.kernels[k.id] = kernelRow(
        k,
        med(ks[k.id].t),
        Math.max(...checks(k).map((i, s) => relErr(ks[k.id].values[s], k.ref(i)))),
      );
}

try {
  const peer = PEERS[name];
  if (!peer) throw new Error("unknown peer; have " + Object.keys(PEERS).join(" "));
  const P = peer.native ? null : await (await import(peer.adapter)).default(peer.variant);
  if (P) {
    out.info = P.info();
    out.openMs = +performance.now().toFixed(0);
    t0 = performance.now();
  }

  if (!P) await native(peer.variant);
  else if (what === "kernels") {
    out.kernels = {};
    for (const k of kernels()) {
      if (only && !only.split(",").includes(k.id)) continue;
      try {
        if (!P.kernel) throw new Error("no tensor ops");
        const q = await P.kernel(k),
          y = await q.fetch(),
          r = rng(99);
        let err = 0;
        for (let s = 0; s < 50; s++) {
          const i = Math.floor(r() * y.length),
            e = k.ref(i);
          err = Math.max(err, relErr(y[i], e));
        }
        for (let i = 0; i < 2; i++) await q.run();
        let a = performance.now();
        await q.run();
        const one = performance.now() - a;
        const reps = Math.max(1, Math.min(2000, Math.ceil(3 / Math.max(one, 1e-3)))),
          n = one > 400 ? 2 : one > 60 ? 5 : 15,
          t = [];
        for (let s = 0; s < n; s++) {
          a = performance.now();
          for (let j = 0; j < reps; j++) await q.run();
          t.push((performance.now() - a) / reps);
        }
        out.kernels[k.id] = kernelRow(k, med(t), err);
        q.close?.();
      } catch (e) {
        out.kernels[k.id] = { error: String(e.message).slice(0, 160) };
      }
    }
  } else if (what === "leak") {
    if (!P.leak) throw new Error("no leak probe: arrays are ordinary garbage-collected JS objects");
    const q = P.leak(work("mlp"));
    for (const mode of ["infer", "train"])
      if (q[mode]) {
        for (let i = 0; i < 5; i++) await q[mode](i);
        globalThis.gc?.();
        const r0 = rss(),
          l0 = q.live();
        for (let i = 0; i < 100; i++) await q[mode](i);
        globalThis.gc?.();
        out[mode] = {
          steps: 100,
          tensorsPerStep: (q.live() - l0) / 100,
          rssGrowthMB: Math.round(rss() - r0),
        };
      }
  } else {
    const fwd = what.startsWith("fwd:"),
      w = work(fwd ? what.slice(4) : what);
    const make = async (tr) => {
      const f = fwd ? P.forward : P.trainer;
      if (!f) throw new Error(fwd ? "no forward" : "inference only");
      return f(w, tr);
    };
    const go = async (tr) => {
      const g = performance.now();
      return time((await make(tr)).step, w, (d) => {
        out.firstStepMs = +d.toFixed(1);
        out.coldStartMs = Math.round(out.openMs + performance.now() - g);
      });
    };
    let r;
    try {
      r = await go({});
    } catch (e) {
      if (!P.tricks) throw e;
      out.nativeError = String(e.message).slice(0, 200); // record what the peer cannot do, then go round it
      r = await go(P.tricks);
      out.workaround = Object.keys(P.tricks).join("+");
    }
    summary(r, w, fwd);
  }
  finish();
} catch (e) {
  fail(e);
}

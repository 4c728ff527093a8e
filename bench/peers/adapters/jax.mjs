// jax-js adapter. variants: wasm (as Node gives it: one thread) | wasm-mt (Web Worker shim, 2 threads) | cpu (interpreted)
// All training steps are one jit()ed function: loss, gradient and optimizer update.
import { tmajor } from "../lib/layout.mjs";

export default async function open(variant) {
  if (variant === "wasm-mt") (await import("../lib/webworker.mjs")).install(2);
  const jax = await import("@jax-js/jax");
  await jax.init("cpu", "wasm");
  jax.defaultDevice(variant === "cpu" ? "cpu" : "wasm");
  const { numpy: np, nn, lax, jit, valueAndGrad, tree } = jax;
  const F = (d, shape) => np.array(d, { shape });
  const S = (d) => np.array(new Float32Array([d]), { shape: [] });

  function kernel(k) {
    const ins = k.inputs.map((t) => F(t.data, t.shape));
    const f = jit(
      {
        matmul: (a, b) => np.matmul(a, b),
        matmulNT: (a, b) => np.matmul(a, np.matrixTranspose(b)),
        matmulTN: (a, b) => np.matmul(np.matrixTranspose(a), b),
        add: (a, b) => a.add(b),
        tanh: (a) => np.tanh(a),
        gelu: (a) => nn.gelu(a, { approximate: true }),
        softmax: (a) => nn.softmax(a, -1),
        layernorm: (a, g, b) => nn.standardize(a, -1, { epsilon: 1e-5 }).mul(g).add(b),
        sum: (a) => a.sum(),
        conv: (x, w) =>
          lax.convGeneralDilated(
            x,
            w,
            [1, 1],
            [
              [1, 1],
              [1, 1],
            ],
          ),
      }[k.kind],
    );
    const go = () => f(...ins.map((a) => a.ref));
    return {
      async run() {
        const y = go();
        await y.blockUntilReady();
        y.dispose();
      },
      fetch: () => go().data(),
    };
  }

  const lin = (p, x, n) => np.matmul(x, p[n + ".w"].ref).add(p[n + ".b"].ref);
  const ce = (logits, y, K) => nn.logSoftmax(logits, -1).mul(nn.oneHot(y, K)).sum(-1).mean().mul(-1);
  const pool = (x) => {
    const [n, c, h, w] = x.shape;
    return np.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
  };
  const conv = (p, x, n, s, pad) =>
    lax
      .convGeneralDilated(
        x,
        p[n + ".w"].ref,
        [s, s],
        [
          [pad, pad],
          [pad, pad],
        ],
      )
      .add(p[n + ".b"].ref.reshape([-1, 1, 1]));
  const convT = (p, x, n) =>
    lax
      .convTranspose(
        x,
        p[n + ".w"].ref,
        [2, 2],
        [
          [1, 1],
          [1, 1],
        ],
        { transposeKernel: true },
      )
      .add(p[n + ".b"].ref.reshape([-1, 1, 1]));
  const drop = (p) => tree.dispose(p);

  // loss(params, x, y): takes ownership of all of them, as jax-js asks
  function losses(w, tricks) {
    const { B, T, V, H, C, NH } = w;
    const embed = (tab, idx) => (tricks.onehot ? np.matmul(nn.oneHot(idx, V), tab) : np.take(tab, idx, 0));
    return {
      xor: (p, x, y) => {
        const o = nn.sigmoid(lin(p, np.tanh(lin(p, x, "l1")), "l2"));
        drop(p);
        return np.square(o.sub(y)).mean();
      },
      mlp: (p, x, y) => {
        const o = lin(p, nn.relu(lin(p, nn.relu(lin(p, x, "l1")), "l2")), "l3");
        drop(p);
        return ce(o, y, 10);
      },
      lenet: (p, x, y) => {
        let h = pool(nn.relu(conv(p, x, "c1", 1, 0)));
        h = pool(nn.relu(conv(p, h, "c2", 1, 0)));
        const o = lin(p, nn.relu(lin(p, nn.relu(lin(p, h.reshape([B, 400]), "f1")), "f2")), "f3");
        drop(p);
        return ce(o, y, 10);
      },
      lstm: (p, x, y) => {
        const e = np.matmul(embed(p.emb.ref, x), p.wx.ref).add(p.b.ref); // [T*B,4H]
        const xs = np.split(e, T, 0);
        let h = np.zeros([B, H]),
          c = np.zeros([B, H]);
        const hs = [];
        for (let t = 0; t < T; t++) {
          const [i, f, g, o] = np.split(xs[t].add(np.matmul(h, p.wh.ref)), 4, 1);
          c = nn
            .sigmoid(f)
            .mul(c)
            .add(nn.sigmoid(i).mul(np.tanh(g)));
          h = nn.sigmoid(o).mul(np.tanh(c.ref));
          hs.push(h.ref);
        }
        h.dispose();
        c.dispose();
        const o = lin(p, np.concatenate(hs, 0), "head");
        drop(p);
        return ce(o, y, V);
      },
      gpt: (p, x, y) => {
        const ln = (a, n) =>
          nn
            .standardize(a, -1, { epsilon: 1e-5 })
            .mul(p[n + ".g"].ref)
            .add(p[n + ".b"].ref);
        // tricks.attn: hand-written attention, because dotProductAttention -> einsum needs iterator helpers (Node >= 22)
        const mask = np
          .tril(np.ones([T, T]))
          .sub(1)
          .mul(1e9);
        const attend = (q, k, v) => {
          if (!tricks.attn) return nn.dotProductAttention(q, k, v, { isCausal: true });
          [q, k, v] = [q, k, v].map((a) => a.transpose([0, 2, 1, 3]));
          const s = np
            .matmul(q, np.matrixTranspose(k))
            .mul(1 / Math.sqrt(C / NH))
            .add(mask.ref);
          return np.matmul(nn.softmax(s, -1), v).transpose([0, 2, 1, 3]);
        };
        let h = embed(p.tok.ref, x).reshape([B, T, C]).add(p.pos.ref);
        for (let l = 0; l < w.L; l++) {
          const [q, k, v] = np
            .split(lin(p, ln(h.ref, `h${l}.ln1`), `h${l}.qkv`), 3, 2)
            .map((a) => a.reshape([B, T, NH, C / NH]));
          const a = attend(q, k, v).reshape([B, T, C]);
          h = h.add(lin(p, a, `h${l}.proj`));
          h = h.ref.add(
            lin(p, nn.gelu(lin(p, ln(h, `h${l}.ln2`), `h${l}.up`), { approximate: true }), `h${l}.down`),
          );
        }
        const o = np.matmul(ln(h, "lnf"), p["head.w"].ref).reshape([B * T, V]);
        drop(p);
        mask.dispose();
        return ce(o, y, V);
      },
    }[w.name];
  }
  const feeds = {
    xor: (b) => [F(b.x, [4, 2]), F(b.y, [4, 1])],
    mlp: (b) => [F(b.x, [64, 784]), F(b.y, [64])],
    lenet: (b) => [F(b.x, [64, 1, 32, 32]), F(b.y, [64])],
    lstm: (b, w) => [F(tmajor(b.x, w), [w.T * w.B]), F(tmajor(b.y, w), [w.T * w.B])],
    gpt: (b, w) => [F(b.x, [w.B * w.T]), F(b.y, [w.B * w.T])],
  };

  // optimizer update inside the jitted function; sc = [1/(1-b1^t), 1/(1-b2^t)] as scalar arrays
  function update(w, params, m, v, g, c1, c2) {
    const { kind, lr } = w.opt,
      np1 = {},
      nm = {},
      nv = {};
    for (const n of Object.keys(params)) {
      if (kind === "sgd") {
        np1[n] = params[n].sub(g[n].mul(lr));
        continue;
      }
      nm[n] = m[n].mul(0.9).add(g[n].ref.mul(0.1));
      nv[n] = v[n].mul(0.999).add(np.square(g[n]).mul(0.001));
      const mh = nm[n].ref.mul(c1.ref),
        vh = nv[n].ref.mul(c2.ref);
      np1[n] = params[n].sub(mh.div(np.sqrt(vh).add(1e-8)).mul(lr));
    }
    c1.dispose();
    c2.dispose();
    return [np1, nm, nv];
  }
  const init = (w, pre = "") => {
    const p = {},
      m = {},
      v = {};
    for (const q of w.params)
      if (q.name.startsWith(pre)) {
        p[q.name] = F(q.data, q.shape);
        if (w.opt.kind === "adam") {
          m[q.name] = np.zeros(q.shape);
          v[q.name] = np.zeros(q.shape);
        }
      }
    return { p, m, v, t: 0 };
  };
  const corr = (st) => {
    st.t++;
    return [S(1 / (1 - 0.9 ** st.t)), S(1 / (1 - 0.999 ** st.t))];
  };
  const read = async (a) => (await a.data())[0];

  function trainer(w, tricks = {}) {
    if (w.name === "gan") return ganTrainer(w);
    const loss = losses(w, tricks),
      st = init(w);
    const step = jit((p, m, v, c1, c2, x, y) => {
      const [l, g] = valueAndGrad(loss)(tree.ref(p), x, y);
      return [l, ...update(w, p, m, v, g, c1, c2)];
    });
    return {
      async step(i) {
        const [x, y] = feeds[w.name](w.batches[i % w.nBatch], w);
        const [l, p, m, v] = step(st.p, st.m, st.v, ...corr(st), x, y);
        Object.assign(st, { p, m, v });
        await jax.blockUntilReady(tree.ref(p)).then(tree.dispose);
        return read(l);
      },
    };
  }

  function ganTrainer(w) {
    const B = w.B,
      sd = init(w, "d."),
      sg = init(w, "g.");
    const G = (p, z) => {
      let h = convT(p, lin(p, z, "g.fc").reshape([B, 64, 7, 7]), "g.t1");
      const mu = np.mean(h.ref, [0, 2, 3], { keepdims: true });
      h = h.sub(mu);
      const va = np.mean(np.square(h.ref), [0, 2, 3], { keepdims: true });
      h = h
        .div(np.sqrt(va.add(1e-5)))
        .mul(p["g.bn.g"].ref.reshape([-1, 1, 1]))
        .add(p["g.bn.b"].ref.reshape([-1, 1, 1]));
      return np.tanh(convT(p, nn.relu(h), "g.t2"));
    };
    const D = (p, x) => {
      const h = nn.leakyRelu(conv(p, nn.leakyRelu(conv(p, x, "d.c1", 2, 1), 0.2), "d.c2", 2, 1), 0.2);
      return lin(p, h.reshape([B, 3136]), "d.fc");
    };
    const lossD = (pd, pg, x, z) => {
      const fake = lax.stopGradient(G(pg, z));
      drop(pg);
      const l = nn
        .softplus(D(pd, x).mul(-1))
        .mean()
        .add(nn.softplus(D(pd, fake)).mean());
      drop(pd);
      return l;
    };
    const lossG = (pg, pd, z) => {
      const l = nn.softplus(D(pd, G(pg, z)).mul(-1)).mean();
      drop(pd);
      drop(pg);
      return l;
    };
    const stepD = jit((p, m, v, c1, c2, pg, x, z) => {
      const [l, g] = valueAndGrad(lossD)(tree.ref(p), pg, x, z);
      return [l, ...update(w, p, m, v, g, c1, c2)];
    });
    const stepG = jit((p, m, v, c1, c2, pd, z) => {
      const [l, g] = valueAndGrad(lossG)(tree.ref(p), pd, z);
      return [l, ...update(w, p, m, v, g, c1, c2)];
    });
    return {
      async step(i) {
        const b = w.batches[i % w.nBatch],
          x = F(b.x, [B, 1, 28, 28]),
          z1 = F(b.z1, [B, 64]),
          z2 = F(b.z2, [B, 64]);
        let [ld, p, m, v] = stepD(sd.p, sd.m, sd.v, ...corr(sd), tree.ref(sg.p), x, z1);
        Object.assign(sd, { p, m, v });
        const l0 = await read(ld);
        let lg;
        [lg, p, m, v] = stepG(sg.p, sg.m, sg.v, ...corr(sg), tree.ref(sd.p), z2);
        Object.assign(sg, { p, m, v });
        await jax.blockUntilReady(tree.ref(p)).then(tree.dispose);
        return [l0, await read(lg)];
      },
    };
  }
  function forward(w, tricks = {}) {
    const f = jit(losses(w, tricks)),
      st = init(w);
    return { step: async (i) => read(f(tree.ref(st.p), ...feeds[w.name](w.batches[i % w.nBatch], w))) };
  }
  // Naive user: keeps a needless .ref on every result and never disposes (eager forward pass).
  function leak(w) {
    const st = init(w),
      f = losses(w, {});
    const eager = async (i) => {
      const [x, y] = feeds[w.name](w.batches[i % w.nBatch], w);
      const l = f(tree.ref(st.p), x.ref, y.ref);
      return read(l.ref);
    };
    return { infer: eager, live: () => NaN };
  }
  return {
    jax,
    info: () => ({ backend: jax.defaultDevice(), version: "0.1.25", threads: variant === "wasm-mt" ? 2 : 1 }),
    kernel,
    trainer,
    forward,
    leak,
    tricks: { onehot: true, attn: true },
  };
}

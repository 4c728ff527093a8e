// Shared, framework-neutral definition of every workload: shapes, fixed-seed initial weights and data.
// Layouts: linear weights [in,out]; conv weights [out,in,kh,kw]; transposed-conv weights [in,out,kh,kw]; images NCHW.

export function rng(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}
export const size = (shape) => shape.reduce((a, b) => a * b, 1);
function fill(n, r, lo = -1, hi = 1) {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) out[i] = lo + (hi - lo) * r();
  return out;
}

class Params {
  constructor(r) {
    this.r = r;
    this.list = [];
    this.by = {};
  }
  put(name, shape, data) {
    const p = { name, shape, data };
    this.list.push(p);
    this.by[name] = p;
  }
  // uniform(-1/sqrt(fanIn), 1/sqrt(fanIn))
  uni(name, shape, fanIn) {
    const k = 1 / Math.sqrt(fanIn);
    this.put(name, shape, fill(size(shape), this.r, -k, k));
  }
  linear(name, i, o, bias = true) {
    this.uni(name + ".w", [i, o], i);
    if (bias) this.uni(name + ".b", [o], i);
  }
  conv(name, o, i, k) {
    this.uni(name + ".w", [o, i, k, k], i * k * k);
    this.uni(name + ".b", [o], i * k * k);
  }
  convT(name, i, o, k) {
    this.uni(name + ".w", [i, o, k, k], (i * k * k) / 4);
    this.uni(name + ".b", [o], (i * k * k) / 4);
  }
  ones(name, n) {
    this.put(name, [n], new Float32Array(n).fill(1));
  }
  zeros(name, n) {
    this.put(name, [n], new Float32Array(n));
  }
}

// A text-like token stream that a small model can learn quickly.
function tokens(r, B, T, V) {
  const x = new Int32Array(B * T),
    y = new Int32Array(B * T);
  for (let b = 0; b < B; b++) {
    let c = Math.floor(r() * V);
    for (let t = 0; t < T; t++) {
      x[b * T + t] = c;
      c = r() < 0.1 ? Math.floor(r() * V) : (c * 3 + 7) % V;
      y[b * T + t] = c;
    }
  }
  return { x, y };
}
// Ten noisy class prototypes, so that classification losses fall.
function classes(r, nBatch, B, dim, k) {
  const proto = Array.from({ length: k }, () => fill(dim, r));
  return Array.from({ length: nBatch }, () => {
    const x = new Float32Array(B * dim),
      y = new Int32Array(B);
    for (let b = 0; b < B; b++) {
      y[b] = Math.floor(r() * k);
      for (let i = 0; i < dim; i++) x[b * dim + i] = 0.5 * proto[y[b]][i] + (r() - 0.5);
    }
    return { x, y };
  });
}

export const WORKS = ["xor", "mlp", "lenet", "lstm", "gpt", "gan"];
// Small models, where the framework's own overhead is what is timed. `model` names the structure, which is that of the big work:
// tiny-lstm, tiny-gpt: `lstm` and `gpt` with the sizes below, one training step. fwd:tiny-policy: 4-16-16-2, tanh, batch 1, no
// gradient; a step takes an observation (4 floats) from the host and returns both logits to it (they stand in for the loss).
export const TINY = ["tiny-lstm", "fwd:tiny-policy", "tiny-gpt"];

export function work(name) {
  const r = rng(1234),
    p = new Params(r);
  const w = {
    name,
    model: name.replace("tiny-", ""),
    p: p.by,
    params: p.list,
    nBatch: 4,
    warm: 5,
    iters: 25,
  };
  if (name === "xor") {
    Object.assign(w, { opt: { kind: "sgd", lr: 0.5 }, warm: 100, iters: 500, B: 4, nBatch: 1 });
    p.linear("l1", 2, 8);
    p.linear("l2", 8, 1);
    w.batches = [{ x: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), y: new Float32Array([0, 1, 1, 0]) }];
  } else if (name === "mlp") {
    Object.assign(w, { opt: { kind: "adam", lr: 1e-3 }, B: 64, D: 784, K: 10 });
    p.linear("l1", 784, 256);
    p.linear("l2", 256, 128);
    p.linear("l3", 128, 10);
    w.batches = classes(r, 4, 64, 784, 10);
  } else if (name === "lenet") {
    Object.assign(w, { opt: { kind: "adam", lr: 1e-3 }, B: 64, K: 10 });
    p.conv("c1", 6, 1, 5);
    p.conv("c2", 16, 6, 5);
    p.linear("f1", 400, 120);
    p.linear("f2", 120, 84);
    p.linear("f3", 84, 10);
    w.batches = classes(r, 4, 64, 1024, 10);
  } else if (name === "tiny-policy") {
    Object.assign(w, { warm: 500, iters: 5000, B: 1, D: 4, K: 2 });
    p.linear("l1", 4, 16);
    p.linear("l2", 16, 16);
    p.linear("l3", 16, 2);
    w.batches = Array.from({ length: 4 }, () => ({ x: fill(4, r) }));
  } else if (w.model === "lstm") {
    if (name === "lstm")
      Object.assign(w, { opt: { kind: "adam", lr: 3e-3 }, B: 32, T: 32, V: 65, E: 64, H: 128 });
    else
      Object.assign(w, {
        opt: { kind: "sgd", lr: 0.1 },
        warm: 100,
        iters: 1000,
        B: 1,
        T: 16,
        V: 65,
        E: 32,
        H: 32,
      });
    const { B, T, V, E, H } = w;
    p.uni("emb", [V, E], 4);
    p.uni("wx", [E, 4 * H], H);
    p.uni("wh", [H, 4 * H], H);
    p.uni("b", [4 * H], H); // gate order i,f,g,o
    p.linear("head", H, V);
    w.batches = Array.from({ length: 4 }, () => tokens(r, B, T, V));
  } else if (w.model === "gpt") {
    if (name === "gpt")
      Object.assign(w, { opt: { kind: "adam", lr: 1e-3 }, B: 16, T: 64, V: 65, C: 128, L: 4, NH: 4 });
    else
      Object.assign(w, {
        opt: { kind: "adam", lr: 1e-3 },
        warm: 100,
        iters: 1000,
        B: 1,
        T: 16,
        V: 65,
        C: 32,
        L: 2,
        NH: 2,
      });
    const { B, T, V, C, L } = w;
    p.uni("tok", [V, C], 64);
    p.uni("pos", [T, C], 64);
    for (let l = 0; l < L; l++) {
      p.ones(`h${l}.ln1.g`, C);
      p.zeros(`h${l}.ln1.b`, C);
      p.linear(`h${l}.qkv`, C, 3 * C);
      p.linear(`h${l}.proj`, C, C);
      p.ones(`h${l}.ln2.g`, C);
      p.zeros(`h${l}.ln2.b`, C);
      p.linear(`h${l}.up`, C, 4 * C);
      p.linear(`h${l}.down`, 4 * C, C);
    }
    p.ones("lnf.g", C);
    p.zeros("lnf.b", C);
    p.linear("head", C, V, false);
    w.batches = Array.from({ length: 4 }, () => tokens(r, B, T, V));
  } else if (name === "gan") {
    Object.assign(w, { opt: { kind: "adam", lr: 5e-4 }, B: 32, Z: 64 });
    p.linear("g.fc", 64, 64 * 49);
    p.convT("g.t1", 64, 32, 4);
    p.ones("g.bn.g", 32);
    p.zeros("g.bn.b", 32);
    p.convT("g.t2", 32, 1, 4);
    p.conv("d.c1", 32, 1, 4);
    p.conv("d.c2", 64, 32, 4);
    p.linear("d.fc", 64 * 49, 1);
    w.batches = classes(r, 4, 32, 784, 2).map((b) => ({
      x: b.x.map(Math.tanh),
      z1: fill(32 * 64, r),
      z2: fill(32 * 64, r),
    }));
  } else throw new Error("unknown work " + name);
  return w;
}

// ---- forward kernels -------------------------------------------------------------------------
const gelu = (x) => 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));

export function kernels() {
  const out = [];
  const add = (id, kind, inputs, extra, ref) => out.push({ id, kind, inputs, ref, ...extra });
  const t = (shape, seed) => ({ shape, data: fill(size(shape), rng(seed)) });
  for (const N of [64, 128, 256, 512, 1024]) {
    const a = t([N, N], N),
      b = t([N, N], N + 1);
    add(`matmul${N}`, "matmul", [a, b], { flops: 2 * N ** 3, N }, (i) => {
      let s = 0;
      const r0 = Math.floor(i / N),
        c = i % N;
      for (let k = 0; k < N; k++) s += a.data[r0 * N + k] * b.data[k * N + c];
      return s;
    });
  }
  {
    // the two transposed forms that a linear layer's backward pass needs
    const N = 256,
      a = t([N, N], N),
      b = t([N, N], N + 1);
    const rf = (ta, tb) => (i) => {
      let s = 0;
      const r0 = Math.floor(i / N),
        c = i % N;
      for (let k = 0; k < N; k++)
        s += a.data[ta ? k * N + r0 : r0 * N + k] * b.data[tb ? c * N + k : k * N + c];
      return s;
    };
    add("matmul256nt", "matmulNT", [a, b], { flops: 2 * N ** 3, N }, rf(0, 1));
    add("matmul256tn", "matmulTN", [a, b], { flops: 2 * N ** 3, N }, rf(1, 0));
  }
  const tiny = [t([4, 8], 3), t([4, 8], 4)];
  add("add32el", "add", tiny, {}, (i) => tiny[0].data[i] + tiny[1].data[i]);
  const M = 1 << 20,
    x = t([M], 5),
    y = t([M], 6);
  add("add1M", "add", [x, y], { bytes: 12 * M }, (i) => x.data[i] + y.data[i]);
  add("tanh1M", "tanh", [x], { bytes: 8 * M }, (i) => Math.tanh(x.data[i]));
  add("gelu1M", "gelu", [x], { bytes: 8 * M }, (i) => gelu(x.data[i]));
  let sum;
  add("sum1M", "sum", [x], { bytes: 4 * M }, () => (sum ??= x.data.reduce((p, c) => p + c, 0)));
  const s = t([512, 512], 7),
    g = t([512], 8),
    be = t([512], 9);
  const row = (i) => s.data.subarray(i - (i % 512), i - (i % 512) + 512);
  add("softmax512", "softmax", [s], { bytes: 8 * 512 * 512 }, (i) => {
    let d = 0;
    for (const v of row(i)) d += Math.exp(v);
    return Math.exp(s.data[i]) / d;
  });
  add("layernorm512", "layernorm", [s, g, be], { bytes: 8 * 512 * 512 }, (i) => {
    const q = row(i);
    let m = 0,
      v = 0;
    for (const e of q) m += e / 512;
    for (const e of q) v += (e - m) ** 2 / 512;
    return ((s.data[i] - m) / Math.sqrt(v + 1e-5)) * g.data[i % 512] + be.data[i % 512];
  });
  const cx = t([32, 16, 28, 28], 10),
    cw = t([32, 16, 3, 3], 11); // NCHW, OIHW
  add("conv3x3", "conv", [cx, cw], { flops: 2 * 32 * 32 * 28 * 28 * 16 * 9 }, (i) => {
    // i indexes NCHW output
    const X = i % 28,
      Y = Math.floor(i / 28) % 28,
      o = Math.floor(i / 784) % 32,
      n = Math.floor(i / (784 * 32));
    let a = 0;
    for (let c = 0; c < 16; c++)
      for (let dy = 0; dy < 3; dy++)
        for (let dx = 0; dx < 3; dx++) {
          const yy = Y + dy - 1,
            xx = X + dx - 1;
          if (yy >= 0 && yy < 28 && xx >= 0 && xx < 28)
            a += cx.data[((n * 16 + c) * 28 + yy) * 28 + xx] * cw.data[((o * 16 + c) * 3 + dy) * 3 + dx];
        }
    return a;
  });
  return out;
}

// Permute a dense array: returns data laid out in the order given by perm.
export function permute(data, shape, perm) {
  const oshape = perm.map((q) => shape[q]);
  const st = shape.map((_, i) => size(shape.slice(i + 1)));
  const out = new Float32Array(data.length),
    idx = new Array(shape.length).fill(0);
  for (let i = 0; i < out.length; i++) {
    let o = 0;
    for (let d = 0; d < idx.length; d++) o += idx[d] * st[perm[d]];
    out[i] = data[o];
    for (let d = idx.length - 1; d >= 0; d--) {
      if (++idx[d] < oshape[d]) break;
      idx[d] = 0;
    }
  }
  return out;
}

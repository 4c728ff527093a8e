// js-pytorch adapter (nested JS arrays, CPU). No conv, tanh, sigmoid, gelu or SGD.
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const nest = (d, s, o = 0) => {
  // flat typed array -> nested arrays
  if (s.length === 1) return Array.from(d.subarray(o, o + s[0]));
  const st = s.slice(1).reduce((a, b) => a * b, 1);
  return Array.from({ length: s[0] }, (_, i) => nest(d, s.slice(1), o + i * st));
};
export default async function open() {
  const { torch } = await import("js-pytorch");
  const nn = torch.nn,
    T = (t, g = false) => torch.tensor(nest(t.data, t.shape), g);
  const flat = (a) => (Array.isArray(a) ? Float32Array.from(a.flat(Infinity)) : Float32Array.of(a));
  function kernel(k) {
    if (["conv", "gelu", "tanh", "matmulNT", "matmulTN"].includes(k.kind)) throw new Error("no " + k.kind);
    const [a, b] = k.inputs.map((t) => T(t)),
      sm = new nn.Softmax(),
      ln = new nn.LayerNorm(512);
    const f = {
      matmul: () => torch.matmul(a, b),
      add: () => torch.add(a, b),
      softmax: () => sm.forward(a, -1),
      layernorm: () => {
        ln.gamma._data = nest(k.inputs[1].data, [512]);
        ln.beta._data = nest(k.inputs[2].data, [512]);
        return ln.forward(a);
      },
      sum: () => a.sum(),
    }[k.kind];
    return {
      run() {
        f();
      },
      fetch: async () => flat(f().data),
    };
  }
  function trainer(w) {
    const p = {};
    let params;
    for (const q of w.params) p[q.name] = T(q, true);
    const lin = (x, n) => torch.add(torch.matmul(x, p[n + ".w"]), p[n + ".b"]),
      relu = new nn.ReLU(),
      ce = new nn.CrossEntropyLoss();
    let loss;
    if (w.name === "xor")
      loss = (b) => {
        // ReLU + Adam: it has no tanh, sigmoid or SGD
        const d = torch.add(
          lin(relu.forward(lin(torch.tensor(nest(b.x, [4, 2])), "l1")), "l2"),
          torch.neg(torch.tensor(nest(b.y, [4, 1]))),
        );
        return torch.mul(d, d).mean(0).mean(0);
      };
    else if (w.name === "mlp")
      loss = (b) =>
        ce.forward(
          lin(relu.forward(lin(relu.forward(lin(torch.tensor(nest(b.x, [64, 784])), "l1")), "l2")), "l3"),
          torch.tensor(Array.from(b.y)),
        );
    else if (w.name === "gpt") {
      // its own Transformer Block: ReLU feed-forward instead of gelu, own initialisation
      const C = w.C,
        te = new nn.Embedding(w.V, C),
        pe = new nn.PositionalEmbedding(w.T, C);
      const blocks = Array.from({ length: w.L }, () => new nn.Block(C, C, w.NH, w.T, 0)),
        lnf = new nn.LayerNorm(C),
        head = new nn.Linear(C, w.V);
      params = [te, pe, ...blocks, lnf, head].flatMap((m) => m.parameters());
      loss = (b) => {
        const ids = torch.tensor(nest(b.x, [w.B, w.T]));
        let h = torch.add(te.forward(ids), pe.forward(ids));
        for (const k of blocks) h = k.forward(h);
        return ce.forward(head.forward(lnf.forward(h)), torch.tensor(nest(b.y, [w.B, w.T])));
      };
    } else
      throw new Error(
        "not expressible: " +
          (w.name === "lstm"
            ? "no recurrent layer, no concat/stack op to collect the outputs"
            : "no convolution"),
      );
    params ??= Object.values(p);
    const opt = new torch.optim.Adam(params, w.opt.lr > 0.1 ? 0.02 : w.opt.lr, 0, [0.9, 0.999], 1e-8);
    return {
      step(i) {
        const l = loss(w.batches[i % w.nBatch]);
        l.backward();
        opt.step();
        opt.zero_grad();
        const v = flat(l.data)[0];
        return v;
      },
    };
  }
  return { info: () => ({ backend: "JS nested arrays", version: "0.7.2", threads: 1 }), kernel, trainer };
}

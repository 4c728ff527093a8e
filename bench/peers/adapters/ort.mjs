// ONNX Runtime adapter (inference only). variants: node | node-mt | web | web-mt
import { Graph, INT64, FLOAT } from "../lib/onnx.mjs";
import { size } from "../lib/spec.mjs";
import { tmajor } from "../lib/layout.mjs";

export default async function open(variant) {
  const threads = variant.endsWith("-mt") ? 2 : 1,
    web = variant.startsWith("web");
  const ort = web ? await import("onnxruntime-web") : (await import("onnxruntime-node")).default;
  if (web) {
    ort.env.wasm.numThreads = threads;
  }
  const mk = (g, opt = "all") =>
    ort.InferenceSession.create(g.bytes(), {
      executionProviders: [web ? "wasm" : "cpu"],
      graphOptimizationLevel: opt,
      ...(web ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1 }),
      logSeverityLevel: 3,
    });

  // Operands live inside the graph (constants, folding off) and only one element leaves it, so that the
  // figure is the kernel and not the JS<->native copy. matmul operands are fed, so ORT cannot pre-pack them.
  async function kernel(k) {
    const build = (whole) => {
      const g = new Graph(),
        mm = k.kind.startsWith("matmul"),
        feeds = {};
      const ins = k.inputs.map((t, i) => {
        if (!mm) return g.init(t.data, t.shape);
        feeds["i" + i] = new ort.Tensor("float32", t.data, t.shape);
        return g.input("i" + i, t.shape);
      });
      const T = (x) => g.op("Transpose", [x], { perm: [1, 0] });
      const y = {
        matmul: () => g.op("MatMul", ins),
        matmulNT: () => g.op("Gemm", ins, { transB: 1 }),
        matmulTN: () => g.op("Gemm", ins, { transA: 1 }),
        add: () => g.op("Add", ins),
        tanh: () => g.op("Tanh", ins),
        gelu: () => g.op("Gelu", ins, { approximate: "tanh" }),
        softmax: () => g.op("Softmax", ins, { axis: -1 }),
        layernorm: () => g.op("LayerNormalization", ins, { axis: -1, epsilon: { f: 1e-5 } }),
        sum: () => g.op("ReduceSum", ins, { keepdims: 0 }),
        conv: () => g.op("Conv", ins, { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }),
      }[k.kind]();
      const n = k.kind === "conv" ? 32 * 32 * 784 : k.kind === "sum" ? 1 : size(k.inputs[0].shape);
      const flat = g.op("Reshape", [y, g.ints([-1])]);
      const out = whole ? flat : g.op("Gather", [flat, g.ints([0])]);
      g.output(out, [whole ? n : 1]);
      return { g, feeds, out };
    };
    const a = build(false),
      s = await mk(a.g, "disabled");
    return {
      async run() {
        await s.run(a.feeds);
      },
      async fetch() {
        const b = build(true),
          q = await mk(b.g, "disabled");
        return (await q.run(b.feeds))[b.out].data;
      },
    };
  }

  // Forward pass to logits inside ORT; the cross-entropy is then computed in JS (checked against the trainers' first loss).
  async function forward(w) {
    const g = new Graph(),
      P = Object.fromEntries(w.params.map((q) => [q.name, g.init(q.data, q.shape)]));
    const lin = (x, n) => g.op("Add", [g.op("MatMul", [x, P[n + ".w"]]), P[n + ".b"]]);
    const rs = (x, s) => g.op("Reshape", [x, g.ints(s)]),
      relu = (x) => g.op("Relu", [x]);
    const { B, T, V, C, NH, H } = w;
    let o, shape, rows, K, feed;
    if (w.name === "mlp") {
      o = lin(relu(lin(relu(lin(g.input("x", [64, 784]), "l1")), "l2")), "l3");
      rows = 64;
      K = 10;
      feed = (b) => [new ort.Tensor("float32", b.x, [64, 784]), b.y];
    } else if (w.name === "lenet") {
      const blk = (x, n) =>
        g.op("MaxPool", [relu(g.op("Conv", [x, P[n + ".w"], P[n + ".b"]], { kernel_shape: [5, 5] }))], {
          kernel_shape: [2, 2],
          strides: [2, 2],
        });
      o = lin(
        relu(lin(relu(lin(rs(blk(blk(g.input("x", [64, 1, 32, 32]), "c1"), "c2"), [64, 400]), "f1")), "f2")),
        "f3",
      );
      rows = 64;
      K = 10;
      feed = (b) => [new ort.Tensor("float32", b.x, [64, 1, 32, 32]), b.y];
    } else if (w.name === "lstm") {
      // ONNX gate order is i,o,f,c with [4H,in] weights
      const re = (p, rowsN) => {
        const {
            data,
            shape: [r, c],
          } = p,
          out = new Float32Array(data.length),
          ord = [0, 3, 1, 2];
        for (let q = 0; q < 4; q++)
          for (let j = 0; j < H; j++)
            for (let i = 0; i < r; i++) out[(q * H + j) * r + i] = data[i * c + ord[q] * H + j];
        return g.init(out, [1, 4 * H, r]);
      };
      const bb = new Float32Array(8 * H);
      [0, 3, 1, 2].forEach((s, q) => bb.set(w.p.b.data.subarray(s * H, s * H + H), q * H));
      const e = rs(g.op("Gather", [P.emb, g.input("x", [T * B], INT64)]), [T, B, w.E]);
      const [y] = g.op("LSTM", [e, re(w.p.wx), re(w.p.wh), g.init(bb, [1, 8 * H])], { hidden_size: H }, 3);
      o = lin(rs(y, [T * B, H]), "head");
      rows = T * B;
      K = V;
      feed = (b) => [
        new ort.Tensor("int64", BigInt64Array.from(tmajor(b.x, w), BigInt), [T * B]),
        tmajor(b.y, w),
      ];
    } else if (w.name === "gpt") {
      const ln = (x, n) =>
        g.op("LayerNormalization", [x, P[n + ".g"], P[n + ".b"]], { axis: -1, epsilon: { f: 1e-5 } });
      const md = new Float32Array(T * T);
      for (let i = 0; i < T; i++) for (let j = i + 1; j < T; j++) md[i * T + j] = -1e9;
      const mask = g.init(md, [T, T]),
        scale = g.scalar(1 / Math.sqrt(C / NH));
      let x = g.op("Add", [rs(g.op("Gather", [P.tok, g.input("x", [B * T], INT64)]), [B, T, C]), P.pos]);
      for (let l = 0; l < w.L; l++) {
        const [q, k, v] = g
          .op("Split", [lin(ln(x, `h${l}.ln1`), `h${l}.qkv`)], { axis: 2, num_outputs: 3 }, 3)
          .map((t) => rs(t, [B, T, NH, C / NH]));
        const tr = (t, perm) => g.op("Transpose", [t], { perm });
        const s = g.op(
          "Softmax",
          [
            g.op("Add", [
              g.op("Mul", [g.op("MatMul", [tr(q, [0, 2, 1, 3]), tr(k, [0, 2, 3, 1])]), scale]),
              mask,
            ]),
          ],
          { axis: -1 },
        );
        x = g.op("Add", [
          x,
          lin(rs(tr(g.op("MatMul", [s, tr(v, [0, 2, 1, 3])]), [0, 2, 1, 3]), [B, T, C]), `h${l}.proj`),
        ]);
        x = g.op("Add", [
          x,
          lin(g.op("Gelu", [lin(ln(x, `h${l}.ln2`), `h${l}.up`)], { approximate: "tanh" }), `h${l}.down`),
        ]);
      }
      o = rs(g.op("MatMul", [ln(x, "lnf"), P["head.w"]]), [B * T, V]);
      rows = B * T;
      K = V;
      feed = (b) => [new ort.Tensor("int64", BigInt64Array.from(b.x, BigInt), [B * T]), b.y];
    } else throw new Error("no forward graph for " + w.name);
    g.output(o, [rows, K]);
    const s = await mk(g);
    return {
      async step(i) {
        const [x, y] = feed(w.batches[i % w.nBatch]),
          d = (await s.run({ x }))[o].data;
        let loss = 0;
        for (let r = 0; r < rows; r++) {
          let m = -Infinity,
            z = 0;
          for (let c = 0; c < K; c++) m = Math.max(m, d[r * K + c]);
          for (let c = 0; c < K; c++) z += Math.exp(d[r * K + c] - m);
          loss += Math.log(z) + m - d[r * K + y[r]];
        }
        return loss / rows;
      },
    };
  }
  return {
    info: () => ({ backend: web ? "wasm" : "native cpu", version: "1.30.0", threads }),
    kernel,
    forward,
  };
}

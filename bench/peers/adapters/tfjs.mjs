// TensorFlow.js adapter. variants: cpu | wasm | wasm-mt | wasm-tuned (1 thread, see below)
import { createRequire } from "node:module";
import path from "node:path";
import { permute } from "../lib/spec.mjs";
import { tmajor } from "../lib/layout.mjs";
import { shim } from "../lib/tfjs-threads.mjs";
const require = createRequire(import.meta.url);

export default async function open(variant) {
  const warn = console.warn;
  if (variant !== "wasm-mt") console.warn = () => {};
  let undo = () => {};
  const tf = require("@tensorflow/tfjs");
  if (variant !== "cpu") {
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    const dir = path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + "/";
    wasm.setWasmPaths(dir);
    if (variant === "wasm-mt") {
      undo = shim();
      tf.env().set("WASM_HAS_SIMD_SUPPORT", true);
      tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", true);
      wasm.setThreadsCount(2);
    }
  }
  await tf.setBackend(variant === "cpu" ? "cpu" : "wasm");
  await tf.ready();
  console.warn = warn;
  undo();
  if (tf.getBackend() !== (variant === "cpu" ? "cpu" : "wasm"))
    throw new Error("backend did not start: " + tf.getBackend());

  if (variant === "wasm-tuned") {
    // The wasm BatchMatMul uses XNNPACK only when neither operand is transposed; every backward pass transposes one.
    // Copy the transposed operand first, to see what tfjs would do without that flaw. (An expert user's patch, not stock tfjs.)
    const k = tf.getKernel("BatchMatMul", "wasm");
    const flip = (x) =>
      tf.transpose(
        x,
        [...x.shape.keys()].map((d, i, a) => (i < a.length - 2 ? d : a.length - 2 + (a.length - 1 - i))),
      );
    tf.unregisterKernel("BatchMatMul", "wasm");
    tf.registerKernel({
      ...k,
      kernelFunc: ({ inputs: { a, b }, backend, attrs: { transposeA, transposeB } }) => {
        const a2 = transposeA ? flip(a) : a,
          b2 = transposeB ? flip(b) : b;
        const y = k.kernelFunc({
          inputs: { a: a2, b: b2 },
          backend,
          attrs: { transposeA: false, transposeB: false },
        });
        if (a2 !== a) a2.dispose();
        if (b2 !== b) b2.dispose();
        return y;
      },
    });
  }
  const T = (o) => tf.tensor(o.data, o.shape);
  const gelu = (x) =>
    tf.tidy(() => {
      const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(0.7978845608028654);
      return x.mul(0.5).mul(inner.tanh().add(1));
    });
  const layernorm = (x, g, b) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return x.sub(mean).mul(variance.add(1e-5).rsqrt()).mul(g).add(b);
  };

  function kernel(k) {
    let f;
    if (k.kind === "conv") {
      const x = tf.tensor(permute(k.inputs[0].data, k.inputs[0].shape, [0, 2, 3, 1]), [32, 28, 28, 16]);
      const w = tf.tensor(permute(k.inputs[1].data, k.inputs[1].shape, [2, 3, 1, 0]), [3, 3, 16, 32]);
      f = () => tf.conv2d(x, w, 1, "same");
    } else {
      const [a, b, c] = k.inputs.map(T);
      f = {
        matmul: () => tf.matMul(a, b),
        matmulNT: () => tf.matMul(a, b, false, true),
        matmulTN: () => tf.matMul(a, b, true, false),
        add: () => tf.add(a, b),
        tanh: () => tf.tanh(a),
        gelu: () => gelu(a),
        softmax: () => tf.softmax(a),
        layernorm: () => tf.tidy(() => layernorm(a, b, c)),
        sum: () => a.sum(),
      }[k.kind];
    }
    return {
      run() {
        f().dispose();
      },
      async fetch() {
        const y = f();
        const d = await y.data();
        return k.kind === "conv" ? permute(d, [32, 28, 28, 32], [0, 3, 1, 2]) : d;
      },
    };
  }

  // User-level way round the missing Conv2DBackpropFilter kernel of the wasm backend: the filter gradient is itself a
  // convolution, with batch and channels swapped and dy as the (dilated) filter. x [n,h,w,i], dy [n,oh,ow,o] -> [k,k,i,o]
  const dFilter = (x, dy, s, pad) => {
    const p = pad
      ? tf.pad(x, [
          [0, 0],
          [pad, pad],
          [pad, pad],
          [0, 0],
        ])
      : x;
    return tf
      .conv2d(p.transpose([3, 1, 2, 0]), dy.transpose([1, 2, 0, 3]), 1, "valid", "NHWC", s)
      .transpose([1, 2, 0, 3]);
  };
  const convOp = tf.customGrad((x, w, save) => {
    const [s, pad] = convOp.cfg,
      value = tf.conv2d(x, w, s, pad ? "same" : "valid"),
      xs = x.shape;
    save([x, w]);
    return {
      value,
      gradFunc: (dy, [x, w]) => [
        tf.conv2dTranspose(dy, w, xs, s, pad ? "same" : "valid"),
        dFilter(x, dy, s, pad),
      ],
    };
  });
  const convTOp = tf.customGrad((x, w, save) => {
    const value = tf.conv2dTranspose(
      x,
      w,
      [x.shape[0], x.shape[1] * 2, x.shape[2] * 2, w.shape[2]],
      2,
      "same",
    );
    save([x, w]);
    return { value, gradFunc: (dy, [x, w]) => [tf.conv2d(dy, w, 2, "same"), dFilter(dy, x, 2, 1)] };
  });
  const conv = (tricks, x, w, s, pad) => {
    if (!tricks.conv) return tf.conv2d(x, w, s, pad ? "same" : "valid");
    convOp.cfg = [s, pad];
    return convOp(x, w);
  };
  const convT = (tricks, x, w) =>
    tricks.conv
      ? convTOp(x, w)
      : tf.conv2dTranspose(x, w, [x.shape[0], x.shape[1] * 2, x.shape[2] * 2, w.shape[2]], 2, "same");

  // loss functions: (vars, batch tensors) -> scalar
  function model(w, tricks) {
    const v = {};
    for (const q of w.params) {
      let { data, shape, name } = q;
      if (shape.length === 4) {
        // OIHW -> HWIO ; transposed conv [I,O,H,W] -> [H,W,O,I]
        data = permute(data, shape, [2, 3, 1, 0]);
        shape = [shape[2], shape[3], shape[1], shape[0]];
      } else if (name === "f1.w")
        data = permute(data, [16, 25, 120], [1, 0, 2]); // CHW rows -> HWC rows
      else if (name === "d.fc.w") data = permute(data, [64, 49, 1], [1, 0, 2]);
      else if (name === "g.fc.w") data = permute(data, [64, 64, 49], [0, 2, 1]);
      else if (name === "g.fc.b") data = permute(data, [64, 49], [1, 0]);
      v[name] = tf.variable(tf.tensor(data, shape), true);
    }
    const lin = (x, n) => x.matMul(v[n + ".w"]).add(v[n + ".b"]);
    const ce = (logits, y, K) => tf.losses.softmaxCrossEntropy(tf.oneHot(y, K), logits);
    // embedding lookup; tricks.onehot replaces gather whose gradient may be missing on a backend
    const embed = (tab, idx, V) =>
      tricks.onehot ? tf.oneHot(idx, V).toFloat().matMul(tab) : tf.gather(tab, idx);
    if (w.name === "xor")
      return {
        v,
        loss: (b) => {
          const p = lin(lin(b.x, "l1").tanh(), "l2").sigmoid();
          return p.sub(b.y).square().mean();
        },
        feed: (b) => ({ x: tf.tensor(b.x, [4, 2]), y: tf.tensor(b.y, [4, 1]) }),
      };
    if (w.name === "mlp")
      return {
        v,
        loss: (b) => ce(lin(lin(lin(b.x, "l1").relu(), "l2").relu(), "l3"), b.y, 10),
        feed: (b) => ({ x: tf.tensor(b.x, [64, 784]), y: tf.tensor(b.y, [64], "int32") }),
      };
    if (w.name === "lenet")
      return {
        v,
        loss: (b) => {
          let h = conv(tricks, b.x, v["c1.w"], 1, 0).add(v["c1.b"]).relu();
          h = tf.maxPool(h, 2, 2, "valid");
          h = conv(tricks, h, v["c2.w"], 1, 0).add(v["c2.b"]).relu();
          h = tf.maxPool(h, 2, 2, "valid");
          return ce(lin(lin(lin(h.reshape([64, 400]), "f1").relu(), "f2").relu(), "f3"), b.y, 10);
        },
        feed: (b) => ({ x: tf.tensor(b.x, [64, 32, 32, 1]), y: tf.tensor(b.y, [64], "int32") }),
      };
    if (w.name === "lstm")
      return {
        v,
        loss: (b) => {
          const { B, T: L, H } = w;
          const e = embed(v.emb, b.x, 65); // [T*B, E], time-major
          const xs = tf.split(e.matMul(v.wx).add(v.b), L, 0); // T x [B,4H]
          let h = tf.zeros([B, H]),
            c = tf.zeros([B, H]);
          const hs = [];
          for (let t = 0; t < L; t++) {
            const [i, f, g, o] = tf.split(xs[t].add(h.matMul(v.wh)), 4, 1);
            c = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
            h = o.sigmoid().mul(c.tanh());
            hs.push(h);
          }
          return ce(lin(tf.concat(hs, 0), "head"), b.y, 65);
        },
        feed: (b) => ({
          x: tf.tensor(tmajor(b.x, w), [w.T * w.B], "int32"),
          y: tf.tensor(tmajor(b.y, w), [w.T * w.B], "int32"),
        }),
      };
    if (w.name === "gpt") {
      const { B, T: L, C, NH } = w;
      const md = new Float32Array(L * L);
      for (let i = 0; i < L; i++) for (let j = i + 1; j < L; j++) md[i * L + j] = -1e9;
      const mask = tf.tensor(md, [L, L]);
      const ln = (x, n) => layernorm(x, v[n + ".g"], v[n + ".b"]);
      const heads = (x) => x.reshape([B, L, NH, C / NH]).transpose([0, 2, 1, 3]);
      return {
        v,
        loss: (b) => {
          let x = embed(v.tok, b.x, 65)
            .reshape([B, L, C])
            .add(v.pos)
            .reshape([B * L, C]);
          for (let l = 0; l < w.L; l++) {
            const [q, k, u] = tf.split(lin(ln(x, `h${l}.ln1`), `h${l}.qkv`), 3, 1).map(heads);
            const a = tf.softmax(
              tf
                .matMul(q, k, false, true)
                .mul(1 / Math.sqrt(C / NH))
                .add(mask),
            );
            const o = tf
              .matMul(a, u)
              .transpose([0, 2, 1, 3])
              .reshape([B * L, C]);
            x = x.add(lin(o, `h${l}.proj`));
            x = x.add(lin(gelu(lin(ln(x, `h${l}.ln2`), `h${l}.up`)), `h${l}.down`));
          }
          return ce(ln(x, "lnf").matMul(v["head.w"]), b.y, 65);
        },
        feed: (b) => ({ x: tf.tensor(b.x, [B * L], "int32"), y: tf.tensor(b.y, [B * L], "int32") }),
      };
    }
    throw new Error("no model for " + w.name);
  }

  const optimizer = (o) => (o.kind === "sgd" ? tf.train.sgd(o.lr) : tf.train.adam(o.lr, 0.9, 0.999, 1e-8));

  function ganTrainer(w, tricks) {
    const v = {};
    for (const q of w.params) {
      let { data, shape, name } = q;
      if (shape.length === 4) {
        data = permute(data, shape, [2, 3, 1, 0]);
        shape = [shape[2], shape[3], shape[1], shape[0]];
      } else if (name === "d.fc.w") data = permute(data, [64, 49, 1], [1, 0, 2]);
      else if (name === "g.fc.w") data = permute(data, [64, 64, 49], [0, 2, 1]);
      else if (name === "g.fc.b") data = permute(data, [64, 49], [1, 0]);
      v[name] = tf.variable(tf.tensor(data, shape), true);
    }
    const B = w.B;
    const G = (z) => {
      let h = z.matMul(v["g.fc.w"]).add(v["g.fc.b"]).reshape([B, 7, 7, 64]);
      h = convT(tricks, h, v["g.t1.w"]).add(v["g.t1.b"]);
      const { mean, variance } = tf.moments(h, [0, 1, 2]);
      h = tf.batchNorm(h, mean, variance, v["g.bn.b"], v["g.bn.g"], 1e-5).relu();
      return convT(tricks, h, v["g.t2.w"]).add(v["g.t2.b"]).tanh();
    };
    const D = (x) => {
      let h = conv(tricks, x, v["d.c1.w"], 2, 1).add(v["d.c1.b"]).leakyRelu(0.2);
      h = conv(tricks, h, v["d.c2.w"], 2, 1).add(v["d.c2.b"]).leakyRelu(0.2);
      return h.reshape([B, 3136]).matMul(v["d.fc.w"]).add(v["d.fc.b"]);
    };
    const bce = (logits, t) => tf.losses.sigmoidCrossEntropy(tf.fill([B, 1], t), logits);
    const of = (p) =>
      Object.keys(v)
        .filter((n) => n.startsWith(p))
        .map((n) => v[n]);
    const oD = optimizer(w.opt),
      oG = optimizer(w.opt),
      vD = of("d."),
      vG = of("g.");
    return {
      step(i) {
        const b = w.batches[i % w.nBatch];
        return tf.tidy(() => {
          const x = tf.tensor(b.x, [B, 28, 28, 1]),
            z1 = tf.tensor(b.z1, [B, 64]),
            z2 = tf.tensor(b.z2, [B, 64]);
          const fake = G(z1);
          const ld = oD.minimize(() => bce(D(x), 1).add(bce(D(fake), 0)), true, vD).dataSync()[0];
          const lg = oG.minimize(() => bce(D(G(z2)), 1), true, vG).dataSync()[0];
          return [ld, lg];
        });
      },
    };
  }

  function trainer(w, tricks = {}) {
    if (w.name === "gan") return ganTrainer(w, tricks);
    const m = model(w, tricks),
      opt = optimizer(w.opt),
      vars = Object.values(m.v);
    return {
      step(i) {
        return tf.tidy(() => {
          const b = m.feed(w.batches[i % w.nBatch]);
          return opt.minimize(() => m.loss(b), true, vars).dataSync()[0];
        });
      },
    };
  }
  function forward(w, tricks = {}) {
    const m = model(w, tricks);
    return { step: (i) => tf.tidy(() => m.loss(m.feed(w.batches[i % w.nBatch])).dataSync()[0]) };
  }
  // Naive user who forgets tidy/dispose.
  function leak(w) {
    const m = model(w, {}),
      opt = optimizer(w.opt),
      vars = Object.values(m.v);
    return {
      infer: (i) => m.loss(m.feed(w.batches[i % w.nBatch])).dataSync()[0],
      train: (i) => {
        const b = m.feed(w.batches[i % w.nBatch]);
        return opt.minimize(() => m.loss(b), true, vars).dataSync()[0];
      },
      live: () => tf.memory().numTensors,
    };
  }
  const info = () => ({
    backend: tf.getBackend(),
    version: tf.version_core,
    threads: variant === "wasm-mt" ? require("@tensorflow/tfjs-backend-wasm").getThreadsCount() : 1,
  });
  return { tf, info, kernel, trainer, forward, leak, tricks: { onehot: true, conv: true } };
}

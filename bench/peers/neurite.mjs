// Neurite's adapter: variants '' (one thread) and 'mt' (two). The interface is described at the top of peers.mjs.
import {
  backendInfo,
  conv2d,
  gelu,
  init,
  layerNorm,
  matmul,
  memory,
  noGrad,
  scope,
  softmax,
  sum,
  tanh,
  tensor,
  add,
  transpose,
} from "neurite";
import { Adam, SGD } from "neurite/optim";
import { buildGan, buildModel } from "./neurite-models.mjs";

export default async function open(variant) {
  await init({ relaxedSimd: true, threads: variant === "mt" ? 2 : 1 });

  function kernel({ kind, inputs }) {
    const [a, b, c] = inputs.map(({ data, shape }) => tensor(data, { shape }));
    const call = {
      matmul: () => matmul(a, b),
      matmulNT: () => matmul(a, transpose(b)),
      matmulTN: () => matmul(transpose(a), b),
      add: () => add(a, b),
      tanh: () => tanh(a),
      gelu: () => gelu(a, { approximate: "tanh" }),
      sum: () => sum(a),
      softmax: () => softmax(a, -1),
      layernorm: () => layerNorm(a, 512, b, c),
      conv: () => conv2d(a, b, null, { padding: 1 }),
    }[kind];
    return {
      run: () => call().dispose(),
      fetch: () => scope(() => call().dataSync()),
      close: () => [a, b, c].forEach((x) => x?.dispose()),
    };
  }

  const optimizer = ({ kind, lr }, parameters) => new (kind === "sgd" ? SGD : Adam)(parameters, { lr });

  function trainer(w) {
    if (w.name === "gan") return ganTrainer(w);
    const { model, loss } = buildModel(w);
    const opt = optimizer(w.opt, model.parameters());
    return {
      step: (i) =>
        scope(() => {
          const y = loss(w.batches[i % w.nBatch]);
          opt.zeroGrad();
          y.backward();
          opt.step();
          return y.itemSync();
        }),
    };
  }

  function ganTrainer(w) {
    const { generator, discriminator, lossD, lossG } = buildGan(w);
    const optD = optimizer(w.opt, discriminator.parameters());
    const optG = optimizer(w.opt, generator.parameters());
    const minimize = (opt, y) => {
      opt.zeroGrad();
      y.backward();
      opt.step();
      return y.itemSync();
    };
    return {
      step: (i) =>
        scope(() => {
          const batch = w.batches[i % w.nBatch];
          const d = minimize(optD, lossD(batch));
          discriminator.requiresGrad(false);
          const g = minimize(optG, lossG(batch));
          discriminator.requiresGrad(true);
          return [d, g];
        }),
    };
  }

  function forward(w) {
    const { loss } = buildModel(w);
    const read = w.name === "tiny-policy" ? (y) => [...y.dataSync()] : (y) => y.itemSync();
    return { step: (i) => scope(() => noGrad(() => read(loss(w.batches[i % w.nBatch])))) };
  }

  // A user who knows nothing of scopes.
  function leak(w) {
    const { model, loss } = buildModel(w);
    const opt = optimizer(w.opt, model.parameters());
    return {
      infer: (i) => loss(w.batches[i % w.nBatch]).itemSync(),
      train: (i) => {
        const y = loss(w.batches[i % w.nBatch]);
        opt.zeroGrad();
        y.backward();
        opt.step();
        return y.itemSync();
      },
      live: () => memory().tensors,
    };
  }

  return { info: () => backendInfo(), kernel, trainer, forward, leak };
}

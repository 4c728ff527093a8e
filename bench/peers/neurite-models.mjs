// The workloads of lib/spec.mjs as a user of Neurite writes them: modules, with the spec's weights put in.
import { binaryCrossEntropyWithLogits, crossEntropy, mseLoss, onesLike, tensor, zerosLike } from "neurite";
import {
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Embedding,
  Flatten,
  GELU,
  LayerNorm,
  LSTM,
  LeakyReLU,
  Linear,
  MaxPool2d,
  Module,
  MultiheadAttention,
  ReLU,
  Sequential,
  Sigmoid,
  Tanh,
  Unflatten,
} from "neurite/nn";
import { permute } from "./lib/spec.mjs";

/** A model with the spec's weights, and the loss of one of its batches. */
export function buildModel(w) {
  return MODELS[w.model](w);
}

const floats = (data, ...shape) => tensor(data, { shape });
const integers = (data, ...shape) => tensor(data, { shape, dtype: "int32" });

/** Puts weights of the spec into a module: linear ones are stored there as [in, out]. */
function load(module, w, name, names = { weight: "w", bias: "b" }) {
  const state = new Map();
  for (const [own, theirs] of Object.entries(names)) {
    const { data, shape } = w.p[`${name}.${theirs}`];
    const turned = shape.length === 2 && module instanceof Linear;
    state.set(
      own,
      turned ? floats(permute(data, shape, [1, 0]), shape[1], shape[0]) : floats(data, ...shape),
    );
  }
  module.loadStateDict(state);
  for (const value of state.values()) value.dispose();
  return module;
}

const linear = (w, name) => {
  const { shape } = w.p[`${name}.w`];
  const bias = `${name}.b` in w.p;
  return load(new Linear(...shape, { bias }), w, name, bias ? undefined : { weight: "w" });
};

const MODELS = {
  xor(w) {
    const model = new Sequential(linear(w, "l1"), new Tanh(), linear(w, "l2"), new Sigmoid());
    return { model, loss: ({ x, y }) => mseLoss(model.forward(floats(x, 4, 2)), floats(y, 4, 1)) };
  },

  mlp(w) {
    const model = new Sequential(linear(w, "l1"), new ReLU(), linear(w, "l2"), new ReLU(), linear(w, "l3"));
    return { model, loss: ({ x, y }) => crossEntropy(model.forward(floats(x, w.B, w.D)), integers(y, w.B)) };
  },

  lenet(w) {
    const conv = (name, i, o) => load(new Conv2d(i, o, 5), w, name);
    const model = new Sequential(
      ...[conv("c1", 1, 6), new ReLU(), new MaxPool2d(2)],
      ...[conv("c2", 6, 16), new ReLU(), new MaxPool2d(2), new Flatten()],
      ...[linear(w, "f1"), new ReLU(), linear(w, "f2"), new ReLU(), linear(w, "f3")],
    );
    return {
      model,
      loss: ({ x, y }) => crossEntropy(model.forward(floats(x, w.B, 1, 32, 32)), integers(y, w.B)),
    };
  },

  policy(w) {
    const model = new Sequential(linear(w, "l1"), new Tanh(), linear(w, "l2"), new Tanh(), linear(w, "l3"));
    return { model, loss: ({ x }) => model.forward(floats(x, w.B, w.D)) };
  },

  lstm(w) {
    const model = new CharLstm(w);
    return {
      model,
      loss: ({ x, y }) => crossEntropy(model.forward(integers(x, w.B, w.T)), integers(y, w.B * w.T)),
    };
  },

  gpt(w) {
    const model = new Gpt(w);
    return {
      model,
      loss: ({ x, y }) => crossEntropy(model.forward(integers(x, w.B, w.T)), integers(y, w.B * w.T)),
    };
  },
};

class CharLstm extends Module {
  constructor(w) {
    super();
    const { V, E, H } = w;
    this.embedding = new Embedding(V, E);
    this.lstm = new LSTM(E, H, { batchFirst: true });
    this.head = linear(w, "head");
    const put = (name, data, ...shape) => [name, floats(data, ...shape)];
    const zeros = new Float32Array(4 * H);
    this.lstm.loadStateDict(
      new Map([
        put("weight_ih_l0", permute(w.p.wx.data, [E, 4 * H], [1, 0]), 4 * H, E),
        put("weight_hh_l0", permute(w.p.wh.data, [H, 4 * H], [1, 0]), 4 * H, H),
        put("bias_ih_l0", w.p.b.data, 4 * H),
        put("bias_hh_l0", zeros, 4 * H),
      ]),
    );
    // The spec has one bias; the second stays 0, as in the PyTorch peer.
    this.lstm.biasHhL0.setRequiresGrad(false);
    this.embedding.loadStateDict(new Map([put("weight", w.p.emb.data, V, E)]));
  }

  forward(x) {
    const [y] = this.lstm.forward(this.embedding.forward(x));
    return this.head.forward(y).reshape([-1, this.head.outFeatures]);
  }
}

const layerNorm = (w, name, size) => load(new LayerNorm(size), w, name, { weight: "g", bias: "b" });

class Block extends Module {
  constructor(w, name) {
    super();
    this.ln1 = layerNorm(w, `${name}.ln1`, w.C);
    this.attention = new MultiheadAttention(w.C, w.NH, { batchFirst: true });
    const { qkv, proj } = { qkv: linear(w, `${name}.qkv`), proj: linear(w, `${name}.proj`) };
    this.attention.loadStateDict(
      new Map([
        ["in_proj_weight", qkv.weight],
        ["in_proj_bias", qkv.bias],
        ["out_proj.weight", proj.weight],
        ["out_proj.bias", proj.bias],
      ]),
    );
    this.ln2 = layerNorm(w, `${name}.ln2`, w.C);
    this.mlp = new Sequential(
      linear(w, `${name}.up`),
      new GELU({ approximate: "tanh" }),
      linear(w, `${name}.down`),
    );
  }

  forward(x) {
    const normed = this.ln1.forward(x);
    const [attended] = this.attention.forward(normed, normed, normed, { isCausal: true });
    const y = x.add(attended);
    return y.add(this.mlp.forward(this.ln2.forward(y)));
  }
}

class Gpt extends Module {
  constructor(w) {
    super();
    this.tokens = new Embedding(w.V, w.C);
    this.positions = new Embedding(w.T, w.C);
    this.tokens.loadStateDict(new Map([["weight", floats(w.p.tok.data, w.V, w.C)]]));
    this.positions.loadStateDict(new Map([["weight", floats(w.p.pos.data, w.T, w.C)]]));
    this.blocks = new Sequential(...Array.from({ length: w.L }, (_, layer) => new Block(w, `h${layer}`)));
    this.norm = layerNorm(w, "lnf", w.C);
    this.head = linear(w, "head");
  }

  forward(x) {
    const y = this.tokens.forward(x).add(this.positions.weight);
    return this.head.forward(this.norm.forward(this.blocks.forward(y))).reshape([-1, this.head.outFeatures]);
  }
}

/** The two networks of the GAN, and the loss of each. */
export function buildGan(w) {
  const options = { stride: 2, padding: 1 };
  const generator = new Sequential(
    ...[linear(w, "g.fc"), new Unflatten(1, [64, 7, 7])],
    ...[load(new ConvTranspose2d(64, 32, 4, options), w, "g.t1")],
    ...[
      load(new BatchNorm2d(32, { trackRunningStats: false }), w, "g.bn", { weight: "g", bias: "b" }),
      new ReLU(),
    ],
    ...[load(new ConvTranspose2d(32, 1, 4, options), w, "g.t2"), new Tanh()],
  );
  const discriminator = new Sequential(
    ...[load(new Conv2d(1, 32, 4, options), w, "d.c1"), new LeakyReLU(0.2)],
    ...[
      load(new Conv2d(32, 64, 4, options), w, "d.c2"),
      new LeakyReLU(0.2),
      new Flatten(),
      linear(w, "d.fc"),
    ],
  );
  const images = (z) => generator.forward(floats(z, w.B, w.Z));
  const judge = (x, real) => {
    const logits = discriminator.forward(x);
    return binaryCrossEntropyWithLogits(logits, real ? onesLike(logits) : zerosLike(logits));
  };
  return {
    generator,
    discriminator,
    lossD: ({ x, z1 }) => judge(floats(x, w.B, 1, 28, 28), true).add(judge(images(z1).detach(), false)),
    lossG: ({ z2 }) => judge(images(z2), true),
  };
}

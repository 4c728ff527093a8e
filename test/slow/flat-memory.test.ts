// Training loops of a thousand steps: what is alive after step 1,000 is what was alive after step 100, on the device, in
// the wasm memory and among JavaScript's objects.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  checkpoint,
  crossEntropy,
  grad,
  manualSeed,
  memory,
  mseLoss,
  mul,
  randint,
  randn,
  relu,
  scope,
  sum,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import {
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  Linear,
  MaxPool2d,
  Module,
  nonSaturatingLoss,
  ReLU,
  Sequential,
  Tanh,
  wassersteinLoss,
} from "../../src/nn/index.ts";
import {
  CharLSTM,
  DcganDiscriminator,
  DcganGenerator,
  GPT,
  WganCritic,
  WganGenerator,
} from "../../src/models/index.ts";
import { Adam, clipGradNorm, SGD } from "../../src/optim/index.ts";
import { ganStep } from "../../src/train/gan-step.ts";
import type { Game } from "../../src/train/gan-step.ts";
import { own } from "../disposables.ts";

// The collector's own handle: what is left after it ran is what something still holds.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Megabytes that the heap may grow by in 900 steps: compiled code and counters. The graphs of 900 steps take several. */
const heapAllowance = 1.5;

interface Loop {
  readonly name: string;
  /** Makes model, data and optimizer; the function that it returns is one step. */
  readonly start: () => () => void;
}

const adam = (model: Module): Adam => own(new Adam(own(model).parameters(), { lr: 1e-3 }));

const mlp = (): Sequential =>
  new Sequential(new Linear(16, 32), new ReLU(), new Linear(32, 32), new Tanh(), new Linear(32, 4));

const cnn = (): Sequential =>
  new Sequential(
    new Conv2d(1, 4, 3, { padding: 1 }),
    new BatchNorm2d(4),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(4, 8, 3),
    new BatchNorm2d(8),
    new ReLU(),
    new Flatten(),
    new Linear(32, 4),
  );

const labels = (count: number): Tensor => own(randint(0, 4, [count]));

/** A block that keeps nothing but its input until backward. */
class Checkpointed extends Module {
  inner: Sequential;

  constructor(width: number) {
    super();
    this.inner = new Sequential(
      new Linear(width, width),
      new BatchNorm1d(width),
      new Dropout(0.2),
      new Tanh(),
    );
  }

  override forward(x: Tensor): Tensor {
    return checkpoint((h) => this.inner.forward(h), x);
  }
}

/** Forward, backward and an optimizer's step in a scope of their own. */
function trainingStep(model: Module & { forward(x: Tensor): Tensor }, x: Tensor, target: Tensor): () => void {
  const optimizer = adam(model);
  return () => {
    scope(() => {
      const loss = crossEntropy(model.forward(x), target);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    });
  };
}

/** The next of 12 tokens, in 4 sequences. */
function languageModelStep(model: Module & { forward(x: Tensor): Tensor }): () => void {
  const optimizer = adam(model);
  const tokens = own(randint(0, 20, [4, 13]));
  return () => {
    scope(() => {
      const scores = model.forward(tokens.slice(1, 0, 12)).reshape([48, 20]);
      const loss = crossEntropy(scores, tokens.slice(1, 1).reshape([48]));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    });
  };
}

const images = { width: 2, latent: 4, imageSize: 16 };

/** Both sides move in each step. */
function ganLoop(
  generator: Game["generator"],
  discriminator: Game["discriminator"],
  settings: Pick<Game, "loss" | "gradientPenalty">,
): () => void {
  const optimizers = { generatorOptimizer: adam(generator), discriminatorOptimizer: adam(discriminator) };
  const game = { generator, discriminator, ...optimizers, ...settings };
  const [real, latent] = [own(randn([4, 1, 16, 16])), own(randn([4, 4]))];
  return () => {
    const losses = scope(() => ganStep(game, real, latent, true));
    for (const loss of Object.values(losses) as (Tensor | null)[]) loss?.dispose();
  };
}

const loops: readonly Loop[] = [
  { name: "an MLP", start: () => trainingStep(mlp(), own(randn([8, 16])), labels(8)) },
  {
    name: "a CNN with BatchNorm",
    start: () => trainingStep(cnn(), own(randn([4, 1, 8, 8])), labels(4)),
  },
  {
    name: "hooks on modules, parameters and results",
    start: () => {
      const model = mlp();
      let seen = 0;
      for (const child of model.children())
        child.registerForwardHook((_module, _inputs, y) => mul(y as Tensor, 1));
      for (const parameter of model.parameters()) {
        parameter.registerHook((g) => {
          seen++;
          return mul(g, 0.5);
        });
      }
      const optimizer = adam(model);
      const x = own(randn([8, 16]));
      const target = own(randn([8, 4]));
      return () => {
        const before = seen;
        scope(() => {
          const y = model.forward(x);
          y.registerHook((g) => mul(g, 2));
          // Comes and goes within the step.
          const off = model.registerForwardHook(() => undefined);
          optimizer.zeroGrad();
          mseLoss(y, target).backward();
          optimizer.step();
          off();
        });
        expect(seen - before).toBe(model.parameters().length);
      };
    },
  },
  {
    name: "checkpointed blocks",
    start: () => {
      const blocks = new Sequential(
        new Linear(16, 32),
        new Checkpointed(32),
        new Checkpointed(32),
        new Linear(32, 4),
      );
      return trainingStep(blocks, own(randn([8, 16])), labels(8));
    },
  },
  {
    name: "gradients gathered over 64 micro-steps",
    start: () => {
      const model = own(new Sequential(new Linear(8, 16), new Tanh(), new Linear(16, 4)));
      const optimizer = own(new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }));
      const parts = Array.from({ length: 64 }, () => ({ x: own(randn([2, 8])), target: labels(2) }));
      return () => {
        optimizer.zeroGrad();
        for (const { x, target } of parts) {
          scope(() => {
            mul(crossEntropy(model.forward(x), target), 1 / 64).backward();
          });
        }
        scope(() => {
          clipGradNorm(model.parameters(), 1);
        });
        optimizer.step();
      };
    },
  },
  {
    name: "a penalty on gradients, by a second derivative",
    start: () => {
      const model = mlp();
      const optimizer = adam(model);
      const x = own(randn([8, 16], { requiresGrad: true }));
      return () => {
        scope(() => {
          const y = sum(relu(model.forward(x)));
          const gx = grad(y, x, { createGraph: true });
          optimizer.zeroGrad();
          sum(mul(gx, gx)).backward();
          optimizer.step();
        });
        x.grad?.dispose();
        x.grad = null;
      };
    },
  },
  {
    name: "a GPT",
    start: () =>
      languageModelStep(new GPT({ vocabSize: 20, contextLength: 12, width: 16, layers: 2, heads: 2 })),
  },
  {
    name: "an LSTM",
    start: () => languageModelStep(new CharLSTM(20, { embedding: 8, hidden: 16, layers: 2 })),
  },
  {
    name: "a DCGAN",
    start: () =>
      ganLoop(new DcganGenerator(images), new DcganDiscriminator(images), {
        ...{ loss: nonSaturatingLoss, gradientPenalty: 0 },
      }),
  },
  {
    name: "a Wasserstein GAN with its penalty",
    start: () =>
      ganLoop(new WganGenerator(images), new WganCritic(images), {
        ...{ loss: wassersteinLoss, gradientPenalty: 10 },
      }),
  },
];

interface Footprint {
  readonly tensors: number;
  readonly buffers: number;
  readonly bytes: number;
  readonly peakBytes: number;
  readonly reservedBytes: number;
  readonly spills: number;
}

const footprint = (): Footprint => {
  const { tensors, buffers, bytes, peakBytes, reservedBytes, spills } = memory();
  return { tensors, buffers, bytes, peakBytes, reservedBytes, spills };
};

function heapMegabytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

describe("memory stays flat over 1,000 steps of", () => {
  it.each(loops)("$name", ({ start }) => {
    manualSeed(0);
    const step = start();
    for (let i = 0; i < 100; i++) step();
    const early = footprint();
    const earlyHeap = heapMegabytes();
    for (let i = 100; i < 1000; i++) step();
    const growth = heapMegabytes() - earlyHeap;
    console.log(
      `${String(early.tensors)} tensors, ${String(early.bytes)} bytes, heap ${growth.toFixed(2)} MB`,
    );
    expect(footprint()).toEqual(early);
    expect(growth).toBeLessThan(heapAllowance);
  });
});

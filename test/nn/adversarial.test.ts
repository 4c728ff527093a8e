// Losses of adversarial networks, the gradient penalty, and weights under spectral and weight norm, against PyTorch
// (scripts/fixtures_gan.py), finite differences, and what each must refuse.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  Generator,
  grad,
  gradcheck,
  gradgradcheck,
  GradError,
  memory,
  mseLoss,
  noGrad,
  rand,
  randn,
  reshape,
  scope,
  ShapeError,
  svd,
  tensor,
  to,
  ValueError,
  zeros,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { WganCritic } from "../../src/models/index.ts";
import * as nn from "../../src/nn/index.ts";
import { functionalCall, gradientPenalty, LayerNorm, Linear, Sequential } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { own } from "../disposables.ts";
import { scoped, scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: number[];
  readonly data: number[];
}

type Packs = Readonly<Record<string, Packed>>;

interface Golden {
  readonly losses: readonly {
    readonly name: "minimaxLoss" | "nonSaturatingLoss" | "hingeLoss" | "leastSquaresLoss" | "wassersteinLoss";
    readonly real: Packed;
    readonly fake: Packed;
    readonly discriminator: number;
    readonly generator: number;
    readonly grads: readonly Packed[];
  }[];
  readonly penalty: {
    readonly state: Packs;
    readonly real: Packed;
    readonly fake: Packed;
    readonly mix: Packed;
    readonly value: number;
    readonly grads: Packs;
  };
  readonly norms: readonly {
    readonly layer: "Linear" | "Conv2d" | "ConvTranspose2d";
    readonly args: readonly number[];
    readonly norm: "spectralNorm" | "weightNorm";
    readonly options: object;
    readonly x: Packed;
    readonly before: Packs;
    readonly trained: Packed;
    readonly evaluated: Packed;
    readonly cotangent: Packed;
    readonly after: Packs;
    readonly grads: Packs;
    /** Of ten steps of Adam towards the cotangent, from `after` on. */
    readonly losses: readonly number[];
  }[];
}

const golden = JSON.parse(readFileSync(new URL("../fixtures/gan.json", import.meta.url), "utf8")) as Golden;

const double = { device: "reference", dtype: "float64" } as const;
const close = { rtol: 1e-10, atol: 1e-12 };
const make = ({ data, shape }: Packed): Tensor => tensor(Float64Array.from(data), { shape, ...double });
const makeAll = (packs: Packs): Map<string, Tensor> =>
  new Map(Object.entries(packs).map(([key, packed]) => [key, make(packed)]));

/** The error of a call that must fail and leave nothing behind. */
function failure(call: () => unknown): Error {
  const before = memory("reference").buffers + memory().buffers;
  let error: unknown;
  try {
    call();
  } catch (caught) {
    error = caught;
  }
  expect(memory("reference").buffers + memory().buffers).toBe(before);
  return error as Error;
}

describe("adversarial losses", () => {
  it.each(golden.losses)(
    "$name gives PyTorch's values and gradients",
    scopedEach((one) => {
      const { discriminator, generator } = nn[one.name];
      const real = make(one.real).setRequiresGrad(true);
      const fake = make(one.fake).setRequiresGrad(true);
      const d = discriminator(real, fake);
      const g = generator(fake);
      expect(d.itemSync()).toBeCloseTo(one.discriminator, 12);
      expect(g.itemSync()).toBeCloseTo(one.generator, 12);
      const grads = [...grad(d, [real, fake]), grad(g, fake)];
      grads.forEach((x, i) => expect(x).toBeCloseToTensor(make(one.grads[i]), close));
      expect(() => gradgradcheck(discriminator, [real, fake])).not.toThrow();
    }),
  );

  it(
    "stay finite for scores that no sigmoid can tell from 0 and 1",
    scoped(() => {
      const scores = tensor([-500, 500]);
      for (const { discriminator, generator } of [nn.minimaxLoss, nn.nonSaturatingLoss]) {
        expect(discriminator(scores, scores).itemSync()).toBe(500);
        expect(Math.abs(generator(scores).itemSync())).toBe(250);
      }
    }),
  );

  it("refuse integers, by name", () => {
    scope(() => {
      const wrong = tensor([1, 2], { dtype: "int32" });
      const right = tensor([1, 2]);
      expect(String(failure(() => nn.hingeLoss.discriminator(right, wrong)))).toMatch(
        /^DTypeError: hingeLoss\.discriminator: dtype must be float32/,
      );
      expect(String(failure(() => nn.minimaxLoss.generator(wrong)))).toMatch(
        /^DTypeError: minimaxLoss\.generator: /,
      );
    });
  });
});

describe("gradientPenalty", () => {
  const critic = (): Sequential =>
    own(
      new Sequential(
        new Linear(6, 5, double),
        new LayerNorm(5, double),
        new nn.LeakyReLU(0.2),
        new Linear(5, 1, double),
      ),
    );

  it(
    "gives PyTorch's value, and PyTorch's gradients of it by the critic's parameters",
    scoped(() => {
      const { state, real, fake, mix, value, grads } = golden.penalty;
      const model = critic();
      model.loadStateDict(makeAll(state));
      const score = (x: Tensor): Tensor => model.forward(reshape(x, [4, 6]));
      const penalty = gradientPenalty(score, make(real), make(fake), { mix: make(mix) });
      expect(penalty.itemSync()).toBeCloseTo(value, 12);
      penalty.backward();
      // A parameter that has no part in the slope gets no gradient here, and none or zeros there.
      for (const [key, p] of model.namedParameters()) {
        const expected = key in grads ? grads[key].data : [];
        if (p.grad) expect(p.grad, key).toBeCloseToTensor(expected, close);
        else
          expect(
            expected.every((g) => g === 0),
            key,
          ).toBe(true);
      }
    }),
  );

  it(
    "is differentiable twice by the critic's weights, through convolutions and layer normalisation",
    scoped(() => {
      const generator = new Generator(3);
      const model = own(new WganCritic({ width: 2, imageSize: 8, generator, ...double }));
      const draw = (): Tensor => randn([2, 1, 8, 8], { generator, ...double });
      const [real, fake, mix] = [draw(), draw(), rand([2], { generator, ...double })];
      const names = model.namedParameters().map(([key]) => key);
      const penalty = (...weights: Tensor[]): Tensor => {
        const state = new Map(names.map((key, i) => [key, weights[i]]));
        return gradientPenalty((x) => functionalCall(model, state, x), real, fake, { mix });
      };
      const leaves = model.parameters();
      expect(gradcheck(penalty, leaves)).toBe(true);
      const scores = (x: Tensor): Tensor => model.forward(x);
      expect(gradgradcheck(scores, [real.setRequiresGrad(true)])).toBe(true);
    }),
    60_000,
  );

  it(
    "is 0 for a critic of slope 1, and counts slopes below it only where both sides count",
    scoped(() => {
      const [real, fake] = [randn([3, 4]), randn([3, 4])];
      const slope = (k: number) => (x: Tensor) => x.sum({ axis: 1 }).mul(k / 2);
      expect(gradientPenalty(slope(1), real, fake).itemSync()).toBeCloseTo(0, 10);
      expect(gradientPenalty(slope(0.5), real, fake).itemSync()).toBeCloseTo(0.25, 6);
      expect(gradientPenalty(slope(0.5), real, fake, { oneSided: true }).itemSync()).toBe(0);
      expect(gradientPenalty(slope(3), real, fake, { oneSided: true }).itemSync()).toBeCloseTo(4, 5);
      expect(gradientPenalty(slope(3), real, fake, { target: 3 }).itemSync()).toBeCloseTo(0, 10);
    }),
  );

  it(
    "has gradient 0, not NaN, where the critic is flat",
    scoped(() => {
      const w = zeros([4, 1], { requiresGrad: true });
      gradientPenalty((x) => x.matmul(w), randn([3, 4]), randn([3, 4])).backward();
      expect(w.grad).toBeCloseToTensor([0, 0, 0, 0]);
    }),
  );

  it("refuses samples that do not fit, and critics that are not recorded", () => {
    scope(() => {
      const score = (x: Tensor): Tensor => x.sum({ axis: 1 });
      const [a, b] = [randn([3, 4]), randn([2, 4])];
      const wrong = failure(() => gradientPenalty(score, a, b));
      expect(wrong).toBeInstanceOf(ShapeError);
      expect(wrong.message).toBe(
        "gradientPenalty: real and fake must be samples [N, ...] of one shape; got real [3, 4] and fake [2, 4].",
      );
      const mix = failure(() => gradientPenalty(score, a, a, { mix: a }));
      expect(mix.message).toBe("gradientPenalty: mix must hold one number per sample, [3]; got [3, 4].");
      expect(failure(() => gradientPenalty(score, a, a, { target: -1 }))).toBeInstanceOf(ValueError);
      const still = failure(() => gradientPenalty((x) => noGrad(() => score(x)), a, a));
      expect(still.message).toBe(
        "gradientPenalty: the critic must be recorded; got scores without a gradient.",
      );
    });
  });
});

describe("weights under a norm", () => {
  it.each(golden.norms)(
    "$norm of $layer gives PyTorch's values, state, gradients and ten training steps",
    scopedEach((one) => {
      const kind = nn[one.layer] as new (...args: unknown[]) => nn.Module & { forward(x: Tensor): Tensor };
      const layer = own(nn[one.norm](new kind(...one.args, double), one.options));
      expect([...layer.stateDict().keys()].sort()).toEqual(Object.keys(one.before).sort());
      layer.loadStateDict(makeAll(one.before));
      const x = make(one.x);
      layer.forward(x);
      expect(layer.forward(x)).toBeCloseToTensor(make(one.trained), close);
      layer.eval();
      const y = layer.forward(x);
      expect(y).toBeCloseToTensor(make(one.evaluated), close);
      for (const [key, value] of layer.stateDict())
        expect(value, key).toBeCloseToTensor(make(one.after[key]), close);
      y.backward({ gradOutput: make(one.cotangent) });
      for (const [key, p] of layer.namedParameters())
        expect(p.grad, key).toBeCloseToTensor(make(one.grads[key]), close);

      layer.train();
      const optimizer = own(new Adam(layer.parameters(), { lr: 0.02 }));
      const losses = one.losses.map(() =>
        scope<number>(() => {
          optimizer.zeroGrad();
          const loss = mseLoss(layer.forward(x), make(one.cotangent));
          loss.backward();
          optimizer.step();
          return loss.itemSync();
        }),
      );
      optimizer.zeroGrad();
      expect(losses).toBeCloseToTensor(one.losses, { rtol: 1e-9 });
      expect(losses.at(-1)).toBeLessThan(losses[0]);
    }),
  );

  it(
    "spectralNorm gives a largest singular value of 1 and a gradient that holds",
    scoped(() => {
      const generator = new Generator(5);
      const linear = new Linear(6, 4, { ...double, generator });
      const layer = own(nn.spectralNorm(linear, { nPowerIterations: 100, generator }));
      const [, values] = svd(layer.weight);
      expect(values.dataSync()[0]).toBeCloseTo(1, 8);
      layer.eval();
      expect(nn.gradcheckModule(layer, [randn([2, 6], double)], { secondOrder: true })).toBe(true);
    }),
  );

  it("leave memory as it was after each training step, and follow the optimizer", () => {
    const layer = own(nn.spectralNorm(new nn.Conv2d(2, 4, 3)));
    const optimizer = own(new Adam(layer.parameters(), { lr: 0.1 }));
    const step = (): number =>
      scope(() => {
        optimizer.zeroGrad();
        const loss = layer
          .forward(randn([2, 2, 6, 6]))
          .square()
          .mean();
        loss.backward();
        optimizer.step();
        return memory().buffers;
      });
    step();
    expect(new Set([step(), step(), step()]).size).toBe(1);
  });

  it(
    "can be taken off again, with the value they had",
    scoped(() => {
      for (const norm of [nn.spectralNorm, nn.weightNorm]) {
        const layer = own(norm(new Linear(3, 2)));
        const x = randn([2, 3]);
        const before = layer.eval().forward(x);
        nn.removeParametrization(layer);
        expect([...layer.stateDict().keys()].sort()).toEqual(["bias", "weight"]);
        expect(layer.forward(x)).toBeCloseToTensor(before, { atol: 1e-6 });
        expect(layer.weight.requiresGrad).toBe(true);
      }
    }),
  );

  it(
    "move with the module, and print what they are",
    scoped(() => {
      const layer = own(nn.spectralNorm(new Linear(3, 2)));
      const x = randn([2, 3]);
      const before = layer.eval().forward(x).dataSync();
      layer.to(double);
      expect(layer.weight.dtype).toBe("float64");
      expect(layer.forward(to(x, double))).toBeCloseToTensor(before, { atol: 1e-6 });
      expect(layer.toString()).toContain("(0): SpectralNorm(axis=0, nPowerIterations=1)");
      expect(layer.summary(x.shape)).toContain("Linear");
    }),
  );

  it("refuse what they cannot norm", () => {
    const layer = own(new Linear(3, 2));
    const messages: [() => unknown, string][] = [
      [
        () => nn.spectralNorm(layer, { name: "gain" }),
        'spectralNorm: Linear must have a parameter "gain"; got weight, bias.',
      ],
      [
        () => nn.spectralNorm(layer, { name: "bias" }),
        "spectralNorm: bias must have two axes or more, none of size 0; got [2].",
      ],
      [() => nn.spectralNorm(layer, { eps: 0 }), "spectralNorm: eps must be above 0; got 0."],
      [
        () => nn.removeParametrization(layer),
        'removeParametrization: "weight" of Linear must be parametrized; got a plain one.',
      ],
    ];
    for (const [call, message] of messages) expect(failure(call).message).toBe(message);
    nn.weightNorm(layer);
    expect(failure(() => nn.spectralNorm(layer)).message).toBe(
      'spectralNorm: "weight" of Linear must not be parametrized; got one that is.',
    );
  });
});

it("a gradient of a penalty that was not kept for another walk says so", () => {
  scope(() => {
    const w = randn([4, 1], { requiresGrad: true });
    const penalty = gradientPenalty((x) => x.matmul(w).tanh(), randn([3, 4]), randn([3, 4]));
    penalty.backward();
    expect(() => {
      penalty.backward();
    }).toThrow(GradError);
  });
});

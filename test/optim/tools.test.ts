// Around the optimizers: parameter groups, L-BFGS, clipping, accumulation, averages of weights.
import { describe, expect, it } from "vitest";
import {
  add,
  memory,
  mul,
  ones,
  rand,
  randn,
  scope,
  square,
  sub,
  sum,
  tanh,
  tensor,
  zeros,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { Linear, parameter, ReLU, Sequential } from "../../src/nn/index.ts";
import {
  Adafactor,
  Adam,
  clipGradNorm,
  clipGradValue,
  LBFGS,
  NAdam,
  SGD,
  WeightAverage,
} from "../../src/optim/index.ts";
import type { LBFGSOptions } from "../../src/optim/index.ts";
import { scoped } from "../scoped.ts";
import { camelCase, readCases, row } from "./golden.ts";
import type { Packed } from "./golden.ts";

function setGrad(p: Tensor, g: Tensor): void {
  p.grad?.dispose();
  p.grad = g;
}

const release = (...tensors: Tensor[]): void => {
  for (const t of tensors) {
    t.grad?.dispose();
    t.dispose();
  }
};

const live = (): number[] => {
  const { tensors, buffers, bytes } = memory();
  return [tensors, buffers, bytes];
};

describe("parameter groups", () => {
  it(
    "have options of their own, and the others' by default",
    scoped(() => {
      const [a, b] = [parameter(ones([2])), parameter(ones([2]))];
      const optimizer = new SGD([{ params: [a], lr: 0.5 }, { params: [b] }], { lr: 0.1 });
      for (const p of [a, b]) setGrad(p, ones([2]));
      optimizer.step();
      expect(a).toBeCloseToTensor([0.5, 0.5]);
      expect(b).toBeCloseToTensor([0.9, 0.9], { rtol: 1e-6 });
      optimizer.groups[1].lr = 0;
      optimizer.groups[0].momentum = 0.9;
      optimizer.step();
      expect(a).toBeCloseToTensor([0, 0], { atol: 1e-6 });
      expect(b).toBeCloseToTensor([0.9, 0.9], { rtol: 1e-6 });
      optimizer.lr = 0.3;
      expect(optimizer.groups.map(({ lr }) => lr)).toEqual([0.3, 0.3]);
      optimizer.dispose();
      release(a, b);
    }),
  );

  it(
    "are saved each under its own name",
    scoped(() => {
      const [a, b] = [parameter(ones([2])), parameter(ones([2]))];
      const groups = [
        { params: [a], betas: [0.5, 0.6] as const },
        { params: [b], lr: 0.25, weightDecay: 0.5 },
      ];
      const optimizer = new NAdam(groups, { lr: 0.1 });
      for (const p of [a, b]) setGrad(p, ones([2]));
      optimizer.step();
      const { numbers, tensors } = optimizer.stateDict();
      expect(numbers).toMatchObject({ lr: 0.1, beta1: 0.5, "group1.lr": 0.25, "group1.weightDecay": 0.5 });
      expect(numbers["0.mu_product"]).toBeCloseTo(0.5 * (1 - 0.5 * 0.96 ** 4e-3), 12);
      const other = new NAdam([{ params: [a] }, { params: [b] }]);
      other.loadStateDict({ name: "NAdam", tensors, numbers });
      expect(other.stateDict().numbers).toEqual(numbers);
      optimizer.dispose();
      other.dispose();
      release(a, b);
    }),
  );

  it(
    "refuse a parameter in two of them, mixtures, and options out of range",
    scoped(() => {
      const a = parameter(ones([2]));
      expect(() => new Adam([{ params: [a] }, { params: [a] }])).toThrow(
        "Adam: each parameter must come once; got one in two places.",
      );
      expect(() => new Adam([a, { params: [a] }] as unknown as Tensor[])).toThrow(
        /all tensors or all groups/,
      );
      expect(() => new Adam([{ params: [a], eps: -1 }])).toThrow("Adam: eps must be at least 0; got -1.");
      release(a);
    }),
  );

  it(
    "keep state of other shapes than the parameter's: Adafactor's rows and columns",
    scoped(() => {
      const p = parameter(rand([3, 4]));
      const optimizer = new Adafactor([p]);
      setGrad(p, rand([3, 4]));
      optimizer.step();
      const { tensors } = optimizer.stateDict();
      expect([...tensors].map(([key, { shape }]) => [key, shape])).toEqual([
        ["0.row_var", [3, 1]],
        ["0.col_var", [1, 4]],
      ]);
      const other = new Adafactor([p]);
      other.loadStateDict(optimizer.stateDict());
      expect(other.stateDict().tensors.get("0.col_var")).toBeCloseToTensor(tensors.get("0.col_var")!);
      optimizer.dispose();
      other.dispose();
      release(p);
    }),
  );
});

interface LbfgsCase {
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly start: Packed;
  readonly w: Packed;
  readonly b: Packed;
  readonly steps: Packed;
}

describe("LBFGS", () => {
  const options = (attrs: LbfgsCase["attrs"]): LBFGSOptions => {
    const { lineSearchFn, ...rest } = camelCase(attrs);
    return { ...rest, lineSearch: lineSearchFn === "strong_wolfe" ? "strongWolfe" : null };
  };
  const places = [
    { device: "reference", dtype: "float64", tolerance: { rtol: 1e-6, atol: 1e-6 } },
    { device: "wasm", dtype: "float32", tolerance: { rtol: 1e-3, atol: 1e-3 } },
  ] as const;
  const cases = readCases<LbfgsCase>("lbfgs").flatMap((one) =>
    places.map((place) => [JSON.stringify(one.attrs), place.device, one, place] as const),
  );

  it.each(cases)("steps as PyTorch's do: %s on %s", (_, device, { attrs, start, w, b, steps }, place) => {
    const on = { device, dtype: place.dtype };
    const p = parameter(tensor(start.data, on));
    const [weights, aims] = [tensor(w.data, on), tensor(b.data, on)];
    const make = (): LBFGS => new LBFGS([p], options(attrs));
    let optimizer = make();
    const closure = (): Tensor => {
      optimizer.zeroGrad();
      const loss = scope(() => add(sum(mul(weights, square(sub(p, aims)))), mul(sum(square(tanh(p))), 3)));
      loss.backward();
      return loss;
    };
    for (let i = 0; i < steps.shape[0]; i++) {
      optimizer.step(closure).dispose();
      expect(p, `after step ${i}`).toBeCloseToTensor(row(steps, i), place.tolerance);
      if (i === 4) {
        // The second half runs from a saved state.
        const saved = optimizer;
        optimizer = make();
        optimizer.loadStateDict(saved.stateDict());
        saved.dispose();
      }
    }
    optimizer.dispose();
    release(p, weights, aims);
  });

  it.each([...cases.filter(([, , , place]) => place.device === "wasm")])(
    "goes on from a saved state with the same bits: %s on %s",
    (_, device, { attrs, start, w, b, steps }, place) => {
      const on = { device, dtype: place.dtype };
      const [weights, aims] = [tensor(w.data, on), tensor(b.data, on)];
      const run = (savedAfter: number): ArrayLike<number> => {
        const p = parameter(tensor(start.data, on));
        let optimizer = new LBFGS([p], options(attrs));
        for (let i = 0; i < steps.shape[0]; i++) {
          const closure = (): Tensor => {
            optimizer.zeroGrad();
            const loss = scope(() =>
              add(sum(mul(weights, square(sub(p, aims)))), mul(sum(square(tanh(p))), 3)),
            );
            loss.backward();
            return loss;
          };
          optimizer.step(closure).dispose();
          if (i !== savedAfter) continue;
          const saved = optimizer;
          optimizer = new LBFGS([p], options(attrs));
          optimizer.loadStateDict(saved.stateDict());
          saved.dispose();
        }
        const values = p.dataSync();
        optimizer.dispose();
        release(p);
        return values;
      };
      expect(run(1)).toEqual(run(-1));
      release(weights, aims);
    },
  );

  it(
    "refuses a step without a closure",
    scoped(() => {
      const p = parameter(zeros([1]));
      expect(() => new LBFGS([p]).step()).toThrow(/LBFGS: step must be given a closure/);
      release(p);
    }),
  );
});

describe("clipping", () => {
  const prepare = (): [Tensor, Tensor] => {
    const [a, b] = [parameter(zeros([2])), parameter(zeros([2, 1]))];
    setGrad(a, tensor([3, 0]));
    setGrad(b, tensor([[0], [-4]]));
    return [a, b];
  };

  it.each([
    [1, 2, 5, [0.6, 0], [0, -0.8]],
    [10, 2, 5, [3, 0], [0, -4]],
    [2, Infinity, 4, [1.5, 0], [0, -2]],
    [3.5, 1, 7, [1.5, 0], [0, -2]],
    [4.497941445275415, 3, 4.497941445275415, [3, 0], [0, -4]],
  ])("of the norm to %f of order %f", (limit, normType, norm, first, second) => {
    scope(() => {
      const [a, b] = prepare();
      expect(clipGradNorm([a, b], limit, { normType }).itemSync()).toBeCloseTo(norm, 4);
      expect(a.grad!).toBeCloseToTensor(first, { rtol: 1e-5 });
      expect(b.grad!).toBeCloseToTensor(second, { rtol: 1e-5 });
      release(a, b);
    });
  });

  it(
    "of values",
    scoped(() => {
      const [a, b] = prepare();
      clipGradValue([a, b], 2.5);
      expect(a.grad!).toBeCloseToTensor([2.5, 0]);
      expect(b.grad!).toBeCloseToTensor([0, -2.5]);
      const idle = parameter(zeros([1]));
      expect(() => clipGradNorm([idle], 1)).toThrow(/some parameter must have a gradient/);
      release(a, b, idle);
    }),
  );
});

describe("accumulation", () => {
  it("of 64 micro-batches makes the gradient of the whole, in constant memory", () => {
    const model = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 1));
    const batch = randn([64, 4]);
    const whole = scope(() => {
      sum(square(model.forward(batch))).backward();
      return model.parameters().map((p) => Array.from(p.grad!.dataSync()));
    });
    model.zeroGrad();
    const counts: number[][] = [];
    for (let i = 0; i < 64; i++) {
      scope(() => {
        sum(square(model.forward(batch.slice(0, i, i + 1)))).backward();
      });
      counts.push(live());
    }
    expect(new Set(counts.map(String)).size).toBe(1);
    model.parameters().forEach((p, i) => {
      expect(p.grad!).toBeCloseToTensor(whole[i], { rtol: 1e-4, atol: 1e-5 });
    });
    batch.dispose();
    model.dispose();
  });
});

describe("WeightAverage", () => {
  it(
    "follows the weights, lends itself for evaluation, and can be saved",
    scoped(() => {
      const p = parameter(tensor([1, 2]));
      const average = new WeightAverage([p], { decay: 0.75 });
      setGrad(p, tensor([1, -1]));
      const optimizer = new SGD([p], { lr: 1 });
      optimizer.step();
      average.update();
      expect(average.averages[0]).toBeCloseToTensor([0.75, 2.25]);
      const seen = average.withAverages(() => Array.from(p.dataSync()));
      expect(seen).toEqual([0.75, 2.25]);
      expect(p).toBeCloseToTensor([0, 3]);
      expect(() =>
        average.withAverages(() => {
          throw new Error("no");
        }),
      ).toThrow("no");
      expect(p).toBeCloseToTensor([0, 3]);
      const other = new WeightAverage([p]);
      other.loadStateDict(average.stateDict());
      expect(other.updates).toBe(1);
      other.copyToParameters();
      expect(p).toBeCloseToTensor([0.75, 2.25]);
      const before = live();
      for (let i = 0; i < 10; i++) average.update();
      expect(live()).toEqual(before);
      average.dispose();
      other.dispose();
      release(p);
    }),
  );

  it(
    "grows its decay from a tenth where it is asked to",
    scoped(() => {
      const p = parameter(tensor([1]));
      const average = new WeightAverage([p], { decay: 0.99, warmup: true });
      setGrad(p, tensor([-10]));
      const optimizer = new SGD([p], { lr: 1 });
      optimizer.step();
      average.update();
      expect(average.averages[0]).toBeCloseToTensor([0.1 * 1 + 0.9 * 11], { rtol: 1e-6 });
      average.dispose();
      release(p);
    }),
  );
});

describe("one kernel call for all parameters", () => {
  /** Parameters, some larger than one piece of work, and gradients; the last has none at first. */
  const sizes = [[5], [20_000], [3, 7], [1], [4]];

  function train(device: string, make: (parameters: Tensor[]) => SGD | Adam): number[][] {
    const waves = (shape: readonly number[], seed: number): Tensor => {
      const n = shape.reduce((product, size) => product * size, 1);
      const values = Float32Array.from({ length: n }, (_, i) => Math.sin(i * 0.7 + seed));
      return tensor(values, { shape, device });
    };
    const parameters = sizes.map((shape, i) => parameter(waves(shape, i)));
    const optimizer = make(parameters);
    for (let step = 0; step < 3; step++) {
      parameters.forEach((p, i) => {
        if (step > 0 || i < sizes.length - 1) setGrad(p, waves(p.shape, 10 * step + i));
      });
      if (step === 1) clipGradNorm(parameters, 0.5).dispose();
      optimizer.step();
    }
    const result = parameters.map((p) => Array.from(p.dataSync()));
    optimizer.dispose();
    release(...parameters);
    return result;
  }

  it.each([
    ["SGD", (p: Tensor[]) => new SGD(p, { lr: 0.1 })],
    ["SGD with momentum", (p: Tensor[]) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true })],
    ["Adam", (p: Tensor[]) => new Adam(p, { lr: 0.1, weightDecay: 0.01 })],
  ] as const)("%s on wasm does what it does on reference", (_, make) => {
    scoped(() => {
      const [got, expected] = [train("wasm", make), train("reference", make)];
      got.forEach((values, i) => {
        values.forEach((value, j) => {
          expect(Math.abs(value - expected[i][j])).toBeLessThan(1e-5);
        });
      });
    })();
  });
});

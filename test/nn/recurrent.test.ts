// Recurrent layers and cells against PyTorch (scripts/fixtures_recurrent.py): state keys, outputs, gradients of inputs,
// states and weights, ten training steps; and what the layers promise by themselves.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  add,
  grad,
  gradgradcheck,
  manualSeed,
  mean,
  mul,
  ones,
  scope,
  slice,
  sum,
  tensor,
  zeros,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { Adam, SGD } from "../../src/optim/index.ts";
import type { Optimizer } from "../../src/optim/index.ts";
import { own } from "../disposables.ts";
import { scoped, scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly module: string;
  readonly args: readonly unknown[];
  readonly lengths: readonly number[] | null;
  readonly x: Packed;
  readonly states: readonly Packed[];
  readonly state: Readonly<Record<string, Packed>>;
  /** The output, then the states; a cell has states alone. */
  readonly outputs: readonly Packed[];
  readonly cotangents: readonly Packed[];
  /** Of x, of the states, of the parameters. */
  readonly grads: readonly Packed[];
  /** Of ten steps each. */
  readonly losses: Readonly<Record<"sgd" | "adam", readonly number[]>>;
}

type Nested = Tensor | readonly Nested[];
type Layer = Module & {
  forward(x: Tensor, state?: unknown, options?: { readonly lengths?: readonly number[] | null }): Nested;
};

const fixture = readFileSync(new URL("../fixtures/recurrent.json", import.meta.url), "utf8");
const { cases } = JSON.parse(fixture) as { cases: Case[] };

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-10, atol: 1e-10 },
  { device: "wasm", dtype: "float32", rtol: 2e-5, atol: 2e-5 },
] as const;

const flat = (value: Nested): Tensor[] => ("shape" in value ? [value] : value.flatMap(flat));

const total = (terms: readonly Tensor[]): Tensor => terms.reduce((so, term) => add(so, term));

describe.each(placements)("on $device against PyTorch", ({ device, dtype, rtol, atol }) => {
  it.each(cases.map((one) => [one.name, one] as const))(
    "%s",
    scopedEach((_, one) => {
      const make = ({ shape, data }: Packed): Tensor => tensor(data, { shape, device, dtype });
      const Class = (nn as unknown as Record<string, new (...args: readonly unknown[]) => Layer>)[one.module];
      const layer = new Class(...one.args);
      layer.to({ device, dtype });
      expect([...layer.stateDict().keys()]).toEqual(Object.keys(one.state));
      const restore = (): void => {
        layer.loadStateDict(new Map(Object.entries(one.state).map(([key, value]) => [key, make(value)])));
      };
      restore();
      const call = (x: Tensor, states: readonly Tensor[]): Tensor[] => {
        const state = states.length > 1 ? states : (states[0] ?? null);
        return flat(layer.forward(x, state, { lengths: one.lengths }));
      };

      const x = make(one.x).setRequiresGrad(true);
      const states = one.states.map((value) => make(value).setRequiresGrad(true));
      const outputs = call(x, states);
      expect(outputs.map(({ shape }) => shape)).toEqual(one.outputs.map(({ shape }) => shape));
      outputs.forEach((y, i) => expect(y).toBeCloseToTensor(one.outputs[i].data, { rtol, atol }));
      const loss = total(outputs.map((y, i) => sum(mul(y, make(one.cotangents[i])))));
      const found = grad(loss, [x, ...states, ...layer.parameters()]);
      found.forEach((g, i) => {
        expect(g.shape).toEqual(one.grads[i].shape);
        expect(g).toBeCloseToTensor(one.grads[i].data, { rtol, atol });
      });

      const train = (optimizer: Optimizer, steps: number): number[] => {
        own(optimizer);
        return Array.from({ length: steps }, () =>
          scope<number>(() => {
            optimizer.zeroGrad();
            const step = total(call(x, states).map((y) => mean(mul(y, y))));
            step.backward();
            optimizer.step();
            return step.itemSync();
          }),
        );
      };
      const { sgd, adam } = one.losses;
      const close = { rtol: 10 * rtol, atol };
      expect(train(new SGD(layer.parameters(), { lr: 0.1 }), 10)).toBeCloseToTensor(sgd, close);
      restore();
      expect(train(new Adam(layer.parameters(), { lr: 0.02 }), 10)).toBeCloseToTensor(adam, close);
      for (const losses of [sgd, adam]) expect(losses.at(-1)).toBeLessThan(losses[0]);
      layer.zeroGrad();
      layer.dispose();
    }),
  );
});

const pattern = (shape: readonly number[]): Tensor =>
  tensor(
    Array.from({ length: shape.reduce((n, size) => n * size, 1) }, (_, i) => Math.sin(1.3 * i) * 0.9),
    { shape },
  );

describe("recurrent layers", () => {
  it(
    "see no later input",
    scoped(() => {
      for (const layer of [new nn.RNN(2, 5), new nn.LSTM(2, 5, { numLayers: 2 }), new nn.GRU(2, 5)]) {
        const x = pattern([6, 3, 2]);
        const changed = tensor(
          Array.from(x.dataSync(), (value, i) => (i < 4 * 6 ? value : value + 1)),
          { shape: x.shape },
        );
        const [before, after] = [x, changed].map((input) => layer.forward(input)[0].dataSync());
        const perStep = 3 * 5;
        expect(after.slice(0, 4 * perStep)).toEqual(before.slice(0, 4 * perStep));
        for (let t = 4; t < 6; t++)
          expect(after.slice(t * perStep, (t + 1) * perStep)).not.toEqual(
            before.slice(t * perStep, (t + 1) * perStep),
          );
        layer.dispose();
      }
    }),
  );

  it(
    "give a padded batch, both directions, what they give each sequence alone, whatever the padding holds",
    scoped(() => {
      const lengths = [3, 5, 1, 2];
      for (const Class of [nn.RNN, nn.LSTM, nn.GRU]) {
        const layer = new Class(2, 4, { bidirectional: true, numLayers: 2, batchFirst: true });
        const x = pattern([4, 5, 2]);
        for (const padding of [0, NaN]) {
          const padded = Array.from(x.dataSync(), (value, i) =>
            Math.floor(i / 2) % 5 < lengths[Math.floor(i / 10)] ? value : padding,
          );
          const [batch] = layer.forward(tensor(padded, { shape: x.shape }), null, { lengths });
          lengths.forEach((length, b) => {
            const alone = slice(slice(x, 0, b, b + 1), 1, 0, length);
            const [y] = layer.forward(alone);
            const own = slice(batch, 0, b, b + 1);
            expect(slice(own, 1, 0, length)).toBeCloseToTensor(y, { rtol: 1e-6, atol: 1e-7 });
            expect(
              slice(own, 1, length)
                .dataSync()
                .every((value) => value === 0),
            ).toBe(true);
          });
        }
        layer.dispose();
      }
    }),
  );

  it(
    "take lengths as a tensor too",
    scoped(() => {
      const layer = new nn.GRU(2, 3, { bidirectional: true });
      const x = pattern([4, 2, 2]);
      const [listed] = layer.forward(x, null, { lengths: [4, 2] });
      const [given] = layer.forward(x, null, { lengths: tensor([4, 2], { dtype: "int32" }) });
      expect(given.dataSync()).toEqual(listed.dataSync());
      layer.dispose();
    }),
  );

  it(
    "drop between layers, in training alone",
    scoped(() => {
      manualSeed(5);
      const layer = new nn.LSTM(2, 16, { numLayers: 2, dropout: 0.5 });
      const x = ones([2, 1, 2]);
      const run = (): number[] => Array.from(layer.forward(x)[0].dataSync());
      expect(run()).not.toEqual(run());
      layer.eval();
      expect(run()).toEqual(run());
      const single = new nn.LSTM(2, 4, { dropout: 0.9 });
      expect(single.forward(x)[0].dataSync()).toEqual(single.forward(x)[0].dataSync());
      layer.dispose();
      single.dispose();
    }),
  );

  it(
    "start uniform on 1 / sqrt(hiddenSize)",
    scoped(() => {
      const layer = new nn.LSTM(64, 100);
      for (const [, weight] of layer.namedParameters()) {
        const values = Array.from(weight.dataSync());
        expect(Math.max(...values)).toBeLessThanOrEqual(0.1);
        expect(Math.max(...values)).toBeGreaterThan(0.09);
        expect(Math.min(...values)).toBeLessThan(-0.09);
      }
      expect(String(layer)).toBe("LSTM(64, 100)");
      expect(String(own(new nn.GRUCell(3, 4, { bias: false })))).toBe("GRUCell(3, 4, bias=false)");
      layer.dispose();
    }),
  );
});

it.each(["RNN", "LSTM", "GRU"] as const)(
  "%s in both directions, with lengths, has the right second derivatives by its input",
  scopedEach((name) => {
    const where = { device: "reference", dtype: "float64" } as const;
    const layer = own(new nn[name](2, 2, { bidirectional: true, ...where }));
    const values = [0.3, -0.7, 0.9, 0.2, -0.4, 0.8, 0.5, -0.1];
    const x = tensor(values, { shape: [2, 2, 2], ...where }).setRequiresGrad(true);
    const run = (input: Tensor): Tensor => layer.forward(input, null, { lengths: [2, 1] })[0];
    // By the weights, too, in the rows of the ops.
    expect(gradgradcheck(run, [x])).toBe(true);
  }),
);

describe("refusals", () => {
  const cases: [string, () => unknown, string][] = [
    [
      "features",
      () => own(new nn.LSTM(3, 4)).forward(zeros([5, 2, 2])),
      "LSTM: x must be [T, B, 3], or [T, 3] for one sequence; got [5, 2, 2].",
    ],
    [
      "the state's shape",
      () => own(new nn.GRU(3, 4, { batchFirst: true })).forward(zeros([2, 5, 3]), zeros([1, 5, 4])),
      "GRU: h0 must be [1, 2, 4], [layers and directions, B, features]; got [1, 5, 4].",
    ],
    [
      "the cells' state",
      () => own(new nn.LSTM(3, 4)).forward(zeros([2, 5, 3]), [zeros([1, 5, 4]), zeros([1, 5, 3])]),
      "LSTM: c0 must be [1, 5, 4], [layers and directions, B, features]; got [1, 5, 3].",
    ],
    [
      "one state of two",
      () => own(new nn.LSTM(3, 4)).forward(zeros([2, 5, 3]), zeros([1, 5, 4]) as never),
      "LSTM: the state must be a list of two tensors, [h, c]; got something else.",
    ],
    [
      "half a state",
      () => own(new nn.LSTMCell(3, 4)).forward(zeros([5, 3]), [zeros([5, 4])] as never),
      "LSTMCell: the state must be a list of two tensors, [h, c]; got something else.",
    ],
    [
      "a length beyond the steps",
      () => own(new nn.RNN(3, 4)).forward(zeros([2, 2, 3]), null, { lengths: [2, 3] }),
      "RNN: lengths must lie in 1..2; got 3 at position 1.",
    ],
    [
      "no steps",
      () => own(new nn.LSTM(3, 4)).forward(zeros([0, 2, 3])),
      "lstm: the sequence must have at least one step; got x [0, 2, 3] with the axes [T, B, I].",
    ],
    [
      "a projection that is no smaller",
      () => new nn.LSTM(3, 4, { projSize: 4 }),
      "LSTM: projSize must be smaller than hiddenSize; got 4 and 4.",
    ],
    ["dropout", () => new nn.GRU(3, 4, { dropout: 1.5 }), "GRU: dropout must lie in 0..1; got 1.5."],
    [
      "a cell's input",
      () => own(new nn.LSTMCell(3, 4)).forward(zeros([2, 4])),
      "LSTMCell: x must be [B, 3] or [3]; got [2, 4].",
    ],
    [
      "a cell's state",
      () => own(new nn.GRUCell(3, 4)).forward(zeros([2, 3]), zeros([4])),
      "GRUCell: the state h must be [2, 4]; got [4].",
    ],
  ];
  it.each(cases)(
    "%s",
    scopedEach((_, call, message) => {
      expect(call).toThrow(message);
    }),
  );
});

// Attention layers and transformers against PyTorch's (scripts/fixtures_attention.py): outputs, weights, gradients of inputs
// and parameters, and ten steps of gradient descent, on both devices.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad, mseLoss, scope, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Option = number | boolean | null | { readonly bool: Packed } | { readonly float: Packed };

interface Case {
  readonly name: string;
  readonly module: string;
  readonly args: readonly unknown[];
  readonly state: Readonly<Record<string, Packed>>;
  readonly inputs: readonly Packed[];
  readonly options: Readonly<Record<string, Option>>;
  readonly cotangent: Packed;
  readonly output: Packed;
  readonly weights: Packed | null;
  readonly inputGrads: readonly Packed[];
  readonly grads: Readonly<Record<string, Packed>>;
  readonly losses: readonly number[];
}

const url = new URL("../fixtures/attention-modules.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(url, "utf8")) as { cases: Case[] };

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-9, atol: 1e-9 },
  { device: "wasm", dtype: "float32", rtol: 1e-4, atol: 2e-5 },
] as const;
type Where = (typeof placements)[number];

const make = ({ shape, data }: Packed, { device, dtype }: Where): Tensor =>
  tensor(data, { shape, device, dtype });

function optionOf(option: Option, where: Where): unknown {
  if (typeof option !== "object" || option === null) return option;
  if ("float" in option) return make(option.float, where);
  const { shape, data } = option.bool;
  return tensor(data, { shape, device: where.device, dtype: "bool" });
}

type Made = nn.Module & { forward(...inputs: unknown[]): Tensor | nn.AttentionResult };

/** The case's module with its weights, and what runs it on its inputs. */
function build(
  it: Case,
  where: Where,
): { module: Made; run: (inputs: readonly Tensor[]) => [Tensor, Tensor | null] } {
  const { device, dtype } = where;
  const classes = nn as unknown as Record<string, new (...args: unknown[]) => Made>;
  const args = it.args.map((arg) => (typeof arg === "object" ? { ...arg, device, dtype } : arg));
  const module = new classes[it.module](...args);
  module.loadStateDict(new Map(Object.entries(it.state).map(([key, packed]) => [key, make(packed, where)])));
  const options = Object.fromEntries(
    Object.entries(it.options).map(([key, option]) => [key, optionOf(option, where)]),
  );
  return {
    module,
    run: (inputs) => {
      const result = module.forward(...inputs, options);
      return Array.isArray(result) ? result : [result, null];
    },
  };
}

const sameInputs = ({ inputs }: Case): boolean =>
  inputs.length > 1 && inputs.every(({ data }) => data.join() === inputs[0].data.join());

describe.each(placements)("on $device", (where) => {
  const tolerance = { rtol: where.rtol, atol: where.atol };

  it.each(cases)(
    "$name: output, weights and gradients",
    scopedEach((it: Case) => {
      const { module, run } = build(it, where);
      const inputs = it.inputs.map((packed) => make(packed, where).setRequiresGrad(true));
      const [y, weights] = run(inputs);
      expect(y).toBeCloseToTensor(make(it.output, where), tolerance);
      expect(weights === null).toBe(it.weights === null);
      if (weights) expect(weights).toBeCloseToTensor(make(it.weights!, where), tolerance);
      const named = module.namedParameters();
      expect(named.map(([key]) => key).sort()).toEqual(Object.keys(it.grads).sort());
      const wanted = [...inputs, ...named.map(([, parameter]) => parameter)];
      const grads = grad(y, wanted, { gradOutput: make(it.cotangent, where) });
      it.inputGrads.forEach((packed, i) =>
        expect(grads[i]).toBeCloseToTensor(make(packed, where), tolerance),
      );
      named.forEach(([key], i) =>
        expect(grads[inputs.length + i], key).toBeCloseToTensor(make(it.grads[key], where), tolerance),
      );
      module.dispose();
    }),
  );

  it.each(cases.filter(sameInputs))(
    "$name: the same from one tensor, whose projection is one product",
    scopedEach((it: Case) => {
      const { module, run } = build(it, where);
      const x = make(it.inputs[0], where).setRequiresGrad(true);
      const [y] = run(it.inputs.map(() => x));
      expect(y).toBeCloseToTensor(make(it.output, where), tolerance);
      const total = it.inputGrads.map((packed) => make(packed, where)).reduce((a, b) => a.add(b));
      const named = module.namedParameters();
      const parameters = named.map(([, parameter]) => parameter);
      const [gx, ...grads] = grad(y, [x, ...parameters], { gradOutput: make(it.cotangent, where) });
      expect(gx).toBeCloseToTensor(total, tolerance);
      named.forEach(([key], i) =>
        expect(grads[i], key).toBeCloseToTensor(make(it.grads[key], where), tolerance),
      );
      module.dispose();
    }),
  );

  it.each(cases)(
    "$name: ten training steps",
    scopedEach((it: Case) => {
      const { module, run } = build(it, where);
      const optimizer = new SGD(module.parameters(), { lr: 0.05, momentum: 0.9 });
      const inputs = it.inputs.map((packed) => make(packed, where));
      const target = make(it.cotangent, where);
      const losses = it.losses.map(() =>
        scope(() => {
          const loss = mseLoss(run(inputs)[0], target);
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
          return loss.itemSync();
        }),
      );
      expect(losses).toBeCloseToTensor(it.losses, tolerance);
      expect(losses.at(-1)).toBeLessThan(losses[0]);
      module.zeroGrad();
      module.dispose();
      optimizer.dispose();
    }),
  );
});

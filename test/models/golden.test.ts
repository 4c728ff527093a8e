// The models against their definitions in PyTorch (scripts/fixtures_models.py): state keys, outputs, gradients of inputs and
// parameters, and ten steps of Adam, on both devices.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad, mseLoss, scope, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import * as models from "../../src/models/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { own } from "../disposables.ts";
import { scopedEach } from "../scoped.ts";

interface Packed {
  readonly kind?: "float" | "int32" | "bool";
  readonly shape: readonly number[];
  readonly data: readonly (number | boolean)[];
}

interface Case {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly state: Readonly<Record<string, Packed>>;
  readonly inputs: readonly Packed[];
  readonly options: Readonly<Record<string, Packed>>;
  readonly output: Packed;
  /** What gradients flow in from, and what the training steps move towards. */
  readonly target: Packed;
  readonly inputGrads: readonly Packed[];
  readonly grads: Readonly<Record<string, Packed>>;
  readonly losses: readonly number[];
}

const url = new URL("../fixtures/models.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(url, "utf8")) as { cases: Case[] };

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-9, atol: 1e-9 },
  { device: "wasm", dtype: "float32", rtol: 1e-4, atol: 2e-5 },
] as const;

type Model = Module & { forward(...inputs: unknown[]): Tensor };

describe.each(placements)("on $device", ({ device, dtype, rtol, atol }) => {
  const close = { rtol, atol };
  const make = ({ kind = "float", shape, data }: Packed): Tensor =>
    tensor(data.map(Number), { shape, device, dtype: kind === "float" ? dtype : kind });

  it.each(cases.map((one) => [one.name, one] as const))(
    "%s",
    scopedEach((_, one) => {
      // The fixture names the class; the types of its arguments lie in the fixture, where TypeScript does not look.
      const Class = (models as unknown as Record<string, new (...args: readonly unknown[]) => Model>)[
        one.name
      ];
      const model = own(new Class(...one.args));
      model.to({ device, dtype });
      expect([...model.stateDict().keys()].sort()).toEqual(Object.keys(one.state).sort());
      model.loadStateDict(new Map(Object.entries(one.state).map(([key, value]) => [key, make(value)])));
      const given = Object.entries(one.options).map(([key, value]) => [key, make(value)] as const);
      const options = given.length > 0 ? [Object.fromEntries(given)] : [];

      const inputs = one.inputs.map(make);
      const floats = inputs.filter((_x, i) => one.inputs[i].kind === "float");
      for (const x of floats) x.setRequiresGrad(true);
      const [y, target] = [model.forward(...inputs, ...options), make(one.target)];
      expect(y).toBeCloseToTensor(make(one.output), close);
      const named = model.namedParameters();
      expect(named.map(([key]) => key).sort()).toEqual(Object.keys(one.grads).sort());
      const wanted = [...floats, ...named.map(([, parameter]) => parameter)];
      const grads = grad(y, wanted, { gradOutput: target });
      one.inputGrads.forEach((g, i) => expect(grads[i]).toBeCloseToTensor(make(g), close));
      named.forEach(([key], i) =>
        expect(grads[floats.length + i], key).toBeCloseToTensor(make(one.grads[key]), close),
      );

      for (const x of floats) x.setRequiresGrad(false);
      const optimizer = own(new Adam(model.parameters(), { lr: 0.02 }));
      const losses = one.losses.map(() =>
        scope<number>(() => {
          optimizer.zeroGrad();
          const loss = mseLoss(model.forward(...inputs, ...options), target);
          loss.backward();
          optimizer.step();
          return loss.itemSync();
        }),
      );
      model.zeroGrad();
      expect(losses).toBeCloseToTensor(one.losses, close);
      expect(losses.at(-1)).toBeLessThan(losses[0]);
    }),
  );
});

// Layers against PyTorch (scripts/fixtures_networks.py): outputs, gradients of the input and of every parameter, keys of
// the state, and the state that a call leaves behind, on both devices.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly module: string;
  readonly args: readonly unknown[];
  readonly training: boolean;
  readonly x: Packed;
  readonly cotangent: Packed;
  readonly output: Packed;
  readonly state: Readonly<Record<string, Packed>>;
  /** That of the input has the key "". */
  readonly grads: Readonly<Record<string, Packed>>;
  readonly after: Readonly<Record<string, Packed>>;
}

const fixture = readFileSync(new URL("../fixtures/network-layers.json", import.meta.url), "utf8");
const { cases } = JSON.parse(fixture) as { cases: Case[] };

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-10, atol: 1e-10 },
  { device: "wasm", dtype: "float32", rtol: 2e-5, atol: 2e-5 },
] as const;

type Layer = Module & { forward(x: Tensor): Tensor };

describe.each(placements)("layers on $device against PyTorch", ({ device, dtype, rtol, atol }) => {
  it.each(cases.map((one) => [one.name, one] as const))(
    "%s",
    scopedEach((_, { module, args, training, x, cotangent, output, state, grads, after }) => {
      const make = ({ shape, data }: Packed): Tensor => tensor(data, { shape, device, dtype });
      const Class = (nn as unknown as Record<string, new (...args: readonly unknown[]) => Layer>)[module];
      const layer = new Class(...args);
      layer.to({ device, dtype });
      layer.train(training);
      expect(layer.moduleName).toBe(module);
      expect(layer.toString().startsWith(`${module}(`)).toBe(true);
      const report = layer.loadStateDict(
        new Map(Object.entries(state).map(([key, one]) => [key, make(one)])),
      );
      expect(report).toEqual({ missing: [], unexpected: [] });
      expect([...layer.stateDict().keys()]).toEqual(Object.keys(state));
      const input = make(x).setRequiresGrad(true);
      const y = layer.forward(input);
      expect(y.shape).toEqual(output.shape);
      expect(y).toBeCloseToTensor(output.data, { rtol, atol });
      const named = layer.namedParameters();
      expect(["", ...named.map(([key]) => key)]).toEqual(Object.keys(grads));
      const found = grad(y, [input, ...named.map(([, one]) => one)], { gradOutput: make(cotangent) });
      Object.values(grads).forEach(({ shape, data }, i) => {
        expect(found[i].shape).toEqual(shape);
        expect(found[i]).toBeCloseToTensor(data, { rtol, atol });
      });
      for (const [key, one] of layer.stateDict())
        expect(one, key).toBeCloseToTensor(after[key].data, { rtol, atol });
      layer.dispose();
    }),
  );
});

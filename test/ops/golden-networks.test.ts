// The ops and losses of networks, and the ops of shape and indexing, against numbers from PyTorch
// (scripts/fixtures_networks.py, scripts/fixtures_shape.py), on both devices.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as neurite from "../../src/index.ts";
import { grad, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** An argument: "$x" stands for the input x, { data } for a tensor without gradient, options may hold either. */
type Argument = string | number | boolean | null | readonly Argument[] | { readonly [key: string]: Argument };

interface Case {
  readonly name: string;
  readonly call: string;
  readonly args: readonly Argument[];
  readonly inputs: Readonly<Record<string, Packed>>;
  readonly integers: Readonly<Record<string, Packed>>;
  readonly cotangent: Packed;
  readonly output: Packed;
  readonly grads: Readonly<Record<string, Packed>>;
}

const folder = new URL("../fixtures/", import.meta.url);
const fixtures = readdirSync(folder)
  .filter((file) => /^(network|shape)-/.test(file) && file !== "network-layers.json")
  .map((file) => ({
    file,
    cases: (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { cases: Case[] }).cases,
  }));

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-10, atol: 1e-10 },
  // Inputs are exact in float32; sums of up to 100 terms near 1 are not.
  { device: "wasm", dtype: "float32", rtol: 2e-5, atol: 2e-5 },
] as const;

type Make = (packed: Packed) => Tensor;

function resolve(argument: Argument, named: ReadonlyMap<string, Tensor>, make: Make): unknown {
  if (typeof argument === "string" && argument.startsWith("$")) return named.get(argument.slice(1));
  if (Array.isArray(argument)) return argument.map((one: Argument) => resolve(one, named, make));
  if (typeof argument !== "object" || argument === null) return argument;
  const options = argument as Readonly<Record<string, Argument>>;
  if ("data" in options) return make(options["data"] as unknown as Packed);
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, resolve(value, named, make)]),
  );
}

type Op = (...args: unknown[]) => Tensor;

const functions = neurite as unknown as Record<string, Op>;

// PyTorch's gradient of ctcLoss is the one for the scores in front of the softmax.
const calls: Record<string, Op | undefined> = {
  ctcLoss: (x, ...rest) => functions["ctcLoss"](neurite.logSoftmax(x as Tensor), ...rest),
};

describe.each(fixtures)("$file", ({ cases }) => {
  it("has cases", () => expect(cases.length).toBeGreaterThanOrEqual(5));

  describe.each(placements)("on $device", ({ device, dtype, rtol, atol }) => {
    it.each(cases.map((one) => [one.name, one] as const))(
      "%s",
      scopedEach((_, { call, args, inputs, integers, cotangent, output, grads }) => {
        const make: Make = ({ shape, data }) => tensor(data, { shape, device, dtype });
        const leaves = Object.entries(inputs).map(
          ([key, packed]) => [key, make(packed).setRequiresGrad(true)] as const,
        );
        const whole = Object.entries(integers).map(
          ([key, { shape, data }]) => [key, tensor(data, { shape, device, dtype: "int32" })] as const,
        );
        const named = new Map([...leaves, ...whole]);
        const op = calls[call] ?? functions[call];
        const y = op(...args.map((argument) => resolve(argument, named, make)));
        expect(y.shape).toEqual(output.shape);
        expect(y).toBeCloseToTensor(output.data, { rtol, atol });
        const found = grad(
          y,
          leaves.map(([, x]) => x),
          { gradOutput: make(cotangent) },
        );
        leaves.forEach(([key], i) => {
          expect(found[i].shape).toEqual(grads[key].shape);
          expect(found[i]).toBeCloseToTensor(grads[key].data, { rtol, atol });
        });
      }),
    );
  });
});

// Elementwise ops at kinks and ties, with defaults and parameters, against numbers from PyTorch
// (scripts/fixtures_elementwise.py), on both devices.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as neurite from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scopedEach } from "../scoped.ts";

const { grad, tensor } = neurite;

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly attrs: Readonly<Record<string, number>> & { readonly op: string; readonly approximate?: "tanh" };
  readonly inputs: Readonly<Record<string, Packed>>;
  readonly cotangent: Packed;
  readonly output: Packed;
  readonly grads: Readonly<Record<string, Packed>>;
}

const { script, cases } = JSON.parse(
  readFileSync(new URL("../fixtures/elementwise.json", import.meta.url), "utf8"),
) as { readonly script: string; readonly cases: readonly Case[] };

const camelCase = (name: string): string =>
  name === "logsigmoid"
    ? "logSigmoid"
    : name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** PyTorch's parameters as the arguments of the op here. */
function restOf({ op, ...attrs }: Case["attrs"]): unknown[] {
  if (op === "leaky_relu") return [attrs.negative_slope];
  if (op === "elu" || op === "celu") return [attrs.alpha];
  if (op === "hardtanh") return [attrs.min_val, attrs.max_val];
  if (op === "pow") return [attrs.exponent];
  if (op === "remainder") return [attrs.divisor];
  if (op === "lerp") return [attrs.weight];
  if (op === "glu") return [attrs.dim];
  return Object.keys(attrs).length === 0 ? [] : [attrs];
}

function call({ attrs }: Case, inputs: readonly Tensor[]): Tensor {
  if (attrs.op === "polygamma") return neurite.polygamma(attrs.n, inputs[0]);
  const fn = (neurite as unknown as Record<string, (...args: unknown[]) => Tensor>)[camelCase(attrs.op)];
  return inputs.length > 1 && attrs.op !== "lerp" ? fn(...inputs) : fn(...inputs, ...restOf(attrs));
}

const placements = [
  // PyTorch itself keeps some constants in single precision.
  { device: "reference", dtype: "float64", rtol: 1e-7, atol: 1e-11 },
  { device: "wasm", dtype: "float32", rtol: 3e-6, atol: 1e-6 },
] as const;

describe.each(placements)("elementwise ops against PyTorch on $device", ({ device, dtype, rtol, atol }) => {
  it("have a script that made their numbers", () => {
    expect(script).toBe("scripts/fixtures_elementwise.py");
    expect(cases.length).toBeGreaterThan(70);
  });

  it.each(cases.map((one) => [one.name, one] as const))(
    "%s",
    scopedEach((_, one) => {
      const make = ({ shape, data }: Packed): Tensor => tensor(data, { shape, device, dtype });
      const leaves = Object.values(one.inputs).map((packed) => make(packed).setRequiresGrad(true));
      const y = call(one, leaves);
      expect(y).toBeCloseToTensor(one.output.data, { rtol, atol });
      const found = grad(y, leaves, { gradOutput: make(one.cotangent) });
      Object.keys(one.inputs).forEach((key, i) => {
        expect(found[i]).toBeCloseToTensor(one.grads[key].data, { rtol, atol });
      });
    }),
  );
});

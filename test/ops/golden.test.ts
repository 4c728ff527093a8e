// Outputs and gradients against numbers from PyTorch (scripts/fixtures.py), on both devices.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { conv2d, crossEntropy, grad, logSoftmax, maxPool2d, tensor } from "../../src/index.ts";
import type { Pair, Reduction, Tensor } from "../../src/index.ts";
import { scopedEach } from "../scoped.ts";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, Packed>>;
  readonly integers: Readonly<Record<string, Packed>>;
  readonly cotangent: Packed;
  readonly output: Packed;
  readonly grads: Readonly<Record<string, Packed>>;
}

interface Fixture {
  readonly script: string;
  readonly torch: string;
  readonly cases: readonly Case[];
}

const load = (name: string): Fixture =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8")) as Fixture;

type Call = (inputs: Record<string, Tensor>, attrs: Readonly<Record<string, unknown>>) => Tensor;

const calls: Record<string, Call> = {
  conv2d: ({ x, w, b }, attrs) => conv2d(x, w, b, attrs),
  "max-pool2d": ({ x }, { kernel_size, ...rest }) => maxPool2d(x, kernel_size as Pair, rest),
  "log-softmax": ({ x }, { dim }) => logSoftmax(x, dim as number),
  "cross-entropy": ({ x, target }, { reduction }) =>
    crossEntropy(x, target, { reduction: reduction as Reduction }),
};

const placements = [
  { device: "reference", dtype: "float64", rtol: 1e-10, atol: 1e-10 },
  // Inputs are exact in float32; sums of up to 100 terms near 1 are not. Logits of 1000 give a relative error only.
  { device: "wasm", dtype: "float32", rtol: 2e-6, atol: 1e-5 },
] as const;

describe.each(Object.keys(calls))("%s against PyTorch", (name) => {
  const fixture = load(name);

  it("has the versions that made it", () => {
    expect(fixture.script).toBe("scripts/fixtures.py");
    expect(fixture.torch).toMatch(/^\d+\.\d+\.\d+$/);
  });

  describe.each(placements)("on $device", ({ device, dtype, rtol, atol }) => {
    it.each(fixture.cases.map((one) => [one.name, one] as const))(
      "%s",
      scopedEach((_, { attrs, inputs, integers, cotangent, output, grads }) => {
        const make = ({ shape, data }: Packed): Tensor => tensor(data, { shape, device, dtype });
        const leaves = Object.entries(inputs).map(
          ([key, packed]) => [key, make(packed).setRequiresGrad(true)] as const,
        );
        const whole = Object.entries(integers).map(
          ([key, { shape, data }]) => [key, tensor(data, { shape, device, dtype: "int32" })] as const,
        );
        const y = calls[name](Object.fromEntries([...leaves, ...whole]), attrs);
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

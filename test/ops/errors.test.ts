// Every call that must be refused: class and whole message of the error, and nothing left allocated.
import { describe, expect, it } from "vitest";
import { memory, NeuriteError, scope } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { rows } from "./cases/index.ts";
import { fillInputs, layouts } from "./layouts.ts";
import type { Placement } from "./layouts.ts";
import { sampleNames, sampleNamed } from "./running.ts";
import type { Bad } from "./row.ts";

const placements: Placement[] = [
  { device: "reference", dtype: "float64" },
  { device: "wasm", dtype: "float32" },
];

/** The row's message as the device under test says it. */
const wordsOf = (message: string, { device }: Placement): string =>
  device === "reference"
    ? message
    : message
        .replace('float32, float64 or int32 on device "reference"', 'float32 or int32 on device "wasm"')
        .replace('float32 or float64 on device "reference"', 'float32 on device "wasm"')
        .replace(
          'float32, float64, int32, bool on device "reference"',
          'float32, int32, bool on device "wasm"',
        )
        .replace("got float64", "got float32");

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

const countsOf = (device: string): number[] => {
  const { tensors, buffers, bytes } = memory(device);
  return [tensors, buffers, bytes];
};

function expectRefusal(bad: Bad, placement: Placement): void {
  scope(() => {
    const inputs = fillInputs(bad.inputs, 1).map((filled) => layouts.dense(filled, placement));
    const before = countsOf(placement.device);
    const error = thrownBy(() => bad.call(...inputs));
    expect(error).toBeInstanceOf(NeuriteError);
    const { name, message, op } = error as NeuriteError;
    expect(message).toBe(wordsOf(bad.message, placement));
    expect(name).toBe(bad.error);
    expect(message.startsWith(`${op}: `)).toBe(true);
    expect(countsOf(placement.device), "tensors, buffers, bytes").toEqual(before);
  });
}

describe.each(placements)("on $device", (placement) => {
  for (const { op, bad = [] } of rows) {
    if (bad.length > 0) {
      it.each(bad.map((one) => [one.message, one] as const))(`refuses %s`, (_, one) =>
        expectRefusal(one, placement),
      );
    } else {
      it(`${op} refuses a released tensor only`, () => undefined);
    }
  }
});

/** Inputs of a row's first sample, made on two devices by turns where `mixed`. */
function firstSample(
  op: string,
  mixed: boolean,
): { call: (...inputs: Tensor[]) => Tensor; inputs: Tensor[] } {
  const row = rows.find((one) => one.op === op)!;
  const sample = sampleNamed(row, 3, sampleNames(row)[0])!;
  const inputs = fillInputs(sample.inputs, 1).map((filled, i) =>
    layouts.dense(filled, { device: mixed && i % 2 === 1 ? "reference" : "wasm", dtype: "float32" }),
  );
  return { call: sample.call, inputs };
}

describe("any op", () => {
  it.each(rows.map(({ op }) => op))(
    "%s refuses a released tensor, naming who made and who released it",
    (op) => {
      scope(() => {
        const { call, inputs } = firstSample(op, false);
        inputs[0].dispose();
        const before = countsOf("wasm");
        const error = thrownBy(() => call(...inputs)) as NeuriteError;
        expect(error.name).toBe("DisposedError");
        expect(error.message).toMatch(
          /: its inputs must be alive; got one that was released by dispose\(\) \(made by tensor\)\./,
        );
        expect(countsOf("wasm")).toEqual(before);
      });
    },
  );

  const several = rows.filter((row) => row.samples(3)[0].inputs.length > 1).map(({ op }) => op);

  it.each(several)("%s refuses inputs on two devices", (op) => {
    scope(() => {
      const { call, inputs } = firstSample(op, true);
      const before = [countsOf("wasm"), countsOf("reference")];
      const error = thrownBy(() => call(...inputs)) as NeuriteError;
      expect(error.name).toBe("DeviceError");
      expect(error.message).toMatch(/: inputs must lie on one device; got "wasm" and "reference"/);
      expect([countsOf("wasm"), countsOf("reference")]).toEqual(before);
    });
  });
});

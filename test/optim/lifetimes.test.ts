// Optimizers and the tensors that are not theirs: parameters that were moved away, states that are loaded.
import { describe, expect, it } from "vitest";
import { DisposedError, scope, sum } from "../../src/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { own } from "../disposables.ts";

const trained = (): { model: Linear; optimizer: Adam } => {
  const model = own(new Linear(2, 2));
  const optimizer = own(new Adam(model.parameters()));
  scope(() => sum(model.weight).backward());
  optimizer.step();
  return { model, optimizer };
};

describe("an optimizer", () => {
  it("refuses to step parameters that model.to() has replaced", () => {
    const { model, optimizer } = trained();
    model.to({ device: "reference" });
    expect(() => optimizer.step()).toThrow(DisposedError);
    expect(() => optimizer.step()).toThrow(/Make the optimizer after model\.to/);
  });

  it("may load its own state", () => {
    const { optimizer } = trained();
    const before = optimizer.stateDict().tensors.get("0.exp_avg")!.dataSync();
    optimizer.loadStateDict(optimizer.stateDict());
    expect(optimizer.stateDict().tensors.get("0.exp_avg")).toBeCloseToTensor(before);
    expect(optimizer.stateDict().numbers["0.step"]).toBe(1);
  });
});
